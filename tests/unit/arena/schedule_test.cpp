// The small parts that count and plan: ticks, planned times, what waits.
#include <gtest/gtest.h>

#include <vector>

#include "arena/behaviour.hpp"
#include "arena/change_priority.hpp"
#include "arena/planned_times.hpp"
#include "arena/tick_schedule.hpp"

namespace squall::arena {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr TimePoint kStart{seconds(1000)};

TEST(TickSchedule, DoesNotDrift) {
    const TickSchedule schedule(kStart, 60);
    EXPECT_EQ(schedule.planned(60), kStart + seconds(1));
    EXPECT_EQ(schedule.planned(60 * 86'400 * 10), kStart + seconds(864'000));
    EXPECT_EQ(schedule.planned(1) - kStart, Duration{16'666'666});
}

TEST(TickSchedule, LeavesOutWhatIsBeyondTheLimitAfterAStall) {
    TickSchedule schedule(kStart, 20);
    EXPECT_EQ(schedule.skip_all_but(3, kStart + milliseconds(50)), 0U);
    EXPECT_EQ(schedule.skip_all_but(3, kStart + milliseconds(199)), 0U);  // three are due
    EXPECT_EQ(schedule.skip_all_but(3, kStart + milliseconds(200)), 1U);  // four
    EXPECT_EQ(schedule.next(), 2U);
    EXPECT_EQ(schedule.skip_all_but(3, kStart + seconds(10)), 196U);
    EXPECT_EQ(schedule.next(), 198U);
    EXPECT_LE(schedule.next_at(), kStart + seconds(10));
}

TEST(TickSchedule, SkippingLeavesExactlyTheLimitAtAnyRate) {
    for (const std::uint32_t rate : {1U, 7U, 20U, 60U, 144U, 240U}) {
        for (std::int64_t stall = 1; stall < 4'000'000'000; stall = stall * 3 + 1) {
            TickSchedule schedule(kStart, rate);
            const TimePoint now = kStart + Duration{stall};
            schedule.skip_all_but(3, now);
            int due = 0;
            for (; schedule.next_at() <= now; schedule.advance()) ++due;
            ASSERT_LE(due, 3);
            if (schedule.next() > 3) {
                ASSERT_EQ(due, 3) << rate << " Hz, " << stall;
            }
        }
    }
}

TEST(PlannedTimes, AnEchoAnswersAllThatItReflects) {
    PlannedTimes times;
    for (std::uint64_t i = 0; i < 5; ++i)
        times.sent(i, kStart + milliseconds(i), kStart + milliseconds(i + 1));
    std::vector<TimePoint> answered;
    const auto record = [&](TimePoint planned, TimePoint) { answered.push_back(planned); };
    times.answer(2, record);
    EXPECT_EQ(answered, (std::vector<TimePoint>{kStart, kStart + milliseconds(1), kStart + milliseconds(2)}));
    times.answer(2, record);
    EXPECT_EQ(answered.size(), 3U);
    times.answer(4, record);
    EXPECT_EQ(answered.size(), 5U);
    EXPECT_EQ(times.unanswered(), 0U);
}

TEST(PlannedTimes, IsBounded) {
    PlannedTimes times;
    for (std::uint64_t i = 0; i < 10'000; ++i) times.sent(i, kStart, kStart);
    EXPECT_EQ(times.unanswered(), 4096U);
}

// Everybody moves in every tick and a third of it fits: the near come more often, and nobody waits for ever.
TEST(ChangeChooser, PrefersTheNearAndStarvesNobody) {
    constexpr SnapshotFormat kFormat{20'000, 64};
    View baseline;
    for (std::uint16_t id = 0; id < 40; ++id) {
        EntityState state;
        state.id = id;
        state.x = 5000U + 75U * id;
        state.y = 5000;
        state.health = kMaxHealth;
        baseline.push_back(state);
    }
    std::vector<int> updates(40);
    std::vector<int> wait(40);
    ChangeChooser chooser;
    Waiting waiting;
    View chosen;
    int longest_wait = 0;
    for (std::uint32_t tick = 1; tick <= 300; ++tick) {
        View wanted = baseline;
        for (auto& state : wanted) state.y = 5000 + tick % 2;
        for (auto& state : wanted) state.heading = static_cast<std::uint8_t>(tick);
        ASSERT_TRUE(chooser.choose(60, {}, baseline, wanted, 0, kFormat, waiting, chosen));
        ASSERT_EQ(chosen.size(), 40U);
        for (std::size_t i = 0; i < 40; ++i) {
            const bool updated = chosen[i].heading == wanted[i].heading;
            updates[i] += updated ? 1 : 0;
            wait[i] = updated ? 0 : wait[i] + 1;
            longest_wait = std::max(longest_wait, wait[i]);
        }
        baseline = chosen;
    }
    EXPECT_EQ(updates[0], 300);  // the player itself
    EXPECT_GT(updates[1], updates[39]);
    EXPECT_GT(updates[39], 0);
    EXPECT_LT(longest_wait, 100);
}

TEST(Behaviours, AreKnownByNameAndDecideWithinTheProtocol) {
    std::string_view before;
    for (const BehaviourInfo& info : behaviours()) {
        EXPECT_LT(before, info.name);
        before = info.name;
        EXPECT_FALSE(info.description.empty());
        const auto decisions = [&](std::uint64_t seed) {
            auto behaviour = make_behaviour(info.name, {}, Rng(seed));
            EXPECT_TRUE(behaviour);
            View view;
            Rng rng(seed);
            for (std::uint16_t id = 0; id < 20; ++id) {
                EntityState state;
                state.id = id;
                state.health = kMaxHealth;
                state.x = static_cast<std::uint32_t>(rng.below(4096));
                view.push_back(state);
            }
            std::vector<PlayerInput> inputs;
            for (int i = 0; i < 400; ++i) {
                const Sight sight{kStart + milliseconds(50 * i), i < 20 ? nullptr : &view[3],
                                  i < 10 ? std::span<const EntityState>{} : view, 4096, 3200};
                const Decision decision = (*behaviour)->decide(sight);
                EXPECT_LE(decision.input.speed, kMaxSpeed);
                EXPECT_LE(decision.chat_bytes, kMaxChatBytes);
                if (decision.buys) {
                    EXPECT_LT(*decision.buys, kItemCount);
                }
                inputs.push_back(decision.input);
            }
            return inputs;
        };
        EXPECT_EQ(decisions(1), decisions(1)) << info.name;
        if (info.name != "idle") {
            EXPECT_NE(decisions(1), decisions(2)) << info.name;
        }
    }
}

TEST(Behaviours, NameWhatThereIsWhenTheNameIsUnknown) {
    const auto unknown = make_behaviour("run", {}, Rng(1));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::unknown_id);
    EXPECT_NE(unknown.error().message.find("run-and-gun"), std::string::npos);
    const auto backwards = make_behaviour("idle", {{seconds(2), seconds(1)}}, Rng(1));
    ASSERT_FALSE(backwards);
    EXPECT_EQ(backwards.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace squall::arena
