// A token bucket in integers: so many units a second, and so many at once. Knows no clock: time is given.
#pragma once

#include <algorithm>
#include <cstdint>

#include "squall/core/time.hpp"

namespace squall::remotes {

// How much is allowed. per_second 0: nothing is limited.
struct RateLimit {
    std::uint64_t per_second = 0;
    std::uint64_t burst = 0;  // 0: what one second allows
    [[nodiscard]] constexpr bool is_limited() const { return per_second != 0; }
};

class TokenBucket {
  public:
    // Takes `units` if they are there; false takes nothing. A request above the burst never succeeds. A
    // bucket is full when it is used first.
    [[nodiscard]] bool take(TimePoint now, const RateLimit& limit, std::uint64_t units = 1) {
        if (!limit.is_limited()) return true;
        refill(now, limit);
        if (credit_ < scaled(units)) return false;
        credit_ -= scaled(units);
        return true;
    }
    // What take() would give now.
    [[nodiscard]] std::uint64_t available(TimePoint now, const RateLimit& limit) {
        if (!limit.is_limited()) return ~std::uint64_t{0};
        refill(now, limit);
        return static_cast<std::uint64_t>(credit_ / kNanosecondsPerSecond);
    }

  private:
    // Credit is kept in billionths of a unit, so that slow rates and short steps lose nothing.
    using Credit = unsigned __int128;
    static constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
    static constexpr Credit scaled(std::uint64_t units) { return Credit{units} * kNanosecondsPerSecond; }

    void refill(TimePoint now, const RateLimit& limit) {
        const Credit full = scaled(limit.burst == 0 ? limit.per_second : limit.burst);
        if (!is_used_) {
            credit_ = full;
        } else if (now > at_) {
            credit_ = std::min(
                full, credit_ + Credit{static_cast<std::uint64_t>((now - at_).count())} * limit.per_second);
        }
        at_ = is_used_ ? std::max(at_, now) : now;
        is_used_ = true;
    }

    Credit credit_ = 0;
    TimePoint at_{};
    bool is_used_ = false;
};

}  // namespace squall::remotes
