// How often this test program has asked the heap for memory.
#pragma once

#include <cstdint>

namespace squall::test {

// 0 for ever under ThreadSanitizer, whose runtime brings an operator new of its own: see
// counts_allocations().
[[nodiscard]] std::uint64_t allocation_count();
[[nodiscard]] bool counts_allocations();

}  // namespace squall::test
