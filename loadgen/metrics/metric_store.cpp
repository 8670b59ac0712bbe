#include "metrics/metric_store.hpp"

#include <algorithm>

namespace squall::loadgen {

MetricStore::MetricStore(std::size_t group_count, TimePoint measure_from)
    : group_count_(group_count),
      measure_from_(measure_from),
      trends_(kMetricCount * (group_count + 1)),
      counters_(kMetricCount * (group_count + 1)),
      joins_tried_(group_count, 0) {
    for (const auto& entry : metrics()) {
        if (entry.kind != MetricKind::trend) continue;
        for (const std::uint32_t place : places(entry.metric))
            trends_[slot(entry.metric, place)] = std::make_unique<Trend>();
    }
}

std::size_t MetricStore::slot(Metric metric, std::uint32_t group) const {
    const std::size_t place = group == kWholeRun ? group_count_ : group;
    return static_cast<std::size_t>(metric) * (group_count_ + 1) + place;
}

std::vector<std::uint32_t> MetricStore::places(Metric metric) const {
    if (info(metric).scope != MetricScope::group) return {kWholeRun};
    std::vector<std::uint32_t> out;
    out.reserve(group_count_);
    for (std::uint32_t i = 0; i < group_count_; ++i) out.push_back(i);
    return out;
}

void MetricStore::count_cause(Metric metric, std::uint32_t group, TimePoint at, std::string_view cause) {
    const auto& causes = causes_of(metric);
    const auto found = std::find(causes.begin(), causes.end(), cause);
    counter_of(metric, group).add(static_cast<std::size_t>(found - causes.begin()), 1, is_measured(at));
}

void MetricStore::end_second(MetricScope scope) {
    for (const auto& entry : metrics()) {
        if (entry.scope != scope) continue;
        for (const std::uint32_t place : places(entry.metric)) {
            if (entry.kind == MetricKind::trend)
                trend_of(entry.metric, place).end_second();
            else
                counter_of(entry.metric, place).end_second();
        }
    }
}

const Trend& MetricStore::trend(Metric metric, std::uint32_t group) const {
    return *trends_[slot(metric, group)];
}

const Counter& MetricStore::counter(Metric metric, std::uint32_t group) const {
    return counters_[slot(metric, group)];
}

// Histograms of one precision and range merge without an error.
trace::Histogram MetricStore::total_of(Metric metric, const std::vector<std::uint32_t>& groups) const {
    trace::Histogram out({Trend::kHighest, 3});
    for (const auto group : groups) (void)out.merge(trend(metric, group).total());
    return out;
}

trace::Histogram MetricStore::second_of(Metric metric, const std::vector<std::uint32_t>& groups) const {
    trace::Histogram out({Trend::kHighest, 2});
    for (const auto group : groups) (void)out.merge(trend(metric, group).second());
    return out;
}

}  // namespace squall::loadgen
