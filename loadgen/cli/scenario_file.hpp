// Reads a scenario file for the commands: the text from the disk, the behaviours from arena.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "scenario/scenario.hpp"

namespace squall::loadgen {

// The error is every mistake that was found, a line each.
[[nodiscard]] std::expected<Scenario, std::vector<std::string>> load_scenario(
    const std::string& file, const std::vector<std::string>& overrides);

}  // namespace squall::loadgen
