// The scenario of a replay against a server: what a file would say, from a command line and a recording.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "plan/plan.hpp"
#include "runner/arena_facts.hpp"
#include "scenario/scenario.hpp"

namespace squall::loadgen {

// `squall-loadgen replay` as values.
struct ReplayCommand {
    std::string file;
    bool verify = false;
    bool step = false;   // verify: orders come through standard input
    std::string target;  // "arena", or an address
    std::string key_file;
    std::string key_env;
    double speed = 1;  // times the recorded pace; 0: as fast as it goes
    std::uint32_t copies = 1;
    std::string until;                    // a duration
    std::vector<std::string> thresholds;  // "rtt: p(99)<100ms"
    std::vector<std::string> overrides;   // path=value
    bool control = false;                 // orders to the replay through standard input
    bool virtual_time = false;
    std::string out_folder;
    bool quiet = false;
};

// Errors: every mistake, a line each.
[[nodiscard]] std::expected<Scenario, std::vector<std::string>> redrive_scenario(
    const ReplayCommand& command, const RecordedArena& recorded, Duration length, const Plan& plan);

}  // namespace squall::loadgen
