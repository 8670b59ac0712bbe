// Differences and sums: what a viewer knows is what the process counted, whatever was left out.
#include "squall/recorder/profile_state.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "squall/core/rng.hpp"
#include "squall/recorder/profile_codec.hpp"
#include "unit/recorder/profile_samples.hpp"

namespace squall::recorder {
namespace {

ProfileFrame sent_over(const ProfileFrame& frame) {
    std::vector<std::byte> bytes;
    EXPECT_TRUE(encode(frame, bytes).has_value());
    return decode(parse_envelope(bytes).value().value()).value().value();
}

TEST(ProfileState, DifferencesAddUpToWhatWasCounted) {
    Rng rng(1);
    Stats now;
    Stats before;
    ProfileState state;
    for (std::uint64_t round = 1; round <= 200; ++round) {
        now.sequence = round;
        now.at += Duration{100'000'000};
        for (int i = 0; i < 5; ++i) {
            const auto id = static_cast<std::uint32_t>(rng.below(40));
            const auto direction = static_cast<Direction>(rng.below(2));
            const auto place = std::ranges::find_if(now.remotes, [&](const RemoteStats& entry) {
                return std::pair(entry.remote, entry.direction) >= std::pair(id, direction);
            });
            if (place != now.remotes.end() && place->remote == id && place->direction == direction) {
                place->counters.messages += rng.below(100);
                place->counters.payload += rng.below(1'000'000);
            } else {
                now.remotes.insert(place, {id, direction, {.messages = 1}});
            }
        }
        now.process.memory_bytes = rng.below(1'000'000'000);
        now.endpoint.bytes_sent += 1000;
        const auto slot = static_cast<std::uint32_t>(now.connections.size());
        if (slot == 0 || rng.below(2) == 0) now.connections.push_back({9, {slot, 1}, {.packets_sent = slot}});
        now.connections[rng.below(now.connections.size())].counters.rtt_latest = rng.below(1'000'000);
        Stats frame = difference_between(before, now);
        const bool is_keyframe = round % 10 == 1;
        if (is_keyframe) {
            frame = now;
            frame.is_keyframe = true;
        }
        std::vector<std::byte> by_way_of_the_frame;
        std::vector<std::byte> at_once;
        ASSERT_TRUE(encode(frame, by_way_of_the_frame));
        ASSERT_TRUE(encode_stats(is_keyframe ? nullptr : &before, now, now.sequence, at_once));
        ASSERT_EQ(at_once, by_way_of_the_frame);
        state.apply(sent_over(frame));
        before = now;
        ASSERT_TRUE(state.is_current());
        ASSERT_EQ(state.stats().remotes, now.remotes);
        ASSERT_EQ(state.stats().process, now.process);
        ASSERT_EQ(state.stats().endpoint, now.endpoint);
    }
}

TEST(ProfileState, LeavesOutWhatDidNotChange) {
    const Stats before = sample_stats();
    Stats now = before;
    ++now.sequence;
    now.remotes[1].counters.messages += 2;
    now.connections[0].counters.rtt_smoothed -= 5;
    const Stats difference = difference_between(before, now);
    ASSERT_EQ(difference.remotes.size(), 1u);
    EXPECT_EQ(difference.remotes[0].counters, (trace::RemoteCounters{.messages = 2}));
    ASSERT_EQ(difference.connections.size(), 1u);
    EXPECT_EQ(difference.connections[0].counters, now.connections[0].counters);
}

TEST(ProfileState, AFrameThatIsMissingMakesItWaitForTheNextKeyframe) {
    ProfileState state;
    Stats stats = sample_stats();
    state.apply(difference_between({}, stats));
    EXPECT_FALSE(state.is_current()) << "no keyframe yet";
    state.apply(stats);
    EXPECT_TRUE(state.is_current());
    Stats later = stats;
    later.sequence += 2;
    later.endpoint.bytes_sent += 10;
    state.apply(difference_between(stats, later));
    EXPECT_FALSE(state.is_current());
    EXPECT_EQ(state.stats().endpoint.bytes_sent, stats.endpoint.bytes_sent);
    EXPECT_EQ(state.missed(), 2u);
    state.apply(later);  // a keyframe, as its model was
    EXPECT_TRUE(state.is_current());
    EXPECT_EQ(state.stats().endpoint.bytes_sent, later.endpoint.bytes_sent);
}

TEST(ProfileState, KeepsConnectionsUntilTheyClose) {
    ProfileState state;
    state.apply(ConnectionChange{.is_open = true, .connection = {4, 1}, .client_id = 9, .address = "a"});
    Stats stats = sample_stats();  // knows 0.0.1 and 1.300.3, which nobody opened
    state.apply(stats);
    EXPECT_EQ(state.connections().size(), 3u);
    EXPECT_EQ(state.connections().at({0, {0, 1}}).counters.rtt_smoothed, 50'000'000u);
    state.apply(ConnectionChange{.is_open = false, .connection = {4, 1}, .reason = 3});
    EXPECT_EQ(state.connections().size(), 2u);
    ASSERT_EQ(state.closed().size(), 1u);
    EXPECT_EQ(state.closed()[0].opened.client_id, 9u);
    EXPECT_EQ(state.closed()[0].closed->reason, 3u);
    for (std::uint32_t i = 0; i < 2 * ProfileState::kMaxClosed; ++i) {
        state.apply(ConnectionChange{.is_open = true, .connection = {5, i}});
        state.apply(ConnectionChange{.is_open = false, .connection = {5, i}});
    }
    EXPECT_EQ(state.closed().size(), ProfileState::kMaxClosed);
}

TEST(ProfileState, BoundsItsNotes) {
    ProfileState state;
    for (std::size_t i = 0; i < ProfileState::kMaxNotes + 5; ++i)
        state.apply(Note{.text = std::to_string(i)});
    EXPECT_EQ(state.notes().size(), ProfileState::kMaxNotes);
    EXPECT_EQ(state.notes().front().text, "5");
}

TEST(ToHistogram, HasThePercentilesOfTheOriginal) {
    trace::Histogram original({10'000'000'000, 1});
    Rng rng(2);
    for (int i = 0; i < 10'000; ++i) original.record(rng.below(50'000'000));
    const auto entry = to_entry(HistogramKind::wire, 3, original);
    EXPECT_LT(entry.counts.size(), 300u);
    const auto back = to_histogram(entry);
    ASSERT_TRUE(back.has_value());
    for (const std::uint64_t share : {1, 50, 95, 99, 100})
        EXPECT_EQ(back->value_at_percentile(percent(share)), original.value_at_percentile(percent(share)))
            << share;
    EXPECT_EQ(back->count(), original.count());
    EXPECT_EQ(back->counts(), original.counts());
}

TEST(ToHistogram, RefusesWhatNoHistogramHas) {
    EXPECT_EQ(to_histogram({.highest_trackable = 1000, .counts = {{100'000, 1}}}).error().code,
              ErrorCode::malformed);
    EXPECT_EQ(to_histogram({.significant_digits = 5, .highest_trackable = 1000}).error().code,
              ErrorCode::too_large);
    EXPECT_EQ(to_histogram({.highest_trackable = ~std::uint64_t{0}}).error().code, ErrorCode::too_large);
}

}  // namespace
}  // namespace squall::recorder
