// The normal distribution as integers: no libm decides about a packet, so both compilers draw the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace squall::simulator {

inline constexpr std::size_t kNormalCells = 1024;
inline constexpr unsigned kNormalFractionBits = 24;
// Knot i is the value that |Z| does not exceed with probability i / 1024. The last one is the largest ever
// drawn.
extern const std::array<std::int32_t, kNormalCells + 1> kNormalQuantiles;

}  // namespace squall::simulator
