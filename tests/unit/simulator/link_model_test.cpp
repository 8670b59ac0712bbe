// Each stage of the link at its tipping points, and that one impairment never shifts another's draws.
#include "squall/simulator/link_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "squall/core/hash.hpp"

namespace squall::simulator {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1s};

// The decisions for `count` packets of one size, one every `gap`.
std::vector<LinkDecision> decide(LinkModel& model, std::size_t count, Duration gap,
                                 std::uint32_t size = 100) {
    std::vector<LinkDecision> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(model.verdict(kStart + i * gap, size));
    return out;
}

TEST(LinkModel, an_ideal_link_delivers_at_once) {
    const LinkConfig config;
    LinkModel model(config, Rng(1));
    const LinkDecision decision = model.verdict(kStart, 100);
    ASSERT_EQ(decision.deliveries().size(), 1u);
    EXPECT_EQ(decision.copies[0].at, kStart);
    EXPECT_EQ(decision.copies[0].flipped_bit, kNoBit);
    EXPECT_EQ(decision.verdict, Verdict::delivered);
}

TEST(LinkModel, the_mtu_counts_the_headers) {
    const LinkConfig config{.mtu_bytes = 1500};
    LinkModel model(config, Rng(1));
    EXPECT_EQ(model.verdict(kStart, 1472).verdict, Verdict::delivered);
    EXPECT_EQ(model.verdict(kStart, 1473).verdict, Verdict::too_big);
}

TEST(LinkModel, a_link_that_is_down_swallows_everything) {
    const LinkConfig config;
    LinkModel model(config, Rng(1));
    model.set_down(true);
    EXPECT_EQ(model.verdict(kStart, 10).verdict, Verdict::blackhole);
    model.set_down(false);
    EXPECT_EQ(model.verdict(kStart, 10).verdict, Verdict::delivered);
}

TEST(LinkModel, a_packet_takes_the_time_that_its_bits_take) {
    // 100 + 28 bytes at 1.024 Mbit/s are one millisecond.
    const LinkConfig config{.delay = 10ms, .rate = {1'024'000}};
    LinkModel model(config, Rng(1));
    EXPECT_EQ(model.verdict(kStart, 100).copies[0].at, kStart + 11ms);
    EXPECT_EQ(model.verdict(kStart, 100).copies[0].at, kStart + 12ms);
    EXPECT_EQ(model.verdict(kStart + 2ms, 100).copies[0].at, kStart + 13ms)
        << "the line is free again at this moment";
    EXPECT_EQ(model.verdict(kStart + 1s, 100).copies[0].at, kStart + 1s + 11ms);
}

TEST(LinkModel, a_full_line_delivers_exactly_its_rate) {
    // 128 bytes at 3 Mbit/s take 341,333.33... ns: fractions must not be lost.
    const LinkConfig config{.rate = megabits_per_second(3), .queue_limit = kNoTimeLimit};
    LinkModel model(config, Rng(1));
    TimePoint last{};
    for (int i = 0; i < 3000; ++i) last = model.verdict(kStart, 100).copies[0].at;
    EXPECT_EQ(last - kStart, 1'024'000'000ns);
    EXPECT_EQ(model.statistics().wire_bytes, 3000u * 128u);
    EXPECT_EQ(model.statistics().wire_time, 1'024'000'000ns);
}

TEST(LinkModel, the_queue_in_time_is_full_exactly_at_its_limit) {
    const LinkConfig config{.rate = {1'024'000}, .queue_limit = 5ms};
    LinkModel model(config, Rng(1));
    // Packet n waits n milliseconds: 0 to 5 are taken, the one that would wait 6 is not.
    for (int i = 0; i <= 5; ++i) EXPECT_EQ(model.verdict(kStart, 100).verdict, Verdict::delivered) << i;
    EXPECT_EQ(model.verdict(kStart, 100).verdict, Verdict::queue_full);
    EXPECT_EQ(model.verdict(kStart + 1ms - 1ns, 100).verdict, Verdict::queue_full);
    EXPECT_EQ(model.verdict(kStart + 1ms, 100).verdict, Verdict::delivered);
}

TEST(LinkModel, the_queue_in_packets_does_not_count_the_one_on_the_line) {
    const LinkConfig config{.rate = {1'024'000}, .queue_limit = kNoTimeLimit, .queue_packets = 3};
    LinkModel model(config, Rng(1));
    for (int i = 0; i < 4; ++i) EXPECT_EQ(model.verdict(kStart, 100).verdict, Verdict::delivered) << i;
    EXPECT_EQ(model.verdict(kStart, 100).verdict, Verdict::queue_full);
    EXPECT_EQ(model.verdict(kStart + 1ms - 1ns, 100).verdict, Verdict::queue_full);
    EXPECT_EQ(model.verdict(kStart + 1ms, 100).verdict, Verdict::delivered);
    EXPECT_EQ(model.verdict(kStart + 1ms, 100).verdict, Verdict::queue_full);
}

TEST(LinkModel, the_queue_in_bytes_takes_a_packet_that_just_fits) {
    const LinkConfig config{.rate = {1'024'000}, .queue_limit = kNoTimeLimit, .queue_bytes = 256};
    LinkModel model(config, Rng(1));
    EXPECT_EQ(model.verdict(kStart, 100).verdict, Verdict::delivered);
    EXPECT_EQ(model.verdict(kStart, 100).verdict, Verdict::delivered);
    EXPECT_EQ(model.verdict(kStart, 101).verdict, Verdict::queue_full) << "128 + 129 bytes";
    EXPECT_EQ(model.verdict(kStart, 100).verdict, Verdict::delivered) << "128 + 128 bytes";
    EXPECT_EQ(model.verdict(kStart, 0).verdict, Verdict::queue_full);
}

TEST(LinkModel, a_packet_that_was_lost_on_the_way_has_used_the_rate) {
    const LinkConfig lossy{.loss = {1, 1}, .rate = {1'024'000}};
    const LinkConfig clean{.rate = {1'024'000}};
    LinkModel model(lossy, Rng(1));
    EXPECT_EQ(model.verdict(kStart, 100).verdict, Verdict::lost);
    model.set_config(clean);
    EXPECT_EQ(model.verdict(kStart, 100).copies[0].at, kStart + 2ms);
}

TEST(LinkModel, a_new_configuration_keeps_the_backlog) {
    const LinkConfig slow{.rate = {1'024'000}};
    const LinkConfig unlimited;
    LinkModel model(slow, Rng(1));
    for (int i = 0; i < 4; ++i) (void)model.verdict(kStart, 100);
    model.set_config(unlimited);
    EXPECT_EQ(model.verdict(kStart, 100).copies[0].at, kStart + 4ms) << "behind the four that wait";
    EXPECT_EQ(model.verdict(kStart + 10ms, 100).copies[0].at, kStart + 10ms);
    model.set_config(slow);
    EXPECT_EQ(model.verdict(kStart + 20ms, 100).copies[0].at, kStart + 21ms);
}

TEST(LinkModel, jitter_delays_a_packet_and_never_those_behind_it) {
    const LinkConfig config{.delay = 50ms, .jitter = 50ms};
    LinkModel model(config, Rng(7));
    const auto decisions = decide(model, 2000, 1ms);
    std::uint64_t overtook = 0;
    TimePoint latest{};
    for (std::size_t i = 0; i < decisions.size(); ++i) {
        const TimePoint at = decisions[i].copies[0].at;
        const TimePoint sent = kStart + i * 1ms;
        EXPECT_GE(at, sent);
        EXPECT_LE(at, sent + 100ms) << "no head-of-line blocking";
        if (at < latest) ++overtook;
        latest = std::max(latest, at);
    }
    EXPECT_GT(overtook, 1000u);
    EXPECT_EQ(model.statistics().overtook, overtook);
}

TEST(LinkModel, keeps_order_only_if_asked_and_draws_the_same_jitter) {
    const LinkConfig free{.delay = 50ms, .jitter = 50ms};
    const LinkConfig ordered{.delay = 50ms, .jitter = 50ms, .keeps_order = true};
    LinkModel free_model(free, Rng(7));
    LinkModel ordered_model(ordered, Rng(7));
    const auto as_drawn = decide(free_model, 2000, 1ms);
    const auto in_order = decide(ordered_model, 2000, 1ms);
    TimePoint latest{};
    for (std::size_t i = 0; i < as_drawn.size(); ++i) {
        latest = std::max(latest, as_drawn[i].copies[0].at);
        EXPECT_EQ(in_order[i].copies[0].at, latest);
    }
    EXPECT_EQ(ordered_model.statistics().overtook, 0u);
}

TEST(LinkModel, jitter_adds_to_the_queue_and_does_not_ratchet_it) {
    // netem chains each packet behind the last one's jittered arrival; here only the line itself is a queue.
    const LinkConfig config{.delay = 20ms, .jitter = 20ms, .rate = {1'024'000}};
    LinkModel model(config, Rng(3));
    for (int i = 0; i < 1000; ++i) {
        const TimePoint sent = kStart + i * 1ms;
        const TimePoint at = model.verdict(sent, 100).copies[0].at;
        EXPECT_LE(at - sent, 41ms);
    }
}

TEST(LinkModel, reordering_shifts_those_that_it_hits_and_no_others) {
    const LinkConfig config{.delay = 20ms, .keeps_order = true, .reorder = percent(20), .reorder_by = 5ms};
    LinkModel model(config, Rng(3));
    std::uint64_t shifted = 0;
    const auto decisions = decide(model, 1000, 1ms);
    for (std::size_t i = 0; i < decisions.size(); ++i) {
        const Duration delay = decisions[i].copies[0].at - (kStart + i * 1ms);
        EXPECT_TRUE(delay == 20ms || delay == 25ms);
        if (delay == 25ms) ++shifted;
    }
    EXPECT_EQ(model.statistics().shifted, shifted);
    EXPECT_GT(shifted, 100u);
    EXPECT_GT(model.statistics().overtook, 100u);
}

TEST(LinkModel, reordering_may_also_send_ahead) {
    const LinkConfig config{.delay = 20ms, .reorder = {1, 1}, .reorder_by = -20ms};
    LinkModel model(config, Rng(3));
    EXPECT_EQ(model.verdict(kStart, 1).copies[0].at, kStart);
}

TEST(LinkModel, a_copy_follows_with_a_jitter_of_its_own) {
    const LinkConfig config{.delay = 20ms, .jitter = 10ms, .duplicate = {1, 1}, .corrupt = {1, 1}};
    LinkModel model(config, Rng(3));
    bool differ = false;
    for (int i = 0; i < 100; ++i) {
        const LinkDecision decision = model.verdict(kStart, 10);
        ASSERT_EQ(decision.deliveries().size(), 2u);
        EXPECT_EQ(decision.copies[0].verdict, Verdict::corrupted);
        EXPECT_LT(decision.copies[0].flipped_bit, 80u);
        EXPECT_EQ(decision.copies[1].verdict, Verdict::duplicate);
        EXPECT_EQ(decision.copies[1].flipped_bit, kNoBit);
        differ = differ || decision.copies[0].at != decision.copies[1].at;
    }
    EXPECT_TRUE(differ);
    EXPECT_EQ(model.statistics().offered(), 100u);
    EXPECT_EQ(model.statistics().count(Verdict::duplicate), 100u);
    EXPECT_EQ(model.statistics().bytes_delivered, 2000u);
}

TEST(LinkModel, an_empty_datagram_has_no_bit_to_flip) {
    const LinkConfig config{.corrupt = {1, 1}};
    LinkModel model(config, Rng(3));
    EXPECT_EQ(model.verdict(kStart, 0).verdict, Verdict::delivered);
}

TEST(LinkModel, every_packet_has_exactly_one_verdict) {
    const LinkConfig config{.delay = 20ms,
                            .loss = percent(5),
                            .burst_loss = {.enter = percent(5), .leave = percent(20)},
                            .duplicate = percent(10),
                            .corrupt = percent(10),
                            .rate = megabits_per_second(1),
                            .queue_limit = 20ms,
                            .mtu_bytes = 1000};
    LinkModel model(config, Rng(4));
    Rng sizes(5);
    std::uint64_t bytes = 0;
    for (int i = 0; i < 10'000; ++i) {
        const auto size = static_cast<std::uint32_t>(sizes.below(1100));
        bytes += size;
        (void)model.verdict(kStart + i * 4ms, size);
    }
    (void)model.refuse(kStart + 100s, 17, Verdict::overflow);
    const LinkStatistics& statistics = model.statistics();
    EXPECT_EQ(statistics.offered(), 10'001u);
    EXPECT_EQ(statistics.bytes_offered, bytes + 17);
    for (const Verdict verdict :
         {Verdict::delivered, Verdict::corrupted, Verdict::duplicate, Verdict::lost, Verdict::lost_in_burst,
          Verdict::queue_full, Verdict::too_big, Verdict::overflow})
        EXPECT_GT(statistics.count(verdict), 0u) << to_string(verdict);
    EXPECT_EQ(
        statistics.count(Verdict::delivered) + statistics.count(Verdict::corrupted) + statistics.dropped(),
        statistics.offered());
    EXPECT_EQ(statistics.propagation.count(),
              statistics.count(Verdict::delivered) + statistics.count(Verdict::corrupted));
}

// The heart of repeatable experiments: with loss switched on, the packets that remain arrive exactly when
// they did.
TEST(LinkModel, switching_an_impairment_on_shifts_no_other) {
    const LinkConfig plain{
        .delay = 50ms, .jitter = 10ms, .jitter_shape = JitterShape::normal, .corrupt = percent(10)};
    LinkConfig more = plain;
    more.loss = percent(30);
    more.duplicate = percent(30);
    more.burst_loss = {.enter = percent(5), .leave = percent(20)};
    LinkModel one(plain, Rng(9));
    LinkModel two(more, Rng(9));
    const auto without = decide(one, 5000, 1ms);
    const auto with = decide(two, 5000, 1ms);
    std::size_t compared = 0;
    for (std::size_t i = 0; i < without.size(); ++i) {
        if (is_drop(with[i].verdict)) continue;
        ++compared;
        EXPECT_EQ(with[i].copies[0].at, without[i].copies[0].at);
        EXPECT_EQ(with[i].copies[0].flipped_bit, without[i].copies[0].flipped_bit);
        EXPECT_EQ(with[i].verdict, without[i].verdict);
    }
    EXPECT_GT(compared, 1000u);
}

TEST(LinkModel, changing_the_configuration_there_and_back_shifts_nothing_after_it) {
    const LinkConfig plain{.delay = 50ms, .jitter = 10ms, .loss = percent(10)};
    const LinkConfig worse{.delay = 90ms, .jitter = 30ms, .loss = percent(50), .duplicate = percent(10)};
    LinkModel constant(plain, Rng(9));
    LinkModel changed(plain, Rng(9));
    for (int i = 0; i < 3000; ++i) {
        if (i == 1000) changed.set_config(worse);
        if (i == 2000) changed.set_config(plain);
        const LinkDecision a = constant.verdict(kStart + i * 1ms, 10);
        const LinkDecision b = changed.verdict(kStart + i * 1ms, 10);
        if (i >= 1000 && i < 2000) continue;
        EXPECT_EQ(a.verdict, b.verdict);
        EXPECT_EQ(a.copies[0].at, b.copies[0].at);
    }
}

std::uint64_t hash_of_everything(std::uint64_t seed) {
    StableHash hash;
    for (const JitterShape shape : {JitterShape::uniform, JitterShape::normal, JitterShape::table}) {
        LinkConfig config{
            .delay = 50ms,
            .jitter = shape == JitterShape::table ? 0ms : 7ms,
            .jitter_shape = shape,
            .loss = percent(3),
            .burst_loss = {.enter = percent(1), .leave = percent(10), .loss_in_bad = percent(70)},
            .duplicate = percent(4),
            .reorder = percent(5),
            .reorder_by = 3ms,
            .corrupt = percent(6),
            .rate = megabits_per_second(1),
            .queue_limit = 30ms,
            .mtu_bytes = 1400};
        if (shape == JitterShape::table) config.jitter_table = {-10ms, -1ms, 0ms, 2ms, 250ms};
        EXPECT_TRUE(config.validate());
        LinkModel model(config, Rng(seed).fork("golden"));
        Rng input(3);
        TimePoint now = kStart;
        for (int i = 0; i < 20'000; ++i) {
            now += Duration{input.between(0, 10'000'000)};
            const LinkDecision decision = model.verdict(now, static_cast<std::uint32_t>(input.below(1450)));
            hash.add(static_cast<std::uint64_t>(decision.verdict));
            for (const Delivery& delivery : decision.deliveries()) {
                hash.add(static_cast<std::uint64_t>(delivery.at.time_since_epoch().count()));
                hash.add(std::uint64_t{delivery.flipped_bit});
            }
        }
    }
    return hash.value();
}

// The same number on every compiler and machine. It changes only if what a seed means is changed: say so in
// CHANGELOG.md.
TEST(LinkModel, the_verdicts_of_a_seed_are_golden) {
    EXPECT_EQ(hash_of_everything(1), hash_of_everything(1));
    EXPECT_NE(hash_of_everything(1), hash_of_everything(2));
    EXPECT_EQ(hash_of_everything(42), 8728271984358612385u);
}

}  // namespace
}  // namespace squall::simulator
