#include "plan/pacer.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>

#include "plan/exponential.hpp"

namespace squall::loadgen {
namespace {

// span * part / whole without overflow.
Duration share_of(Duration span, std::uint64_t part, std::uint64_t whole) {
    return Duration{static_cast<std::int64_t>(static_cast<unsigned __int128>(span.count()) * part / whole)};
}

void sort_stays(std::vector<Stay>& stays) {
    std::sort(stays.begin(), stays.end(), [](const Stay& a, const Stay& b) {
        return std::tuple(a.start, a.index) < std::tuple(b.start, b.index);
    });
}

Pace pace_constant(const Group& group, Duration run) {
    Pace out;
    if (group.start_time >= run) return out;
    for (std::uint32_t i = 0; i < group.vus; ++i) out.stays.push_back({i, group.start_time, run});
    return out;
}

// Holds the head count of the stages; who came last leaves first. The last target holds until the end of the
// run.
class Ramp {
  public:
    explicit Ramp(Duration run) : run_(run) {}

    void to(std::uint32_t target, Duration begin, Duration length) {
        const auto from = static_cast<std::uint32_t>(open_.size());
        if (target > from) {
            for (std::uint32_t k = from; k < target; ++k)
                join(begin + share_of(length, k - from, target - from));
        } else {
            for (std::uint32_t k = from; k > target; --k)
                leave(begin + share_of(length, from - k + 1, from - target));
        }
    }
    Pace finish() {
        while (!open_.empty()) leave(run_);
        sort_stays(out_.stays);
        return std::move(out_);
    }

  private:
    void join(Duration at) {
        const auto vu = static_cast<std::uint32_t>(open_.size());
        if (vu == rounds_.size()) rounds_.push_back(0);
        open_.push_back({vu + kIndexStride * rounds_[vu]++, at, {}});
    }
    void leave(Duration at) {
        Stay stay = open_.back();
        open_.pop_back();
        stay.stop = std::min(at, run_);
        if (stay.start < stay.stop) out_.stays.push_back(stay);
    }

    Duration run_;
    std::vector<Stay> open_;             // who plays now; the place in it is the virtual user's number
    std::vector<std::uint32_t> rounds_;  // how many stays each virtual user has had
    Pace out_;
};

Pace pace_ramping(const Group& group, Duration run) {
    Ramp ramp(run);
    Duration at = group.start_time;
    ramp.to(group.start_vus, at, Duration{0});
    for (const auto& stage : group.stages) {
        if (at >= run) break;
        ramp.to(stage.target, at, stage.duration);
        at += stage.duration;
    }
    return ramp.finish();
}

Duration session_length(const Session& session, Rng rng) {
    switch (session.distribution) {
        case SessionDistribution::constant: return session.mean;
        case SessionDistribution::exponential: return exponential_gap(rng, session.mean);
        case SessionDistribution::uniform: return Duration{rng.between(0, 2 * session.mean.count())};
    }
    return session.mean;
}

// The time of the n-th join since the group's start; uniform arrivals are computed afresh, Poisson's add up.
class ArrivalTimes {
  public:
    ArrivalTimes(const Group& group, const Rng& rng) : group_(group), rng_(rng) {}
    Duration next(std::uint32_t n) {
        if (group_.arrival == Arrival::uniform) return share_of(group_.time_unit, n, group_.rate);
        Rng draw = rng_.fork("arrival", n);
        sum_ += exponential_gap(draw, group_.time_unit, group_.rate);
        return sum_;
    }

  private:
    const Group& group_;
    const Rng& rng_;
    Duration sum_{0};
};

Pace pace_arrivals(const Group& group, Duration run, const Rng& rng) {
    Pace out;
    ArrivalTimes times(group, rng);
    std::priority_queue<Duration, std::vector<Duration>, std::greater<>> playing;  // when each leaves
    for (std::uint32_t n = 0; n < kIndexStride; ++n) {
        const Duration at = group.start_time + times.next(n);
        if (at >= run) break;
        while (!playing.empty() && playing.top() <= at) playing.pop();
        if (group.max_vus && playing.size() >= *group.max_vus) {
            out.dropped_at.push_back(at);
            continue;
        }
        Duration stop = run;
        if (group.session) stop = std::min(run, at + session_length(*group.session, rng.fork("session", n)));
        playing.push(stop);
        out.stays.push_back({n, at, stop});
    }
    return out;
}

}  // namespace

Pace pace_group(const Group& group, Duration run, const Rng& group_rng) {
    switch (group.executor) {
        case Executor::constant_vus: return pace_constant(group, run);
        case Executor::ramping_vus: return pace_ramping(group, run);
        case Executor::constant_arrival_rate: return pace_arrivals(group, run, group_rng);
    }
    return {};
}

}  // namespace squall::loadgen
