// Wall time, for main(): it reads it once, with the host's time beside it, and hands it in as a value.
#pragma once

#include "squall/core/time.hpp"
#include "squall/runtime/host.hpp"

namespace squall {

[[nodiscard]] UnixSeconds system_wall_clock();
// To the nanosecond, since 1970-01-01 UTC: for recordings.
[[nodiscard]] std::int64_t system_realtime_ns();
// The pair that connect tokens and recordings start from.
[[nodiscard]] inline WallClockAnchor wall_clock_anchor(const Host& host) {
    return {host.now(), system_wall_clock()};
}

}  // namespace squall
