#include "transport/connection/rtt_estimator.hpp"

#include <algorithm>

namespace squall::connection {

void RttEstimator::observe(TimePoint now, Duration sample) {
    sample = std::max(sample, Duration{1});
    latest_ = sample;
    if (!has_sample()) {
        smoothed_ = sample;
        variation_ = sample / 2;
        minimum_ = window_minimum_ = sample;
        window_end_ = now + kWindow;
        return;
    }
    const Duration deviation = sample > smoothed_ ? sample - smoothed_ : smoothed_ - sample;
    variation_ += (deviation - variation_) / 4;
    smoothed_ += (sample - smoothed_) / 8;
    window_minimum_ = std::min(window_minimum_, sample);
    minimum_ = std::min(minimum_, sample);
    if (now >= window_end_) {
        minimum_ = window_minimum_;
        window_minimum_ = sample;
        window_end_ = now + kWindow;
    }
}

Duration RttEstimator::timeout(Duration peer_ack_delay) const {
    if (!has_sample()) return std::chrono::milliseconds(250);
    return smoothed_ + std::max<Duration>(4 * variation_, std::chrono::milliseconds(2)) + peer_ack_delay;
}

}  // namespace squall::connection
