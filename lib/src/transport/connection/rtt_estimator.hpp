// Round-trip time of one path by RFC 6298's filter, in integers. Knows samples only, no packets.
#pragma once

#include "squall/core/time.hpp"

namespace squall::connection {

class RttEstimator {
  public:
    // One sample: from sending to hearing of the acknowledgement, without the delay that the peer reports for
    // itself.
    void observe(TimePoint now, Duration sample);

    [[nodiscard]] bool has_sample() const { return smoothed_.count() != 0; }
    [[nodiscard]] Duration smoothed() const { return smoothed_; }    // 0 before the first sample
    [[nodiscard]] Duration variation() const { return variation_; }  // mean deviation
    [[nodiscard]] Duration minimum() const { return minimum_; }      // over the last 10 to 20 seconds
    [[nodiscard]] Duration latest() const { return latest_; }
    // When an acknowledgement is overdue: smoothed + 4 deviations + the peer's allowed delay; 250 ms before
    // the first sample.
    [[nodiscard]] Duration timeout(Duration peer_ack_delay) const;
    // A new path: forget everything.
    void reset() { *this = RttEstimator{}; }

  private:
    static constexpr Duration kWindow = std::chrono::seconds(10);
    Duration smoothed_{};
    Duration variation_{};
    Duration latest_{};
    Duration minimum_{};
    Duration window_minimum_{};  // of the window under way, which replaces the older half when it ends
    TimePoint window_end_{};
};

}  // namespace squall::connection
