// The one word that a run comes to, and why. Knows the outcomes, not how they were measured.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/threshold_check.hpp"
#include "report/exit_code.hpp"
#include "scenario/threshold.hpp"

namespace squall::loadgen {

// A threshold of the scenario, or a validity check of Squall's own, and what came of it.
struct Outcome {
    Threshold threshold;
    ThresholdResult result;
    bool built_in = false;  // not written in the scenario
    // About the generator: if it fails the run proves nothing.
    [[nodiscard]] bool is_validity() const {
        return info(threshold.selector.metric).scope == MetricScope::generator;
    }
    // Silence fails a threshold, for it proves nothing; a generator that had nothing to send was not
    // saturated.
    [[nodiscard]] bool failed() const {
        return result.status == ThresholdStatus::failed ||
               (result.status == ThresholdStatus::no_samples && !is_validity());
    }
};

struct Verdict {
    ExitCode code = ExitCode::pass;
    std::vector<std::string> reasons;
    // "PASS", "FAILED", "INVALID", "SERVER LOST", "INTERRUPTED".
    [[nodiscard]] std::string_view word() const;
};

// Why a run ended before its time; nothing if it did not.
struct EarlyEnd {
    bool interrupted = false;
    std::optional<std::string> server_lost;
    std::optional<std::string> aborted_by;  // the threshold that asked for it
    Duration host_stalled{0};               // time in which the host ran neither server nor generator
};

[[nodiscard]] Verdict decide(const std::vector<Outcome>& outcomes, const EarlyEnd& end);

// The checks of the generator itself, for the metrics that the scenario has no threshold of its own for.
[[nodiscard]] std::vector<Threshold> validity_checks(const std::vector<Threshold>& scenario);

}  // namespace squall::loadgen
