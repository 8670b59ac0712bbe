// The summary of a run as JSON: everything that the terminal report says, for programs. Values are integers
// in the unit that their name ends in. Of a virtual run it is the same, to the byte, wherever it was run.
#pragma once

#include <string>
#include <vector>

#include "runner/run_record.hpp"

namespace squall::loadgen {

// The version of the summary's layout.
inline constexpr int kSummaryVersion = 1;

[[nodiscard]] std::string summary_json(const RunRecord& record, const Scenario& scenario,
                                       const std::vector<std::string>& overrides);

}  // namespace squall::loadgen
