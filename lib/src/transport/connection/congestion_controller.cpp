#include "transport/connection/congestion_controller.hpp"

#include <algorithm>

namespace squall::connection {

void CongestionController::on_acked(TimePoint now, std::uint32_t bytes, Duration rtt_sample,
                                    Duration rtt_minimum) {
    bytes_in_flight_ -= std::min<std::uint64_t>(bytes, bytes_in_flight_);
    round_acked_ += bytes;
    if (rtt_sample.count() > 0) {
        round_rtt_minimum_ = std::min(round_rtt_minimum_, rtt_sample);
        ++round_samples_;
    }
    if (round_start_ == TimePoint{}) round_start_ = now;
    const Duration round = std::max(kMinRound, rtt_minimum);
    // A sparse sender waits for more samples: one that jitter delayed is not a queue.
    const std::uint32_t enough = round_blocked_ ? 1 : kSparseSamples;
    if (now - round_start_ >= round && round_samples_ >= enough) end_round(now, rtt_minimum);
}

void CongestionController::on_lost(std::uint32_t bytes) {
    bytes_in_flight_ -= std::min<std::uint64_t>(bytes, bytes_in_flight_);
    round_lost_ += bytes;
}

void CongestionController::on_spurious_loss(std::uint32_t bytes) {
    round_lost_ -= std::min<std::uint64_t>(bytes, round_lost_);
}

void CongestionController::on_timeout() {
    slow_start_ = false;
    set_rate(rate_.bits_per_second / 2);
}

void CongestionController::end_round(TimePoint now, Duration rtt_minimum) {
    const Duration elapsed = now - round_start_;
    const Duration queue = round_rtt_minimum_ - rtt_minimum;
    const Duration tolerated = std::max<Duration>(std::chrono::milliseconds(20), rtt_minimum / 4);
    const std::uint64_t total = round_acked_ + round_lost_;
    const bool lossy = round_lost_ * 10 > total;
    // Delivered bits per second of this round.
    const auto delivered =
        static_cast<std::uint64_t>(static_cast<unsigned __int128>(round_acked_) * 8 * 1'000'000'000 /
                                   static_cast<std::uint64_t>(elapsed.count()));
    if (queue > tolerated) {
        // Even the fastest packet of the round waited in a queue: send a little less than what got through,
        // even if the application asked for no more than that. A rate that was too low is found again as soon
        // as it blocks somebody.
        slow_start_ = false;
        set_rate(std::min(rate_.bits_per_second, delivered) / 20 * 17);
    } else if (lossy && round_blocked_) {
        slow_start_ = false;
        set_rate(rate_.bits_per_second / 100 * (100 - std::min<std::uint64_t>(50, 50 * round_lost_ / total)));
    } else if (round_blocked_) {
        set_rate(slow_start_ ? rate_.bits_per_second * 2 : rate_.bits_per_second / 20 * 21 + 80'000);
    }
    round_start_ = now;
    round_acked_ = round_lost_ = 0;
    round_rtt_minimum_ = Duration::max();
    round_samples_ = 0;
    round_blocked_ = false;
}

void CongestionController::set_rate(std::uint64_t bits_per_second) {
    rate_.bits_per_second = std::clamp(bits_per_second, minimum_.bits_per_second, maximum_.bits_per_second);
}

std::uint64_t CongestionController::window(Duration round_trip) const {
    constexpr std::uint64_t kFewPackets = 16 * 1200;
    return std::max(kFewPackets, 2 * rate_.bytes_in(round_trip + std::chrono::milliseconds(100)));
}

}  // namespace squall::connection
