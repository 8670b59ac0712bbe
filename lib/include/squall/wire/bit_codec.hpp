// Writes, reads and measures a described struct as bits: the hot codec, compiled for each struct. The layout
// is section 6 of STANDARD.md. Reading checks every range, length and enumerator, and lengths before it
// allocates.
//
//     std::array<std::byte, 64> buffer;
//     const auto bytes = encode(buffer, player);     // std::optional<Bytes>
//     Player read;
//     const bool good = decode(*bytes, read);
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "squall/wire/describe.hpp"
#include "squall/wire/serialise.hpp"
#include "squall/wire/unit_codec.hpp"

namespace squall::wire::detail {

// --- What a type and its constraints come to on the wire. ---

// The limits of an integer type, or what is declared.
template <class C, class T>
consteval IntegerRange integer_limits() {
    if constexpr (C::kValue.integers.has_value()) {
        constexpr IntegerRange range = *C::kValue.integers;
        static_assert(range.minimum >= WideInteger{std::numeric_limits<T>::min()} &&
                          range.maximum <= WideInteger{std::numeric_limits<T>::max()},
                      "squall::wire: a declared range does not fit the field's type");
        return range;
    } else {
        return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
    }
}
template <class T>
using NumberOf =
    typename std::conditional_t<std::is_enum_v<T>, std::underlying_type<T>, std::type_identity<T>>::type;

template <class E>
inline constexpr bool kIsContiguous =
    static_cast<std::uint64_t>(kEnumerators<E>.back().value - kEnumerators<E>.front().value) + 1 ==
    kEnumerators<E>.size();

template <class C, class T>
inline constexpr std::size_t kSizeLimit = C::kValue.max_size.value_or(kDefaultMaxSize);

constexpr unsigned length_bits(std::size_t limit) {
    return static_cast<unsigned>(std::bit_width(limit));
}

// The fewest bits that a value takes: what a list's length is checked against.
template <class C, class T>
consteval std::size_t least_bits() {
    constexpr Kind kind = kKind<T>;
    if constexpr (kIsUnit<C, T> && !kRests<C, T>) {
        std::size_t bits = 0;
        for (const Code& code : kCodes<C, T>) bits += length_bits(code.highest);
        return bits;
    } else if constexpr (kRests<C, T> || kind == Kind::boolean || kind == Kind::optional) {
        return 1;
    } else if constexpr (kind == Kind::floating) {
        return C::kValue.grid ? length_bits(C::kValue.grid->highest) : sizeof(T) * 8;
    } else if constexpr (Number<T>) {
        constexpr IntegerRange range = integer_limits<C, NumberOf<T>>();
        return C::kValue.variable_length
                   ? 8
                   : length_bits(static_cast<std::size_t>(range.maximum - range.minimum));
    } else if constexpr (kind == Kind::array) {
        return KindOf<T>::kSize * least_bits<ArrayConstraints<C, T>, ElementOf<T>>();
    } else if constexpr (kind == Kind::structure) {
        return []<class... M>(TypeList<M...>) {
            return []<std::size_t... I>(std::index_sequence<I...>) {
                return (least_bits<FieldConstraints<C, T, I>, M>() + ... + 0);
            }(std::index_sequence_for<M...>{});
        }(MemberTypes<T>{});
    } else if constexpr (kind == Kind::list || kind == Kind::map || kind == Kind::text ||
                         kind == Kind::bytes) {
        return length_bits(kSizeLimit<C, T>);
    } else {
        return 0;
    }
}

// --- Scalars ---

template <class C, class Stream, class T>
void put_number(Stream& stream, T value) {
    constexpr IntegerRange range = integer_limits<C, T>();
    if constexpr (C::kValue.variable_length) {
        if (WideInteger{value} < range.minimum || WideInteger{value} > range.maximum)
            return stream.refuse(StreamFault::out_of_range);
        if constexpr (std::is_signed_v<T>) {
            stream.signed_varint(value);
        } else {
            stream.varint(value);
        }
    } else {
        stream.ranged(value, static_cast<T>(range.minimum), static_cast<T>(range.maximum));
    }
}
template <class C, class T>
void get_number(BitReader& reader, T& value) {
    constexpr IntegerRange range = integer_limits<C, T>();
    if constexpr (C::kValue.variable_length) {
        std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t> wide{};
        if constexpr (std::is_signed_v<T>) {
            reader.signed_varint(wide);
        } else {
            reader.varint(wide);
        }
        if (WideInteger{wide} < range.minimum || WideInteger{wide} > range.maximum)
            reader.refuse(StreamFault::out_of_range);
        value = static_cast<T>(reader.ok() ? WideInteger{wide} : range.minimum);
    } else {
        reader.ranged(value, static_cast<T>(range.minimum), static_cast<T>(range.maximum));
    }
}

template <class C, class E>
consteval void check_enumeration() {
    static_assert(
        C::kValue.integers || !kEnumerators<E>.empty(),
        "squall::wire: no enumerators found; give the enumeration an underlying type (enum class X : int), "
        "specialise enum_window, or declare range(first, last)");
}
template <class C, class Stream, class E>
void put_enumerator(Stream& stream, E value) {
    check_enumeration<C, E>();
    using N = std::underlying_type_t<E>;
    const N number = static_cast<N>(value);
    if constexpr (C::kValue.integers.has_value()) {
        put_number<C>(stream, number);
    } else if constexpr (kIsContiguous<E>) {
        stream.ranged(number, static_cast<N>(kEnumerators<E>.front().value),
                      static_cast<N>(kEnumerators<E>.back().value));
    } else {
        const auto place = std::ranges::lower_bound(kEnumerators<E>, static_cast<std::int64_t>(number), {},
                                                    &Enumerator::value);
        if (place == kEnumerators<E>.end() || place->value != static_cast<std::int64_t>(number))
            return stream.refuse(StreamFault::out_of_range);
        stream.template ranged<std::uint64_t>(static_cast<std::uint64_t>(place - kEnumerators<E>.begin()), 0,
                                              kEnumerators<E>.size() - 1);
    }
}
template <class C, class E>
void get_enumerator(BitReader& reader, E& value) {
    check_enumeration<C, E>();
    using N = std::underlying_type_t<E>;
    N number{};
    if constexpr (C::kValue.integers.has_value()) {
        get_number<C>(reader, number);
    } else if constexpr (kIsContiguous<E>) {
        reader.ranged(number, static_cast<N>(kEnumerators<E>.front().value),
                      static_cast<N>(kEnumerators<E>.back().value));
    } else {
        std::uint64_t place = 0;
        reader.ranged(place, 0, kEnumerators<E>.size() - 1);
        number = static_cast<N>(kEnumerators<E>[place].value);
    }
    value = static_cast<E>(number);
}

constexpr bool is_in(const FloatingRange& range, double value) {
    return value >= range.minimum && value <= range.maximum;
}
template <class C, class Stream, class T>
void put_floating(Stream& stream, T value) {
    constexpr Constraints c = C::kValue;
    if constexpr (c.floats.has_value())
        if (!is_in(*c.floats, static_cast<double>(value))) return stream.refuse(StreamFault::out_of_range);
    if constexpr (c.grid.has_value()) {
        const auto steps = c.grid->quantise(static_cast<double>(value));
        if (!steps) return stream.refuse(StreamFault::out_of_range);
        stream.put(*steps, length_bits(c.grid->highest));
    } else {
        using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
        stream.put(std::bit_cast<Bits>(value), sizeof(T) * 8);
    }
}
template <class C, class T>
void get_floating(BitReader& reader, T& value) {
    constexpr Constraints c = C::kValue;
    if constexpr (c.grid.has_value()) {
        std::uint64_t steps = 0;
        reader.ranged(steps, 0, c.grid->highest);
        value = static_cast<T>(c.grid->restore(steps));
    } else {
        using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
        Bits bits{};
        reader.bits(bits, sizeof(T) * 8);
        value = std::bit_cast<T>(bits);
    }
    if constexpr (c.floats.has_value()) {
        if (!is_in(*c.floats, static_cast<double>(value))) {
            reader.refuse(StreamFault::out_of_range);
            value = static_cast<T>(c.floats->minimum);
        }
    }
}

// --- Values that are sent whole ---

// Would a reader get nothing but zeros?
template <class C, class T>
bool reads_as_zero(const T& value) {
    if constexpr (kKind<T> == Kind::floating) {
        if constexpr (C::kValue.grid.has_value()) {
            const auto steps = C::kValue.grid->quantise(static_cast<double>(value));
            return steps && C::kValue.grid->restore(*steps) == 0.0;
        } else {
            return value == 0;
        }
    } else {
        bool zero = true;
        for_each_part<C>(value, [&](auto constraints, const auto& part) {
            zero = zero && reads_as_zero<decltype(constraints)>(part);
        });
        return zero;
    }
}
template <class C, class T>
void set_to_zero(T& value) {
    if constexpr (kKind<T> == Kind::floating) {
        value = 0;
    } else {
        for_each_part<C>(value,
                         [](auto constraints, auto& part) { set_to_zero<decltype(constraints)>(part); });
    }
}

template <class C, class Stream, class T>
void put_codes(Stream& stream, const UnitCodes<C, T>& codes) {
    for (std::size_t i = 0; i < codes.size(); ++i) stream.put(codes[i], length_bits(kCodes<C, T>[i].highest));
}
template <class C, class T>
void get_codes(BitReader& reader, UnitCodes<C, T>& codes) {
    for (std::size_t i = 0; i < codes.size(); ++i) reader.ranged(codes[i], 0, kCodes<C, T>[i].highest);
}
template <class C, class T>
void restore_or_refuse(BitReader& reader, T& value, const UnitCodes<C, T>& codes) {
    if (!reader.ok() || !restore_unit<C>(value, codes)) {
        reader.refuse(StreamFault::out_of_range);
        value = T{};
    }
}

// --- All ---

// A codec recurses through these two.
template <class C, class Stream, class T>
void put(Stream& stream, const T& value);
template <class C, class T>
void get(BitReader& reader, T& value);

template <class C, class Stream, class T>
void put_content(Stream& stream, const T& value) {
    constexpr Kind kind = kKind<T>;
    if constexpr (kIsUnit<C, T>) {
        UnitCodes<C, T> codes;
        if (!quantise_unit<C>(value, codes)) return stream.refuse(StreamFault::out_of_range);
        put_codes<C, Stream, T>(stream, codes);
    } else if constexpr (kind == Kind::boolean) {
        stream.boolean(value);
    } else if constexpr (std::same_as<T, std::byte>) {
        stream.put(std::to_integer<std::uint64_t>(value), 8);
    } else if constexpr (Number<T>) {
        put_number<C>(stream, value);
    } else if constexpr (kind == Kind::enumeration) {
        put_enumerator<C>(stream, value);
    } else if constexpr (kind == Kind::floating) {
        put_floating<C>(stream, value);
    } else if constexpr (kind == Kind::text) {
        stream.text(value, kSizeLimit<C, T>);
    } else if constexpr (kind == Kind::bytes) {
        stream.byte_string(value, kSizeLimit<C, T>);
    } else if constexpr (kind == Kind::optional) {
        stream.boolean(value.has_value());
        if (value) put<C>(stream, *value);
    } else if constexpr (kind == Kind::array) {
        for (const auto& element : value) put<ArrayConstraints<C, T>>(stream, element);
    } else if constexpr (kind == Kind::list) {
        if (value.size() > kSizeLimit<C, T>) return stream.refuse(StreamFault::too_long);
        stream.template ranged<std::uint64_t>(value.size(), 0, kSizeLimit<C, T>);
        for (const auto& element : value) put<ElementConstraints<C>>(stream, element);
    } else if constexpr (kind == Kind::map) {
        if (value.size() > kSizeLimit<C, T>) return stream.refuse(StreamFault::too_long);
        stream.template ranged<std::uint64_t>(value.size(), 0, kSizeLimit<C, T>);
        for (const auto& [key, element] : value) {
            put<Free>(stream, key);
            put<ElementConstraints<C>>(stream, element);
        }
    } else if constexpr (kind == Kind::variant) {
        constexpr std::size_t count = std::variant_size_v<T>;
        stream.template ranged<std::uint64_t>(value.index(), 0, count - 1);
        std::visit([&](const auto& alternative) { put<C>(stream, alternative); }, value);
    } else {
        for_each_member(value, [&]<std::size_t I>(At<I>, const auto& member) {
            put<FieldConstraints<C, T, I>>(stream, member);
        });
    }
}
template <class C, class Stream, class T>
void put(Stream& stream, const T& value) {
    if constexpr (kRests<C, T>) {
        const bool rests = reads_as_zero<C>(value);
        stream.boolean(rests);
        if (rests) return;
    }
    put_content<C>(stream, value);
}

// How many elements there are; 0 after a fault. Each takes `least` bits, so there cannot be more than those
// left.
inline std::size_t get_length(BitReader& reader, std::size_t limit, std::size_t least) {
    std::uint64_t length = 0;
    reader.ranged(length, 0, limit);
    if (!reader.ok()) return 0;
    if (least != 0 && length > reader.bits_left() / least) {
        reader.refuse(StreamFault::end_of_buffer);
        return 0;
    }
    return static_cast<std::size_t>(length);
}

template <class C, class T>
void get_list(BitReader& reader, T& list) {
    using E = ElementConstraints<C>;
    list.resize(get_length(reader, kSizeLimit<C, T>, least_bits<E, ElementOf<T>>()));
    for (auto& element : list) {
        if (!reader.ok()) break;
        get<E>(reader, element);
    }
}
template <class C, class T>
void get_map(BitReader& reader, T& map) {
    using E = ElementConstraints<C>;
    constexpr std::size_t least = least_bits<Free, typename T::key_type>() + least_bits<E, ElementOf<T>>();
    map.clear();
    for (std::size_t left = get_length(reader, kSizeLimit<C, T>, least); left > 0 && reader.ok(); --left) {
        typename T::key_type key{};
        get<Free>(reader, key);
        // Ascending, so each map has one form, and no key comes twice.
        if (reader.ok() && !map.empty() && !(map.rbegin()->first < key))
            reader.refuse(StreamFault::not_canonical);
        if (!reader.ok()) return;
        get<E>(reader, map.emplace_hint(map.end(), std::move(key), ElementOf<T>{})->second);
    }
}
template <class C, class T>
void get_variant(BitReader& reader, T& variant) {
    std::uint64_t index = 0;
    reader.ranged(index, 0, std::variant_size_v<T> - 1);
    emplace_alternative(variant, static_cast<std::size_t>(index));
    std::visit([&](auto& alternative) { get<C>(reader, alternative); }, variant);
}

template <class C, class T>
void get_content(BitReader& reader, T& value) {
    constexpr Kind kind = kKind<T>;
    if constexpr (kIsUnit<C, T>) {
        UnitCodes<C, T> codes{};
        get_codes<C, T>(reader, codes);
        restore_or_refuse<C>(reader, value, codes);
    } else if constexpr (kind == Kind::boolean) {
        reader.boolean(value);
    } else if constexpr (std::same_as<T, std::byte>) {
        std::uint8_t number = 0;
        reader.bits(number, 8);
        value = std::byte{number};
    } else if constexpr (Number<T>) {
        get_number<C>(reader, value);
    } else if constexpr (kind == Kind::enumeration) {
        get_enumerator<C>(reader, value);
    } else if constexpr (kind == Kind::floating) {
        get_floating<C>(reader, value);
    } else if constexpr (kind == Kind::text) {
        reader.text(value, kSizeLimit<C, T>);
    } else if constexpr (kind == Kind::bytes) {
        reader.byte_string(value, kSizeLimit<C, T>);
    } else if constexpr (kind == Kind::optional) {
        bool present = false;
        reader.boolean(present);
        if (!present) return value.reset();
        if (!value) value.emplace();
        get<C>(reader, *value);
    } else if constexpr (kind == Kind::array) {
        for (auto& element : value) get<ArrayConstraints<C, T>>(reader, element);
    } else if constexpr (kind == Kind::list) {
        get_list<C>(reader, value);
    } else if constexpr (kind == Kind::map) {
        get_map<C>(reader, value);
    } else if constexpr (kind == Kind::variant) {
        get_variant<C>(reader, value);
    } else {
        for_each_member(value, [&]<std::size_t I>(At<I>, auto& member) {
            get<FieldConstraints<C, T, I>>(reader, member);
        });
    }
}
template <class C, class T>
void get(BitReader& reader, T& value) {
    if constexpr (kRests<C, T>) {
        bool rests = false;
        reader.boolean(rests);
        if (rests) return set_to_zero<C>(value);
    }
    get_content<C>(reader, value);
}

}  // namespace squall::wire::detail

namespace squall::wire {

// A value out of its range, or one that does not fit, sticks in the writer as !ok().
template <Described T>
void write(BitWriter& writer, const T& value) {
    (void)describe<T>();  // where the declarations are checked
    detail::put<detail::Free>(writer, value);
}
// What is wrong sticks in the reader as !ok(); `value` is then valid, but means nothing.
template <Described T>
void read(BitReader& reader, T& value) {
    detail::get<detail::Free>(reader, value);
}
// The bits that write() would write.
template <Described T>
[[nodiscard]] std::size_t measure(const T& value) {
    BitCounter counter;
    detail::put<detail::Free>(counter, value);
    return counter.bit_count();
}

// As encode() and decode() of a Serialisable type.
template <Described T>
    requires(!Serialisable<T>)
[[nodiscard]] std::optional<Bytes> encode(MutableBytes out, const T& value) {
    BitWriter writer(out);
    write(writer, value);
    if (!writer.ok()) return std::nullopt;
    return writer.finish();
}
template <Described T>
    requires(!Serialisable<T>)
[[nodiscard]] bool decode(Bytes in, T& value) {
    BitReader reader(in);
    read(reader, value);
    return reader.finish();
}

}  // namespace squall::wire
