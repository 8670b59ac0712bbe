// The tracker against a set: it may forget what is old, it may never claim what did not arrive.
#include "transport/connection/ack_tracker.hpp"

#include <gtest/gtest.h>

#include <set>

#include "squall/core/rng.hpp"

namespace squall::connection {
namespace {

using namespace std::chrono_literals;
using Need = AckTracker::Need;
constexpr TimePoint kStart{1s};

std::set<std::uint64_t> claimed(const AckFrame& ack, std::uint64_t reference) {
    const std::uint64_t largest = ack.largest.unwrap(reference);
    std::set<std::uint64_t> out{largest};
    for (std::size_t i = 0; i < std::size_t{8} * ack.mask_bytes; ++i)
        if ((ack.mask[i / 8] >> (i % 8)) & 1) out.insert(largest - 1 - i);
    return out;
}

TEST(AckTracker, NeverClaimsAPacketThatDidNotArrive) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Rng rng(seed);
        AckTracker tracker;
        std::set<std::uint64_t> arrived;
        std::uint64_t next = rng.below(100000);
        TimePoint now = kStart;
        for (int i = 0; i < 2000; ++i) {
            now += 1ms;
            next += rng.chance(percent(1)) ? rng.below(2000) : rng.below(4);
            const std::uint64_t back = rng.chance(percent(20)) ? rng.below(600) : 0;
            const std::uint64_t number = next - std::min(back, next);
            if (!arrived.insert(number).second) continue;  // replay protection drops it before
            tracker.on_packet(now, number, Need::later, 50ms);
            for (const std::uint64_t n : claimed(tracker.make_ack(now), next))
                ASSERT_TRUE(arrived.contains(n)) << "seed " << seed;
            if (rng.chance(percent(30))) {
                tracker.on_ack_sent();
                if (rng.chance(percent(50))) tracker.on_ack_heard(tracker.largest(), tracker.epoch());
            }
        }
    }
}

TEST(AckTracker, TellsEverythingUntilThePeerHasHeardOfIt) {
    AckTracker tracker;
    for (std::uint64_t n = 0; n < 20; ++n) tracker.on_packet(kStart, n, Need::later, 50ms);
    EXPECT_EQ(claimed(tracker.make_ack(kStart), 19).size(), 20U);
    tracker.on_ack_sent();
    tracker.on_ack_heard(19, tracker.epoch());
    for (std::uint64_t n = 20; n < 23; ++n) tracker.on_packet(kStart, n, Need::later, 50ms);
    EXPECT_EQ(claimed(tracker.make_ack(kStart), 22), (std::set<std::uint64_t>{19, 20, 21, 22}));
}

TEST(AckTracker, TellsOfALatePacketEvenIfThePeerHasHeardOfNewerOnes) {
    AckTracker tracker;
    for (const std::uint64_t n : {0, 1, 3, 4}) tracker.on_packet(kStart, n, Need::later, 50ms);
    const auto epoch = tracker.epoch();
    tracker.on_packet(kStart, 2, Need::later, 50ms);  // after the acknowledgement of 4 left
    tracker.on_ack_heard(4, epoch);
    EXPECT_TRUE(claimed(tracker.make_ack(kStart), 4).contains(2));
}

TEST(AckTracker, OwesNothingForPacketsWithoutMessages) {
    AckTracker tracker;
    tracker.on_packet(kStart, 0, Need::none, 50ms);
    EXPECT_EQ(tracker.due(), kNever);
    EXPECT_TRUE(tracker.has_news());
}

TEST(AckTracker, IsDueByHowMuchThePeerNeedsIt) {
    AckTracker tracker;
    tracker.on_packet(kStart, 0, Need::later, 50ms);
    EXPECT_EQ(tracker.due(), kStart + 250ms);
    tracker.on_packet(kStart + 1ms, 1, Need::soon, 50ms);
    EXPECT_EQ(tracker.due(), kStart + 51ms);
    tracker.on_packet(kStart + 2ms, 3, Need::soon, 50ms);
    EXPECT_EQ(tracker.due(), kStart + 2ms) << "a gap that somebody waits for is told at once";
    tracker.on_ack_sent();
    tracker.on_packet(kStart + 3ms, 5, Need::soon, 50ms);
    EXPECT_EQ(tracker.due(), kStart + 53ms) << "but not at every packet";
}

TEST(AckTracker, ReportsTheDelayInItsUnit) {
    AckTracker tracker;
    tracker.on_packet(kStart, 7, Need::later, 50ms);
    EXPECT_EQ(tracker.make_ack(kStart + 3200us).delay_units, 100U);
}

}  // namespace
}  // namespace squall::connection
