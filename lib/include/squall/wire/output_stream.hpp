// The operations that writing and measuring share, in terms of two: put bits, and put whole bytes at a byte
// boundary. So a measured size cannot differ from what is written. Refuses values outside their range; the
// refusal sticks.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "squall/core/bytes.hpp"
#include "squall/wire/fixed_point.hpp"
#include "squall/wire/stream_fault.hpp"

namespace squall::wire {

// Bits that a ranged integer takes: enough for maximum - minimum, 0 if they are equal.
template <std::integral T>
[[nodiscard]] constexpr unsigned bits_for_range(T minimum, T maximum) {
    return static_cast<unsigned>(
        std::bit_width(static_cast<std::uint64_t>(maximum) - static_cast<std::uint64_t>(minimum)));
}

template <class Stream>
class OutputStream {
  public:
    static constexpr bool kIsWriting = true;
    static constexpr bool kIsReading = false;

    // The low `count` (0 to 64) bits of an unsigned value; the others must be zero.
    template <std::unsigned_integral T>
    void bits(T value, unsigned count) {
        if (count < 64 && (std::uint64_t{value} >> count) != 0) return refuse(StreamFault::out_of_range);
        self().put(value, count);
    }
    void boolean(bool value) { self().put(value ? 1U : 0U, 1); }
    // An integer in [minimum, maximum], in as few bits as hold their distance.
    template <std::integral T>
    void ranged(T value, std::type_identity_t<T> minimum, std::type_identity_t<T> maximum) {
        if (value < minimum || value > maximum) return refuse(StreamFault::out_of_range);
        self().put(static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(minimum),
                   bits_for_range(minimum, maximum));
    }
    // An enumeration whose values are 0 to `last`, without gaps.
    template <class E>
        requires std::is_enum_v<E>
    void enumeration(E value, std::type_identity_t<E> last) {
        using Rep = std::underlying_type_t<E>;
        ranged(static_cast<Rep>(value), Rep{0}, static_cast<Rep>(last));
    }
    // Unsigned LEB128: seven bits and a bit that says whether more follow, least significant first.
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) self().put((value & 0x7f) | 0x80, 8);
        self().put(value, 8);
    }
    // Zigzag, then as above: small magnitudes are short.
    void signed_varint(std::int64_t value) {
        varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void fixed_point(double value, const FixedPoint& format) {
        const auto step = format.quantise(value);
        if (!step) return refuse(StreamFault::out_of_range);
        self().put(*step, format.bits());
    }
    // Zero bits up to the next byte boundary.
    void align() { self().put(0, (8U - static_cast<unsigned>(self().bit_count() % 8)) % 8); }
    // So many bytes as both ends know, at a byte boundary.
    void raw_bytes(Bytes bytes) {
        align();
        self().put_bytes(bytes);
    }
    // A length up to the limit, then the bytes at a byte boundary.
    void byte_string(Bytes bytes, std::size_t limit) {
        if (bytes.size() > limit) return refuse(StreamFault::too_long);
        ranged<std::uint64_t>(bytes.size(), 0, limit);
        raw_bytes(bytes);
    }
    void text(std::string_view text, std::size_t limit) { byte_string(as_bytes(text), limit); }

    // For a serialise function's own rules. The first fault stays.
    void refuse(StreamFault fault) {
        if (fault_ == StreamFault::none) fault_ = fault;
    }

  protected:
    StreamFault fault_ = StreamFault::none;

  private:
    // Only Stream itself can be an OutputStream<Stream>: self() relies on it.
    friend Stream;
    OutputStream() = default;
    Stream& self() { return static_cast<Stream&>(*this); }
};

}  // namespace squall::wire
