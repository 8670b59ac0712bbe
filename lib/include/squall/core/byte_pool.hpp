// Memory for message bytes: blocks in power-of-two classes, kept on free lists. After warm-up it allocates
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "squall/core/bytes.hpp"

namespace squall {

class BytePool;

// Bytes that belong to a pool; gives them back when it ends. Movable, not copyable. Must not outlive its
// pool.
class PooledBytes {
  public:
    PooledBytes() = default;
    PooledBytes(PooledBytes&& other) noexcept
        : pool_(other.pool_), data_(other.data_), size_(other.size_), size_class_(other.size_class_) {
        other.pool_ = nullptr;
        other.data_ = nullptr;
        other.size_ = 0;
    }
    PooledBytes& operator=(PooledBytes&& other) noexcept {
        if (this != &other) {
            reset();
            pool_ = std::exchange(other.pool_, nullptr);
            data_ = std::exchange(other.data_, nullptr);
            size_ = std::exchange(other.size_, 0);
            size_class_ = other.size_class_;
        }
        return *this;
    }
    PooledBytes(const PooledBytes&) = delete;
    PooledBytes& operator=(const PooledBytes&) = delete;
    ~PooledBytes() { reset(); }

    [[nodiscard]] MutableBytes bytes() { return {data_, size_}; }
    [[nodiscard]] Bytes bytes() const { return {data_, size_}; }
    [[nodiscard]] std::size_t size() const { return size_; }
    inline void reset();

  private:
    friend class BytePool;
    BytePool* pool_ = nullptr;
    std::byte* data_ = nullptr;
    std::uint32_t size_ = 0;
    std::uint8_t size_class_ = 0;
};

// Not thread-safe: one pool an endpoint. Requests above 1 MiB are served by the heap directly.
class BytePool {
  public:
    BytePool() = default;
    BytePool(const BytePool&) = delete;
    BytePool& operator=(const BytePool&) = delete;

    // Uninitialised bytes.
    [[nodiscard]] PooledBytes allocate(std::size_t size);
    [[nodiscard]] PooledBytes copy_of(Bytes bytes);

    // Gives all memory back, if nothing is handed out; else does nothing.
    void release_unused();

    // Bytes handed out and not yet returned, rounded up to their classes.
    [[nodiscard]] std::size_t bytes_in_use() const { return bytes_in_use_; }

  private:
    friend class PooledBytes;
    static constexpr std::size_t kSmallestClassBits = 5;  // 32 B
    static constexpr std::size_t kLargestClassBits = 20;  // 1 MiB
    static constexpr std::size_t kClassCount = kLargestClassBits - kSmallestClassBits + 1;
    static constexpr std::uint8_t kHeapClass = 255;
    struct FreeBlock {
        FreeBlock* next;
    };
    void give_back(std::byte* data, std::uint8_t size_class, std::size_t size);
    void push_free(std::byte* data, std::size_t index);

    std::array<FreeBlock*, kClassCount> free_{};
    std::array<std::uint8_t, kClassCount> slab_bits_{};  // the next slab of the class holds 2^this blocks
    std::vector<std::unique_ptr<std::byte[]>> slabs_;
    std::size_t bytes_in_use_ = 0;
};

void PooledBytes::reset() {
    if (pool_ == nullptr) return;
    pool_->give_back(data_, size_class_, size_);
    pool_ = nullptr;
    data_ = nullptr;
    size_ = 0;
}

}  // namespace squall
