// What is delivered is what was asked: each impairment's distribution, at 99 %, over virtual packets.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "distribution_checks.hpp"
#include "squall/simulator/link_model.hpp"

namespace squall::simulator {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1s};
constexpr std::uint64_t kPackets = 100'000;

LinkStatistics run(const LinkConfig& config, std::uint64_t seed = 11, std::uint64_t packets = kPackets) {
    EXPECT_TRUE(config.validate());
    LinkModel model(config, Rng(seed));
    for (std::uint64_t i = 0; i < packets; ++i) (void)model.verdict(kStart + i * 1ms, 100);
    return model.statistics();
}

TEST(LinkDistribution, independent_loss_is_the_share_asked) {
    for (const Ratio loss :
         {per_million(1000), percent(1), percent(5), percent(20), percent(50), Ratio{1, 3}})
        EXPECT_TRUE(
            test::is_plausible_share(run({.loss = loss}).count(Verdict::lost), kPackets, loss.value()))
            << to_string(loss);
    EXPECT_EQ(run({.loss = {0, 1}}).count(Verdict::lost), 0u);
    EXPECT_EQ(run({.loss = {1, 1}}).count(Verdict::lost), kPackets);
}

TEST(LinkDistribution, duplication_reordering_and_corruption_are_the_shares_asked) {
    const LinkStatistics statistics = run({.delay = 10ms,
                                           .duplicate = percent(2),
                                           .reorder = percent(3),
                                           .reorder_by = 1ms,
                                           .corrupt = percent(5)});
    EXPECT_TRUE(test::is_plausible_share(statistics.count(Verdict::duplicate), kPackets, 0.02));
    EXPECT_TRUE(test::is_plausible_share(statistics.shifted, kPackets, 0.03));
    EXPECT_TRUE(test::is_plausible_share(statistics.count(Verdict::corrupted), kPackets, 0.05));
}

TEST(LinkDistribution, every_bit_is_flipped_as_often) {
    const LinkConfig config{.corrupt = {1, 1}};
    LinkModel model(config, Rng(5));
    std::vector<std::uint64_t> bins(80);
    for (int i = 0; i < 80'000; ++i) ++bins.at(model.verdict(kStart, 10).copies[0].flipped_bit);
    EXPECT_TRUE(test::are_plausibly_equal(bins));
}

TEST(LinkDistribution, uniform_jitter_is_uniform_to_both_ends) {
    const LinkConfig config{.delay = 10ms, .jitter = 10us};
    LinkModel model(config, Rng(6));
    std::vector<std::uint64_t> bins(101);
    Duration least = 1h;
    Duration most{0};
    for (std::uint64_t i = 0; i < kPackets; ++i) {
        const Duration delay = model.verdict(kStart, 10).copies[0].at - kStart;
        least = std::min(least, delay);
        most = std::max(most, delay);
        // 20,001 values; the last bin's share would be 1/201: leave the top one out to have equal bins.
        if (delay - 9'990us < 20'000ns) ++bins[static_cast<std::size_t>((delay - 9'990us) / 200ns)];
    }
    bins.pop_back();
    EXPECT_TRUE(test::are_plausibly_equal(bins));
    EXPECT_GE(least, 9'990us);
    EXPECT_LE(most, 10'010us);
    EXPECT_LT(least, 9'990us + 10ns);
    EXPECT_GT(most, 10'010us - 10ns);
}

TEST(LinkDistribution, normal_jitter_is_normal) {
    const LinkConfig config{.delay = 50ms, .jitter = 5ms, .jitter_shape = JitterShape::normal};
    LinkModel model(config, Rng(7));
    std::array<std::uint64_t, 100> bins{};
    const auto phi = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
    const double cut = phi(-4);
    for (std::uint64_t i = 0; i < kPackets; ++i) {
        const Duration delay = model.verdict(kStart, 10).copies[0].at - kStart;
        EXPECT_GE(delay, 30ms);
        EXPECT_LE(delay, 70ms);
        const double share = (phi(static_cast<double>((delay - 50ms).count()) / 5e6) - cut) / (1 - 2 * cut);
        ++bins[std::min<std::size_t>(99, static_cast<std::size_t>(share * 100))];
    }
    EXPECT_TRUE(test::are_plausibly_equal(bins));
    const DurationMoments& delays = model.statistics().propagation;
    EXPECT_NEAR(delays.standard_deviation_ns(), 5e6, 2.576 * 5e6 / std::sqrt(2.0 * kPackets));
    EXPECT_NEAR(static_cast<double>(delays.mean().count()), 50e6, 2.576 * 5e6 / std::sqrt(1.0 * kPackets));
}

TEST(LinkDistribution, tabled_jitter_follows_its_quantiles) {
    const LinkConfig config{
        .delay = 10ms, .jitter_shape = JitterShape::table, .jitter_table = {-10ms, 0ms, 1ms, 20ms, 250ms}};
    LinkModel model(config, Rng(8));
    std::vector<std::uint64_t> bins(4);
    for (std::uint64_t i = 0; i < kPackets; ++i) {
        const Duration extra = model.verdict(kStart, 10).copies[0].at - kStart - 10ms;
        const auto& table = config.jitter_table;
        ++bins[std::min<std::size_t>(
            3, static_cast<std::size_t>(std::upper_bound(table.begin(), table.end(), extra) - table.begin()) -
                   1)];
    }
    EXPECT_TRUE(test::are_plausibly_equal(bins));
}

TEST(LinkDistribution, burst_loss_has_the_share_and_the_run_length_asked) {
    // reference example: 6.46 % stationary, bad runs of 10 packets on average.
    const LinkConfig config{.burst_loss = {.enter = percent(1),
                                           .leave = percent(10),
                                           .loss_in_good = per_million(1000),
                                           .loss_in_bad = percent(70)}};
    const LinkStatistics statistics = run(config, 3, 1'000'000);
    for (const AskedAndDelivered& line : compare(config, statistics)) EXPECT_TRUE(line.holds()) << line.what;
    EXPECT_NEAR(compare(config, statistics)[0].asked, 0.064545, 1e-6);
    // With certain loss in the bad state, runs of losses are runs of the state.
    const LinkConfig sharp{.burst_loss = {.enter = percent(1), .leave = percent(10)}};
    LinkModel model(sharp, Rng(3));
    std::uint64_t runs = 0;
    std::uint64_t losses = 0;
    bool was_lost = false;
    for (std::uint64_t i = 0; i < 1'000'000; ++i) {
        const bool is_lost = model.verdict(kStart, 1).verdict == Verdict::lost_in_burst;
        losses += is_lost ? 1 : 0;
        runs += is_lost && !was_lost ? 1 : 0;
        was_lost = is_lost;
    }
    // Run lengths are geometric with mean 10: the share of losses that end their run is 10 %.
    EXPECT_TRUE(test::is_plausible_share(runs, losses, 0.1));
}

TEST(LinkDistribution, burst_loss_starts_in_its_stationary_state) {
    const LinkConfig config{.burst_loss = {.enter = percent(1), .leave = percent(3)}};
    std::uint64_t lost = 0;
    for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
        LinkModel model(config, Rng(seed));
        if (is_drop(model.verdict(kStart, 1).verdict)) ++lost;
    }
    EXPECT_TRUE(test::is_plausible_share(lost, 20'000, 0.25));
}

TEST(LinkDistribution, losses_of_neighbours_and_of_neighbouring_links_are_independent) {
    const LinkConfig config{.loss = percent(30)};
    std::uint64_t both_in_a_row = 0;
    std::uint64_t both_links = 0;
    LinkModel one(config, Rng(1).fork("a"));
    LinkModel two(config, Rng(1).fork("b"));
    bool before = false;
    for (std::uint64_t i = 0; i < kPackets; ++i) {
        const bool a = is_drop(one.verdict(kStart, 1).verdict);
        const bool b = is_drop(two.verdict(kStart, 1).verdict);
        both_in_a_row += a && before ? 1 : 0;
        both_links += a && b ? 1 : 0;
        before = a;
    }
    EXPECT_TRUE(test::is_plausible_share(both_links, kPackets, 0.09));
    // Overlapping pairs: a little wider than binomial.
    EXPECT_NEAR(static_cast<double>(both_in_a_row) / kPackets, 0.09, 0.004);
}

TEST(LinkDistribution, the_impairments_of_one_packet_are_independent) {
    const LinkConfig config{.delay = 10ms, .jitter = 10ms, .duplicate = percent(50), .corrupt = percent(50)};
    LinkModel model(config, Rng(12));
    std::vector<std::uint64_t> bins(8);
    for (std::uint64_t i = 0; i < kPackets; ++i) {
        const LinkDecision decision = model.verdict(kStart, 10);
        const bool is_late = decision.copies[0].at > kStart + 10ms;
        ++bins[(decision.count == 2 ? 4u : 0u) + (decision.verdict == Verdict::corrupted ? 2u : 0u) +
               (is_late ? 1u : 0u)];
    }
    EXPECT_TRUE(test::are_plausibly_equal(bins));
}

TEST(LinkStatistics, tells_what_was_delivered_beside_what_was_asked) {
    const LinkConfig config{.delay = 50ms,
                            .jitter = 5ms,
                            .loss = percent(2),
                            .duplicate = percent(1),
                            .reorder = percent(1),
                            .reorder_by = 5ms,
                            .corrupt = percent(1),
                            .rate = megabits_per_second(3),
                            .queue_limit = 10ms};
    const LinkStatistics statistics = run(config);
    const auto lines = compare(config, statistics);
    ASSERT_EQ(lines.size(), 7u);
    for (const AskedAndDelivered& line : lines)
        EXPECT_TRUE(line.holds()) << line.what << ": asked " << line.asked << ", delivered " << line.delivered
                                  << ", " << line.low << " to " << line.high;
}

TEST(LinkStatistics, notices_a_link_that_does_not_deliver_what_was_asked) {
    const LinkStatistics statistics =
        run({.delay = 50ms, .jitter = 5ms, .loss = percent(2), .corrupt = percent(2)});
    const LinkConfig other{.delay = 51ms, .jitter = 6ms, .loss = percent(3), .corrupt = percent(3)};
    const auto lines = compare(other, statistics);
    ASSERT_EQ(lines.size(), 4u);
    for (const AskedAndDelivered& line : lines) EXPECT_FALSE(line.holds()) << line.what;
}

TEST(LinkStatistics, merging_is_adding) {
    const LinkConfig config{.delay = 5ms, .jitter = 5ms, .loss = percent(10)};
    LinkStatistics sum = run(config, 1, 1000);
    const LinkStatistics other = run(config, 2, 3000);
    const auto lost = sum.count(Verdict::lost) + other.count(Verdict::lost);
    const Duration delays = sum.propagation.sum() + other.propagation.sum();
    const Duration most = std::max(sum.propagation.max(), other.propagation.max());
    sum.merge(other);
    EXPECT_EQ(sum.offered(), 4000u);
    EXPECT_EQ(sum.count(Verdict::lost), lost);
    EXPECT_EQ(sum.propagation.sum(), delays);
    EXPECT_EQ(sum.propagation.max(), most);
}

}  // namespace
}  // namespace squall::simulator
