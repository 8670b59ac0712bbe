// When the moments of a recording are due: at any speed, paused, skipped ahead.
#include "play/playback_clock.hpp"

#include <gtest/gtest.h>

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{100s};

TEST(PlaybackClock, FollowsTheRecordedPace) {
    PlaybackClock clock(1);
    clock.begin(kStart);
    EXPECT_EQ(clock.due(0s), kStart);
    EXPECT_EQ(clock.due(7s), kStart + 7s);
    EXPECT_EQ(clock.position(kStart + 7s), 7s);
    EXPECT_EQ(clock.position(kStart - 1s), 0s);
}

TEST(PlaybackClock, TwiceAsFastAndHalfAsFast) {
    PlaybackClock clock(2);
    clock.begin(kStart);
    EXPECT_EQ(clock.due(8s), kStart + 4s);
    clock.set_speed(kStart + 4s, 0.5);
    EXPECT_EQ(clock.position(kStart + 4s), 8s);
    EXPECT_EQ(clock.due(9s), kStart + 6s);
    EXPECT_EQ(clock.position(kStart + 6s), 9s);
}

TEST(PlaybackClock, NothingIsDueWhilePaused) {
    PlaybackClock clock(1);
    clock.begin(kStart);
    clock.pause(kStart + 3s);
    EXPECT_EQ(clock.due(3s + 1ns), kNever);
    EXPECT_LE(clock.due(3s), kStart + 3s) << "what was due stays so";
    EXPECT_EQ(clock.position(kStart + 10s), 3s);
    clock.resume(kStart + 10s);
    EXPECT_EQ(clock.due(5s), kStart + 12s);
}

TEST(PlaybackClock, AStepEndsInAPause) {
    PlaybackClock clock(2);
    clock.begin(kStart);
    clock.pause(kStart + 1s);
    clock.step(kStart + 10s, 500ms);
    EXPECT_FALSE(clock.is_paused(kStart + 10s));
    EXPECT_EQ(clock.due(2500ms), kStart + 10s + 250ms);
    EXPECT_EQ(clock.due(2501ms), kNever);
    EXPECT_EQ(clock.position(kStart + 60s), 2500ms);
    EXPECT_TRUE(clock.is_paused(kStart + 60s));
}

TEST(PlaybackClock, WhatIsSkippedIsDueAtOnce) {
    PlaybackClock clock(1);
    clock.begin(kStart);
    clock.skip_to(kStart + 2s, 20s);
    EXPECT_EQ(clock.due(15s), kStart + 2s);
    EXPECT_EQ(clock.due(21s), kStart + 3s);
    clock.skip_to(kStart + 3s, 5s);
    EXPECT_EQ(clock.position(kStart + 3s), 21s) << "never back: the server has seen it";
}

TEST(PlaybackClock, AsFastAsItGoesAllIsDueAtOnce) {
    PlaybackClock clock(0);
    clock.begin(kStart);
    EXPECT_TRUE(clock.is_unbounded());
    EXPECT_EQ(clock.due(1000s), kStart);
}

}  // namespace
}  // namespace squall::loadgen
