// Described structs as plain little-endian bytes, by << and >>: for files, recordings and local networks,
// where time counts more than size. Every read is checked: bounds, ranges, enumerators, lengths before
// allocation. Quantisation does not apply; declared ranges and limits do.
//
//     BinaryWriter writer(buffer);
//     writer << position << velocity << health;
//     BinaryReader reader(writer.written());
//     reader >> position >> velocity >> health;
//     if (!reader.at_end()) ...
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "squall/core/bytes.hpp"
#include "squall/wire/bit_codec.hpp"

namespace squall::wire {

// What does not fit or is out of its range sticks as !ok().
class BinaryWriter {
  public:
    explicit BinaryWriter(MutableBytes buffer) : bytes_(buffer) {}

    template <Described T>
    BinaryWriter& operator<<(const T& value) {
        put<detail::Free>(value);
        return *this;
    }
    [[nodiscard]] bool ok() const { return bytes_.ok() && !refused_; }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    // Nothing if !ok().
    [[nodiscard]] Bytes written() const { return ok() ? Bytes(bytes_.written()) : Bytes{}; }

  private:
    template <class C, class T>
    void put(const T& value);
    void put_length(std::size_t length, std::size_t limit) {
        if (length > limit) refused_ = true;
        bytes_.write_varint(length);
    }

    ByteWriter bytes_;
    bool refused_ = false;
};

// What is short or wrong sticks as !ok(); the values are then valid, but mean nothing.
class BinaryReader {
  public:
    explicit BinaryReader(Bytes buffer) : bytes_(buffer) {}

    template <Described T>
    BinaryReader& operator>>(T& value) {
        get<detail::Free>(value);
        return *this;
    }
    [[nodiscard]] bool ok() const { return bytes_.ok() && !refused_; }
    // True if all was read and was good.
    [[nodiscard]] bool at_end() const { return ok() && bytes_.remaining() == 0; }
    [[nodiscard]] std::size_t position() const { return bytes_.position(); }

  private:
    template <class C, class T>
    void get(T& value);
    // Each element takes a byte at least, but for empty structs.
    std::size_t get_length(std::size_t limit, bool takes_bytes) {
        const std::uint64_t length = bytes_.read_varint();
        if (length > limit || (takes_bytes && length > bytes_.remaining())) refused_ = true;
        return ok() ? static_cast<std::size_t>(length) : 0;
    }

    ByteReader bytes_;
    bool refused_ = false;
};

namespace detail {

// The unsigned integer of a scalar's size.
template <class T>
using BitsOf =
    std::conditional_t<sizeof(T) == 1, std::uint8_t,
                       std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                          std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

template <class T>
inline constexpr bool kIsScalar = kKind<T> <= Kind::enumeration && kKind<T> != Kind::boolean;

template <class C, class T>
bool is_allowed(T value) {
    if constexpr (std::same_as<T, std::byte>) {
        return true;
    } else if constexpr (kKind<T> == Kind::floating) {
        const auto number = static_cast<double>(value);
        if constexpr (C::kValue.floats.has_value())
            if (!is_in(*C::kValue.floats, number)) return false;
        if constexpr (C::kValue.grid.has_value()) return C::kValue.grid->quantise(number).has_value();
        return true;
    } else {
        const auto number = static_cast<NumberOf<T>>(value);
        if constexpr (kKind<T> == Kind::enumeration && !C::kValue.integers.has_value()) {
            check_enumeration<C, T>();
            const auto place = std::ranges::lower_bound(kEnumerators<T>, static_cast<std::int64_t>(number),
                                                        {}, &Enumerator::value);
            return place != kEnumerators<T>.end() && place->value == static_cast<std::int64_t>(number);
        } else {
            constexpr IntegerRange range = integer_limits<C, NumberOf<T>>();
            return WideInteger{number} >= range.minimum && WideInteger{number} <= range.maximum;
        }
    }
}

// As unit_quaternion() wants it.
template <class C, class T>
bool has_allowed_length(const T& value) {
    if constexpr (kIsQuaternion<C, T>) {
        double length = 0;
        for_each_part<C>(
            value, [&](auto, auto part) { length += static_cast<double>(part) * static_cast<double>(part); });
        return length >= 0.98 && length <= 1.02;
    } else {
        return true;
    }
}

}  // namespace detail

template <class C, class T>
void BinaryWriter::put(const T& value) {
    constexpr Kind kind = detail::kKind<T>;
    if constexpr (kind == Kind::boolean) {
        bytes_.write<std::uint8_t>(value ? 1 : 0);
    } else if constexpr (detail::kIsScalar<T>) {
        if (!detail::is_allowed<C>(value)) refused_ = true;
        bytes_.write(std::bit_cast<detail::BitsOf<T>>(value));
    } else if constexpr (kind == Kind::text || kind == Kind::bytes) {
        put_length(value.size(), detail::kSizeLimit<C, T>);
        bytes_.write_bytes(std::as_bytes(std::span(value)));
    } else if constexpr (kind == Kind::optional) {
        bytes_.write<std::uint8_t>(value ? 1 : 0);
        if (value) put<C>(*value);
    } else if constexpr (kind == Kind::list) {
        put_length(value.size(), detail::kSizeLimit<C, T>);
        for (const auto& element : value) put<detail::ElementConstraints<C>>(element);
    } else if constexpr (kind == Kind::map) {
        put_length(value.size(), detail::kSizeLimit<C, T>);
        for (const auto& [key, element] : value) {
            put<detail::Free>(key);
            put<detail::ElementConstraints<C>>(element);
        }
    } else if constexpr (kind == Kind::variant) {
        bytes_.write_varint(value.index());
        std::visit([&](const auto& alternative) { put<C>(alternative); }, value);
    } else {
        detail::for_each_part<C>(
            value, [&](auto constraints, const auto& part) { put<decltype(constraints)>(part); });
        if (!detail::has_allowed_length<C>(value)) refused_ = true;
    }
}

template <class C, class T>
void BinaryReader::get(T& value) {
    constexpr Kind kind = detail::kKind<T>;
    if constexpr (kind == Kind::boolean) {
        const auto number = bytes_.read<std::uint8_t>();
        if (number > 1) refused_ = true;
        value = number == 1;
    } else if constexpr (detail::kIsScalar<T>) {
        const T read = std::bit_cast<T>(bytes_.template read<detail::BitsOf<T>>());
        if (detail::is_allowed<C>(read)) {
            value = read;
        } else {
            refused_ = true;
        }
    } else if constexpr (kind == Kind::text || kind == Kind::bytes) {
        const Bytes view = bytes_.read_bytes(get_length(detail::kSizeLimit<C, T>, true));
        if constexpr (kind == Kind::text) {
            value.assign(as_text(view));
        } else {
            value.assign(view.begin(), view.end());
        }
    } else if constexpr (kind == Kind::optional) {
        bool present = false;
        get<detail::Free>(present);
        if (!ok() || !present) return value.reset();
        get<C>(value.emplace());
    } else if constexpr (kind == Kind::list) {
        using E = detail::ElementConstraints<C>;
        value.resize(
            get_length(detail::kSizeLimit<C, T>, detail::least_bits<E, detail::ElementOf<T>>() != 0));
        for (auto& element : value) {
            if (!ok()) return;
            get<E>(element);
        }
    } else if constexpr (kind == Kind::map) {
        value.clear();
        for (std::size_t left = get_length(detail::kSizeLimit<C, T>, true); left > 0 && ok(); --left) {
            typename T::key_type key{};
            get<detail::Free>(key);
            if (!value.empty() && !(value.rbegin()->first < key)) refused_ = true;
            if (!ok()) return;
            get<detail::ElementConstraints<C>>(
                value.emplace_hint(value.end(), std::move(key), detail::ElementOf<T>{})->second);
        }
    } else if constexpr (kind == Kind::variant) {
        std::uint64_t index = bytes_.read_varint();
        if (index >= std::variant_size_v<T>) {
            refused_ = true;
            index = 0;
        }
        detail::emplace_alternative(value, static_cast<std::size_t>(index));
        std::visit([&](auto& alternative) { get<C>(alternative); }, value);
    } else {
        detail::for_each_part<C>(value,
                                 [&](auto constraints, auto& part) { get<decltype(constraints)>(part); });
        if (ok() && !detail::has_allowed_length<C>(value)) refused_ = true;
    }
}

}  // namespace squall::wire
