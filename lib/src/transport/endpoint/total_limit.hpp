// How much all connections of an endpoint may send together: in any second its rate and one datagram. Knows
// sizes and times, and no connection.
#pragma once

#include "squall/core/time.hpp"
#include "squall/core/units.hpp"
#include "transport/connection/pacer.hpp"

namespace squall::endpoint {

class TotalLimit {
  public:
    // 0: there is none.
    explicit TotalLimit(DataRate rate)
        : steady_{rate.bits_per_second - rate.bits_per_second / kBurstShare},
          burst_bytes_(static_cast<std::int64_t>(rate.bytes_in(std::chrono::seconds(1)) / kBurstShare)) {}
    [[nodiscard]] bool is_limited() const { return burst_bytes_ > 0; }
    // Whether a datagram may leave now. If not, waits_until() says when.
    [[nodiscard]] bool may_send(TimePoint now) {
        if (!is_limited()) return true;
        pacer_.refill(now, steady_, burst_bytes_);
        waits_until_ = pacer_.can_send() ? kNever : pacer_.next_send(steady_);
        return pacer_.can_send();
    }
    void on_sent(TimePoint now, std::size_t bytes) {
        if (!is_limited()) return;
        pacer_.refill(now, steady_, burst_bytes_);
        pacer_.on_sent(bytes);
    }
    // kNever unless the last who asked may not.
    [[nodiscard]] TimePoint waits_until() const { return waits_until_; }

  private:
    static constexpr std::uint64_t kBurstShare = 8;
    DataRate steady_;
    std::int64_t burst_bytes_;
    connection::Pacer pacer_;
    TimePoint waits_until_ = kNever;
};

}  // namespace squall::endpoint
