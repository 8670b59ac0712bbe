// The smaller parts of a connection, each alone: round-trip times, packets under way, pacing.
#include <gtest/gtest.h>

#include "squall/core/rng.hpp"
#include "transport/connection/congestion_controller.hpp"
#include "transport/connection/pacer.hpp"
#include "transport/connection/rtt_estimator.hpp"
#include "transport/connection/sent_packets.hpp"

namespace squall::connection {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint kStart{1s};

TEST(RttEstimator, TakesTheFirstSampleAsItIs) {
    RttEstimator rtt;
    EXPECT_FALSE(rtt.has_sample());
    EXPECT_EQ(rtt.smoothed(), Duration{0});
    rtt.observe(kStart, 80ms);
    EXPECT_EQ(rtt.smoothed(), 80ms);
    EXPECT_EQ(rtt.variation(), 40ms);
    EXPECT_EQ(rtt.minimum(), 80ms);
}

TEST(RttEstimator, FollowsRfc6298) {
    RttEstimator rtt;
    rtt.observe(kStart, 100ms);
    rtt.observe(kStart, 200ms);
    EXPECT_EQ(rtt.variation(), 62'500us);  // 50 + (100 - 50) / 4
    EXPECT_EQ(rtt.smoothed(), 112'500us);  // 100 + 100 / 8
    EXPECT_EQ(rtt.timeout(25ms), 112'500us + 250ms + 25ms);
}

TEST(RttEstimator, ForgetsAnOldMinimum) {
    RttEstimator rtt;
    rtt.observe(kStart, 10ms);
    for (int s = 1; s <= 25; ++s) rtt.observe(kStart + std::chrono::seconds(s), 50ms);
    EXPECT_EQ(rtt.minimum(), 50ms);
}

TEST(SentPackets, SkipsNumbersOfControlPackets) {
    SentPackets sent;
    sent.on_sent(5);
    sent.carry({1, 0, ChannelId{0}});
    sent.on_sent(8);
    sent.carry({2, 0, ChannelId{0}});
    sent.carry({3, 0, ChannelId{1}});
    EXPECT_EQ(sent.find(4), nullptr);
    EXPECT_EQ(sent.find(6)->state, SentPacket::State::none);
    ASSERT_EQ(sent.find(8)->carried_count, 2);
    EXPECT_EQ(sent.carried(*sent.find(8), 1).id_low, 3U);
    sent.find(5)->state = SentPacket::State::acked;
    sent.forget_settled(kStart, 1s);
    EXPECT_EQ(sent.first_number(), 8U);
    EXPECT_EQ(sent.carried(*sent.find(8), 0).id_low, 2U);
}

TEST(SentPackets, KeepsALostPacketForAWhile) {
    SentPackets sent;
    sent.on_sent(1).sent_at = kStart;
    sent.find(1)->state = SentPacket::State::lost;
    sent.forget_settled(kStart + 500ms, 1s);
    EXPECT_NE(sent.find(1), nullptr);
    sent.forget_settled(kStart + 1500ms, 1s);
    EXPECT_EQ(sent.find(1), nullptr);
}

TEST(Pacer, LetsATickLeaveAtOnceAndThenKeepsTheRate) {
    Pacer pacer;
    const DataRate rate = megabits_per_second(1);
    TimePoint now = kStart;
    std::uint64_t bytes = 0;
    while (now < kStart + 10s) {
        pacer.refill(now, rate);
        while (pacer.can_send()) {
            pacer.on_sent(1200);
            bytes += 1200;
        }
        const TimePoint next = pacer.next_send(rate);
        ASSERT_GT(next, now);
        now = next;
    }
    EXPECT_GE(bytes, 1'250'000U);
    EXPECT_LE(bytes, 1'250'000U + 12'000 + 1200);
}

TEST(CongestionController, KeepsARateThatTheApplicationDoesNotUse) {
    CongestionController controller(megabits_per_second(10), kilobits_per_second(64),
                                    megabits_per_second(100));
    TimePoint now = kStart;
    for (int i = 0; i < 200; ++i) {
        controller.on_sent(200, false);
        now += 50ms;
        if (i % 5 == 0)
            controller.on_lost(200);
        else
            controller.on_acked(now, 200, 50ms, 50ms);
    }
    EXPECT_EQ(controller.rate(), megabits_per_second(10));
    EXPECT_EQ(controller.bytes_in_flight(), 0U);
}

// A game that sends 50 kbit/s over a link of 24 kbit/s is never "blocked" by a rate of 10 Mbit/s; the queue
// must tell.
TEST(CongestionController, ASparseSenderThatFillsAQueueIsSlowedDown) {
    CongestionController controller(megabits_per_second(10), kilobits_per_second(16),
                                    megabits_per_second(100));
    TimePoint now = kStart;
    for (int i = 0; i < 60; ++i) {
        controller.on_sent(300, false);
        now += 100ms;  // 24 kbit/s get through
        controller.on_acked(now, 300, 250ms, 50ms);
    }
    EXPECT_LT(controller.rate(), kilobits_per_second(24));
}

TEST(CongestionController, JitterAloneDoesNotSlowASparseSender) {
    Rng rng(2);
    CongestionController controller(megabits_per_second(10), kilobits_per_second(16),
                                    megabits_per_second(100));
    TimePoint now = kStart;
    for (int i = 0; i < 2000; ++i) {
        controller.on_sent(300, false);
        now += 50ms;
        controller.on_acked(now, 300, 100ms + Duration{rng.between(0, 50'000'000)}, 100ms);
    }
    EXPECT_EQ(controller.rate(), megabits_per_second(10));
}

TEST(CongestionController, GrowsWhileNothingQueues) {
    CongestionController controller(megabits_per_second(1), kilobits_per_second(64), megabits_per_second(50));
    TimePoint now = kStart;
    for (int i = 0; i < 1000; ++i) {
        controller.on_sent(1200, true);
        now += 2ms;
        controller.on_acked(now, 1200, 40ms, 40ms);
    }
    EXPECT_EQ(controller.rate(), megabits_per_second(50));
}

TEST(CongestionController, NeverLeavesItsBounds) {
    Rng rng(3);
    CongestionController controller(megabits_per_second(1), kilobits_per_second(64), megabits_per_second(2));
    TimePoint now = kStart;
    for (int i = 0; i < 100000; ++i) {
        now += Duration{rng.between(0, 30'000'000)};
        const auto bytes = static_cast<std::uint32_t>(rng.below(1300));
        switch (rng.below(5)) {
            case 0: controller.on_sent(bytes, rng.chance(percent(50))); break;
            case 1: controller.on_acked(now, bytes, Duration{rng.between(0, 900'000'000)}, 10ms); break;
            case 2: controller.on_lost(bytes); break;
            case 3: controller.on_spurious_loss(bytes); break;
            default: controller.on_timeout(); break;
        }
        ASSERT_GE(controller.rate(), kilobits_per_second(64));
        ASSERT_LE(controller.rate(), megabits_per_second(2));
    }
}

}  // namespace
}  // namespace squall::connection
