// Words that change a replay's clock, and what is said where they do not.
#include "replay/playback_orders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall::loadgen {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr TimePoint kStart{100s};

class PlaybackOrders : public ::testing::Test {
  protected:
    PlaybackOrders() { clock.begin(kStart); }
    PlaybackClock clock{1};
};

TEST_F(PlaybackOrders, ChangeTheClock) {
    EXPECT_TRUE(obey(kStart + 1s, "pause", clock).has_changed);
    EXPECT_TRUE(clock.is_paused(kStart + 5s));
    EXPECT_THAT(obey(kStart + 5s, "where", clock).answer, HasSubstr("1.000 s of the recording, 1 x, paused"));
    EXPECT_TRUE(obey(kStart + 5s, "resume", clock).has_changed);
    EXPECT_EQ(clock.position(kStart + 6s), 2s);
    EXPECT_TRUE(obey(kStart + 6s, "speed 4", clock).has_changed);
    EXPECT_EQ(clock.position(kStart + 7s), 6s);
    EXPECT_TRUE(obey(kStart + 7s, "seek 30s", clock).has_changed);
    EXPECT_EQ(clock.position(kStart + 7s), 30s);
    EXPECT_TRUE(obey(kStart + 7s, "step 1s", clock).has_changed);
    EXPECT_EQ(clock.position(kStart + 20s), 31s);
}

TEST_F(PlaybackOrders, SayWhatWouldBeRight) {
    EXPECT_THAT(obey(kStart + 5s, "seek 2s", clock).answer, HasSubstr("cannot be taken back"));
    EXPECT_THAT(obey(kStart + 5s, "seek 2", clock).answer, HasSubstr("a time with its unit"));
    EXPECT_THAT(obey(kStart + 5s, "seek", clock).answer, HasSubstr("a time with its unit"));
    for (const char* wrong : {"speed", "speed 0", "speed -1", "speed nan", "speed 2x", "speed 1e9"})
        EXPECT_THAT(obey(kStart, wrong, clock).answer, HasSubstr("0.001 to 1000")) << wrong;
    EXPECT_THAT(obey(kStart, "faster", clock).answer, HasSubstr("there is no order 'faster'; orders: pause"));
    EXPECT_FALSE(obey(kStart, "", clock).has_changed);
    PlaybackClock unbounded(0);
    EXPECT_THAT(obey(kStart, "pause", unbounded).answer, HasSubstr("--speed 1"));
}

}  // namespace
}  // namespace squall::loadgen
