// When the clients of one group join and leave: a pure function of the group, the run's length and a seed.
// Every draw comes from a stream of its own (by client, not by order), so one more client or group shifts
// nobody else's.
#pragma once

#include <cstdint>
#include <vector>

#include "scenario/scenario.hpp"
#include "squall/core/rng.hpp"
#include "squall/core/time.hpp"

namespace squall::loadgen {

// A client's stay, in time since the start of the run.
struct Stay {
    std::uint32_t index = 0;  // names the client within its group
    Duration start{};
    Duration stop{};
};
struct Pace {
    std::vector<Stay> stays;           // by start, then by index
    std::vector<Duration> dropped_at;  // joins that max_vus left out
};

// Indices of a virtual user's second and later stays (ramping down and up again) are this far apart.
inline constexpr std::uint32_t kIndexStride = 1U << 20;

[[nodiscard]] Pace pace_group(const Group& group, Duration run, const Rng& group_rng);

}  // namespace squall::loadgen
