// One function describes a type for reading, writing and measuring. For a type of yours, in its namespace:
//
//     template <wire::BitStream Stream>
//     void serialise(Stream& stream, wire::Ref<Stream, Shot> shot) {
//         stream.ranged(shot.weapon, 0, kWeaponCount - 1);
//         stream.bits(shot.x, 20);
//         if (shot.weapon == kRail) stream.boolean(shot.charged);
//     }
//
// It needs no error handling: a fault sticks in the stream, and a reader that has one yields lowest values
// only.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>

#include "squall/core/bytes.hpp"
#include "squall/wire/bit_counter.hpp"
#include "squall/wire/bit_reader.hpp"
#include "squall/wire/bit_writer.hpp"

namespace squall::wire {

template <class Stream>
concept BitStream = std::is_same_v<Stream, BitReader> || std::is_same_v<Stream, BitWriter> ||
                    std::is_same_v<Stream, BitCounter>;

// What a serialise function takes: a value to fill when reading, one to look at when writing or measuring.
template <class Stream, class T>
using Ref = std::conditional_t<Stream::kIsReading, T&, const T&>;

template <class T>
concept Serialisable =
    requires(BitReader& reader, BitWriter& writer, BitCounter& counter, T& value, const T& constant) {
        serialise(reader, value);
        serialise(writer, constant);
        serialise(counter, constant);
    };

// The value at the front of `out`, padded to whole bytes; nothing if it does not fit or is out of range.
template <Serialisable T>
[[nodiscard]] std::optional<Bytes> encode(MutableBytes out, const T& value) {
    BitWriter writer(out);
    serialise(writer, value);
    const bool ok = writer.ok();
    const Bytes written = writer.finish();
    if (!ok) return std::nullopt;
    return written;
}

// True if the bytes are exactly one value; otherwise `value` holds what was read until the fault.
template <Serialisable T>
[[nodiscard]] bool decode(Bytes in, T& value) {
    BitReader reader(in);
    serialise(reader, value);
    return reader.finish();
}

template <Serialisable T>
[[nodiscard]] std::size_t encoded_bits(const T& value) {
    BitCounter counter;
    serialise(counter, value);
    return counter.bit_count();
}

}  // namespace squall::wire
