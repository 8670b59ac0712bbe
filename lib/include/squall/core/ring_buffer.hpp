// A first-in first-out queue in one power-of-two array that grows, and shrinks only when asked: after warm-up
// it allocates nothing.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "squall/core/prefetch.hpp"

namespace squall {

// Elements are default-constructed and moved; index 0 is the oldest.
template <class T>
class RingBuffer {
  public:
    RingBuffer() = default;
    RingBuffer(RingBuffer&& other) noexcept { swap(other); }
    RingBuffer& operator=(RingBuffer&& other) noexcept {
        RingBuffer taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~RingBuffer() = default;

    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

    T& push_back(T value) {
        if (size_ == capacity_) grow(size_ + 1);
        T& place = items_[(head_ + size_) & (capacity_ - 1)];
        place = std::move(value);
        ++size_;
        return place;
    }
    // One element more at the back, to be written in place: a T{}, or any value if T is trivial to destroy.
    T& extend() {
        if (size_ == capacity_) grow(size_ + 1);
        return items_[(head_ + size_++) & (capacity_ - 1)];
    }
    void pop_front() {
        assert(size_ > 0);
        if constexpr (!std::is_trivially_destructible_v<T>) items_[head_] = T{};
        head_ = (head_ + 1U) & (capacity_ - 1U);
        --size_;
    }
    void pop_back() {
        assert(size_ > 0);
        --size_;
        if constexpr (!std::is_trivially_destructible_v<T>) items_[(head_ + size_) & (capacity_ - 1)] = T{};
    }
    [[nodiscard]] T& front() { return (*this)[0]; }
    [[nodiscard]] const T& front() const { return (*this)[0]; }
    [[nodiscard]] T& back() { return (*this)[size_ - 1]; }
    [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }
    [[nodiscard]] T& operator[](std::size_t index) {
        assert(index < size_);
        return items_[(head_ + index) & (capacity_ - 1)];
    }
    [[nodiscard]] const T& operator[](std::size_t index) const {
        assert(index < size_);
        return items_[(head_ + index) & (capacity_ - 1)];
    }
    void clear() {
        while (size_ > 0) pop_front();
    }
    // Fetches a small ring into the cache.
    void prefetch_items() const { prefetch(items_.get(), std::min<std::size_t>(capacity_ * sizeof(T), 256)); }
    // Gives back the memory that the elements do not need.
    void shrink() {
        const std::size_t needed = size_ == 0 ? 0 : std::bit_ceil(std::size_t{size_});
        if (capacity_ > needed) move_to(needed);
    }

  private:
    void grow(std::size_t needed) {
        std::size_t capacity = capacity_ == 0 ? 4 : capacity_;
        while (capacity < needed) capacity *= 2;
        move_to(capacity);
    }
    void move_to(std::size_t capacity) {
        auto items = capacity == 0 ? nullptr : std::make_unique<T[]>(capacity);
        for (std::size_t i = 0; i < size_; ++i) items[i] = std::move((*this)[i]);
        items_ = std::move(items);
        capacity_ = static_cast<std::uint32_t>(capacity);
        head_ = 0;
    }
    void swap(RingBuffer& other) noexcept {
        std::swap(items_, other.items_);
        std::swap(capacity_, other.capacity_);
        std::swap(head_, other.head_);
        std::swap(size_, other.size_);
    }
    std::unique_ptr<T[]> items_;
    // 32 bits each: idle connections are many, and no queue here holds four thousand million.
    std::uint32_t capacity_ = 0;
    std::uint32_t head_ = 0;
    std::uint32_t size_ = 0;
};

}  // namespace squall
