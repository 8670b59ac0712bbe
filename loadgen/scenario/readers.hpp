// The readers of a scenario's parts; parse_scenario() puts them together. Each takes its table, reports its
// mistakes and returns what it could read.
#pragma once

#include <string_view>
#include <vector>

#include "scenario/scenario.hpp"
#include "scenario/table_reader.hpp"

namespace squall::loadgen {

inline constexpr Duration kLongestRun = std::chrono::hours(24 * 7);
// Clients of one group over the whole run, and at the same time.
inline constexpr std::uint32_t kMostVus = 1'000'000;

[[nodiscard]] Target read_target(const Value& table, Diagnostics& diagnostics);
[[nodiscard]] std::vector<Network> read_networks(const Value& table, Diagnostics& diagnostics);
[[nodiscard]] std::vector<Threshold> read_thresholds(const Value& table, Diagnostics& diagnostics);
[[nodiscard]] Outputs read_outputs(const Value& table, Diagnostics& diagnostics);

// What a group may refer to.
struct GroupContext {
    const std::vector<Network>& networks;
    const std::vector<std::string_view>& behaviours;
    Duration run;  // the scenario's duration
};
[[nodiscard]] Group read_group(const Value& table, const GroupContext& context, Diagnostics& diagnostics);

// Checks that need the whole: thresholds that name a group, cause or tag that does not exist.
void check_references(const Scenario& scenario, const Value& root, Diagnostics& diagnostics);

// True for a name made of letters, digits, '-' and '_', at most 64.
[[nodiscard]] bool is_plain_name(std::string_view name);

}  // namespace squall::loadgen
