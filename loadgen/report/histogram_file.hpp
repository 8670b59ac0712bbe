// The run's histograms as a V2 log of HdrHistogram: one interval (the measured part) a metric and group,
// three digits, so that any of its tools gives the very percentiles of the summary.
#pragma once

#include <string>

#include "runner/run_record.hpp"

namespace squall::loadgen {

[[nodiscard]] std::string histogram_file(const RunRecord& record, const Scenario& scenario);

}  // namespace squall::loadgen
