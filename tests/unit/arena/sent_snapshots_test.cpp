// Which of the sent snapshots is the baseline, whatever order the news of their fate comes in.
#include "arena/sent_snapshots.hpp"

#include <gtest/gtest.h>

namespace squall::arena {
namespace {

View view_of(std::uint16_t id) {
    EntityState state;
    state.id = id;
    return {state};
}

TEST(SentSnapshots, HasNoBaselineUntilOneIsKnownToHaveArrived) {
    ViewPool pool;
    SentSnapshots sent(pool);
    EXPECT_EQ(sent.baseline().distance, 0U);
    sent.sent(MessageId{10}, view_of(1));
    EXPECT_EQ(sent.baseline().distance, 0U);
    EXPECT_TRUE(sent.delivered(MessageId{10}));
    EXPECT_EQ(sent.baseline().distance, 1U);
    EXPECT_EQ(sent.baseline().view.front().id, 1);
}

TEST(SentSnapshots, TheNewestArrivedIsTheBaselineAndItNeverGoesBack) {
    ViewPool pool;
    SentSnapshots sent(pool);
    for (std::uint16_t i = 0; i < 5; ++i) sent.sent(MessageId{i}, view_of(i));
    EXPECT_TRUE(sent.delivered(MessageId{3}));
    EXPECT_FALSE(sent.delivered(MessageId{1}));
    EXPECT_EQ(sent.baseline().view.front().id, 3);
    EXPECT_EQ(sent.baseline().distance, 2U);
    sent.lost(MessageId{3});  // news that contradict: it did arrive
    EXPECT_EQ(sent.baseline().view.front().id, 3);
}

TEST(SentSnapshots, ALostOneIsNeverABaseline) {
    ViewPool pool;
    SentSnapshots sent(pool);
    sent.sent(MessageId{0}, view_of(0));
    sent.sent(MessageId{1}, view_of(1));
    sent.lost(MessageId{1});
    EXPECT_FALSE(sent.delivered(MessageId{1}));
    EXPECT_EQ(sent.baseline().distance, 0U);
    EXPECT_TRUE(sent.delivered(MessageId{0}));
    EXPECT_EQ(sent.baseline().view.front().id, 0);
}

TEST(SentSnapshots, ABaselineThatIsTooOldIsNotNamedAndMemoryIsBounded) {
    ViewPool pool;
    SentSnapshots sent(pool);
    sent.sent(MessageId{0}, view_of(0));
    ASSERT_TRUE(sent.delivered(MessageId{0}));
    for (std::uint64_t i = 1; i < kMaxBaselineDistance; ++i) sent.sent(MessageId{i}, view_of(1));
    EXPECT_EQ(sent.baseline().distance, kMaxBaselineDistance);
    sent.sent(MessageId{kMaxBaselineDistance}, view_of(1));
    EXPECT_EQ(sent.baseline().distance, 0U);
    for (std::uint64_t i = 100; i < 300; ++i) sent.sent(MessageId{i}, view_of(1));
    EXPECT_LE(sent.size(), kMaxBaselineDistance);
}

}  // namespace
}  // namespace squall::arena
