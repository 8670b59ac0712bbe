// The whole run as decided before it starts: who joins when, as what, and when it leaves. A pure function of
// the scenario and its seed; real and virtual runs follow the same plan.
#pragma once

#include <cstdint>
#include <vector>

#include "scenario/scenario.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/rng.hpp"
#include "squall/core/time.hpp"

namespace squall::loadgen {

struct PlannedSession {
    std::uint32_t group = 0;  // index into Scenario::groups
    std::uint32_t index = 0;  // of the client within its group
    Duration start{};         // since the start of the run
    Duration stop{};
    std::uint32_t behaviour = 0;  // index into Group::behaviours
    Duration first_send{};        // phase of its input schedule: spreads the senders over the interval
    ClientId client_id{};
};
struct PlannedDrop {
    std::uint32_t group = 0;
    Duration at{};
};

struct Plan {
    std::vector<PlannedSession> sessions;  // by start, then group, then index
    std::vector<PlannedDrop> drops;        // by time
    std::uint32_t peak = 0;                // most clients at the same time
    // Folds all of the above into one number.
    [[nodiscard]] std::uint64_t hash() const;
};

[[nodiscard]] Plan make_plan(const Scenario& scenario);

// The streams of a run, the same wherever it is computed.
[[nodiscard]] Rng group_stream(std::uint64_t seed, std::string_view group);
[[nodiscard]] Rng client_stream(std::uint64_t seed, std::string_view group, std::uint32_t index);

}  // namespace squall::loadgen
