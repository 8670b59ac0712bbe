// How often this test program has asked the heap for memory.
#pragma once

#include <cstdint>

namespace squall::test {

[[nodiscard]] std::uint64_t allocation_count();

}  // namespace squall::test
