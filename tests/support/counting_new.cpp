// Replaces the global operator new by one that counts. Knows nothing of who allocates.
#include "support/counting_new.hpp"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

// ThreadSanitizer's runtime (clang) links an operator new of its own, and allows no other.
#if defined(__SANITIZE_THREAD__)
#define SQUALL_COUNTS_NEW 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SQUALL_COUNTS_NEW 0
#endif
#endif
#ifndef SQUALL_COUNTS_NEW
#define SQUALL_COUNTS_NEW 1
#endif

#if SQUALL_COUNTS_NEW
namespace {
std::atomic<std::uint64_t> allocations = 0;
std::atomic<std::int64_t> live = 0;

void* noted(void* memory) {
    if (memory == nullptr) throw std::bad_alloc();
    allocations.fetch_add(1, std::memory_order_relaxed);
    live.fetch_add(static_cast<std::int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
    return memory;
}
void release(void* memory) {
    live.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
    std::free(memory);
}

void* counted(std::size_t size) {
    return noted(std::malloc(size == 0 ? 1 : size));
}
void* counted_aligned(std::size_t size, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    return noted(std::aligned_alloc(step, (size + step - 1) / step * step));
}
}  // namespace

void* operator new(std::size_t size) {
    return counted(size);
}
void* operator new[](std::size_t size) {
    return counted(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted_aligned(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return counted_aligned(size, alignment);
}
void operator delete(void* memory) noexcept {
    release(memory);
}
void operator delete[](void* memory) noexcept {
    release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    release(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    release(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    release(memory);
}
#endif

namespace squall::test {

#if SQUALL_COUNTS_NEW
std::uint64_t allocation_count() {
    return allocations.load(std::memory_order_relaxed);
}
std::int64_t live_bytes() {
    return live.load(std::memory_order_relaxed);
}
#else
std::uint64_t allocation_count() {
    return 0;
}
std::int64_t live_bytes() {
    return 0;
}
#endif

bool counts_allocations() {
    return SQUALL_COUNTS_NEW != 0;
}

}  // namespace squall::test
