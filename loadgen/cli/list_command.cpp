// `squall-loadgen list` and `validate`: what there is, and whether files are right. Nothing is run.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "arena/behaviour.hpp"
#include "cli/commands.hpp"
#include "cli/scenario_file.hpp"
#include "metrics/metric.hpp"
#include "plan/plan.hpp"
#include "report/exit_code.hpp"

namespace squall::loadgen {
namespace {

void list_behaviours() {
    fmt::print("behaviours (of arena's players; behaviours = [{{ name = \"...\" }}])\n");
    for (const auto& behaviour : arena::behaviours())
        fmt::print("  {:<24} {}\n", behaviour.name, behaviour.description);
}

void list_executors() {
    fmt::print("executors (when clients join and leave)\n");
    fmt::print("  {:<24} {}\n", "constant-vus", "holds `vus` clients from start_time to the end");
    fmt::print("  {:<24} {}\n", "ramping-vus",
               "moves the head count along `stages`; the last target holds to the end");
    fmt::print("  {:<24} {}\n", "constant-arrival-rate",
               "`rate` joins per time_unit, however slow the server is; each stays for its `session`");
}

void list_metrics() {
    fmt::print("metrics (for [thresholds]; tags in braces, as in \"rtt{{group:players}}\")\n");
    for (const auto& metric : metrics()) {
        std::string tags = metric.scope == MetricScope::group ? "group" : "";
        if (metric.by_cause) tags += ", cause";
        fmt::print("  {:<24} {:<14} {}\n", metric.name, tags, metric.description);
    }
    fmt::print(
        "  of a distribution: p(N), min, max, avg, med, count; of a count: count, and of what happens to "
        "joins rate (their share)\n");
}

void list_scenarios() {
    fmt::print("scenarios (*.toml in . and ./scenarios)\n");
    std::vector<std::string> found;
    for (const char* folder : {".", "scenarios"}) {
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
            if (entry.path().extension() == ".toml")
                found.push_back(entry.path().lexically_normal().string());
    }
    std::sort(found.begin(), found.end());
    for (const auto& file : found) {
        if (const auto scenario = load_scenario(file, {}))
            fmt::print("  {:<30} {} of load, at most {} clients\n", file,
                       squall::to_string(scenario->duration), make_plan(*scenario).peak);
        else
            fmt::print("  {:<30} not a valid scenario: squall-loadgen validate {}\n", file, file);
    }
    if (found.empty())
        fmt::print("  none; scenarios/README.md of the source tree explains how to write one\n");
}

}  // namespace

int list_command(const std::string& what) {
    if (what.empty() || what == "behaviours") list_behaviours();
    if (what.empty() || what == "executors") list_executors();
    if (what.empty() || what == "metrics") list_metrics();
    if (what.empty() || what == "scenarios") list_scenarios();
    return 0;
}

int validate_command(const std::vector<std::string>& files) {
    int result = 0;
    for (const auto& file : files) {
        const auto scenario = load_scenario(file, {});
        if (scenario) {
            const Plan plan = make_plan(*scenario);
            fmt::print("{}: valid; {} joins in {}, at most {} clients at a time\n", file,
                       plan.sessions.size(), squall::to_string(scenario->duration), plan.peak);
            continue;
        }
        for (const auto& line : scenario.error()) fmt::print(stderr, "{}\n", line);
        result = static_cast<int>(ExitCode::bad_input);
    }
    return result;
}

}  // namespace squall::loadgen
