// The timeline as CSV: one row per second, group and metric that had values. The warm-up is in it, marked as
// such.
#pragma once

#include <string>

#include "runner/run_listener.hpp"
#include "scenario/scenario.hpp"

namespace squall::loadgen {

[[nodiscard]] std::string timeline_header();
// The rows of the groups and of the generator.
[[nodiscard]] std::string timeline_rows(const SecondView& view, const Scenario& scenario);
// The rows of the server.
[[nodiscard]] std::string timeline_rows(const ServerReport& report, const MetricStore& metrics, Phase phase);

[[nodiscard]] std::string_view to_string(Phase phase);

}  // namespace squall::loadgen
