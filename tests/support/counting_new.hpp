// How often this test program has asked the heap for memory.
#pragma once

#include <cstdint>

namespace squall::test {

// 0 for ever under ThreadSanitizer, whose runtime brings an operator new of its own: see
// counts_allocations().
[[nodiscard]] std::uint64_t allocation_count();
[[nodiscard]] bool counts_allocations();
// Bytes that operator new has handed out and nobody has given back, as malloc rounds them.
[[nodiscard]] std::int64_t live_bytes();

}  // namespace squall::test
