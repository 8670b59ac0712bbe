// Many objects of one struct in one message: all of them, or those that changed since a baseline. Knows
// neither who has which baseline nor what an object's index means. The layout is section 6 of STANDARD.md.
//
// A sender keeps the quantised copy of what it sent and touches only what is dirty:
//
//     for (const std::uint32_t i : dirty) settled[i] = world[i], good &= settle(settled[i]);
//     write_snapshot_delta(writer, baseline, settled, dirty);
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "squall/wire/delta.hpp"

namespace squall::wire {

namespace detail {

// Gaps between indices are short where many objects changed: so many low bits, then the rest in unary.
constexpr unsigned gap_bits(std::size_t objects, std::size_t changed) {
    const std::size_t mean = changed == 0 ? 0 : objects / changed;
    return mean < 2 ? 0 : static_cast<unsigned>(std::bit_width(mean)) - 1;
}
inline void put_gap(BitWriter& writer, std::uint64_t gap, unsigned low_bits) {
    for (std::uint64_t rest = gap >> low_bits; rest > 0; --rest) writer.put(0, 1);
    writer.put(1, 1);
    writer.put(gap & ((std::uint64_t{1} << low_bits) - 1), low_bits);
}
// At most `limit`; more is refused.
inline std::uint64_t get_gap(BitReader& reader, std::uint64_t limit, unsigned low_bits) {
    std::uint64_t rest = 0;
    bool last = false;
    for (reader.boolean(last); !last && reader.ok() && rest <= (limit >> low_bits); reader.boolean(last))
        ++rest;
    std::uint64_t low = 0;
    reader.bits(low, low_bits);
    const std::uint64_t gap = (rest << low_bits) + low;
    if (!last || gap > limit) reader.refuse(StreamFault::out_of_range);
    return reader.ok() ? gap : 0;
}

}  // namespace detail

// As many objects as both ends know.
template <Described T>
void write_objects(BitWriter& writer, std::span<const T> objects) {
    for (const T& object : objects) write(writer, object);
}
template <Described T>
bool read_objects(BitReader& reader, std::span<T> objects) {
    for (T& object : objects) {
        read(reader, object);
        if (!reader.ok()) return false;
    }
    return true;
}

// All objects, and how many they are.
template <Described T>
void write_snapshot(BitWriter& writer, std::span<const T> objects) {
    writer.varint(objects.size());
    write_objects(writer, objects);
}
// More than `limit` objects are refused, and so are more than the message can hold, before anything is
// allocated.
template <Described T>
bool read_snapshot(BitReader& reader, std::vector<T>& objects, std::size_t limit) {
    std::uint64_t count = 0;
    reader.varint(count);
    constexpr std::size_t least = detail::least_bits<detail::Free, T>();
    if (count > limit) reader.refuse(StreamFault::too_long);
    if (least != 0 && count > reader.bits_left() / least) reader.refuse(StreamFault::end_of_buffer);
    if (!reader.ok()) return false;
    objects.resize(static_cast<std::size_t>(count));
    return read_objects(reader, std::span<T>(objects));
}

// The objects that changed. `dirty` names, ascending, all that may have; those that did not are taken out of
// it. Both spans have the same length. Without epsilon: the baseline of the next delta is `current` itself,
// if settled.
template <Described T>
void write_snapshot_delta(BitWriter& writer, std::span<const T> baseline, std::span<const T> current,
                          std::vector<std::uint32_t>& dirty) {
    constexpr DeltaOptions kExact{.epsilon = 0, .settled = true};
    std::erase_if(dirty, [&](std::uint32_t i) { return !differs(baseline[i], current[i], kExact); });
    writer.ranged<std::uint64_t>(dirty.size(), 0, baseline.size());
    const unsigned low_bits = detail::gap_bits(baseline.size(), dirty.size());
    std::uint64_t next = 0;
    for (const std::uint32_t i : dirty) {
        detail::put_gap(writer, i - next, low_bits);
        write_delta(writer, baseline[i], current[i], kExact);
        next = std::uint64_t{i} + 1;
    }
}
// In place, onto the baseline that was written against. After false the objects are a mixture.
template <Described T>
bool read_snapshot_delta(BitReader& reader, std::vector<T>& objects) {
    std::uint64_t count = 0;
    reader.ranged(count, 0, objects.size());
    const unsigned low_bits = detail::gap_bits(objects.size(), static_cast<std::size_t>(count));
    std::uint64_t next = 0;
    for (; count > 0 && reader.ok(); --count) {
        if (next + count > objects.size()) reader.refuse(StreamFault::out_of_range);
        if (!reader.ok()) break;
        next += detail::get_gap(reader, objects.size() - count - next, low_bits);
        if (reader.ok()) read_delta(reader, objects[next]);
        ++next;
    }
    return reader.ok();
}

}  // namespace squall::wire
