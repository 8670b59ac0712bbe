// Spreads packets over time: a token bucket in bytes, filled at the rate of the moment. Knows no packets,
// only sizes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "squall/core/time.hpp"
#include "squall/core/units.hpp"

namespace squall::connection {

class Pacer {
  public:
    // A whole tick's worth of messages may leave at once; beyond it the rate rules.
    static constexpr Duration kBurst = std::chrono::milliseconds(20);
    static constexpr std::int64_t kMinimumBurstBytes = 10 * 1200;

    void refill(TimePoint now, DataRate rate) {
        refill(now, rate,
               std::max<std::int64_t>(kMinimumBurstBytes, static_cast<std::int64_t>(rate.bytes_in(kBurst))));
    }
    // With another burst than that.
    void refill(TimePoint now, DataRate rate, std::int64_t capacity) {
        if (!started_) {
            started_ = true;
            tokens_ = capacity;
            updated_ = now;
            return;
        }
        if (now <= updated_) return;
        const auto gained = static_cast<std::int64_t>(
            rate.bytes_in(std::min<Duration>(now - updated_, std::chrono::seconds(1))));
        if (gained == 0) return;  // keep the fraction: count from the old time until a whole byte is due
        tokens_ = std::min(capacity, tokens_ + gained);
        updated_ = now;
    }
    [[nodiscard]] bool can_send() const { return tokens_ > 0; }
    [[nodiscard]] std::int64_t tokens() const { return tokens_; }
    // May go below zero by one packet.
    void on_sent(std::size_t bytes) { tokens_ -= static_cast<std::int64_t>(bytes); }
    // When can_send() becomes true.
    [[nodiscard]] TimePoint next_send(DataRate rate) const {
        if (tokens_ > 0) return updated_;
        return updated_ + rate.time_to_send(static_cast<std::uint64_t>(1 - tokens_));
    }

  private:
    std::int64_t tokens_ = 0;
    TimePoint updated_{};
    bool started_ = false;
};

}  // namespace squall::connection
