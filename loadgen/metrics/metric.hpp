// The metrics by name: what each is, its unit and what it can be divided by. One table for scenarios
// (thresholds), for the recording of values and for reports. Knows no values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace squall::loadgen {

enum class Metric : std::uint8_t {
    rtt,
    rtt_from_send,
    request_rtt,
    snapshot_age,
    join_time,
    chat_age,
    bandwidth_up,
    bandwidth_down,
    joins,
    dropped_joins,
    disconnects,
    errors,
    inputs,
    snapshots,
    server_tick,
    server_tick_lateness,
    server_cpu,
    server_memory,
    generator_send_lateness,
    generator_cpu,
    generator_socket_drops,
};
inline constexpr std::size_t kMetricCount = 21;

enum class MetricKind : std::uint8_t {
    trend,    // many values: percentiles, min, max, mean
    counter,  // things that happened: count, and rate = share of the joins tried
};
enum class MetricUnit : std::uint8_t { nanoseconds, bits_per_second, bytes, share_ppm, count };
enum class MetricScope : std::uint8_t {
    group,      // told apart by group
    server,     // about the server under test
    generator,  // about the load generator: its thresholds make a run INVALID instead of failed
};

struct MetricInfo {
    Metric metric;
    std::string_view name;
    MetricKind kind;
    MetricUnit unit;
    MetricScope scope;
    bool by_cause;  // has a tag `cause`
    std::string_view description;
};

[[nodiscard]] const std::array<MetricInfo, kMetricCount>& metrics();
[[nodiscard]] const MetricInfo& info(Metric metric);
[[nodiscard]] std::optional<Metric> metric_from_name(std::string_view name);

// A value in its unit, for people: "12.3 ms", "64.0 kbit/s", "81.2 %", "1,234".
[[nodiscard]] std::string shown(MetricUnit unit, std::uint64_t value);
// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t value);

}  // namespace squall::loadgen
