// Where a replay stands: which moment of a recording is due when. It can be paused, sped up, slowed down and
// skipped ahead while it runs; what is skipped is due at once, since a server cannot be spared what led to a
// moment. Knows no recording.
#pragma once

#include <algorithm>

#include "squall/core/time.hpp"

namespace squall::loadgen {

class PlaybackClock {
  public:
    // `speed`: times the recorded pace; 0: all is due at once.
    explicit PlaybackClock(double speed) : speed_(speed) {}
    // The recording's beginning is due at `start`.
    void begin(TimePoint start) {
        anchor_at_ = start;
        anchor_offset_ = Duration{0};
    }

    [[nodiscard]] bool is_unbounded() const { return speed_ == 0; }
    [[nodiscard]] bool is_paused(TimePoint now) const { return position(now) >= limit_; }
    [[nodiscard]] double speed() const { return speed_; }

    // When the moment `offset` after the recording's beginning is due; kNever while paused before it.
    [[nodiscard]] TimePoint due(Duration offset) const {
        if (offset <= anchor_offset_) return anchor_at_;
        if (offset > limit_) return kNever;
        if (is_unbounded()) return anchor_at_;
        return anchor_at_ + scaled(offset - anchor_offset_, 1 / speed_);
    }
    // The moment that is due now.
    [[nodiscard]] Duration position(TimePoint now) const {
        if (is_unbounded() || now <= anchor_at_) return anchor_offset_;
        return std::max(anchor_offset_, std::min(limit_, anchor_offset_ + scaled(now - anchor_at_, speed_)));
    }

    void pause(TimePoint now) {
        settle(now);
        limit_ = anchor_offset_;
    }
    void resume(TimePoint now) {
        settle(now);
        limit_ = kNoLimit;
    }
    // Plays so much further, and pauses there.
    void step(TimePoint now, Duration span) {
        settle(now);
        limit_ = anchor_offset_ + span;
    }
    void set_speed(TimePoint now, double speed) {
        settle(now);
        speed_ = speed;
    }
    // Ahead only; a moment that was due already changes nothing.
    void skip_to(TimePoint now, Duration offset) {
        settle(now);
        anchor_offset_ = std::max(anchor_offset_, offset);
        if (limit_ != kNoLimit) limit_ = std::max(limit_, anchor_offset_);
    }

  private:
    static constexpr Duration kNoLimit = Duration::max();
    static Duration scaled(Duration span, double factor) {
        return Duration{static_cast<Duration::rep>(static_cast<double>(span.count()) * factor)};
    }
    void settle(TimePoint now) {
        anchor_offset_ = position(now);
        anchor_at_ = std::max(anchor_at_, now);
    }

    TimePoint anchor_at_{};
    Duration anchor_offset_{0};
    double speed_;
    Duration limit_ = kNoLimit;  // nothing behind it is due
};

}  // namespace squall::loadgen
