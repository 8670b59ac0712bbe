// `squall-loadgen run`: one scenario from its file to its exit code.
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.hpp"
#include "cli/outputs.hpp"
#include "cli/own_program.hpp"
#include "cli/run_follower.hpp"
#include "cli/scenario_file.hpp"
#include "report/exit_code.hpp"
#include "report/progress_view.hpp"
#include "report/terminal_report.hpp"
#include "runner/run.hpp"
#include "squall/runtime/wall_clock.hpp"

namespace squall::loadgen {
namespace {

int refuse(const std::vector<std::string>& lines) {
    for (const auto& line : lines) fmt::print(stderr, "{}\n", line);
    return static_cast<int>(ExitCode::bad_input);
}

std::vector<std::string> all_overrides(const RunCommand& command) {
    std::vector<std::string> out = command.overrides;
    if (command.duration) out.push_back("duration=" + *command.duration);
    if (command.seed) out.push_back("seed=" + *command.seed);
    return out;
}

// A name for a recording that was not given one: a virtual run repeats, a real one does not.
std::string usual_name(const Scenario& scenario, const RunCommand& command) {
    return command.virtual_time
               ? fmt::format("{}-seed-{}.squall.pcapng", scenario.name, scenario.seed)
               : fmt::format("{}-{}.squall.pcapng", scenario.name, system_wall_clock().value);
}

void print_header(const Scenario& scenario, const RunCommand& command,
                  const std::vector<std::string>& overrides) {
    fmt::print("seed: {}\n", scenario.seed);
    fmt::print("scenario: {} ({}), {} of load, {}\n", scenario.name, scenario.file,
               squall::to_string(scenario.duration),
               command.virtual_time ? "in virtual time" : "on real sockets");
    for (const auto& assignment : overrides) fmt::print("override: {}\n", assignment);
    (void)std::fflush(stdout);
}

}  // namespace

int run_command(const RunCommand& command) {
    const auto overrides = all_overrides(command);
    const auto scenario = load_scenario(command.file, overrides);
    if (!scenario) return refuse(scenario.error());
    auto outputs = RunOutputs::open(scenario->outputs, command.out_folder);
    if (!outputs) return refuse({outputs.error().message});
    print_header(*scenario, command, overrides);
    RecordingOrder order = command.record;
    if (command.wants_recording && !order.is_wanted()) order.path = usual_name(*scenario, command);
    if (order.is_wanted()) fmt::print("recording: {}\n", order.path);
    for (std::size_t i = 0; i < overrides.size(); ++i)
        order.facts[fmt::format("scenario.override.{}", i + 1)] = overrides[i];
    (void)std::fflush(stdout);
    ProgressView view(*scenario, style_of(stderr), stderr);
    RunFollower follower(*scenario, command.quiet ? nullptr : &view, *outputs);
    auto record =
        run_scenario(*scenario, {command.virtual_time, own_program(), order, command.live}, follower);
    if (!record) return refuse({record.error().message});
    const auto failures = outputs->finish(*record, *scenario, overrides);
    fmt::print("{}", terminal_report(*record, *scenario, style_of(stdout).colour));
    for (const auto& failure : failures) fmt::print(stderr, "output error: {}\n", failure);
    for (const auto& path : outputs->paths()) fmt::print("written: {}\n", path);
    if (command.virtual_time)
        fmt::print(
            "the same scenario, seed and build repeat this hash of all that was sent, received and "
            "decided:\n");
    else
        fmt::print("a real run is not repeatable; this is the hash of its plan (who joins when, as what):\n");
    fmt::print("trace hash: {}\n", record->trace_hash);
    return static_cast<int>(record->verdict.code);
}

}  // namespace squall::loadgen
