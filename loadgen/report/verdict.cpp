#include "report/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::loadgen {
namespace {

std::string reason_of(const Outcome& outcome) {
    return fmt::format("{} {}: {}", outcome.threshold.name, outcome.threshold.text, outcome.result.shown);
}

}  // namespace

std::string_view Verdict::word() const {
    switch (code) {
        case ExitCode::pass: return "PASS";
        case ExitCode::thresholds_failed: return "FAILED";
        case ExitCode::invalid: return "INVALID";
        case ExitCode::server_lost: return "SERVER LOST";
        case ExitCode::interrupted: return "INTERRUPTED";
        case ExitCode::bad_input: return "NOT RUN";
    }
    return "UNKNOWN";
}

Verdict decide(const std::vector<Outcome>& outcomes, const EarlyEnd& end) {
    Verdict out;
    std::vector<std::string> failed, invalid;
    for (const auto& outcome : outcomes) {
        if (!outcome.failed()) continue;
        (outcome.is_validity() ? invalid : failed).push_back(reason_of(outcome));
    }
    if (end.server_lost) out.reasons.push_back(*end.server_lost);
    for (const auto& reason : invalid) out.reasons.push_back("the generator was saturated: " + reason);
    for (const auto& reason : failed) out.reasons.push_back("threshold failed: " + reason);
    if (end.aborted_by) out.reasons.push_back("ended early by abort_on_fail of " + *end.aborted_by);
    // Worth a line where it can have been the reason.
    if (!(invalid.empty() && failed.empty()) && end.host_stalled >= std::chrono::milliseconds(100)) {
        out.reasons.push_back(fmt::format(
            "the host ran neither server nor generator for {:.1f} s in all: is something else busy on it?",
            to_seconds(end.host_stalled)));
    }
    if (end.interrupted)
        out.code = ExitCode::interrupted;
    else if (end.server_lost)
        out.code = ExitCode::server_lost;
    else if (!invalid.empty())
        out.code = ExitCode::invalid;
    else if (!failed.empty() || end.aborted_by)
        out.code = ExitCode::thresholds_failed;
    return out;
}

std::vector<Threshold> validity_checks(const std::vector<Threshold>& scenario) {
    struct Default {
        Metric metric;
        const char* text;
    };
    // A fifth of the interval at 20 inputs a second: beyond it, the load is no longer what the scenario says.
    constexpr Default kDefaults[] = {{Metric::generator_send_lateness, "p(99)<10ms"},
                                     {Metric::generator_socket_drops, "count==0"}};
    std::vector<Threshold> out;
    for (const auto& entry : kDefaults) {
        const auto is_same = [&](const Threshold& threshold) {
            return threshold.selector.metric == entry.metric;
        };
        if (std::any_of(scenario.begin(), scenario.end(), is_same)) continue;
        Threshold threshold;
        threshold.selector.metric = entry.metric;
        threshold.name = info(entry.metric).name;
        threshold.text = entry.text;
        if (const auto condition = parse_condition(entry.text, info(entry.metric)))
            threshold.condition = *condition;
        out.push_back(std::move(threshold));
    }
    return out;
}

}  // namespace squall::loadgen
