// A value all of whose parts are quantised, seen as a row of whole numbers ("codes"): what a rotation is sent
// as, and what a delta of something that moves compares. Knows codes and floats, no stream.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "squall/wire/describe.hpp"

namespace squall::wire::detail {

// One number of the row.
struct Code {
    std::uint64_t highest = 0;
    bool must_stay = false;  // the short form of a delta needs it unchanged
};

template <class C, class T>
inline constexpr bool kIsQuaternion =
    C::kValue.quaternion_bits != 0 && kIsOneOfFloats<T> && contents_of<T>().quaternion;

template <class C, class T>
consteval bool all_quantised();
template <class C, class T, class... M>
consteval bool members_quantised(TypeList<M...>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return (all_quantised<FieldConstraints<C, T, I>, M>() && ...);
    }(std::index_sequence_for<M...>{});
}
template <class C, class T>
consteval bool all_quantised() {
    if constexpr (kIsQuaternion<C, T>) {
        return true;
    } else if constexpr (kKind<T> == Kind::floating) {
        return C::kValue.grid.has_value();
    } else if constexpr (kKind<T> == Kind::structure) {
        return members_quantised<C, T>(MemberTypes<T>{});
    } else if constexpr (kKind<T> == Kind::array) {
        return all_quantised<ArrayConstraints<C, T>, ElementOf<T>>();
    } else {
        return false;
    }
}
// Sent as a row of codes, not part by part.
template <class C, class T>
inline constexpr bool kIsUnit =
    kIsQuaternion<C, T> ||
    (C::kValue.move_bits != 0 && (kIsOneOfFloats<T> || kKind<T> == Kind::floating) && all_quantised<C, T>());
// One bit may say that all of it is zero.
template <class C, class T>
inline constexpr bool kRests = C::kValue.rests && kIsOneOfFloats<T>;

// Calls part(constraints, member) for the members or elements of a unit.
template <class C, class T, class F>
constexpr void for_each_part(T& value, F&& part) {
    using Plain = std::remove_const_t<T>;
    if constexpr (kKind<Plain> == Kind::array) {
        for (auto& element : value) part(ArrayConstraints<C, Plain>{}, element);
    } else {
        for_each_member(value, [&]<std::size_t I>(At<I>, auto& member) {
            part(FieldConstraints<C, Plain, I>{}, member);
        });
    }
}

// The same for two: part(constraints, left member, right member).
template <class C, class T, class F>
constexpr void for_each_pair(const T& left, const T& right, F&& part) {
    if constexpr (kKind<T> == Kind::array) {
        for (std::size_t i = 0; i < left.size(); ++i) part(ArrayConstraints<C, T>{}, left[i], right[i]);
    } else {
        visit_member_pairs(left, right, [&]<std::size_t I>(At<I>, const auto& a, const auto& b) {
            part(FieldConstraints<C, T, I>{}, a, b);
        });
    }
}

// A component that is not the largest lies in [-1/sqrt(2), 1/sqrt(2)]; zero is on the grid.
struct SmallestThree {
    static constexpr double kBound = 0.70710678118654757;
    unsigned bits;
    [[nodiscard]] constexpr std::uint64_t highest() const { return (std::uint64_t{1} << bits) - 2; }
    [[nodiscard]] constexpr std::uint64_t zero() const { return highest() / 2; }  // exactly: it is even
    [[nodiscard]] constexpr double step() const { return 2 * kBound / static_cast<double>(highest()); }

    using Quaternion = std::array<double, 4>;
    using Codes = std::array<std::uint64_t, 4>;

    // Which one is the largest, then the other three; false if the length is not about 1. `Component` is what
    // a reader keeps them in. What it keeps gives the same codes again.
    template <class Component>
    [[nodiscard]] bool quantise(const Quaternion& q, Codes& codes) const {
        const double length = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
        if (!(length >= 0.98 && length <= 1.02)) return false;
        if (quantise_once(q, length, codes)) settle_tie<Component>(codes);
        return true;
    }
    // False for codes that no rotation gives.
    [[nodiscard]] bool restore(const Codes& codes, Quaternion& q) const {
        const std::size_t largest = codes[0];
        std::size_t next = 1;
        double left = 1;
        for (std::size_t i = 0; i < 4; ++i) {
            if (i == largest) continue;
            q[i] = (static_cast<double>(codes[next++]) - static_cast<double>(zero())) * step();
            left -= q[i] * q[i];
        }
        if (left < 0.25 - 2 * step()) return false;
        q[largest] = std::sqrt(left);
        return true;
    }

  private:
    // True if another component is so nearly as large that a reader may find that one the largest.
    [[nodiscard]] bool quantise_once(const Quaternion& q, double length, Codes& codes) const {
        std::size_t largest = 0;
        for (std::size_t i = 1; i < 4; ++i)
            if (std::abs(q[i]) > std::abs(q[largest])) largest = i;
        // A rotation and its negative are the same: the largest is sent positive.
        const double scale = (q[largest] < 0 ? -1.0 : 1.0) / (std::sqrt(length) * step());
        const auto middle = static_cast<double>(zero());
        const auto top = static_cast<double>(highest());
        const double near = std::abs(q[largest]) - 6 * step();
        std::size_t next = 1;
        bool tie = false;
        codes[0] = largest;
        for (std::size_t i = 0; i < 4; ++i) {
            if (i == largest) continue;
            tie = tie || std::abs(q[i]) > near;
            const double place = q[i] * scale + middle + 0.5;
            codes[next++] = static_cast<std::uint64_t>(static_cast<std::int64_t>(place < 0     ? 0.0
                                                                                 : place > top ? top
                                                                                               : place));
        }
        return tie;
    }
    // What a reader of these codes would send.
    template <class Component>
    [[nodiscard]] Codes resent(const Codes& codes) const {
        Quaternion q{};
        Codes again = codes;
        if (!restore(codes, q)) return again;
        double length = 0;
        for (double& c : q) {
            c = static_cast<double>(static_cast<Component>(c));
            length += c * c;
        }
        (void)quantise_once(q, length, again);
        return again;
    }
    // Nearly equal components: sending again what was read may go round in a circle of a few forms, whose
    // least is taken by all.
    template <class Component>
    void settle_tie(Codes& codes) const {
        for (int i = 0; i < 8; ++i) {
            const Codes again = resent<Component>(codes);
            if (again == codes) return;
            codes = again;
        }
        Codes least = codes;
        Codes each = resent<Component>(codes);
        for (int i = 0; i < 8 && each != codes; ++i, each = resent<Component>(each))
            if (each < least) least = each;
        codes = least;
    }
};

template <class C, class T>
consteval std::size_t code_count() {
    if constexpr (kIsQuaternion<C, T>) {
        return 4;
    } else if constexpr (kKind<T> == Kind::floating) {
        return 1;
    } else if constexpr (kKind<T> == Kind::array) {
        return KindOf<T>::kSize * code_count<ArrayConstraints<C, T>, ElementOf<T>>();
    } else {
        return []<class... M>(TypeList<M...>) {
            return []<std::size_t... I>(std::index_sequence<I...>) {
                return (code_count<FieldConstraints<C, T, I>, M>() + ... + 0);
            }(std::index_sequence_for<M...>{});
        }(MemberTypes<T>{});
    }
}

template <class C, class T>
constexpr void list_codes(Code*& next) {
    if constexpr (kIsQuaternion<C, T>) {
        constexpr std::uint64_t highest = SmallestThree{C::kValue.quaternion_bits}.highest();
        *next++ = Code{3, true};
        for (int i = 0; i < 3; ++i) *next++ = Code{highest, false};
    } else if constexpr (kKind<T> == Kind::floating) {
        *next++ = Code{C::kValue.grid->highest, false};
    } else if constexpr (kKind<T> == Kind::array) {
        for (std::size_t i = 0; i < KindOf<T>::kSize; ++i)
            list_codes<ArrayConstraints<C, T>, ElementOf<T>>(next);
    } else {
        []<class... M>(TypeList<M...>, Code*& place) {
            []<std::size_t... I>(std::index_sequence<I...>, Code*& at) {
                (list_codes<FieldConstraints<C, T, I>, M>(at), ...);
            }(std::index_sequence_for<M...>{}, place);
        }(MemberTypes<T>{}, next);
    }
}
template <class C, class T>
consteval auto make_codes() {
    std::array<Code, code_count<C, T>()> codes{};
    Code* next = codes.data();
    list_codes<C, T>(next);
    return codes;
}
template <class C, class T>
inline constexpr auto kCodes = make_codes<C, T>();

// False if a part is outside its grid.
template <class C, class T>
[[nodiscard]] bool quantise_unit(const T& value, std::uint64_t*& next) {
    if constexpr (kIsQuaternion<C, T>) {
        std::array<double, 4> q{};
        std::array<std::uint64_t, 4> codes;
        std::size_t i = 0;
        bool good = true;
        for_each_part<C>(value, [&](auto, const auto& part) { q[i++] = static_cast<double>(part); });
        for_each_part<C>(value, [&]<class P>(auto, const P&) {
            // All four are of one type; the first speaks for them.
            if (i == 4) good = SmallestThree{C::kValue.quaternion_bits}.template quantise<P>(q, codes);
            ++i;
        });
        for (const std::uint64_t code : codes) *next++ = code;
        return good;
    } else if constexpr (kKind<T> == Kind::floating) {
        const auto steps = C::kValue.grid->quantise(static_cast<double>(value));
        if (!steps) return false;
        *next++ = *steps;
        return true;
    } else {
        bool good = true;
        for_each_part<C>(value, [&](auto constraints, const auto& part) {
            good = good && quantise_unit<decltype(constraints)>(part, next);
        });
        return good;
    }
}
// False for codes that no value gives; each is at most its highest.
template <class C, class T>
[[nodiscard]] bool restore_unit(T& value, const std::uint64_t*& next) {
    if constexpr (kIsQuaternion<C, T>) {
        std::array<double, 4> q{};
        std::array<std::uint64_t, 4> codes;
        for (std::uint64_t& code : codes) code = *next++;
        if (!SmallestThree{C::kValue.quaternion_bits}.restore(codes, q)) return false;
        std::size_t i = 0;
        for_each_part<C>(value, [&](auto, auto& part) {
            part = static_cast<std::remove_reference_t<decltype(part)>>(q[i++]);
        });
        return true;
    } else if constexpr (kKind<T> == Kind::floating) {
        value = static_cast<T>(C::kValue.grid->restore(*next++));
        return true;
    } else {
        bool good = true;
        for_each_part<C>(value, [&](auto constraints, auto& part) {
            good = good && restore_unit<decltype(constraints)>(part, next);
        });
        return good;
    }
}

template <class C, class T>
using UnitCodes = std::array<std::uint64_t, code_count<C, T>()>;

template <class C, class T>
[[nodiscard]] bool quantise_unit(const T& value, UnitCodes<C, T>& codes) {
    std::uint64_t* next = codes.data();
    return quantise_unit<C>(value, next);
}
template <class C, class T>
[[nodiscard]] bool restore_unit(T& value, const UnitCodes<C, T>& codes) {
    const std::uint64_t* next = codes.data();
    return restore_unit<C>(value, next);
}

}  // namespace squall::wire::detail
