// All values of a run: by metric and group, for the current second and for the measured part. What is
// recorded before the end of the warm-up counts for its second only. Knows neither clients nor files.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "metrics/cause.hpp"
#include "metrics/metric.hpp"
#include "metrics/series.hpp"
#include "squall/core/time.hpp"

namespace squall::loadgen {

// The place of metrics that are about the server or the generator, not about a group.
inline constexpr std::uint32_t kWholeRun = ~std::uint32_t{0};

class MetricStore {
  public:
    // Values of moments before `measure_from` belong to the warm-up.
    MetricStore(std::size_t group_count, TimePoint measure_from);

    [[nodiscard]] bool is_measured(TimePoint at) const { return at >= measure_from_; }

    // A value of a trend; `at` is the moment that it belongs to (of a latency: when it was planned).
    void record(Metric metric, std::uint32_t group, TimePoint at, std::uint64_t value) {
        trend_of(metric, group).record(value, is_measured(at));
    }
    void record(Metric metric, std::uint32_t group, TimePoint at, Duration value) {
        record(metric, group, at, value.count() < 0 ? 0 : static_cast<std::uint64_t>(value.count()));
    }
    void absorb(Metric metric, std::uint32_t group, const trace::Histogram& part, bool measured) {
        trend_of(metric, group).absorb(part, measured);
    }
    void count(Metric metric, std::uint32_t group, TimePoint at, std::uint64_t events = 1) {
        counter_of(metric, group).add(0, events, is_measured(at));
    }
    // A cause must be one of causes_of(metric); others are counted under the last.
    void count_cause(Metric metric, std::uint32_t group, TimePoint at, std::string_view cause);
    // A client was started: what rates are shares of.
    void join_tried(std::uint32_t group, TimePoint at) { joins_tried_[group] += is_measured(at) ? 1 : 0; }

    // Forgets the second of the metrics of this scope; call after its values were read.
    void end_second(MetricScope scope);

    [[nodiscard]] std::size_t group_count() const { return group_count_; }
    [[nodiscard]] const Trend& trend(Metric metric, std::uint32_t group) const;
    [[nodiscard]] const Counter& counter(Metric metric, std::uint32_t group) const;
    [[nodiscard]] std::uint64_t joins_tried(std::uint32_t group) const { return joins_tried_[group]; }
    // Over several groups, the measured part, or the current second.
    [[nodiscard]] trace::Histogram total_of(Metric metric, const std::vector<std::uint32_t>& groups) const;
    [[nodiscard]] trace::Histogram second_of(Metric metric, const std::vector<std::uint32_t>& groups) const;
    // The groups that a metric has values of: all, or the whole run's one place.
    [[nodiscard]] std::vector<std::uint32_t> places(Metric metric) const;

  private:
    [[nodiscard]] std::size_t slot(Metric metric, std::uint32_t group) const;
    Trend& trend_of(Metric metric, std::uint32_t group) { return *trends_[slot(metric, group)]; }
    Counter& counter_of(Metric metric, std::uint32_t group) { return counters_[slot(metric, group)]; }

    std::size_t group_count_;
    TimePoint measure_from_;
    // By metric and place; a pointer only for trends. The last place of each metric is the whole run's.
    std::vector<std::unique_ptr<Trend>> trends_;
    std::vector<Counter> counters_;
    std::vector<std::uint64_t> joins_tried_;
};

}  // namespace squall::loadgen
