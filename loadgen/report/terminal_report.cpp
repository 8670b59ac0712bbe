#include "report/terminal_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "report/percentiles.hpp"

namespace squall::loadgen {
namespace {

constexpr std::string_view kRule =
    "------------------------------------------------------------------------------\n";

class ReportText {
  public:
    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        text_.push_back('\n');
    }
    void raw(std::string_view text) { text_ += text; }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

std::string seconds_of(Duration d) {
    return fmt::format("{:.1f} s", to_seconds(d));
}

std::string percentile_cell(const trace::Histogram& values, MetricUnit unit, Ratio share) {
    if (values.count() < samples_needed(share)) return "n/a";
    return shown(unit, values.value_at_percentile(share));
}

void trend_row(ReportText& out, std::string_view name, const trace::Histogram& values, MetricUnit unit) {
    const auto at = [&](Ratio share) { return percentile_cell(values, unit, share); };
    out.line("  {:<23} {:>11} {:>11} {:>11} {:>11} {:>11} {:>10}", name, at(percent(50)), at(percent(95)),
             at(percent(99)), at(per_million(999'000)), shown(unit, values.max()), grouped(values.count()));
}

void trend_section(ReportText& out, const RunRecord& record, const Scenario& scenario, MetricScope scope) {
    for (const auto& metric : metrics()) {
        if (metric.kind != MetricKind::trend || metric.scope != scope ||
            record.unmeasured.contains(metric.metric))
            continue;
        const auto places = record.metrics->places(metric.metric);
        const auto all = record.metrics->total_of(metric.metric, places);
        if (all.empty()) continue;
        trend_row(out, metric.name, all, metric.unit);
        if (scope != MetricScope::group || places.size() < 2) continue;
        for (const auto place : places) {
            const auto& values = record.metrics->trend(metric.metric, place).total();
            if (!values.empty()) trend_row(out, "  " + scenario.groups[place].name, values, metric.unit);
        }
    }
}

std::uint64_t sum_of(const RunRecord& record, Metric metric) {
    std::uint64_t sum = 0;
    for (const auto place : record.metrics->places(metric))
        sum += record.metrics->counter(metric, place).total();
    return sum;
}

std::string causes_text(const RunRecord& record, Metric metric) {
    const auto& causes = causes_of(metric);
    std::string out;
    for (std::size_t i = 0; i < causes.size(); ++i) {
        std::uint64_t sum = 0;
        for (const auto place : record.metrics->places(metric))
            sum += record.metrics->counter(metric, place).of_cause(i);
        if (sum != 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", causes[i], grouped(sum));
    }
    return out.empty() ? "none" : out;
}

double share_percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void clients_section(ReportText& out, const RunRecord& record) {
    out.line("clients");
    out.line("  planned {}, at most {} at a time; started {}; joined {}, never joined {}",
             grouped(record.planned_sessions), grouped(record.planned_peak), grouped(record.started_sessions),
             grouped(record.fates.joined), grouped(record.fates.never_joined));
    out.line("  ended without being asked to: {}   errors: {}   joins left out by max_vus: {}",
             causes_text(record, Metric::disconnects), causes_text(record, Metric::errors),
             grouped(sum_of(record, Metric::dropped_joins)));
    const double seconds = std::max(1e-9, to_seconds(record.measured));
    out.line("  inputs {:.0f}/s, snapshots {:.0f}/s over the measured {}",
             static_cast<double>(sum_of(record, Metric::inputs)) / seconds,
             static_cast<double>(sum_of(record, Metric::snapshots)) / seconds, seconds_of(record.measured));
}

void network_section(ReportText& out, const RunRecord& record) {
    const auto& up = record.links.up;
    const auto& down = record.links.down;
    if (up.offered() + down.offered() == 0) return;
    out.line("network");
    out.line("  simulated loss: {:.2f} % up, {:.2f} % down; of {} and {} datagrams",
             share_percent(up.dropped(), up.offered()), share_percent(down.dropped(), down.offered()),
             grouped(up.offered()), grouped(down.offered()));
    out.line("  the clients' transport declared {:.2f} % of its {} packets lost",
             share_percent(record.transport.packets_lost, record.transport.packets_sent),
             grouped(record.transport.packets_sent));
}

void server_section(ReportText& out, const RunRecord& record, const Scenario& scenario) {
    out.line("server: {}", record.server);
    if (!record.server_totals) return;
    const ServerSample& s = *record.server_totals;
    const double seconds = std::max(1e-9, to_seconds(record.measured));
    const auto per_second = [&](std::uint64_t count) { return static_cast<double>(count) / seconds; };
    out.line(
        "  {} ticks of at most {:.1f} ms each, {} skipped; {} snapshots of {} bytes and {:.1f} others on "
        "average",
        grouped(s.ticks), 1000.0 / scenario.target.tick_rate, grouped(s.ticks_skipped), grouped(s.snapshots),
        s.snapshots == 0 ? 0 : s.snapshot_bytes / s.snapshots,
        s.snapshots == 0 ? 0.0 : static_cast<double>(s.entities_in_view) / static_cast<double>(s.snapshots));
    out.line("  in {:.0f} datagrams/s ({:.1f} Mbit/s), out {:.0f} datagrams/s ({:.1f} Mbit/s)",
             per_second(s.datagrams_received), per_second(s.bytes_received) * 8 / 1e6,
             per_second(s.datagrams_sent), per_second(s.bytes_sent) * 8 / 1e6);
    out.line(
        "  {} datagrams did not fit the socket's buffers; {} were not accepted (repeated goodbyes are among "
        "them)",
        grouped(s.kernel_drops + s.send_drops), grouped(s.refused));
}

void stalls_line(ReportText& out, std::string_view what, const std::vector<Stall>& stalls) {
    if (stalls.empty()) return;
    Duration total{}, longest{};
    for (const auto& stall : stalls) {
        total += stall.length();
        longest = std::max(longest, stall.length());
    }
    out.line("  {}: {} times, {:.0f} ms in all, longest {:.0f} ms", what, stalls.size(),
             to_milliseconds(total), to_milliseconds(longest));
}

void stalls_section(ReportText& out, const RunRecord& record) {
    if (record.host_stalls.empty() && record.own_stalls.empty()) return;
    out.line("stalls (time in which a process was not run although it had work to do)");
    stalls_line(out, "of the host, neither generator nor server was run", record.host_stalls);
    stalls_line(out, "of the generator, those of the host included", record.own_stalls);
}

void thresholds_section(ReportText& out, const RunRecord& record) {
    out.line("thresholds");
    for (const auto& outcome : record.outcomes) {
        constexpr std::string_view kMarks[] = {"ok  ", "FAIL", "skip", "skip"};
        out.line("  {}  {:<42} {}{}",
                 outcome.failed() ? "FAIL" : kMarks[static_cast<std::size_t>(outcome.result.status)],
                 outcome.threshold.name + " " + outcome.threshold.text, outcome.result.shown,
                 outcome.built_in ? "  (built in: is the generator itself fast enough?)" : "");
    }
}

void errors_section(ReportText& out, const RunRecord& record) {
    if (record.errors.entries().empty()) return;
    out.line("errors");
    for (const auto& entry : record.errors.entries())
        out.line("  {} x {} from {} to {}: {}", grouped(entry.count), entry.cause, seconds_of(entry.first),
                 seconds_of(entry.last), entry.example);
}

std::string_view colour_of(ExitCode code) {
    switch (code) {
        case ExitCode::pass: return "\x1b[1;32m";
        case ExitCode::invalid:
        case ExitCode::interrupted: return "\x1b[1;33m";
        default: return "\x1b[1;31m";
    }
}

std::string_view meaning_of(ExitCode code) {
    switch (code) {
        case ExitCode::pass: return "every threshold held";
        case ExitCode::thresholds_failed: return "a threshold failed";
        case ExitCode::invalid:
            return "the generator was the bottleneck: the figures say nothing about the server";
        case ExitCode::server_lost: return "the server went away";
        case ExitCode::interrupted: return "stopped by hand; the figures cover what was run";
        case ExitCode::bad_input: return "nothing was run";
    }
    return "";
}

void verdict_section(ReportText& out, const Verdict& verdict, bool colour) {
    out.line("{}{}{}: {} (exit code {})", colour ? colour_of(verdict.code) : "", verdict.word(),
             colour ? "\x1b[0m" : "", meaning_of(verdict.code), static_cast<int>(verdict.code));
    for (const auto& reason : verdict.reasons) out.line("  - {}", reason);
}

}  // namespace

std::string terminal_report(const RunRecord& record, const Scenario& scenario, bool colour) {
    ReportText out;
    out.raw(kRule);
    out.line("scenario {} ({} run, seed {}): {} of load{}", scenario.name, record.mode, scenario.seed,
             seconds_of(record.ran),
             scenario.warmup > Duration{0}
                 ? fmt::format(", the first {} of it warm-up and left out below", seconds_of(scenario.warmup))
                 : "");
    clients_section(out, record);
    out.line("{:<25} {:>11} {:>11} {:>11} {:>11} {:>11} {:>10}", "measured", "median", "p95", "p99", "p99.9",
             "max", "samples");
    trend_section(out, record, scenario, MetricScope::group);
    trend_section(out, record, scenario, MetricScope::server);
    trend_section(out, record, scenario, MetricScope::generator);
    out.line("  n/a: too few samples to say (the median takes {}, p95 {}, p99 {}, p99.9 {})",
             samples_needed(percent(50)), samples_needed(percent(95)), samples_needed(percent(99)),
             grouped(samples_needed(per_million(999'000))));
    server_section(out, record, scenario);
    network_section(out, record);
    stalls_section(out, record);
    errors_section(out, record);
    thresholds_section(out, record);
    for (const auto& note : record.notes) out.line("note: {}", note);
    out.raw(kRule);
    verdict_section(out, record.verdict, colour);
    return out.take();
}

}  // namespace squall::loadgen
