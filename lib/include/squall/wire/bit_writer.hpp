// Writes values of any number of bits to a fixed buffer, least significant bit first (STANDARD.md's order:
// bit n of the stream is bit n % 8 of byte n / 8). Does not allocate. What does not fit, or is out of range,
// sticks as !ok().
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "squall/core/bytes.hpp"
#include "squall/wire/output_stream.hpp"

namespace squall::wire {

class BitWriter : public OutputStream<BitWriter> {
  public:
    explicit BitWriter(MutableBytes buffer) : buffer_(buffer) {}

    // Bits written so far; beyond the buffer's end they are counted and lost.
    [[nodiscard]] std::size_t bit_count() const { return stored_ * 8 + scratch_bits_; }
    [[nodiscard]] bool ok() const { return fault() == StreamFault::none; }
    [[nodiscard]] StreamFault fault() const {
        if (fault_ == StreamFault::none && bit_count() > buffer_.size() * 8)
            return StreamFault::end_of_buffer;
        return fault_;
    }
    // Pads with zero bits to a whole byte and gives all that was written; nothing if !ok(). The end of
    // writing: call it once.
    [[nodiscard]] Bytes finish() {
        const std::size_t size = (bit_count() + 7) / 8;
        if (!ok()) return {};
        store_scratch(size - stored_);
        return buffer_.first(size);
    }

    // The two primitives of OutputStream; `value` has no bits above `count` (0 to 64).
    void put(std::uint64_t value, unsigned count) {
        assert(count >= 64 || (value >> count) == 0);
        scratch_ |= value << scratch_bits_;
        const unsigned total = scratch_bits_ + count;
        if (total < 64) {
            scratch_bits_ = total;
            return;
        }
        store_word();
        const unsigned taken = 64 - scratch_bits_;  // 1 to 64
        scratch_ = taken == 64 ? 0 : value >> taken;
        scratch_bits_ = total - 64;
    }
    // At a byte boundary.
    void put_bytes(Bytes bytes) {
        assert(scratch_bits_ % 8 == 0);
        store_scratch(scratch_bits_ / 8);
        stored_ += scratch_bits_ / 8;
        scratch_ = scratch_bits_ = 0;
        if (!bytes.empty() && stored_ <= buffer_.size() && bytes.size() <= buffer_.size() - stored_)
            std::memcpy(buffer_.data() + stored_, bytes.data(), bytes.size());
        stored_ += bytes.size();
    }

  private:
    void store_word() {
        if (stored_ + 8 <= buffer_.size()) {
            const std::uint64_t word =
                std::endian::native == std::endian::big ? std::byteswap(scratch_) : scratch_;
            std::memcpy(buffer_.data() + stored_, &word, 8);
        }
        stored_ += 8;
    }
    void store_scratch(std::size_t count) {
        if (stored_ + count > buffer_.size()) return;
        std::uint64_t rest = scratch_;
        std::byte* out = buffer_.data() + stored_;
        if ((count & 8) != 0) store_low<std::uint64_t>(out, rest);
        if ((count & 4) != 0) store_low<std::uint32_t>(out, rest);
        if ((count & 2) != 0) store_low<std::uint16_t>(out, rest);
        if ((count & 1) != 0) store_low<std::uint8_t>(out, rest);
    }
    template <class Word>
    static void store_low(std::byte*& out, std::uint64_t& rest) {
        auto word = static_cast<Word>(rest);
        if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
        std::memcpy(out, &word, sizeof(Word));
        out += sizeof(Word);
        if constexpr (sizeof(Word) < sizeof(rest)) rest >>= 8 * sizeof(Word);
    }

    MutableBytes buffer_;
    std::size_t stored_ = 0;     // whole bytes that left the scratch; may pass the buffer's end, then !ok()
    std::uint64_t scratch_ = 0;  // the bits after them, fewer than 64
    unsigned scratch_bits_ = 0;
};

}  // namespace squall::wire
