// The percentiles that every report shows.
#pragma once

#include <array>
#include <string_view>

#include "squall/core/units.hpp"

namespace squall::loadgen {

struct NamedPercentile {
    const char* name;
    Ratio share;
};
inline constexpr std::array<NamedPercentile, 5> kPercentiles{
    {{"p50", {50, 100}}, {"p90", {90, 100}}, {"p95", {95, 100}}, {"p99", {99, 100}}, {"p99.9", {999, 1000}}}};

}  // namespace squall::loadgen
