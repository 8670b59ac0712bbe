// What a threshold's metric came to, and whether the condition holds. Knows the values, decides no verdict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/metric_store.hpp"
#include "scenario/scenario.hpp"

namespace squall::loadgen {

enum class ThresholdStatus : std::uint8_t {
    held,
    failed,
    no_samples,    // nothing was measured: counts as failed, for silence proves nothing
    not_measured,  // this kind of run cannot measure it (a tick's duration in virtual time): neither
};

struct ThresholdResult {
    ThresholdStatus status = ThresholdStatus::held;
    std::uint64_t actual = 0;   // in the metric's unit, or parts per million for a rate
    std::uint64_t samples = 0;  // of a trend
    std::string shown;          // the actual value for people
};

// Metrics that a run of this kind cannot measure.
struct Unmeasured {
    std::vector<Metric> metrics;
    std::string why;
    [[nodiscard]] bool contains(Metric metric) const;
};

[[nodiscard]] ThresholdResult check(const Threshold& threshold, const Scenario& scenario,
                                    const MetricStore& store, const Unmeasured& unmeasured);

// How many samples a percentile needs to be worth showing: one beyond it up to p(99), ten beyond it above.
[[nodiscard]] std::uint64_t samples_needed(Ratio percentile);

}  // namespace squall::loadgen
