#include "report/histogram_file.hpp"

#include <fmt/format.h>

#include "squall/trace/histogram_log.hpp"

namespace squall::loadgen {

std::string histogram_file(const RunRecord& record, const Scenario& scenario) {
    const UnixSeconds start{record.machine ? record.machine->started_unix : 0};
    std::string out = trace::histogram_log_header(
        fmt::format("squall-loadgen, scenario {}, seed {}; tags are metric/group; nanoseconds, bits per "
                    "second, bytes or millionths",
                    scenario.name, scenario.seed),
        start);
    for (const auto& metric : metrics()) {
        if (metric.kind != MetricKind::trend) continue;
        for (const std::uint32_t place : record.metrics->places(metric.metric)) {
            const auto& values = record.metrics->trend(metric.metric, place).total();
            if (values.empty() || record.unmeasured.contains(metric.metric)) continue;
            const std::string tag = place == kWholeRun
                                        ? std::string(metric.name)
                                        : fmt::format("{}/{}", metric.name, scenario.groups[place].name);
            const std::uint64_t unit = metric.unit == MetricUnit::nanoseconds ? 1'000'000 : 1;
            out += trace::histogram_log_line(tag, scenario.warmup, record.measured, values, unit);
        }
    }
    return out;
}

}  // namespace squall::loadgen
