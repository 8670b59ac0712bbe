#include "plan/plan.hpp"

#include <algorithm>
#include <tuple>

#include "plan/behaviour_mix.hpp"
#include "plan/pacer.hpp"
#include "squall/core/hash.hpp"

namespace squall::loadgen {
namespace {

// A client's id names its group and itself; it does not change when another group is added.
ClientId client_id_of(const Group& group, std::uint32_t index) {
    return ClientId{(stable_hash(group.name) >> 32 << 32) | index};
}

void plan_group(const Scenario& scenario, std::uint32_t number, Plan& out) {
    const Group& group = scenario.groups[number];
    const Rng rng = group_stream(scenario.seed, group.name);
    const Pace pace = pace_group(group, scenario.duration, rng);
    std::vector<std::uint32_t> weights;
    weights.reserve(group.behaviours.size());
    for (const auto& behaviour : group.behaviours) weights.push_back(behaviour.weight);
    BehaviourMix mix(std::move(weights), rng);
    const std::int64_t interval = 1'000'000'000 / group.send_rate;
    for (const Stay& stay : pace.stays) {
        Rng phase = rng.fork("phase", stay.index);
        out.sessions.push_back({number, stay.index, stay.start, stay.stop, mix.of(stay.index),
                                Duration{phase.between(0, interval - 1)}, client_id_of(group, stay.index)});
    }
    for (const Duration at : pace.dropped_at) out.drops.push_back({number, at});
}

std::uint32_t peak_of(const std::vector<PlannedSession>& sessions) {
    std::vector<std::pair<Duration, int>> changes;
    changes.reserve(sessions.size() * 2);
    for (const auto& session : sessions) {
        changes.emplace_back(session.start, +1);
        changes.emplace_back(session.stop, -1);
    }
    std::sort(changes.begin(), changes.end());  // at the same time the leaving come first
    int now = 0, peak = 0;
    for (const auto& [at, change] : changes) peak = std::max(peak, now += change);
    return static_cast<std::uint32_t>(peak);
}

}  // namespace

Rng group_stream(std::uint64_t seed, std::string_view group) {
    return Rng(seed).fork("group").fork(group);
}

Rng client_stream(std::uint64_t seed, std::string_view group, std::uint32_t index) {
    return group_stream(seed, group).fork("client", index);
}

Plan make_plan(const Scenario& scenario) {
    Plan out;
    for (std::uint32_t i = 0; i < scenario.groups.size(); ++i) plan_group(scenario, i, out);
    std::sort(out.sessions.begin(), out.sessions.end(), [](const PlannedSession& a, const PlannedSession& b) {
        return std::tuple(a.start, a.group, a.index) < std::tuple(b.start, b.group, b.index);
    });
    std::sort(out.drops.begin(), out.drops.end(), [](const PlannedDrop& a, const PlannedDrop& b) {
        return std::tuple(a.at, a.group) < std::tuple(b.at, b.group);
    });
    out.peak = peak_of(out.sessions);
    return out;
}

std::uint64_t Plan::hash() const {
    StableHash hash;
    for (const auto& session : sessions) {
        hash.add((std::uint64_t{session.group} << 32) | session.index);
        hash.add(static_cast<std::uint64_t>(session.start.count()));
        hash.add(static_cast<std::uint64_t>(session.stop.count()));
        hash.add(session.behaviour);
        hash.add(static_cast<std::uint64_t>(session.first_send.count()));
        hash.add(session.client_id.value);
    }
    hash.add(sessions.size());
    for (const auto& drop : drops) {
        hash.add(drop.group);
        hash.add(static_cast<std::uint64_t>(drop.at.count()));
    }
    return hash.value();
}

}  // namespace squall::loadgen
