// The round trip to one peer as acknowledgements of contracts show it: an exponentially weighted average, its
// spread, the least. Knows no clock, no message and no contract.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>

#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"
#include "squall/core/units.hpp"

namespace squall::wire {

class RttAverage {
  public:
    // The weight of a new sample; the first is taken as it is.
    explicit RttAverage(Ratio weight = {1, 5}) : weight_(weight) {}

    void observe(Duration sample);

    // All are 0 before the first sample.
    [[nodiscard]] Duration average() const { return average_; }
    [[nodiscard]] Duration minimum() const { return minimum_; }
    [[nodiscard]] Duration latest() const { return latest_; }
    // The root of the weighted mean of the squared distances from the average.
    [[nodiscard]] Duration standard_deviation() const {
        return Duration{static_cast<std::int64_t>(std::sqrt(variance_))};
    }
    // The smoothed difference of one sample to the next (a sixteenth of the way each time, as RFC 3550 has
    // it).
    [[nodiscard]] Duration jitter() const { return jitter_; }
    [[nodiscard]] std::uint64_t sample_count() const { return samples_; }

  private:
    Ratio weight_;
    Duration average_{};
    Duration minimum_{};
    Duration latest_{};
    Duration jitter_{};
    double variance_ = 0;  // in ns^2; shown, never decided upon
    std::uint64_t samples_ = 0;
};

// One average a peer, over all contracts.
class PeerRtts {
  public:
    explicit PeerRtts(Ratio weight = {1, 5}) : weight_(weight) {}
    void observe(ConnectionId peer, Duration sample) {
        peers_.try_emplace(peer, RttAverage(weight_)).first->second.observe(sample);
    }
    [[nodiscard]] RttAverage of(ConnectionId peer) const {
        const auto place = peers_.find(peer);
        return place == peers_.end() ? RttAverage(weight_) : place->second;
    }
    void forget(ConnectionId peer) { peers_.erase(peer); }

  private:
    Ratio weight_;
    std::map<ConnectionId, RttAverage> peers_;
};

}  // namespace squall::wire
