// The wheel against a binary heap: the same order, whatever comes.
#include "squall/simulator/timing_wheel.hpp"

#include <gtest/gtest.h>

#include <queue>
#include <vector>

#include "squall/core/rng.hpp"
#include "support/counting_new.hpp"

namespace squall::simulator {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1s};

struct Later {
    bool operator()(const WheelEntry& a, const WheelEntry& b) const {
        return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
};
using Model = std::priority_queue<WheelEntry, std::vector<WheelEntry>, Later>;

// Gaps of every size: none, within a slot, each level, years, and almost to the end of time.
Duration draw_gap(Rng& rng) {
    switch (rng.below(9)) {
        case 0: return Duration{0};
        case 1: return Duration{rng.between(0, 1023)};
        case 2: return Duration{rng.between(0, 100'000)};
        case 3: return Duration{rng.between(0, 100'000'000)};
        case 4: return Duration{rng.between(0, 100'000'000) & ~std::int64_t{0xfffff}};
        case 5: return Duration{rng.between(0, 60'000'000'000)};
        case 6: return Duration{rng.between(0, 3'000'000'000'000)};
        case 7: return Duration{rng.between(0, std::int64_t{1} << 55)};
        default: return Duration{rng.between(0, std::int64_t{1} << 60)};
    }
}

void run_against_model(std::uint64_t seed, int steps) {
    Rng rng(seed);
    TimingWheel wheel(kStart);
    Model model;
    TimePoint now = kStart;
    std::uint64_t number = 0;
    for (int step = 0; step < steps; ++step) {
        if (rng.below(2) == 0) {
            const Duration gap = std::min(draw_gap(rng), TimePoint::max() - now);
            const WheelEntry entry{now + gap, number++, static_cast<std::uint32_t>(step), 7};
            wheel.push(entry);
            model.push(entry);
        } else {
            const TimePoint deadline =
                rng.below(4) == 0 ? kNever : now + std::min(draw_gap(rng), TimePoint::max() - now);
            WheelEntry entry;
            const bool is_due = !model.empty() && model.top().at <= deadline;
            ASSERT_EQ(wheel.pop_until(deadline, entry), is_due) << "seed " << seed << " step " << step;
            if (!is_due) continue;
            ASSERT_EQ(entry.at, model.top().at) << "seed " << seed << " step " << step;
            ASSERT_EQ(entry.number, model.top().number) << "seed " << seed << " step " << step;
            ASSERT_EQ(entry.target, model.top().target);
            now = entry.at;
            model.pop();
            // Now and then far ahead: so that the last levels turn too.
            if (now > TimePoint::max() - Duration{std::int64_t{1} << 59}) return;
        }
        ASSERT_EQ(wheel.size(), model.size());
    }
}

TEST(TimingWheel, keeps_the_order_of_a_heap_over_random_operations) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) ASSERT_NO_FATAL_FAILURE(run_against_model(seed, 2000));
}

TEST(TimingWheel, keeps_insertion_order_at_one_time) {
    TimingWheel wheel(kStart);
    for (std::uint64_t i = 0; i < 1000; ++i) wheel.push({kStart + 5ms, i, 0, 0});
    WheelEntry entry;
    for (std::uint64_t i = 0; i < 500; ++i) {
        ASSERT_TRUE(wheel.pop_until(kNever, entry));
        ASSERT_EQ(entry.number, i);
    }
    // Into the slot that is being emptied.
    for (std::uint64_t i = 1000; i < 1500; ++i) wheel.push({kStart + 5ms, i, 0, 0});
    for (std::uint64_t i = 500; i < 1500; ++i) {
        ASSERT_TRUE(wheel.pop_until(kNever, entry));
        ASSERT_EQ(entry.number, i);
    }
    EXPECT_FALSE(wheel.pop_until(kNever, entry));
}

TEST(TimingWheel, pops_at_the_deadline_and_not_a_nanosecond_before) {
    TimingWheel wheel(kStart);
    wheel.push({kStart + 10s, 1, 0, 0});
    WheelEntry entry;
    EXPECT_FALSE(wheel.pop_until(kStart + 10s - 1ns, entry));
    EXPECT_TRUE(wheel.pop_until(kStart + 10s, entry));
}

TEST(TimingWheel, takes_entries_before_the_one_that_it_has_already_found) {
    TimingWheel wheel(kStart);
    wheel.push({kStart + 10s + 900ns, 1, 0, 0});
    WheelEntry entry;
    ASSERT_FALSE(wheel.pop_until(kStart + 10s + 500ns, entry));
    wheel.push({kStart + 2s, 2, 0, 0});
    wheel.push({kStart + 1s, 3, 0, 0});
    ASSERT_TRUE(wheel.pop_until(kNever, entry));
    EXPECT_EQ(entry.number, 3u);
    ASSERT_TRUE(wheel.pop_until(kNever, entry));
    EXPECT_EQ(entry.number, 2u);
    ASSERT_TRUE(wheel.pop_until(kNever, entry));
    EXPECT_EQ(entry.number, 1u);
}

TEST(TimingWheel, reaches_the_last_moment_there_is) {
    TimingWheel wheel(kStart);
    wheel.push({TimePoint::max(), 2, 0, 0});
    wheel.push({TimePoint::max() - 1ns, 1, 0, 0});
    WheelEntry entry;
    ASSERT_TRUE(wheel.pop_until(kNever, entry));
    EXPECT_EQ(entry.number, 1u);
    ASSERT_TRUE(wheel.pop_until(kNever, entry));
    EXPECT_EQ(entry.number, 2u);
}

TEST(TimingWheel, allocates_nothing_once_it_is_warm) {
    TimingWheel wheel(kStart);
    Rng rng(5);
    std::uint64_t number = 0;
    const auto gap = [&] { return Duration{rng.between(20'000'000, 120'000'000)}; };
    for (int i = 0; i < 1000; ++i) wheel.push({kStart + gap(), number++, 0, 0});
    const auto hold = [&](int count) {
        WheelEntry entry;
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(wheel.pop_until(kNever, entry));
            wheel.push({entry.at + gap(), number++, 0, 0});
        }
    };
    hold(200'000);
    const auto before = test::allocation_count();
    hold(200'000);
    EXPECT_EQ(test::allocation_count(), before);
}

}  // namespace
}  // namespace squall::simulator
