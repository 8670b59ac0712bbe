// Directions as unit vectors in whole numbers: 256 headings, counter-clockwise from east, scaled by 2^14.
// Computed at compile time from integer series, so that no machine's floating point has a say.
#pragma once

#include <array>
#include <cstdint>

namespace squall::arena {

struct UnitVector {
    std::int32_t x = 0;
    std::int32_t y = 0;
};
inline constexpr int kUnitVectorBits = 14;

namespace detail {

// sin(2 pi heading / 256) * 2^14 for the first quarter turn, by Taylor's series in 2^30ths.
constexpr std::int32_t quarter_sine(std::int64_t heading) {
    constexpr std::int64_t kOne = std::int64_t{1} << 30;
    constexpr std::int64_t kPi = 3'373'259'426;  // pi * 2^30
    const std::int64_t x = kPi * heading / 128;
    std::int64_t term = x;
    std::int64_t sum = x;
    for (std::int64_t n = 2; n < 20; n += 2) {
        term = -(term * x / kOne) * x / kOne / (n * (n + 1));
        sum += term;
    }
    return static_cast<std::int32_t>((sum + (std::int64_t{1} << 15)) >> 16);
}

constexpr std::int32_t sine(unsigned heading) {
    const unsigned within = heading % 128;
    const std::int32_t value = quarter_sine(within <= 64 ? within : 128 - within);
    return heading % 256 < 128 ? value : -value;
}

constexpr std::array<UnitVector, 256> make_directions() {
    std::array<UnitVector, 256> table{};
    for (unsigned heading = 0; heading < 256; ++heading) table[heading] = {sine(heading + 64), sine(heading)};
    return table;
}

}  // namespace detail

inline constexpr std::array<UnitVector, 256> kDirections = detail::make_directions();
static_assert(kDirections[0].x == 16384 && kDirections[0].y == 0);
static_assert(kDirections[64].x == 0 && kDirections[64].y == 16384);
static_assert(kDirections[32].x == 11585 && kDirections[32].y == 11585);
static_assert(kDirections[192].y == -16384);

// The heading whose vector points most nearly to (dx, dy); 0 for no direction at all.
[[nodiscard]] std::uint8_t heading_towards(std::int64_t dx, std::int64_t dy);

// The shortest way from `from` to `to` on a ring of so many places: in (-side / 2, side / 2].
[[nodiscard]] constexpr std::int32_t ring_distance(std::uint32_t from, std::uint32_t to, std::uint32_t side) {
    const auto half = static_cast<std::int32_t>(side / 2);
    const auto whole = static_cast<std::int32_t>(side);
    const auto difference = static_cast<std::int32_t>(to) - static_cast<std::int32_t>(from);
    if (difference > half) return difference - whole;
    if (difference < half - whole + 1) return difference + whole;
    return difference;
}

// A place on the ring, from one that is at most once around away.
[[nodiscard]] constexpr std::uint32_t ring_wrap(std::int64_t place, std::uint32_t side) {
    if (place < 0) return static_cast<std::uint32_t>(place + side);
    if (place >= side) return static_cast<std::uint32_t>(place - side);
    return static_cast<std::uint32_t>(place);
}

}  // namespace squall::arena
