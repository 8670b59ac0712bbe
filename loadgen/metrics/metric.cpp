#include "metrics/metric.hpp"

#include <fmt/format.h>

namespace squall::loadgen {
namespace {

using K = MetricKind;
using U = MetricUnit;
using S = MetricScope;

constexpr std::array<MetricInfo, kMetricCount> kMetrics{{
    {Metric::rtt, "rtt", K::trend, U::nanoseconds, S::group, false,
     "input to the first snapshot that shows it, from the planned send time"},
    {Metric::rtt_from_send, "rtt_from_send", K::trend, U::nanoseconds, S::group, false,
     "the same from the actual send time (hides a late generator)"},
    {Metric::request_rtt, "request_rtt", K::trend, U::nanoseconds, S::group, false,
     "a reliable request to its reply, from the planned send time"},
    {Metric::snapshot_age, "snapshot_age", K::trend, U::nanoseconds, S::group, false,
     "age of the world that a snapshot shows when it arrives"},
    {Metric::join_time, "join_time", K::trend, U::nanoseconds, S::group, false,
     "from the first packet of a join to the server's welcome"},
    {Metric::chat_age, "chat_age", K::trend, U::nanoseconds, S::group, false,
     "a chat line from another player, from its planned send time"},
    {Metric::bandwidth_up, "bandwidth_up", K::trend, U::bits_per_second, S::group, false,
     "bits that one client sent in one second (UDP payload)"},
    {Metric::bandwidth_down, "bandwidth_down", K::trend, U::bits_per_second, S::group, false,
     "bits that one client received in one second (UDP payload)"},
    {Metric::joins, "joins", K::counter, U::count, S::group, false, "joins that completed"},
    {Metric::dropped_joins, "dropped_joins", K::counter, U::count, S::group, false,
     "joins left out because max_vus was reached"},
    {Metric::disconnects, "disconnects", K::counter, U::count, S::group, true,
     "connections that ended (or never came up) although nobody asked for it"},
    {Metric::errors, "errors", K::counter, U::count, S::group, true,
     "anything a client had to complain about"},
    {Metric::inputs, "inputs", K::counter, U::count, S::group, false, "input messages sent"},
    {Metric::snapshots, "snapshots", K::counter, U::count, S::group, false, "snapshots received"},
    {Metric::server_tick, "server_tick", K::trend, U::nanoseconds, S::server, false,
     "duration of one server tick: world, snapshots and sending them"},
    {Metric::server_tick_lateness, "server_tick_lateness", K::trend, U::nanoseconds, S::server, false,
     "how long after its planned time a tick began"},
    {Metric::server_cpu, "server_cpu", K::trend, U::share_ppm, S::server, false,
     "CPU of the server process, per second, of one core"},
    {Metric::server_memory, "server_memory", K::trend, U::bytes, S::server, false,
     "resident memory of the server process, per second"},
    {Metric::generator_send_lateness, "generator.send_lateness", K::trend, U::nanoseconds, S::generator,
     false, "how long after its planned time an input was sent"},
    {Metric::generator_cpu, "generator.cpu", K::trend, U::share_ppm, S::generator, false,
     "CPU of the generator's process, per second, of one core"},
    {Metric::generator_socket_drops, "generator.socket_drops", K::counter, U::count, S::generator, false,
     "datagrams lost in the generator's own sockets"},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kMetrics.size(); ++i)
        if (static_cast<std::size_t>(kMetrics[i].metric) != i) return false;
    return true;
}
static_assert(in_order(), "the table must be in the order of the enumerators");

}  // namespace

const std::array<MetricInfo, kMetricCount>& metrics() {
    return kMetrics;
}

const MetricInfo& info(Metric metric) {
    return kMetrics[static_cast<std::size_t>(metric)];
}

std::optional<Metric> metric_from_name(std::string_view name) {
    for (const auto& entry : kMetrics)
        if (entry.name == name) return entry.metric;
    return std::nullopt;
}

namespace {

std::string scaled(std::uint64_t value, std::uint64_t unit, std::string_view name) {
    const double number = static_cast<double>(value) / static_cast<double>(unit);
    const int digits = number < 10 ? 2 : number < 1000 ? 1 : 0;
    return fmt::format("{:.{}f} {}", number, digits, name);
}

}  // namespace

std::string grouped(std::uint64_t value) {
    std::string digits = fmt::format("{}", value);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
    return digits;
}

std::string shown(MetricUnit unit, std::uint64_t value) {
    switch (unit) {
        case MetricUnit::nanoseconds:
            if (value >= 10'000'000'000) return scaled(value, 1'000'000'000, "s");
            if (value >= 1'000'000 || value == 0) return scaled(value, 1'000'000, "ms");
            return scaled(value, 1'000, "us");
        case MetricUnit::bits_per_second:
            if (value >= 1'000'000) return scaled(value, 1'000'000, "Mbit/s");
            return scaled(value, 1'000, "kbit/s");
        case MetricUnit::bytes:
            if (value >= 1024 * 1024) return scaled(value, 1024 * 1024, "MiB");
            return scaled(value, 1024, "KiB");
        case MetricUnit::share_ppm: return scaled(value, 10'000, "%");
        case MetricUnit::count: return grouped(value);
    }
    return {};
}

}  // namespace squall::loadgen
