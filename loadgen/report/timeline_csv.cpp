#include "report/timeline_csv.hpp"

#include <fmt/format.h>

#include <iterator>

namespace squall::loadgen {
namespace {

struct Scale {
    std::string_view unit;
    std::uint64_t divisor;
};

Scale scale_of(MetricUnit unit) {
    switch (unit) {
        case MetricUnit::nanoseconds: return {"ms", 1'000'000};
        case MetricUnit::bits_per_second: return {"kbit/s", 1'000};
        case MetricUnit::bytes: return {"MiB", 1024 * 1024};
        case MetricUnit::share_ppm: return {"%", 10'000};
        case MetricUnit::count: return {"count", 1};
    }
    return {"", 1};
}

// value / divisor with three digits, in integers, so that it is the same everywhere.
std::string scaled(std::uint64_t value, std::uint64_t divisor) {
    const auto thousandths =
        static_cast<std::uint64_t>(static_cast<unsigned __int128>(value) * 1000 / divisor);
    return fmt::format("{}.{:03}", thousandths / 1000, thousandths % 1000);
}

struct Row {
    std::uint32_t second;
    std::string_view phase;
    std::string_view group;
};

void append_trend(std::string& out, const Row& row, const MetricInfo& metric,
                  const trace::Histogram& values) {
    if (values.empty()) return;
    const auto [unit, divisor] = scale_of(metric.unit);
    fmt::format_to(std::back_inserter(out), "{},{},{},{},{},{},{},{},{},{},{},{}\n", row.second, row.phase,
                   row.group, metric.name, unit, values.count(), scaled(values.min(), divisor),
                   scaled(values.mean(), divisor), scaled(values.value_at_percentile(percent(50)), divisor),
                   scaled(values.value_at_percentile(percent(95)), divisor),
                   scaled(values.value_at_percentile(percent(99)), divisor), scaled(values.max(), divisor));
}

void append_count(std::string& out, const Row& row, std::string_view metric, std::uint64_t count) {
    fmt::format_to(std::back_inserter(out), "{},{},{},{},count,{},,,,,,\n", row.second, row.phase, row.group,
                   metric, count);
}

void append_place(std::string& out, const Row& row, MetricScope scope, const MetricStore& metrics_of,
                  std::uint32_t place) {
    for (const auto& metric : metrics()) {
        if (metric.scope != scope) continue;
        if (metric.kind == MetricKind::trend)
            append_trend(out, row, metric, metrics_of.trend(metric.metric, place).second());
        else if (const auto count = metrics_of.counter(metric.metric, place).second(); count != 0)
            append_count(out, row, metric.name, count);
    }
}

}  // namespace

std::string_view to_string(Phase phase) {
    switch (phase) {
        case Phase::warmup: return "warmup";
        case Phase::measuring: return "measuring";
        case Phase::stopping: return "stopping";
    }
    return "unknown";
}

std::string timeline_header() {
    return "second,phase,group,metric,unit,count,min,mean,p50,p95,p99,max\n";
}

std::string timeline_rows(const SecondView& view, const Scenario& scenario) {
    std::string out;
    for (std::uint32_t i = 0; i < scenario.groups.size(); ++i) {
        const Row row{view.second, to_string(view.phase), scenario.groups[i].name};
        append_count(out, row, "clients", view.connected_by_group[i]);
        append_place(out, row, MetricScope::group, view.metrics, i);
    }
    append_place(out, {view.second, to_string(view.phase), "(generator)"}, MetricScope::generator,
                 view.metrics, kWholeRun);
    return out;
}

std::string timeline_rows(const ServerReport& report, const MetricStore& metrics, Phase phase) {
    std::string out;
    const Row row{report.second, to_string(phase), "(server)"};
    if (report.inside) append_count(out, row, "players", report.inside->players);
    append_place(out, row, MetricScope::server, metrics, kWholeRun);
    return out;
}

}  // namespace squall::loadgen
