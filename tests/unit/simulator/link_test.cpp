// The link that holds packets: order, bytes, memory.
#include "squall/simulator/link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "squall/simulator/flip_bit.hpp"
#include "squall/trace/sink.hpp"
#include "support/counting_new.hpp"

namespace squall::simulator {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1s};
const Address kFrom = Address::loopback(1);
const Address kTo = Address::loopback(2);

TEST(Link, refuses_a_configuration_that_makes_no_sense) {
    const auto link = Link::make({.delay = 1ms, .jitter = 2ms}, Rng(1));
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().code, ErrorCode::invalid_argument);
    auto good = Link::make({}, Rng(1)).value();
    EXPECT_FALSE(good->set_config({.loss = {3, 2}}));
    EXPECT_EQ(good->config(), LinkConfig{}) << "a refused configuration changes nothing";
}

TEST(Link, hands_out_a_packet_at_its_time_and_not_before) {
    auto link = Link::make({.delay = 10ms}, Rng(1)).value();
    EXPECT_EQ(link->next_delivery(), kNever);
    EXPECT_EQ(link->enqueue(kStart, kFrom, kTo, as_bytes("hello")).verdict, Verdict::delivered);
    EXPECT_EQ(link->next_delivery(), kStart + 10ms);
    EXPECT_FALSE(link->dequeue(kStart + 10ms - 1ns));
    const auto packet = link->dequeue(kStart + 10ms);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->at, kStart + 10ms);
    EXPECT_EQ(packet->from, kFrom);
    EXPECT_EQ(packet->to, kTo);
    EXPECT_EQ(as_text(packet->bytes), "hello");
    EXPECT_FALSE(link->dequeue(kNever - 1ns));
}

TEST(Link, hands_out_packets_of_one_moment_as_they_went_in) {
    auto link = Link::make({.delay = 10ms}, Rng(1)).value();
    for (int i = 0; i < 100; ++i) link->enqueue(kStart, kFrom, kTo, as_bytes(std::to_string(i)));
    for (int i = 0; i < 100; ++i) {
        const auto packet = link->dequeue(kStart + 10ms);
        ASSERT_TRUE(packet);
        EXPECT_EQ(as_text(packet->bytes), std::to_string(i));
    }
}

TEST(Link, orders_by_arrival) {
    auto link = Link::make({.delay = 50ms, .jitter = 50ms}, Rng(1)).value();
    for (int i = 0; i < 1000; ++i) link->enqueue(kStart + i * 1ms, kFrom, kTo, as_bytes("x"));
    TimePoint last{};
    std::size_t count = 0;
    while (link->next_delivery() != kNever) {
        const auto packet = link->dequeue(link->next_delivery());
        ASSERT_TRUE(packet);
        EXPECT_GE(packet->at, last);
        last = packet->at;
        ++count;
    }
    EXPECT_EQ(count, 1000u);
}

TEST(Link, corruption_flips_exactly_one_bit_and_a_copy_is_clean) {
    auto link = Link::make({.duplicate = {1, 1}, .corrupt = {1, 1}}, Rng(1)).value();
    const std::vector<std::byte> sent(64, std::byte{0x5a});
    for (int round = 0; round < 100; ++round) {
        link->enqueue(kStart, kFrom, kTo, sent);
        int flipped = 0;
        int clean = 0;
        while (const auto packet = link->dequeue(kStart)) {
            int differing_bits = 0;
            for (std::size_t i = 0; i < sent.size(); ++i)
                differing_bits += std::popcount(std::to_integer<unsigned>(packet->bytes[i] ^ sent[i]));
            flipped += differing_bits == 1 ? 1 : 0;
            clean += differing_bits == 0 ? 1 : 0;
        }
        EXPECT_EQ(flipped, 1);
        EXPECT_EQ(clean, 1);
    }
}

TEST(Link, bits_are_counted_from_the_lowest_of_the_first_byte) {
    for (std::uint32_t bit = 0; bit < 24; ++bit) {
        std::array<std::byte, 3> bytes{};
        flip_bit(bytes, bit);
        for (std::uint32_t i = 0; i < 24; ++i)
            EXPECT_EQ((std::to_integer<unsigned>(bytes[i / 8]) >> (i % 8) & 1) != 0, i == bit);
        flip_bit(bytes, kNoBit);
        flip_bit(bytes, bit);
        EXPECT_EQ(bytes, (std::array<std::byte, 3>{}));
    }
}

TEST(Link, the_bytes_may_be_changed_by_the_receiver) {
    auto link = Link::make({}, Rng(1)).value();
    link->enqueue(kStart, kFrom, kTo, as_bytes("abc"));
    link->enqueue(kStart, kFrom, kTo, as_bytes("abc"));
    const auto first = link->dequeue(kStart);
    std::memset(first->bytes.data(), 0, first->bytes.size());
    EXPECT_EQ(as_text(link->dequeue(kStart)->bytes), "abc");
}

TEST(Link, carries_empty_and_large_datagrams) {
    auto link = Link::make({}, Rng(1)).value();
    link->enqueue(kStart, kFrom, kTo, {});
    EXPECT_TRUE(link->dequeue(kStart)->bytes.empty());
    const std::vector<std::byte> large(65'507);
    link->enqueue(kStart, kFrom, kTo, large);
    EXPECT_EQ(link->dequeue(kStart)->bytes.size(), large.size());
}

TEST(Link, a_new_configuration_loses_nothing_that_is_in_flight) {
    auto link = Link::make({.delay = 100ms}, Rng(1)).value();
    for (int i = 0; i < 10; ++i) link->enqueue(kStart, kFrom, kTo, as_bytes("old"));
    ASSERT_TRUE(link->set_config({.delay = 10ms, .loss = {1, 1}}));
    EXPECT_EQ(link->enqueue(kStart, kFrom, kTo, as_bytes("new")).verdict, Verdict::lost);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(as_text(link->dequeue(kStart + 100ms)->bytes), "old");
    EXPECT_EQ(link->in_flight_count(), 0u);
}

TEST(Link, what_the_simulator_cannot_hold_is_told) {
    auto link = Link::make({.delay = 1h}, Rng(1)).value();
    std::size_t overflows = 0;
    for (std::size_t i = 0; i < Link::kMaxInFlight + 10; ++i)
        if (link->enqueue(kStart, kFrom, kTo, {}).verdict == Verdict::overflow) ++overflows;
    EXPECT_EQ(overflows, Link::kMaxInFlight + 10 - link->in_flight_count());
    EXPECT_GT(overflows, 0u);
    EXPECT_EQ(link->model().statistics().count(Verdict::overflow), overflows);
}

class VerdictSink final : public trace::Sink {
  public:
    void on_event(const trace::Event& event) override { events.push_back(event); }
    std::vector<trace::Event> events;
};

TEST(Link, traces_each_verdict_as_it_falls) {
    auto link = Link::make({.delay = 10ms, .duplicate = {1, 1}, .mtu_bytes = 100}, Rng(1)).value();
    VerdictSink sink;
    link->model().set_trace(&sink, 77, Direction::down);
    link->enqueue(kStart, kFrom, kTo, std::vector<std::byte>(50));
    link->enqueue(kStart + 1ms, kFrom, kTo, std::vector<std::byte>(90));
    ASSERT_EQ(sink.events.size(), 3u);
    for (const auto& event : sink.events) {
        EXPECT_EQ(event.kind, trace::EventKind::link_verdict);
        EXPECT_EQ(event.source, 77u);
        EXPECT_EQ(event.channel, ChannelId{1});
    }
    EXPECT_EQ(sink.events[0].detail, static_cast<std::uint32_t>(Verdict::delivered));
    EXPECT_EQ(sink.events[1].detail, static_cast<std::uint32_t>(Verdict::duplicate));
    EXPECT_EQ(sink.events[1].id, 0u);
    EXPECT_EQ(sink.events[2].detail, static_cast<std::uint32_t>(Verdict::too_big));
    EXPECT_EQ(sink.events[2].id, 1u);
    EXPECT_EQ(sink.events[2].bytes, 90u);
    EXPECT_EQ(sink.events[2].at, kStart + 1ms);
}

TEST(Link, records_delays_where_it_is_told_to) {
    auto link = Link::make({.delay = 10ms}, Rng(1)).value();
    trace::Histogram histogram;
    link->model().set_delay_histogram(&histogram);
    link->enqueue(kStart, kFrom, kTo, {});
    EXPECT_EQ(histogram.count(), 1u);
    EXPECT_EQ(histogram.min(), 10'000'000u);
}

TEST(Link, allocates_nothing_once_it_is_warm) {
    auto link =
        Link::make({.delay = 50ms, .jitter = 20ms, .duplicate = percent(5), .rate = megabits_per_second(2)},
                   Rng(1))
            .value();
    const std::vector<std::byte> bytes(200);
    TimePoint now = kStart;
    const auto run = [&](int count) {
        for (int i = 0; i < count; ++i) {
            now += 1ms;
            link->enqueue(now, kFrom, kTo, bytes);
            while (link->dequeue(now)) {
            }
        }
    };
    run(50'000);
    const auto before = test::allocation_count();
    run(50'000);
    EXPECT_EQ(test::allocation_count(), before);
}

}  // namespace
}  // namespace squall::simulator
