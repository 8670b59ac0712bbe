// Virtual time and timers against a model that keeps a plain sorted set.
#include "squall/simulator/scheduler.hpp"

#include <gtest/gtest.h>

#include <map>
#include <utility>
#include <vector>

#include "squall/core/rng.hpp"
#include "support/counting_new.hpp"

namespace squall::simulator {
namespace {

using namespace std::chrono_literals;

TEST(Scheduler, starts_after_zero_and_jumps_from_event_to_event) {
    Scheduler scheduler;
    EXPECT_EQ(scheduler.now(), kVirtualStart);
    EXPECT_GT(scheduler.now().time_since_epoch().count(), 0);
    scheduler.post(kVirtualStart + 3s, 5, 6);
    EXPECT_FALSE(scheduler.pop_until(kVirtualStart + 2s));
    EXPECT_EQ(scheduler.now(), kVirtualStart + 2s);
    const auto event = scheduler.pop_until(kNever);
    ASSERT_TRUE(event);
    EXPECT_EQ(scheduler.now(), kVirtualStart + 3s);
    EXPECT_EQ(event->target, 5u);
    EXPECT_EQ(event->payload, 6u);
    EXPECT_FALSE(scheduler.pop_until(kNever));
    EXPECT_EQ(scheduler.now(), kVirtualStart + 3s) << "nothing to wait for: time stands still";
}

TEST(Scheduler, never_goes_back) {
    Scheduler scheduler;
    EXPECT_FALSE(scheduler.pop_until(kVirtualStart + 5s));
    EXPECT_FALSE(scheduler.pop_until(kVirtualStart + 1s));
    EXPECT_EQ(scheduler.now(), kVirtualStart + 5s);
    scheduler.post(kVirtualStart, 0, 0);
    const auto event = scheduler.pop_until(kNever);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->at, kVirtualStart + 5s) << "the past means now";
}

TEST(Scheduler, a_timer_fires_once_at_its_last_time) {
    Scheduler scheduler;
    const TimerId timer = scheduler.add_timer(1, 2);
    scheduler.arm(timer, kVirtualStart + 1s);
    scheduler.arm(timer, kVirtualStart + 3s);
    scheduler.arm(timer, kVirtualStart + 2s);
    EXPECT_EQ(scheduler.pending_count(), 1u);
    const auto event = scheduler.pop_until(kNever);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->at, kVirtualStart + 2s);
    EXPECT_EQ(event->payload, 2u);
    EXPECT_TRUE(scheduler.empty());
    EXPECT_FALSE(scheduler.pop_until(kNever));
}

TEST(Scheduler, a_removed_timer_leaves_nothing_to_its_successor) {
    Scheduler scheduler;
    const TimerId first = scheduler.add_timer(1, 1);
    scheduler.arm(first, kVirtualStart + 1s);
    scheduler.remove_timer(first);
    const TimerId second = scheduler.add_timer(2, 2);
    EXPECT_EQ(second, first) << "this test needs the place to be reused";
    scheduler.arm(second, kVirtualStart + 5s);
    const auto event = scheduler.pop_until(kNever);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->at, kVirtualStart + 5s);
    EXPECT_EQ(event->target, 2u);
}

TEST(Scheduler, arming_for_never_disarms) {
    Scheduler scheduler;
    const TimerId timer = scheduler.add_timer(1, 1);
    scheduler.arm(timer, kVirtualStart + 1s);
    scheduler.arm(timer, kNever);
    EXPECT_TRUE(scheduler.empty());
    EXPECT_FALSE(scheduler.pop_until(kNever));
}

// (time, number) -> (target, payload), as if each arm() took the old entry out and put a new one in.
struct Model {
    std::map<std::pair<TimePoint, std::uint64_t>, std::pair<std::uint32_t, std::uint32_t>> events;
    std::map<std::uint32_t, std::pair<TimePoint, std::uint64_t>> timers;
    std::uint64_t number = 1;

    void arm(TimerId timer, TimePoint at) {
        const auto found = timers.find(timer.value);
        if (found != timers.end() && found->second.first == at) return;
        disarm(timer);
        if (at == kNever) return;
        const std::pair key{at, number++};
        events[key] = {1, timer.value};
        timers[timer.value] = key;
    }
    void disarm(TimerId timer) {
        const auto found = timers.find(timer.value);
        if (found == timers.end()) return;
        events.erase(found->second);
        timers.erase(found);
    }
};

TEST(Scheduler, orders_posts_and_moved_timers_as_a_sorted_set_does) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        Rng rng(seed);
        Scheduler scheduler;
        Model model;
        std::vector<TimerId> timers;
        for (std::uint32_t i = 0; i < 20; ++i) timers.push_back(scheduler.add_timer(1, i));
        const auto gap = [&] {
            // Coarse, so that times coincide.
            return Duration{rng.between(0, 20) * (rng.below(2) == 0 ? 100 : 3'000'000)};
        };
        for (int step = 0; step < 5000; ++step) {
            const TimerId timer = timers[rng.below(timers.size())];
            switch (rng.below(6)) {
                case 0: {
                    const TimePoint at = scheduler.now() + gap();
                    const auto number = scheduler.post(at, 0, 9);
                    ASSERT_EQ(number, model.number);
                    model.events[{at, model.number++}] = {0, 9};
                    break;
                }
                case 1:
                    scheduler.disarm(timer);
                    model.disarm(timer);
                    break;
                case 2:
                case 3: {
                    const TimePoint at = scheduler.now() + gap();
                    scheduler.arm(timer, at);
                    model.arm(timer, at);
                    break;
                }
                default: {
                    const TimePoint deadline = rng.below(3) == 0 ? kNever : scheduler.now() + gap();
                    const auto event = scheduler.pop_until(deadline);
                    const auto first = model.events.begin();
                    const bool is_due = first != model.events.end() && first->first.first <= deadline;
                    ASSERT_EQ(event.has_value(), is_due) << "seed " << seed << " step " << step;
                    if (!is_due) break;
                    ASSERT_EQ(event->at, first->first.first) << "seed " << seed << " step " << step;
                    ASSERT_EQ(event->number, first->first.second) << "seed " << seed << " step " << step;
                    ASSERT_EQ(event->target, first->second.first);
                    ASSERT_EQ(event->payload, first->second.second);
                    if (event->target == 1) model.timers.erase(event->payload);
                    model.events.erase(first);
                }
            }
            ASSERT_EQ(scheduler.pending_count(), model.events.size());
        }
    }
}

TEST(Scheduler, going_to_and_fro_between_two_deadlines_takes_no_memory) {
    Scheduler scheduler;
    const TimerId timer = scheduler.add_timer(1, 1);
    const auto swing = [&](int count) {
        for (int i = 0; i < count; ++i) {
            // As a connection does: an acknowledgement is due soon, then only the keep-alive.
            scheduler.arm(timer, scheduler.now() + 25ms);
            scheduler.arm(timer, scheduler.now() + 10s);
            (void)scheduler.pop_until(scheduler.now() + 50ms);
            ASSERT_LE(scheduler.entry_count(), 3u);
        }
    };
    swing(1000);
    const auto before = test::allocation_count();
    swing(100'000);
    EXPECT_EQ(test::allocation_count(), before);
}

}  // namespace
}  // namespace squall::simulator
