// Draws from the exponential distribution in integers alone, so that every compiler and every libm draws the
// same.
#pragma once

#include <cstdint>

#include "squall/core/rng.hpp"
#include "squall/core/time.hpp"

namespace squall::loadgen {

// -ln(u / 2^64) in units of 2^-32, to about 2^-30; 0 counts as 1.
[[nodiscard]] std::uint64_t negative_log_q32(std::uint64_t u);

// One draw with the mean `span` / `events` (the gap between events of a Poisson process); events > 0.
[[nodiscard]] Duration exponential_gap(Rng& rng, Duration span, std::uint64_t events = 1);

}  // namespace squall::loadgen
