// Notices that this process was suspended (a laptop lid, a debugger, a stopped container): it was called much
// later than it had asked to be. Then silence is no proof that a peer is gone. Knows no connection.
#pragma once

#include <algorithm>

#include "squall/core/time.hpp"

namespace squall::secure {

class PauseDetector {
  public:
    // At the start of each verb; `promised` is what poll_timeout() said last.
    void observe(TimePoint now, TimePoint promised) {
        if (promised >= now || now - promised < kSmallestPause || promised == seen_) return;
        seen_ = promised;  // one pause counts once, however many calls follow it
        length_ = now - promised;
        resumed_at_ = now;
    }
    // When a peer that was heard at `last_heard` is given up: after `timeout` of silence; if half of it or
    // more was our own pause, not before the peer had one more keep-alive interval and a grace to be heard.
    [[nodiscard]] TimePoint deadline(TimePoint last_heard, Duration timeout,
                                     Duration keep_alive_interval) const {
        const auto plain = last_heard + timeout;
        if (resumed_at_ <= last_heard || length_ < timeout / 2) return plain;
        return std::max(plain, resumed_at_ + keep_alive_interval + kGrace);
    }

  private:
    static constexpr Duration kSmallestPause = std::chrono::milliseconds(100);
    static constexpr Duration kGrace = std::chrono::seconds(1);
    TimePoint seen_ = kNever;
    TimePoint resumed_at_ = TimePoint::min();
    Duration length_{0};
};

}  // namespace squall::secure
