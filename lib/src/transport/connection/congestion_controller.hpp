// How fast a connection may send: a rate from queueing delay first and loss second, in whole bits per second.
//
// Games send little, steadily, and need low delay: so the controller backs off when the round trips of a
// round show a queue that was not there before, ignores losses that come without a queue up to 10 % (radio
// links), and never judges a rate that the application did not use. The ideas are those of RFC 8698's and
// GCC's delay-based controllers; the rules and constants are ours. Knows acknowledgements and losses as byte
// counts; no packets, no channels.
#pragma once

#include <cstdint>

#include "squall/core/time.hpp"
#include "squall/core/units.hpp"

namespace squall::connection {

class CongestionController {
  public:
    CongestionController(DataRate initial, DataRate minimum, DataRate maximum)
        : rate_(initial), minimum_(minimum), maximum_(maximum) {}

    // `blocked`: the application had more to send than the rate allowed.
    void on_sent(std::uint32_t bytes, bool blocked) {
        bytes_in_flight_ += bytes;
        round_blocked_ = round_blocked_ || blocked;
    }
    void on_acked(TimePoint now, std::uint32_t bytes, Duration rtt_sample, Duration rtt_minimum);
    void on_lost(std::uint32_t bytes);
    // A lost packet turned out to have arrived: take the verdict back.
    void on_spurious_loss(std::uint32_t bytes);
    // Nothing was heard for a whole timeout: half the rate.
    void on_timeout();

    [[nodiscard]] DataRate rate() const { return rate_; }
    [[nodiscard]] std::uint64_t bytes_in_flight() const { return bytes_in_flight_; }
    // Bytes that may be under way at once: two rounds at the present rate, and never less than a few packets.
    [[nodiscard]] std::uint64_t window(Duration round_trip) const;

  private:
    void end_round(TimePoint now, Duration rtt_minimum);
    void set_rate(std::uint64_t bits_per_second);

    static constexpr Duration kMinRound = std::chrono::milliseconds(50);
    static constexpr std::uint32_t kSparseSamples = 12;
    DataRate rate_;
    DataRate minimum_;
    DataRate maximum_;
    std::uint64_t bytes_in_flight_ = 0;
    // the round under way
    TimePoint round_start_{};
    std::uint64_t round_acked_ = 0;
    std::uint64_t round_lost_ = 0;
    Duration round_rtt_minimum_ = Duration::max();
    std::uint32_t round_samples_ = 0;
    bool round_blocked_ = false;
    bool slow_start_ = true;
};

}  // namespace squall::connection
