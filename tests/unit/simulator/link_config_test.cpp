// What a link refuses to be asked, and how it describes itself.
#include "squall/simulator/link_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "link_configs.hpp"

namespace squall::simulator {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string refusal(const LinkConfig& config) {
    const auto valid = config.validate();
    if (valid) return "";
    EXPECT_EQ(valid.error().code, ErrorCode::invalid_argument);
    return valid.error().message;
}

TEST(LinkConfig, the_default_is_ideal_and_valid) {
    EXPECT_TRUE(LinkConfig{}.validate());
    EXPECT_EQ(to_string(LinkConfig{}), "ideal");
}

TEST(LinkConfig, refuses_jitter_that_reaches_below_the_delay) {
    EXPECT_EQ(refusal({.delay = 10ms, .jitter = 10ms}), "");
    EXPECT_THAT(refusal({.delay = 10ms, .jitter = 10ms + 1ns}), HasSubstr("the delay must be at least"));
    EXPECT_EQ(refusal({.delay = 40ms, .jitter = 10ms, .jitter_shape = JitterShape::normal}), "");
    EXPECT_THAT(refusal({.delay = 39ms, .jitter = 10ms, .jitter_shape = JitterShape::normal}),
                HasSubstr("40ms"));
    EXPECT_THAT(refusal({.delay = 1ms, .jitter_shape = JitterShape::table, .jitter_table = {-2ms, 5ms}}),
                HasSubstr("at least 2ms"));
}

TEST(LinkConfig, refuses_what_is_no_share) {
    EXPECT_THAT(refusal({.loss = {2, 1}}), HasSubstr("loss = 2/1"));
    EXPECT_THAT(refusal({.corrupt = {1, 0}}), HasSubstr("corrupt = 1/0"));
    EXPECT_THAT(refusal({.burst_loss = {.enter = {1, std::uint64_t{1} << 40}}}),
                HasSubstr("burst_loss.enter"));
}

TEST(LinkConfig, refuses_times_out_of_range) {
    EXPECT_THAT(refusal({.delay = -1ns}), HasSubstr("delay"));
    EXPECT_THAT(refusal({.delay = 2h}), HasSubstr("0s to 3600s"));
    EXPECT_THAT(refusal({.delay = 5ms, .reorder = percent(1)}), HasSubstr("reorder needs reorder_by"));
    EXPECT_THAT(refusal({.delay = 5ms, .jitter = 1ms, .reorder = percent(1), .reorder_by = -5ms}),
                HasSubstr("before they left"));
    EXPECT_EQ(refusal({.delay = 5ms, .jitter = 1ms, .reorder = percent(1), .reorder_by = -4ms}), "");
}

TEST(LinkConfig, refuses_tables_that_are_none) {
    EXPECT_THAT(refusal({.jitter_shape = JitterShape::table}), HasSubstr("2 or more"));
    EXPECT_THAT(refusal({.jitter_shape = JitterShape::table, .jitter_table = {2ms, 1ms}}),
                HasSubstr("ascending"));
    EXPECT_THAT(refusal({.jitter_table = {1ms, 2ms}}), HasSubstr("jitter_shape is not table"));
    EXPECT_THAT(
        refusal(
            {.delay = 9ms, .jitter = 1ms, .jitter_shape = JitterShape::table, .jitter_table = {1ms, 2ms}}),
        HasSubstr("one of them"));
}

TEST(LinkConfig, refuses_rates_and_sizes_that_make_no_sense) {
    EXPECT_THAT(refusal({.rate = {999}}), HasSubstr("rate = 999 bit/s"));
    EXPECT_THAT(refusal({.rate = megabits_per_second(1), .queue_limit = -1ms}), HasSubstr("queue_limit"));
    EXPECT_THAT(refusal({.mtu_bytes = 28}), HasSubstr("mtu_bytes = 28"));
    EXPECT_THAT(refusal({.overhead_bytes = 70'000}), HasSubstr("overhead_bytes"));
}

TEST(LinkConfig, describes_what_is_asked) {
    const LinkConfig config{
        .delay = 50ms,
        .jitter = 5ms,
        .jitter_shape = JitterShape::normal,
        .keeps_order = true,
        .loss = percent(1),
        .burst_loss = {.enter = percent(1), .leave = percent(10), .loss_in_bad = percent(70)},
        .duplicate = percent(2),
        .reorder = percent(3),
        .reorder_by = 4ms,
        .corrupt = percent(5),
        .rate = megabits_per_second(8),
        .queue_packets = 10,
        .queue_bytes = 9000,
        .mtu_bytes = 1500};
    ASSERT_TRUE(config.validate());
    EXPECT_EQ(
        to_string(config),
        "delay 50ms, jitter 5ms normal, order kept, loss 1%, burst loss enter 1% leave 10% good 0% bad 70%, "
        "duplicate 2%, reorder 3% by 4ms, corrupt 5%, rate 8mbit, queue 200ms, queue 10 packets, queue "
        "9000B, "
        "overhead 28B, mtu 1500B");
}

TEST(LinkConfig, every_field_changes_the_fingerprint) {
    const LinkConfig variants[] = {
        {},
        {.delay = 1ns},
        {.jitter = 1ns},
        {.jitter_shape = JitterShape::normal},
        {.jitter_table = {1ms}},
        {.jitter_table = {1ms, 1ms}},
        {.keeps_order = true},
        {.loss = percent(1)},
        {.burst_loss = {.enter = percent(1)}},
        {.burst_loss = {.leave = percent(1)}},
        {.burst_loss = {.loss_in_good = percent(1)}},
        {.burst_loss = {.loss_in_bad = percent(1)}},
        {.duplicate = percent(1)},
        {.reorder = percent(1)},
        {.reorder_by = 1ns},
        {.corrupt = percent(1)},
        {.rate = {1}},
        {.overhead_bytes = 1},
        {.queue_limit = 1ns},
        {.queue_packets = 1},
        {.queue_bytes = 1},
        {.mtu_bytes = 1},
    };
    std::set<std::uint64_t> fingerprints;
    for (const LinkConfig& config : variants) fingerprints.insert(fingerprint(config));
    EXPECT_EQ(fingerprints.size(), std::size(variants));
    EXPECT_EQ(fingerprint(LinkConfig{.delay = 1ms}), fingerprint(LinkConfig{.delay = 1ms}));
}

TEST(LinkConfigs, keeps_one_copy_of_equal_ones_for_as_long_as_they_are_used) {
    LinkConfigs configs;
    const LinkConfig& first = configs.acquire({.delay = 1ms});
    const LinkConfig& again = configs.acquire({.delay = 1ms});
    const LinkConfig& other = configs.acquire({.delay = 2ms});
    EXPECT_EQ(&first, &again);
    EXPECT_NE(&first, &other);
    EXPECT_EQ(configs.size(), 2u);
    configs.release(first);
    EXPECT_EQ(configs.size(), 2u);
    EXPECT_EQ(first.delay, 1ms);
    configs.release(again);
    configs.release(other);
    EXPECT_EQ(configs.size(), 0u);
}

}  // namespace
}  // namespace squall::simulator
