// The summary of a recording, for people.
#pragma once

#include <string>

#include "inspect/recording_summary.hpp"

namespace squall::loadgen {

// `by`: "remote", "connection", "second", or empty for an overview with the busiest of each.
[[nodiscard]] std::string summary_text(const RecordingSummary& summary, const recorder::Facts& facts,
                                       const std::string& by);

}  // namespace squall::loadgen
