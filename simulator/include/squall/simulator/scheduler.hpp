// Virtual time: the other of the two places where time is read (the first is the asio host). Orders events
// exactly by (time, insertion number) and jumps from one to the next. Knows nothing of what an event does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"
#include "squall/simulator/timing_wheel.hpp"

namespace squall::simulator {

// Virtual time does not start at zero.
inline constexpr TimePoint kVirtualStart = TimePoint{std::chrono::seconds(1)};

using TimerId = StrongId<struct TimerTag, std::uint32_t>;

struct ScheduledEvent {
    TimePoint at{};
    std::uint64_t number = 0;   // when it was inserted: breaks ties of time
    std::uint32_t target = 0;   // the caller's, below 2^31
    std::uint32_t payload = 0;  // the caller's
};

class Scheduler {
  public:
    explicit Scheduler(TimePoint start = kVirtualStart) : wheel_(start), now_(start) {}

    [[nodiscard]] TimePoint now() const { return now_; }

    // An event that will happen; a time in the past means now. Returns its insertion number.
    std::uint64_t post(TimePoint at, std::uint32_t target, std::uint32_t payload);

    // A timer: at most one event at a time, moved and taken back at will. It starts disarmed.
    [[nodiscard]] TimerId add_timer(std::uint32_t target, std::uint32_t payload);
    void remove_timer(TimerId id);
    // Moves the timer's event to this time, as if inserted now; a time in the past means now. Arming a timer
    // for the time that it already has changes nothing, and kNever disarms it. Moving to a later time costs a
    // store.
    void arm(TimerId id, TimePoint at);
    void disarm(TimerId id);

    // The next event, if it is due by the deadline; now() becomes its time. If none is, now() becomes the
    // deadline (unless that is kNever or past) and nothing is returned.
    [[nodiscard]] std::optional<ScheduledEvent> pop_until(TimePoint deadline);

    // Mostly the event that comes next; nothing where there is no cheap guess. For warming caches only:
    // nothing may be decided on it.
    struct Guess {
        bool is_timer = false;
        std::uint32_t target = 0;  // of a posted event
        std::uint32_t payload = 0;
    };
    [[nodiscard]] std::optional<Guess> guess_next() const;

    // Posted events and armed timers that have not happened yet.
    [[nodiscard]] std::size_t pending_count() const { return posted_count_ + armed_count_; }
    [[nodiscard]] bool empty() const { return pending_count() == 0; }
    // Entries of the wheel: those, and place holders that moved timers left behind.
    [[nodiscard]] std::size_t entry_count() const { return wheel_.size(); }

  private:
    // What a timer has in the wheel: a place holder at or before its event's place. The event itself is (at,
    // number); when a place holder comes up too early, the event goes into the wheel in its own, exact place.
    struct Placed {
        TimePoint at = kNever;
        std::uint64_t number = 0;
    };
    struct Timer {
        TimePoint at = kNever;  // kNever: disarmed
        std::uint64_t number = 0;
        Placed near;  // the earliest entry of this timer in the wheel
        Placed far;   // the one that it overtook, so that going to and fro does not fill the wheel
        std::uint32_t target = 0;
        std::uint32_t payload = 0;
    };

    void ensure_placed(std::uint32_t index, Timer& timer);
    // True if the entry is the timer's event itself.
    bool settle(const WheelEntry& entry);

    TimingWheel wheel_;
    TimePoint now_;
    std::uint64_t next_number_ = 1;
    std::vector<Timer> timers_;
    std::vector<std::uint32_t> free_timers_;
    std::size_t posted_count_ = 0;
    std::size_t armed_count_ = 0;
};

}  // namespace squall::simulator
