// The only time types of Squall. Timeline is a clock type that nobody can read: it has no now().
// Monotonic time enters the library as an argument (`TimePoint now`, first in the list); wall time, which
// only tokens and file headers need, is a value of its own type that main() passes in.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace squall {

using Duration = std::chrono::nanoseconds;

// A chrono clock without now(): reading the time inside the library does not compile.
struct Timeline {
    using rep = Duration::rep;
    using period = Duration::period;
    using duration = Duration;
    using time_point = std::chrono::time_point<Timeline, Duration>;
    static constexpr bool is_steady = true;
};

// A moment on the run's monotonic time line, in nanoseconds since an arbitrary origin that is never zero.
using TimePoint = Timeline::time_point;

// "Never": later than every deadline.
inline constexpr TimePoint kNever = TimePoint::max();

// Seconds since 1970-01-01 UTC, as connect tokens carry them.
struct UnixSeconds {
    std::uint64_t value = 0;
    friend constexpr auto operator<=>(UnixSeconds, UnixSeconds) = default;
};

// How wall time is known to a sans-I/O object: one pair (monotonic, wall) taken by main() at the start.
struct WallClockAnchor {
    TimePoint at{};
    UnixSeconds wall{};
    // Wall time at `now`, which must not lie before `at`.
    [[nodiscard]] constexpr UnixSeconds unix_seconds(TimePoint now) const {
        const auto elapsed = std::chrono::floor<std::chrono::seconds>(now - at).count();
        return UnixSeconds{wall.value + static_cast<std::uint64_t>(elapsed < 0 ? 0 : elapsed)};
    }
};

// Milliseconds as a floating point number, for reports only; nothing in the library decides on it.
[[nodiscard]] constexpr double to_milliseconds(Duration d) {
    return static_cast<double>(d.count()) / 1e6;
}
[[nodiscard]] constexpr double to_seconds(Duration d) {
    return static_cast<double>(d.count()) / 1e9;
}

}  // namespace squall
