// Slabs and free lists behind BytePool. Under AddressSanitizer a block on a free list is poisoned.
#include "squall/core/byte_pool.hpp"

#include <bit>
#include <cassert>
#include <cstring>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define SQUALL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SQUALL_ASAN 1
#endif
#endif
#if defined(SQUALL_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace squall {
namespace {

// Blocks on a free list are nobody's: AddressSanitizer reports who touches one behind its link.
void poison([[maybe_unused]] std::byte* data, [[maybe_unused]] std::size_t size) {
#if defined(SQUALL_ASAN)
    __asan_poison_memory_region(data, size);
#endif
}
void unpoison([[maybe_unused]] std::byte* data, [[maybe_unused]] std::size_t size) {
#if defined(SQUALL_ASAN)
    __asan_unpoison_memory_region(data, size);
#endif
}

}  // namespace

PooledBytes BytePool::allocate(std::size_t size) {
    assert(size <= UINT32_MAX);
    PooledBytes out;
    out.pool_ = this;
    out.size_ = static_cast<std::uint32_t>(size);
    const std::size_t bits =
        size <= (std::size_t{1} << kSmallestClassBits) ? kSmallestClassBits : std::bit_width(size - 1);
    if (bits > kLargestClassBits) {
        out.size_class_ = kHeapClass;
        out.data_ = new std::byte[size];
        bytes_in_use_ += size;
        return out;
    }
    const std::size_t index = bits - kSmallestClassBits;
    out.size_class_ = static_cast<std::uint8_t>(index);
    bytes_in_use_ += std::size_t{1} << bits;
    if (free_[index] == nullptr) {
        // Each new slab of a class doubles, from one block up to 16 KiB: a pool that is little used stays
        // little.
        const std::size_t block = std::size_t{1} << bits;
        const std::size_t count = std::size_t{1} << slab_bits_[index];
        if (block << slab_bits_[index] < 16384) ++slab_bits_[index];
        slabs_.push_back(std::make_unique_for_overwrite<std::byte[]>(block * count));
        for (std::size_t i = 0; i < count; ++i) push_free(slabs_.back().get() + i * block, index);
    }
    FreeBlock* block = free_[index];
    free_[index] = block->next;
    out.data_ = reinterpret_cast<std::byte*>(block);
    unpoison(out.data_, size);
    return out;
}

PooledBytes BytePool::copy_of(Bytes bytes) {
    PooledBytes out = allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(out.data_, bytes.data(), bytes.size());
    return out;
}

void BytePool::release_unused() {
    if (bytes_in_use_ > 0 || slabs_.empty()) return;
    slabs_.clear();
    slabs_.shrink_to_fit();
    free_ = {};
    slab_bits_ = {};
}

void BytePool::give_back(std::byte* data, std::uint8_t size_class, std::size_t size) {
    if (size_class == kHeapClass) {
        bytes_in_use_ -= size;
        delete[] data;
        return;
    }
    bytes_in_use_ -= std::size_t{1} << (size_class + kSmallestClassBits);
    push_free(data, size_class);
}

void BytePool::push_free(std::byte* data, std::size_t index) {
    unpoison(data, sizeof(FreeBlock));
    free_[index] = ::new (data) FreeBlock{free_[index]};
    poison(data + sizeof(FreeBlock), (std::size_t{1} << (index + kSmallestClassBits)) - sizeof(FreeBlock));
}

}  // namespace squall
