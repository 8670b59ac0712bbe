#include "report/summary_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/percentiles.hpp"

namespace squall::loadgen {
namespace {

using Json = nlohmann::ordered_json;

std::string_view unit_suffix(MetricUnit unit) {
    switch (unit) {
        case MetricUnit::nanoseconds: return "ns";
        case MetricUnit::bits_per_second: return "bit/s";
        case MetricUnit::bytes: return "bytes";
        case MetricUnit::share_ppm: return "ppm";
        case MetricUnit::count: return "count";
    }
    return "";
}

Json trend_json(const trace::Histogram& values) {
    Json out;
    out["count"] = values.count();
    out["min"] = values.min();
    out["mean"] = values.mean();
    for (const auto& wanted : kPercentiles) {
        if (values.count() >= samples_needed(wanted.share))
            out[wanted.name] = values.value_at_percentile(wanted.share);
        else
            out[wanted.name] = nullptr;  // too few samples: see samples_needed()
    }
    out["max"] = values.max();
    if (values.clamped_count() != 0) out["beyond_range"] = values.clamped_count();
    return out;
}

Json counter_json(const MetricInfo& metric, const Counter& counter) {
    Json out;
    out["count"] = counter.total();
    if (!metric.by_cause) return out;
    Json causes = Json::object();
    const auto& names = causes_of(metric.metric);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (counter.of_cause(i) != 0) causes[std::string(names[i])] = counter.of_cause(i);
    out["causes"] = std::move(causes);
    return out;
}

Json metric_json(const MetricInfo& metric, const RunRecord& record, const Scenario& scenario) {
    Json out;
    out["unit"] = unit_suffix(metric.unit);
    const MetricStore& store = *record.metrics;
    const auto places = store.places(metric.metric);
    if (metric.kind == MetricKind::trend) {
        out["all"] = trend_json(store.total_of(metric.metric, places));
        if (metric.scope != MetricScope::group) return out;
        for (const auto place : places)
            out["groups"][scenario.groups[place].name] =
                trend_json(store.trend(metric.metric, place).total());
        return out;
    }
    std::uint64_t sum = 0;
    for (const auto place : places) sum += store.counter(metric.metric, place).total();
    out["all"] = {{"count", sum}};
    if (metric.scope != MetricScope::group) return out;
    for (const auto place : places)
        out["groups"][scenario.groups[place].name] =
            counter_json(metric, store.counter(metric.metric, place));
    return out;
}

Json link_json(const simulator::LinkStatistics& link) {
    Json out;
    out["offered"] = link.offered();
    for (std::size_t i = 0; i < simulator::kVerdictCount; ++i) {
        const auto verdict = static_cast<simulator::Verdict>(i);
        if (link.count(verdict) != 0) out[std::string(to_string(verdict))] = link.count(verdict);
    }
    return out;
}

Json server_json(const RunRecord& record) {
    Json out;
    out["what"] = record.server;
    if (!record.server_totals) return out;
    const ServerSample& s = *record.server_totals;
    out["ticks"] = s.ticks;
    out["ticks_skipped"] = s.ticks_skipped;
    out["messages_received"] = s.messages_received;
    out["messages_sent"] = s.messages_sent;
    out["snapshots"] = s.snapshots;
    out["snapshots_limited"] = s.snapshots_limited;
    out["snapshot_bytes_mean"] = s.snapshots == 0 ? 0 : s.snapshot_bytes / s.snapshots;
    out["players_in_view_mean_thousandths"] = s.snapshots == 0 ? 0 : s.entities_in_view * 1000 / s.snapshots;
    out["bytes_received"] = s.bytes_received;
    out["bytes_sent"] = s.bytes_sent;
    out["datagrams_received"] = s.datagrams_received;
    out["datagrams_sent"] = s.datagrams_sent;
    out["refused"] = s.refused;
    out["kernel_drops"] = s.kernel_drops;
    out["send_drops"] = s.send_drops;
    return out;
}

Json run_json(const RunRecord& record, const Scenario& scenario, const std::vector<std::string>& overrides) {
    Json out;
    out["scenario"] = scenario.name;
    out["file"] = scenario.file;
    out["mode"] = record.mode;
    out["seed"] = scenario.seed;
    out["overrides"] = overrides;
    out["duration_ns"] = scenario.duration.count();
    out["warmup_ns"] = scenario.warmup.count();
    out["ran_ns"] = record.ran.count();
    out["measured_ns"] = record.measured.count();
    out["trace_hash"] = record.trace_hash;
    if (record.machine) {
        const Machine& m = *record.machine;
        out["machine"] = {
            {"host", m.host}, {"kernel", m.kernel}, {"processor", m.processor}, {"cores", m.cores}};
        out["started_unix"] = m.started_unix;
    }
    return out;
}

Json verdict_json(const Verdict& verdict) {
    return {{"result", verdict.word()},
            {"exit_code", static_cast<int>(verdict.code)},
            {"reasons", verdict.reasons}};
}

Json thresholds_json(const RunRecord& record) {
    Json out = Json::array();
    for (const auto& outcome : record.outcomes) {
        constexpr const char* kStatus[] = {"held", "failed", "no samples", "not measured"};
        out.push_back({{"metric", outcome.threshold.name},
                       {"threshold", outcome.threshold.text},
                       {"status", kStatus[static_cast<std::size_t>(outcome.result.status)]},
                       {"actual", outcome.result.actual},
                       {"shown", outcome.result.shown},
                       {"built_in", outcome.built_in}});
    }
    return out;
}

Json stalls_json(const std::vector<Stall>& stalls) {
    std::int64_t total = 0, longest = 0;
    for (const auto& stall : stalls) {
        total += stall.length().count();
        longest = std::max(longest, stall.length().count());
    }
    return {{"count", stalls.size()}, {"total_ns", total}, {"longest_ns", longest}};
}

Json clients_json(const RunRecord& record) {
    return {{"planned", record.planned_sessions},        {"planned_peak", record.planned_peak},
            {"started", record.started_sessions},        {"joined", record.fates.joined},
            {"never_joined", record.fates.never_joined}, {"lost", record.fates.lost}};
}

Json transport_json(const VirtualClient::TransportTotals& t) {
    return {{"packets_sent", t.packets_sent},
            {"packets_lost", t.packets_lost},
            {"datagrams_sent", t.datagrams_sent},
            {"datagrams_received", t.datagrams_received},
            {"bytes_sent", t.bytes_sent},
            {"bytes_received", t.bytes_received},
            {"refused", t.refused}};
}

}  // namespace

std::string summary_json(const RunRecord& record, const Scenario& scenario,
                         const std::vector<std::string>& overrides) {
    Json out;
    out["squall_summary"] = kSummaryVersion;
    out["squall_version"] = SQUALL_VERSION;
    out["verdict"] = verdict_json(record.verdict);
    out["run"] = run_json(record, scenario, overrides);
    out["clients"] = clients_json(record);
    out["thresholds"] = thresholds_json(record);
    for (const auto& metric : metrics()) {
        if (record.unmeasured.contains(metric.metric)) continue;
        out["metrics"][std::string(metric.name)] = metric_json(metric, record, scenario);
    }
    out["server"] = server_json(record);
    out["transport"] = transport_json(record.transport);
    out["links"] = {{"up", link_json(record.links.up)}, {"down", link_json(record.links.down)}};
    out["errors"] = Json::array();
    for (const auto& entry : record.errors.entries()) {
        out["errors"].push_back({{"cause", entry.cause},
                                 {"count", entry.count},
                                 {"first_ns", entry.first.count()},
                                 {"last_ns", entry.last.count()},
                                 {"example", entry.example}});
    }
    if (record.machine) {
        out["host_stalls"] = stalls_json(record.host_stalls);
        out["generator_stalls"] = stalls_json(record.own_stalls);
    }
    out["notes"] = record.notes;
    return out.dump(2) + "\n";
}

}  // namespace squall::loadgen
