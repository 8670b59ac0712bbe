// Asks the processor to fetch memory that will be needed in a moment. Changes nothing; with thousands of
// connections almost all that a datagram touches is out of the cache, and the fetches overlap if they are
// asked for together.
#pragma once

#include <algorithm>
#include <cstddef>

namespace squall {

inline constexpr std::size_t kCacheLineBytes = 64;

// `place` may be nullptr.
inline void prefetch(const void* place, std::size_t bytes) {
    if (place == nullptr) return;
    const auto* const first = static_cast<const std::byte*>(place);
    for (std::size_t at = 0; at < bytes; at += kCacheLineBytes) __builtin_prefetch(first + at);
}

// An object, or as much of its beginning as is worth it.
template <class T>
void prefetch_object(const T* object, std::size_t at_most = 16 * kCacheLineBytes) {
    prefetch(object, std::min(sizeof(T), at_most));
}

}  // namespace squall
