// One threshold: a metric, which of its parts, and what must hold of it. "rtt{group:fighters}" =
// "p(99)<200ms". Knows the metrics' names and units, not their values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/core/units.hpp"

namespace squall::loadgen {

enum class Aggregate : std::uint8_t { percentile, min, max, avg, med, count, rate };
enum class Comparison : std::uint8_t { less, less_equal, greater, greater_equal, equal, not_equal };

struct Tag {
    std::string key;
    std::string value;
    friend bool operator==(const Tag&, const Tag&) = default;
};

// "metric{tag:value,tag:value}".
struct Selector {
    Metric metric = Metric::rtt;
    std::vector<Tag> tags;
};
// Errors: malformed, unknown_id (with the nearest name), unsupported (names that a later version brings).
[[nodiscard]] Result<Selector> parse_selector(std::string_view text);

// "p(99)<200ms".
struct Condition {
    Aggregate aggregate = Aggregate::percentile;
    Ratio percentile{};  // of Aggregate::percentile
    Comparison comparison = Comparison::less;
    std::uint64_t limit = 0;  // in the metric's unit; parts per million for a rate
};
// Errors: malformed, invalid_argument (an aggregate that this metric does not have), always with what would
// be right.
[[nodiscard]] Result<Condition> parse_condition(std::string_view text, const MetricInfo& metric);

[[nodiscard]] bool holds(Comparison comparison, std::uint64_t value, std::uint64_t limit);

struct Threshold {
    Selector selector;
    Condition condition;
    std::string name;  // the selector, as written
    std::string text;  // the condition, as written
    bool abort_on_fail = false;
    Duration delay_abort_eval{0};
};

}  // namespace squall::loadgen
