// What a run collects: seconds and totals, the warm-up, thresholds, and the percentiles that may be shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/histogram_delta.hpp"
#include "metrics/metric_store.hpp"
#include "metrics/threshold_check.hpp"

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const TimePoint kStart{1h};

Scenario two_groups() {
    Scenario scenario;
    scenario.duration = 10s;
    Group a, b;
    a.name = "a";
    a.tags = {{"region", "eu"}};
    b.name = "b";
    scenario.groups = {a, b};
    return scenario;
}

Threshold threshold(const char* selector, const char* condition) {
    Threshold out;
    out.name = selector;
    out.text = condition;
    out.selector = *parse_selector(selector);
    out.condition = *parse_condition(condition, info(out.selector.metric));
    return out;
}

ThresholdResult check(const char* selector, const char* condition, const MetricStore& store,
                      const Unmeasured& unmeasured = {}) {
    static const Scenario scenario = two_groups();
    return loadgen::check(threshold(selector, condition), scenario, store, unmeasured);
}

TEST(Metric, NamesAreUniqueAndFound) {
    for (const auto& entry : metrics()) EXPECT_EQ(metric_from_name(entry.name), entry.metric);
    EXPECT_FALSE(metric_from_name("nothing"));
}

TEST(Metric, ValuesAreShownWithTheirUnit) {
    EXPECT_EQ(shown(MetricUnit::nanoseconds, 12'345'678), "12.3 ms");
    EXPECT_EQ(shown(MetricUnit::nanoseconds, 999'000), "999.0 us");
    EXPECT_EQ(shown(MetricUnit::nanoseconds, 12'000'000'000), "12.0 s");
    EXPECT_EQ(shown(MetricUnit::bits_per_second, 64'000), "64.0 kbit/s");
    EXPECT_EQ(shown(MetricUnit::share_ppm, 812'000), "81.2 %");
    EXPECT_EQ(shown(MetricUnit::count, 1'234'567), "1,234,567");
    EXPECT_EQ(grouped(999), "999");
}

TEST(HistogramDelta, IsWhatWasAdded) {
    trace::Histogram before, now;
    for (std::uint64_t v = 1; v < 2000; ++v) before.record(v), now.record(v);
    now.record(1500, 3);
    now.record(900'000);
    const auto delta = added_since(now, before);
    EXPECT_EQ(delta.count(), 4U);
    EXPECT_EQ(delta.max(), 900'000U);
    EXPECT_EQ(delta.value_at_percentile(percent(50)), 1500U);
    EXPECT_TRUE(added_since(now, now).empty());
}

TEST(HistogramDelta, RecordAllChangesThePrecisionOnly) {
    trace::Histogram fine({1'000'000, 3}), coarse({1'000'000, 2});
    for (std::uint64_t v = 1000; v < 100'000; v += 7) fine.record(v);
    record_all(fine, coarse);
    EXPECT_EQ(coarse.count(), fine.count());
    const auto exact = fine.value_at_percentile(percent(95));
    EXPECT_NEAR(static_cast<double>(coarse.value_at_percentile(percent(95))), static_cast<double>(exact),
                static_cast<double>(exact) / 100);
}

TEST(MetricStore, WarmupCountsForItsSecondOnly) {
    MetricStore store(2, kStart + 5s);
    store.record(Metric::rtt, 0, kStart + 4s, 10ms);
    store.count(Metric::inputs, 1, kStart + 4s, 7);
    EXPECT_EQ(store.trend(Metric::rtt, 0).second().count(), 1U);
    EXPECT_EQ(store.counter(Metric::inputs, 1).second(), 7U);
    EXPECT_TRUE(store.trend(Metric::rtt, 0).total().empty());
    EXPECT_EQ(store.counter(Metric::inputs, 1).total(), 0U);
    store.end_second(MetricScope::group);
    EXPECT_TRUE(store.trend(Metric::rtt, 0).second().empty());
    store.record(Metric::rtt, 0, kStart + 5s, 20ms);
    store.record(Metric::rtt, 1, kStart + 6s, 30ms);
    EXPECT_EQ(store.total_of(Metric::rtt, {0, 1}).count(), 2U);
    EXPECT_EQ(store.total_of(Metric::rtt, {0}).max(), 20'000'000U);
    EXPECT_EQ(store.second_of(Metric::rtt, {0, 1}).count(), 2U);
}

TEST(MetricStore, ScopesEndTheirSecondsApart) {
    MetricStore store(1, kStart);
    store.record(Metric::server_tick, kWholeRun, kStart, 3ms);
    store.record(Metric::generator_cpu, kWholeRun, kStart, 500'000);
    store.end_second(MetricScope::group);
    store.end_second(MetricScope::generator);
    EXPECT_EQ(store.trend(Metric::server_tick, kWholeRun).second().count(), 1U);
    EXPECT_TRUE(store.trend(Metric::generator_cpu, kWholeRun).second().empty());
    EXPECT_THAT(store.places(Metric::server_tick), ElementsAre(kWholeRun));
    EXPECT_THAT(store.places(Metric::rtt), ElementsAre(0U));
}

TEST(ThresholdCheck, TagsChooseTheGroups) {
    MetricStore store(2, kStart);
    for (int i = 0; i < 1000; ++i)
        store.record(Metric::rtt, 0, kStart, 10ms), store.record(Metric::rtt, 1, kStart, 100ms);
    EXPECT_EQ(check("rtt{group:a}", "max<50ms", store).status, ThresholdStatus::held);
    EXPECT_EQ(check("rtt{region:eu}", "p(99)<50ms", store).status, ThresholdStatus::held);
    EXPECT_EQ(check("rtt{group:b}", "max<50ms", store).status, ThresholdStatus::failed);
    const auto all = check("rtt", "p(99)<50ms", store);
    EXPECT_EQ(all.status, ThresholdStatus::failed);
    EXPECT_EQ(all.samples, 2000U);
    EXPECT_THAT(all.shown, HasSubstr("100"));
    EXPECT_EQ(check("rtt", "p(50)<50ms", store).status, ThresholdStatus::held);
    EXPECT_EQ(check("rtt", "avg>=54ms", store).status, ThresholdStatus::held);
    EXPECT_EQ(check("rtt", "count==2000", store).status, ThresholdStatus::held);
}

TEST(ThresholdCheck, SilenceProvesNothing) {
    const MetricStore store(2, kStart);
    const auto nothing = check("rtt", "p(99)<50ms", store);
    EXPECT_EQ(nothing.status, ThresholdStatus::no_samples);
    EXPECT_EQ(check("disconnects", "rate<1%", store).status, ThresholdStatus::no_samples);
    EXPECT_EQ(check("disconnects", "count==0", store).status, ThresholdStatus::held);
}

TEST(ThresholdCheck, WhatCannotBeMeasuredIsNeitherHeldNorFailed) {
    const MetricStore store(2, kStart);
    const auto skipped = check("server_tick", "p(99)<50ms", store, {{Metric::server_tick}, "not here"});
    EXPECT_EQ(skipped.status, ThresholdStatus::not_measured);
    EXPECT_EQ(skipped.shown, "not here");
}

TEST(ThresholdCheck, CausesAndRatesOfJoins) {
    MetricStore store(2, kStart);
    for (int i = 0; i < 200; ++i) store.join_tried(0, kStart);
    store.count_cause(Metric::disconnects, 0, kStart, "timed_out");
    store.count_cause(Metric::disconnects, 0, kStart, "kicked");
    store.count_cause(Metric::disconnects, 0, kStart, "kicked");
    EXPECT_EQ(check("disconnects", "count==3", store).status, ThresholdStatus::held);
    EXPECT_EQ(check("disconnects{cause:timeout}", "count==1", store).status, ThresholdStatus::held);
    EXPECT_EQ(check("disconnects{cause:kicked}", "rate<=1%", store).status, ThresholdStatus::held);
    EXPECT_EQ(check("disconnects{cause:kicked}", "rate<0.01", store).status, ThresholdStatus::failed);
    EXPECT_EQ(check("disconnects{cause:kicked}", "rate<0.01", store).shown, "2 of 200 joins");
}

TEST(ThresholdCheck, FewSamplesAreSaidToBeFew) {
    MetricStore store(2, kStart);
    for (int i = 0; i < 50; ++i) store.record(Metric::rtt, 0, kStart, 10ms);
    EXPECT_THAT(check("rtt", "p(99)<50ms", store).shown, HasSubstr("of 50 samples only"));
    EXPECT_EQ(samples_needed(percent(50)), 2U);
    EXPECT_EQ(samples_needed(percent(95)), 20U);
    EXPECT_EQ(samples_needed(percent(99)), 100U);
    EXPECT_EQ(samples_needed(per_million(999'000)), 10'000U);
    EXPECT_EQ(samples_needed(percent(100)), 1U);
}

TEST(Threshold, ConditionsParse) {
    const auto& rtt = info(Metric::rtt);
    const auto c = parse_condition("p(99.9) <= 1.5s", rtt);
    ASSERT_TRUE(c);
    EXPECT_EQ(c->comparison, Comparison::less_equal);
    EXPECT_EQ(c->percentile, (Ratio{999, 1000}));
    EXPECT_EQ(c->limit, 1'500'000'000U);
    EXPECT_EQ(parse_condition("p(95)<64kbit", info(Metric::bandwidth_down))->limit, 64'000U);
    EXPECT_EQ(parse_condition("max<150%", info(Metric::generator_cpu))->limit, 1'500'000U);
    EXPECT_EQ(parse_condition("max<1MiB", info(Metric::server_memory))->limit, 1'048'576U);
    EXPECT_EQ(parse_condition("rate<0.5%", info(Metric::disconnects))->limit, 5000U);
    for (const char* bad :
         {"", "p(99)", "<1s", "p(99)<", "p()<1s", "p(-1)<1s", "rate<1%", "p(99)<1", "p(99)=<1s", "median<1s"})
        EXPECT_FALSE(parse_condition(bad, rtt)) << bad;
    for (const char* bad : {"rate<2", "rate<0.1.1", "rate<x", "count<1%", "count<-1"})
        EXPECT_FALSE(parse_condition(bad, info(Metric::disconnects))) << bad;
    EXPECT_FALSE(parse_condition("rate<1%", info(Metric::inputs)));
}

}  // namespace
}  // namespace squall::loadgen
