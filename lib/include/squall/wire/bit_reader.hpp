// Reads what a BitWriter wrote, from bytes that nobody has checked. Every length, range and padding bit is
// checked in every build; after the first fault every read yields the lowest allowed value and !ok() sticks.
// Does not allocate, except into the containers it is given, and there only what the buffer really holds.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/wire/fixed_point.hpp"
#include "squall/wire/output_stream.hpp"
#include "squall/wire/stream_fault.hpp"

namespace squall::wire {

class BitReader {
  public:
    static constexpr bool kIsWriting = false;
    static constexpr bool kIsReading = true;

    explicit BitReader(Bytes buffer)
        : buffer_(buffer), tail_start_(buffer.size() < 8 ? 0 : buffer.size() - 8) {
        for (std::size_t i = tail_start_; i < buffer_.size(); ++i)
            tail_ |= static_cast<std::uint64_t>(buffer_[i]) << (8 * (i - tail_start_));
    }

    // The operations of OutputStream, the other way.
    template <std::unsigned_integral T>
    void bits(T& value, unsigned count) {
        const std::uint64_t read = take(count);
        if (read > std::uint64_t{static_cast<T>(~T{0})}) refuse(StreamFault::out_of_range);
        value = ok() ? static_cast<T>(read) : T{0};
    }
    void boolean(bool& value) { value = take(1) != 0; }
    template <std::integral T>
    void ranged(T& value, std::type_identity_t<T> minimum, std::type_identity_t<T> maximum) {
        const std::uint64_t offset = take(bits_for_range(minimum, maximum));
        if (offset > static_cast<std::uint64_t>(maximum) - static_cast<std::uint64_t>(minimum)) {
            refuse(StreamFault::out_of_range);
            value = minimum;
            return;
        }
        value = static_cast<T>(static_cast<std::uint64_t>(minimum) + offset);
    }
    template <class E>
        requires std::is_enum_v<E>
    void enumeration(E& value, std::type_identity_t<E> last) {
        using Rep = std::underlying_type_t<E>;
        Rep number{};
        ranged(number, Rep{0}, static_cast<Rep>(last));
        value = static_cast<E>(number);
    }
    void varint(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint64_t group = take(8);
            if (!ok() || (shift == 63 && group > 1)) break;
            value |= (group & 0x7f) << shift;
            if ((group & 0x80) == 0) {
                if (group == 0 && shift != 0) break;  // longer than it need be
                return;
            }
        }
        refuse(StreamFault::not_canonical);
        value = 0;
    }
    void signed_varint(std::int64_t& value) {
        std::uint64_t zigzag = 0;
        varint(zigzag);
        value = static_cast<std::int64_t>((zigzag >> 1) ^ (~(zigzag & 1) + 1));
    }
    template <std::floating_point T>
    void fixed_point(T& value, const FixedPoint& format) {
        std::uint64_t step = take(format.bits());
        if (step > format.highest_step()) {
            refuse(StreamFault::out_of_range);
            step = 0;
        }
        value = static_cast<T>(format.restore(step));
    }
    void align() {
        if (take((8U - static_cast<unsigned>(position_ % 8)) % 8) != 0) refuse(StreamFault::not_canonical);
    }
    // Fills all of `out`.
    void raw_bytes(MutableBytes out) {
        const Bytes view = take_bytes(out.size());
        if (!view.empty()) std::memcpy(out.data(), view.data(), view.size());
        if (view.size() < out.size()) std::memset(out.data(), 0, out.size());
    }
    // A view into the buffer: valid as long as the buffer is.
    void byte_string(Bytes& bytes, std::size_t limit) {
        std::uint64_t length = 0;
        ranged(length, 0, limit);
        bytes = take_bytes(static_cast<std::size_t>(length));
    }
    void byte_string(std::vector<std::byte>& bytes, std::size_t limit) {
        Bytes view;
        byte_string(view, limit);
        bytes.assign(view.begin(), view.end());
    }
    void text(std::string_view& text, std::size_t limit) {
        Bytes view;
        byte_string(view, limit);
        text = as_text(view);
    }
    void text(std::string& text, std::size_t limit) {
        std::string_view view;
        this->text(view, limit);
        text.assign(view);
    }

    // Passes over bits that were read before.
    void skip(std::size_t count) {
        if (count > bits_left()) {
            refuse(StreamFault::end_of_buffer);
        } else {
            position_ += count;
        }
    }

    void refuse(StreamFault fault) {
        if (fault_ == StreamFault::none) fault_ = fault;
    }
    [[nodiscard]] bool ok() const { return fault_ == StreamFault::none; }
    [[nodiscard]] StreamFault fault() const { return fault_; }
    [[nodiscard]] std::size_t bit_count() const { return position_; }
    [[nodiscard]] std::size_t bits_left() const { return buffer_.size() * 8 - position_; }
    // True if all was read and was good: fewer than eight bits are left, and they are zero.
    [[nodiscard]] bool finish() {
        if (ok() && bits_left() >= 8) refuse(StreamFault::too_long);
        align();
        return ok();
    }

  private:
    // 64 bits of the stream from a byte that is inside the buffer; zeros beyond its end.
    [[nodiscard]] std::uint64_t load(std::size_t byte) const {
        if (byte > tail_start_) return tail_ >> (8 * (byte - tail_start_));
        if (buffer_.size() < 8) return tail_;
        std::uint64_t word = 0;
        std::memcpy(&word, buffer_.data() + byte, 8);
        return std::endian::native == std::endian::big ? std::byteswap(word) : word;
    }
    [[nodiscard]] std::uint64_t take(unsigned count) {
        if (count > bits_left() || fault_ != StreamFault::none) {
            refuse(StreamFault::end_of_buffer);
            return 0;
        }
        if (count == 0) return 0;
        const auto skip = static_cast<unsigned>(position_ % 8);
        const std::size_t byte = position_ / 8;
        std::uint64_t value = load(byte) >> skip;
        if (skip + count > 64) value |= static_cast<std::uint64_t>(buffer_[byte + 8]) << (64 - skip);
        position_ += count;
        return value & (~std::uint64_t{0} >> (64 - count));
    }
    [[nodiscard]] Bytes take_bytes(std::size_t count) {
        align();
        if (!ok() || count > bits_left() / 8) {
            refuse(StreamFault::end_of_buffer);
            return {};
        }
        const Bytes view = buffer_.subspan(position_ / 8, count);
        position_ += count * 8;
        return view;
    }

    Bytes buffer_;
    std::size_t position_ = 0;    // in bits; never beyond the end
    std::size_t tail_start_ = 0;  // where the last eight bytes begin
    std::uint64_t tail_ = 0;      // those bytes, so that no load passes the end
    StreamFault fault_ = StreamFault::none;
};

}  // namespace squall::wire
