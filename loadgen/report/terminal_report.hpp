// The report for people: what ran, what was measured, what failed, and the verdict last. Plain text, with
// colour for the verdict only where it is wanted.
#pragma once

#include <string>
#include <vector>

#include "runner/run_record.hpp"

namespace squall::loadgen {

[[nodiscard]] std::string terminal_report(const RunRecord& record, const Scenario& scenario, bool colour);

}  // namespace squall::loadgen
