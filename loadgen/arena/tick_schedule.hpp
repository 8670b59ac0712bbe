// When ticks are due: tick n at start + n / rate, without drift. After a stall at most a few are made up for;
// the rest is skipped. Knows no clock and does no work.
#pragma once

#include <cstdint>

#include "squall/core/time.hpp"

namespace squall::arena {

class TickSchedule {
  public:
    // Tick 0 lies at `start`; the first to be run is tick 1. Rate in Hz, at least 1.
    TickSchedule(TimePoint start, std::uint32_t rate) : start_(start), rate_(rate) {}

    [[nodiscard]] TimePoint start() const { return start_; }
    [[nodiscard]] TimePoint planned(std::uint64_t tick) const {
        const std::uint64_t seconds = tick / rate_;
        const std::uint64_t rest = tick % rate_;
        return start_ + std::chrono::seconds(seconds) +
               Duration{static_cast<std::int64_t>(rest * 1'000'000'000 / rate_)};
    }
    // The next one to run, and when.
    [[nodiscard]] std::uint64_t next() const { return next_; }
    [[nodiscard]] TimePoint next_at() const { return planned(next_); }

    // Moves on by one; call it while next_at() <= now.
    void advance() { ++next_; }
    // Leaves out so many of the due ticks that at most `limit` remain; returns how many were left out.
    std::uint64_t skip_all_but(std::uint64_t limit, TimePoint now) {
        if (planned(next_ + limit) > now) return 0;
        const auto elapsed = static_cast<unsigned __int128>((now - start_).count());
        auto last_due = static_cast<std::uint64_t>(elapsed * rate_ / 1'000'000'000);
        while (planned(last_due + 1) <= now) ++last_due;  // rounding
        const std::uint64_t skipped = last_due + 1 - limit - next_;
        next_ += skipped;
        return skipped;
    }

  private:
    TimePoint start_;
    std::uint64_t rate_;
    std::uint64_t next_ = 1;
};

}  // namespace squall::arena
