// What a declaration may say about a field beyond its C++ type: the range of an integer, the grid of a
// floating point number, the longest list. Knows no stream and no struct. All of it is data that a compiler
// can fold.
//
//     template <> inline constexpr auto squall::wire::field<&Player::ammo> = range(0, 30);
//     template <> inline constexpr auto squall::wire::field<&Player::position> =
//         quantised(-256, 256, 18) | moves(10);
//
// A field that holds others passes what it does not use itself on to them: the range of a vector<int> is that
// of its elements, the grid of a struct of three floats is that of each of them, unless they have their own.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace squall::wire {

// Wide enough for every integer type of C++.
__extension__ using WideInteger = __int128;

struct IntegerRange {
    WideInteger minimum = 0;
    WideInteger maximum = 0;
    friend constexpr bool operator==(const IntegerRange&, const IntegerRange&) = default;
};

struct FloatingRange {
    double minimum = 0;
    double maximum = 0;
    friend constexpr bool operator==(const FloatingRange&, const FloatingRange&) = default;
};

// The numbers minimum, minimum + step, ... minimum + highest * step. IEEE arithmetic without contraction, so
// every compiler and machine gives the same integer.
struct Grid {
    double minimum = 0;
    double maximum = 0;  // as declared; the last number of the grid may lie up to one step below
    double step = 1;
    double steps_per_unit = 1;
    std::uint64_t highest = 0;

    // The nearest number of steps, half a step up; nothing for NaN and what is outside by more than half a
    // step.
    [[nodiscard]] constexpr std::optional<std::uint64_t> quantise(double value) const {
        const double place = (value - minimum) * steps_per_unit + 0.5;
        if (!(place >= 0.0 && place < static_cast<double>(highest) + 1.0)) {
            // Between the grid's last number and the declared end.
            if (place >= 0.0 && value <= maximum) return highest;
            return std::nullopt;
        }
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(place));
    }
    [[nodiscard]] constexpr double restore(std::uint64_t steps) const {
        return minimum + static_cast<double>(static_cast<std::int64_t>(steps)) * step;
    }
    friend constexpr bool operator==(const Grid&, const Grid&) = default;
};

struct Constraints {
    std::optional<IntegerRange> integers;
    std::optional<FloatingRange> floats;
    std::optional<Grid> grid;
    std::optional<std::uint32_t> max_size;          // of the outermost text, bytes, list or map
    std::optional<std::uint32_t> max_element_size;  // of those inside it
    std::optional<double> epsilon;                  // of the sender only: no part of the schema
    std::uint8_t quaternion_bits = 0;               // of each of the three smallest components; 0: none
    std::uint8_t move_bits = 0;                     // 0: no short form
    bool rests = false;
    bool variable_length = false;

    friend constexpr bool operator==(const Constraints&, const Constraints&) = default;
};

// Both; where both speak of the same, the right one.
[[nodiscard]] constexpr Constraints operator|(const Constraints& left, const Constraints& right) {
    Constraints all = left;
    if (right.integers) all.integers = right.integers;
    if (right.floats) all.floats = right.floats;
    if (right.grid) all.grid = right.grid;
    if (right.max_size) all.max_size = right.max_size;
    if (right.max_element_size) all.max_element_size = right.max_element_size;
    if (right.epsilon) all.epsilon = right.epsilon;
    if (right.quaternion_bits != 0) all.quaternion_bits = right.quaternion_bits;
    if (right.move_bits != 0) all.move_bits = right.move_bits;
    all.rests = left.rests || right.rests;
    all.variable_length = left.variable_length || right.variable_length;
    return all;
}

// What the parts of anything get of its constraints.
[[nodiscard]] constexpr Constraints for_parts(const Constraints& whole) {
    Constraints part;
    part.integers = whole.integers;
    part.floats = whole.floats;
    part.grid = whole.grid;
    part.epsilon = whole.epsilon;
    part.variable_length = whole.variable_length;
    return part;
}

// What the elements of a list or map get.
[[nodiscard]] constexpr Constraints for_elements(const Constraints& whole) {
    Constraints element = for_parts(whole);
    element.max_size = whole.max_element_size;
    element.quaternion_bits = whole.quaternion_bits;
    element.move_bits = whole.move_bits;
    element.rests = whole.rests;
    return element;
}

// What a struct's members get: nothing that speaks of the struct as a whole.
[[nodiscard]] constexpr Constraints for_members(const Constraints& whole) {
    return for_parts(whole);
}

namespace detail {
// Called where a declaration is wrong: not a constant expression, so the compiler shows the line and the
// text.
inline void declaration_is_wrong(const char* /*why*/) {}
constexpr void require(bool condition, const char* why) {
    if (!condition) declaration_is_wrong(why);
}
}  // namespace detail

// An integer from minimum to maximum, in as few bits as hold their distance.
template <std::integral A, std::integral B>
[[nodiscard]] consteval Constraints range(A minimum, B maximum) {
    detail::require(WideInteger{minimum} <= WideInteger{maximum}, "range: minimum above maximum");
    Constraints constraints;
    constraints.integers = IntegerRange{minimum, maximum};
    return constraints;
}

// An enumerator from first to last; each value between them is valid, whether it has a name or not.
template <class E>
    requires std::is_enum_v<E>
[[nodiscard]] consteval Constraints range(E first, E last) {
    using Number = std::underlying_type_t<E>;
    detail::require(static_cast<Number>(first) <= static_cast<Number>(last), "range: first above last");
    Constraints constraints;
    constraints.integers = IntegerRange{static_cast<Number>(first), static_cast<Number>(last)};
    return constraints;
}

// A floating point number that is checked on both ends and otherwise sent as it is. NaN is refused.
[[nodiscard]] consteval Constraints range(double minimum, double maximum) {
    detail::require(minimum <= maximum, "range: minimum above maximum");
    Constraints constraints;
    constraints.floats = FloatingRange{minimum, maximum};
    return constraints;
}

// Any floating point number but NaN and the infinities.
[[nodiscard]] consteval Constraints finite() {
    return range(std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
}

// A floating point number as one of minimum, minimum + step, ... up to maximum.
[[nodiscard]] consteval Constraints fixed_point(double minimum, double maximum, double step) {
    detail::require(minimum < maximum && step > 0, "fixed_point: needs minimum < maximum and step > 0");
    // The tenth of a thousandth of a step forgives that 0.1 * 10 is not 1.
    const double steps = (maximum - minimum) / step + 0.0001;
    detail::require(steps >= 1 && steps < 1125899906842624.0, "fixed_point: needs 1 to 2^50 steps");
    Constraints constraints;
    constraints.grid = Grid{minimum, maximum, step, 1.0 / step, static_cast<std::uint64_t>(steps)};
    return constraints;
}

// A floating point number in [minimum, maximum] as one of 2^bits numbers, the last one a step below maximum.
[[nodiscard]] consteval Constraints quantised(double minimum, double maximum, unsigned bits) {
    detail::require(minimum < maximum, "quantised: needs minimum < maximum");
    detail::require(bits >= 1 && bits <= 50, "quantised: 1 to 50 bits");
    const std::uint64_t count = std::uint64_t{1} << bits;
    const double step = (maximum - minimum) / static_cast<double>(count);
    Constraints constraints;
    constraints.grid = Grid{minimum, maximum, step, 1.0 / step, count - 1};
    return constraints;
}

// Four floats, a rotation: the three smallest in so many bits each and two bits that say which one is
// missing. A value whose length is not about 1 is refused.
[[nodiscard]] consteval Constraints unit_quaternion(unsigned bits) {
    detail::require(bits >= 5 && bits <= 20, "unit_quaternion: 5 to 20 bits a component");
    Constraints constraints;
    constraints.quaternion_bits = static_cast<std::uint8_t>(bits);
    return constraints;
}

// A struct of floats that is often zero: one bit says so and replaces it.
[[nodiscard]] consteval Constraints at_rest() {
    Constraints constraints;
    constraints.rests = true;
    return constraints;
}

// Quantised numbers that rarely jump: in a delta, one bit and `bits` bits for each, if all of the field moved
// by less than 2^(bits - 1) steps. The field is then one unit, without a mask of its own.
[[nodiscard]] consteval Constraints moves(unsigned bits) {
    detail::require(bits >= 2 && bits <= 32, "moves: 2 to 32 bits");
    Constraints constraints;
    constraints.move_bits = static_cast<std::uint8_t>(bits);
    return constraints;
}

// The longest text (in bytes), byte string, list or map. Without it: kDefaultMaxSize.
[[nodiscard]] consteval Constraints max_size(std::uint32_t limit) {
    Constraints constraints;
    constraints.max_size = limit;
    return constraints;
}

// The same for what is inside a list, map or optional list.
[[nodiscard]] consteval Constraints max_element_size(std::uint32_t limit) {
    Constraints constraints;
    constraints.max_element_size = limit;
    return constraints;
}

// A change of at most this is none. For floating point numbers; 0 means exact.
[[nodiscard]] consteval Constraints epsilon(double largest_ignored_change) {
    detail::require(largest_ignored_change >= 0, "epsilon: must not be negative");
    Constraints constraints;
    constraints.epsilon = largest_ignored_change;
    return constraints;
}

// An integer in groups of seven bits: 8 bits up to 127 (or -64 to 63), 16 up to 16,383, and so on.
[[nodiscard]] consteval Constraints variable_length() {
    Constraints constraints;
    constraints.variable_length = true;
    return constraints;
}

// Longest text, byte string, list and map where nothing is declared.
inline constexpr std::uint32_t kDefaultMaxSize = 1023;
// What a delta ignores where nothing is declared.
inline constexpr double kDefaultEpsilon = 1e-5;

}  // namespace squall::wire
