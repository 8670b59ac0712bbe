#include "metrics/threshold_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::loadgen {
namespace {

bool has_tag(const Group& group, const Tag& tag) {
    if (tag.key == "cause") return true;
    if (tag.key == "group") return group.name == tag.value;
    return std::find(group.tags.begin(), group.tags.end(), tag) != group.tags.end();
}

// The groups that a selector's tags leave over.
std::vector<std::uint32_t> selected(const Selector& selector, const Scenario& scenario) {
    if (info(selector.metric).scope != MetricScope::group) return {kWholeRun};
    std::vector<std::uint32_t> out;
    for (std::uint32_t i = 0; i < scenario.groups.size(); ++i) {
        const auto matches = [&](const Tag& tag) { return has_tag(scenario.groups[i], tag); };
        if (std::all_of(selector.tags.begin(), selector.tags.end(), matches)) out.push_back(i);
    }
    return out;
}

std::uint64_t counted(const Selector& selector, const MetricStore& store,
                      const std::vector<std::uint32_t>& groups) {
    std::uint64_t sum = 0;
    std::optional<std::size_t> cause;
    for (const auto& tag : selector.tags) {
        if (tag.key != "cause") continue;
        const auto& causes = causes_of(selector.metric);
        cause = static_cast<std::size_t>(std::find(causes.begin(), causes.end(), canonical_cause(tag.value)) -
                                         causes.begin());
    }
    for (const auto group : groups) {
        const Counter& counter = store.counter(selector.metric, group);
        sum += cause ? counter.of_cause(*cause) : counter.total();
    }
    return sum;
}

ThresholdResult check_counter(const Threshold& threshold, const MetricStore& store,
                              const std::vector<std::uint32_t>& groups) {
    ThresholdResult out;
    out.actual = counted(threshold.selector, store, groups);
    out.shown = grouped(out.actual);
    if (threshold.condition.aggregate == Aggregate::rate) {
        std::uint64_t tried = 0;
        for (const auto group : groups)
            tried += store.joins_tried(group) + store.counter(Metric::dropped_joins, group).total();
        if (tried == 0) {
            out.status = ThresholdStatus::no_samples;
            out.shown = "no joins";
            return out;
        }
        out.shown = fmt::format("{} of {} joins", out.actual, tried);
        out.actual = out.actual * 1'000'000 / tried;
    }
    if (!holds(threshold.condition.comparison, out.actual, threshold.condition.limit))
        out.status = ThresholdStatus::failed;
    return out;
}

std::uint64_t aggregate_of(const trace::Histogram& values, const Condition& condition) {
    switch (condition.aggregate) {
        case Aggregate::percentile: return values.value_at_percentile(condition.percentile);
        case Aggregate::min: return values.min();
        case Aggregate::max: return values.max();
        case Aggregate::avg: return values.mean();
        case Aggregate::med: return values.value_at_percentile(percent(50));
        case Aggregate::count:
        case Aggregate::rate: return values.count();
    }
    return 0;
}

ThresholdResult check_trend(const Threshold& threshold, const MetricStore& store,
                            const std::vector<std::uint32_t>& groups) {
    const auto values = store.total_of(threshold.selector.metric, groups);
    const bool is_count = threshold.condition.aggregate == Aggregate::count;
    ThresholdResult out;
    out.samples = values.count();
    if (values.empty() && !is_count) {
        out.status = ThresholdStatus::no_samples;
        out.shown = "no samples";
        return out;
    }
    out.actual = aggregate_of(values, threshold.condition);
    out.shown = shown(is_count ? MetricUnit::count : info(threshold.selector.metric).unit, out.actual);
    if (threshold.condition.aggregate == Aggregate::percentile &&
        out.samples < samples_needed(threshold.condition.percentile))
        out.shown += fmt::format(" (of {} samples only)", out.samples);
    if (!holds(threshold.condition.comparison, out.actual, threshold.condition.limit))
        out.status = ThresholdStatus::failed;
    return out;
}

}  // namespace

bool Unmeasured::contains(Metric metric) const {
    return std::find(metrics.begin(), metrics.end(), metric) != metrics.end();
}

ThresholdResult check(const Threshold& threshold, const Scenario& scenario, const MetricStore& store,
                      const Unmeasured& unmeasured) {
    if (unmeasured.contains(threshold.selector.metric)) {
        ThresholdResult out;
        out.status = ThresholdStatus::not_measured;
        out.shown = unmeasured.why;
        return out;
    }
    const auto groups = selected(threshold.selector, scenario);
    if (info(threshold.selector.metric).kind == MetricKind::counter)
        return check_counter(threshold, store, groups);
    return check_trend(threshold, store, groups);
}

std::uint64_t samples_needed(Ratio percentile) {
    const std::uint64_t beyond =
        percentile.denominator - std::min(percentile.numerator, percentile.denominator);
    if (beyond == 0) return 1;
    const bool high = percentile.numerator * 100 > percentile.denominator * 99;
    return ((high ? 10 : 1) * percentile.denominator + beyond - 1) / beyond;
}

}  // namespace squall::loadgen
