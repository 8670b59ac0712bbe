// Pieces of bytes from one thread to another, through memory of fixed size: the writer never waits and never
// allocates, and is told when there is no room. One writer, one reader, of which each may be any one thread.
// Knows nothing about what the pieces are.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "squall/core/bytes.hpp"

namespace squall {

class ByteRing {
  public:
    // Rounded up to a power of two, at least 4096. The memory is touched here and not later.
    explicit ByteRing(std::size_t capacity_bytes)
        : memory_(std::bit_ceil(capacity_bytes < kLeastBytes ? kLeastBytes : capacity_bytes)) {}
    ByteRing(const ByteRing&) = delete;
    ByteRing& operator=(const ByteRing&) = delete;

    // --- the writer's thread

    // Room for a piece of so many bytes, aligned to 8; nullptr if there is none now, or if it is more than
    // half the memory. The reader sees it after publish(); until then the writer may change it.
    [[nodiscard]] std::byte* reserve(std::size_t size) {
        const std::size_t needed = kHeaderBytes + rounded(size);
        if (needed > memory_.size() / 2) return nullptr;
        if (place_of(head_) >= kWarmBytes && is_empty()) front_.store(head_, std::memory_order_relaxed);
        const std::size_t place = place_of(head_);
        const std::size_t to_end = memory_.size() - place;
        const std::size_t skipped = to_end < needed ? to_end : 0;
        if (head_ + skipped + needed - known_tail_ > memory_.size()) {
            known_tail_ = tail_.load(std::memory_order_acquire);
            if (head_ + skipped + needed - known_tail_ > memory_.size()) return nullptr;
        }
        if (skipped > 0) write_header(place, kSkip);
        head_ += skipped;
        std::byte* const header = &memory_[place_of(head_)];
        write_header(place_of(head_), size);
        head_ += needed;
        prefetch_ahead();
        return header + kHeaderBytes;
    }
    void publish() { published_.store(head_, std::memory_order_release); }
    // Bytes that the reader has not given back, published or not, as far as the writer knows.
    [[nodiscard]] std::size_t used() const {
        return static_cast<std::size_t>(head_ - tail_.load(std::memory_order_relaxed));
    }
    [[nodiscard]] std::size_t capacity() const { return memory_.size(); }

    // --- the reader's thread

    // Hands out the oldest pieces and gives their room back; returns how many there were. The bytes are valid
    // during the call of `take(MutableBytes)`.
    template <class Take>
    std::size_t read(Take&& take, std::size_t max_pieces = ~std::size_t{0}) {
        std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        const std::uint64_t head = published_.load(std::memory_order_acquire);
        std::uint64_t given_back = tail;
        std::size_t count = 0;
        while (tail != head && count < max_pieces) {
            const std::size_t place = place_of(tail);
            std::uint64_t size = 0;
            std::memcpy(&size, &memory_[place], sizeof(size));
            if (size == kSkip) {
                tail += memory_.size() - place;
                continue;
            }
            take(MutableBytes(memory_).subspan(place + kHeaderBytes, static_cast<std::size_t>(size)));
            tail += kHeaderBytes + rounded(static_cast<std::size_t>(size));
            ++count;
            if (tail - given_back < kGiveBackBytes) continue;
            tail_.store(tail, std::memory_order_release);
            given_back = tail;
        }
        tail_.store(tail, std::memory_order_release);
        return count;
    }

  private:
    // How a piece lies in the memory: its size, its bytes, up to the next multiple of 8. One that would cross
    // the end begins at the front, and the rest of the memory is skipped.
    static constexpr std::size_t kHeaderBytes = 8;
    static constexpr std::size_t kLeastBytes = 4096;
    static constexpr std::uint64_t kSkip = ~std::uint64_t{0};
    // Behind so many bytes the writer begins at the front of the memory again as soon as everything was read,
    // because that is in a cache and the rest is not: while the reader keeps up, the rest is left alone.
    static constexpr std::size_t kWarmBytes = std::size_t{128} * 1024;
    // What was read is given back in pieces of so many bytes: each time costs the writer a cache miss.
    static constexpr std::size_t kGiveBackBytes = std::size_t{16} * 1024;

    static constexpr std::size_t rounded(std::size_t bytes) { return (bytes + 7) / 8 * 8; }
    // The front may move only while nothing waits: then no position before it is looked up any more, and the
    // reader learns of it with the next publish().
    [[nodiscard]] std::size_t place_of(std::uint64_t position) const {
        const std::uint64_t front = front_.load(std::memory_order_relaxed);
        return static_cast<std::size_t>((position - front) & (memory_.size() - 1));
    }
    [[nodiscard]] bool is_empty() const { return tail_.load(std::memory_order_acquire) == head_; }
    // The memory behind was read long ago, and is in nobody's cache.
    void prefetch_ahead() const {
        const std::byte* const next = memory_.data() + place_of(head_);
        const std::byte* const end = memory_.data() + memory_.size();
        for (std::size_t line = 0; line < 6 && next + line * 64 < end; ++line)
            __builtin_prefetch(next + line * 64, 1);
    }
    void write_header(std::size_t place, std::uint64_t size) {
        std::memcpy(&memory_[place], &size, sizeof(size));
    }

    std::vector<std::byte> memory_;
    // Bytes ever reserved, published and given back. Apart, so that the two threads do not share a cache
    // line.
    alignas(64) std::uint64_t head_ = 0;
    std::uint64_t known_tail_ = 0;
    std::atomic<std::uint64_t> front_{0};  // the position whose place is the memory's first byte
    alignas(64) std::atomic<std::uint64_t> published_{0};
    alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace squall
