// When inputs were planned and sent, until the server's echo answers them. An echo answers all inputs up to
// it: an older one that was lost is answered by the first that came through, so no stall hides. Knows no
// message.
#pragma once

#include <cstdint>

#include "squall/core/ring_buffer.hpp"
#include "squall/core/time.hpp"

namespace squall::arena {

class PlannedTimes {
  public:
    // Input number `number` left; numbers rise.
    void sent(std::uint64_t number, TimePoint planned, TimePoint at) {
        if (times_.size() == kLimit) times_.pop_front();
        times_.push_back({number, planned, at});
    }
    // Calls answered(planned, sent) for each up to and with `number`, oldest first.
    template <class Answered>
    void answer(std::uint64_t number, Answered answered) {
        while (!times_.empty() && times_.front().number <= number) {
            const Times times = times_.front();
            times_.pop_front();
            answered(times.planned, times.sent);
        }
    }
    [[nodiscard]] std::size_t unanswered() const { return times_.size(); }

  private:
    static constexpr std::size_t kLimit = 4096;  // beyond it the oldest are given up
    struct Times {
        std::uint64_t number = 0;
        TimePoint planned{};
        TimePoint sent{};
    };
    RingBuffer<Times> times_;
};

}  // namespace squall::arena
