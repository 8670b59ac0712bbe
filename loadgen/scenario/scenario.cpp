#include "scenario/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "scenario/readers.hpp"
#include "squall/core/hash.hpp"

namespace squall::loadgen {
namespace {

std::string stem_of(std::string_view file) {
    const auto slash = file.find_last_of('/');
    if (slash != std::string_view::npos) file.remove_prefix(slash + 1);
    return std::string(file.substr(0, file.find('.')));
}

void read_version(TableReader& reader) {
    const Value* version = reader.require("version", "version = 1");
    if (version == nullptr) return;
    if (version->kind != Value::Kind::integer || version->integer < 1) {
        reader.error(version->at, fmt::format("'version' is {}", version->shown()), "write version = 1");
    } else if (version->integer > kScenarioVersion) {
        reader.error(version->at,
                     fmt::format("this file is of scenario version {}, and this program reads up to {}",
                                 version->integer, kScenarioVersion),
                     "use a newer squall-loadgen");
    }
}

void read_times(TableReader& reader, const Value& root, Scenario& out) {
    reader.require("duration", "duration = \"30s\"");
    out.duration =
        reader.duration("duration", std::chrono::milliseconds(100), kLongestRun).value_or(Duration{0});
    out.warmup = reader.duration("warmup", Duration{0}, kLongestRun).value_or(Duration{0});
    out.graceful_stop = reader.duration("graceful_stop", Duration{0}, std::chrono::hours(1))
                            .value_or(std::chrono::seconds(5));
    if (out.duration > Duration{0} && out.warmup >= out.duration)
        reader.error(root.find("warmup")->at,
                     fmt::format("'warmup' {} leaves nothing of 'duration' {} to measure",
                                 to_string(out.warmup), to_string(out.duration)),
                     "make it shorter");
}

void read_seed(TableReader& reader, Scenario& out) {
    const auto seed = reader.integer("seed", 0, INT64_MAX);
    if (seed) out.seed = static_cast<std::uint64_t>(*seed);
}

// Client ids and random streams are derived from the group's name, so names must differ, and their hashes
// too.
void check_group_names(const Scenario& scenario, const std::vector<const Value*>& tables,
                       Diagnostics& diagnostics) {
    std::set<std::string_view> names;
    std::set<std::uint32_t> hashes;
    for (std::size_t i = 0; i < scenario.groups.size(); ++i) {
        const auto& name = scenario.groups[i].name;
        if (name.empty()) continue;
        if (!names.insert(name).second)
            diagnostics.add(tables[i]->at, fmt::format("a second group is named '{}'", name),
                            "give each group a name of its own");
        else if (!hashes.insert(static_cast<std::uint32_t>(stable_hash(name) >> 32)).second)
            diagnostics.add(tables[i]->at, fmt::format("the name '{}' collides with another group's", name),
                            "rename one of them");
    }
}

void read_groups(TableReader& reader, const Value& root, const ParseOptions& options, Scenario& out,
                 Diagnostics& diagnostics) {
    const auto tables = reader.tables("groups");
    const GroupContext context{out.networks, options.behaviours, out.duration};
    constexpr std::size_t kMostGroups = 64;
    for (const Value* table : tables) {
        if (out.groups.size() == kMostGroups) {
            reader.error(table->at, "there are more than 64 groups", "join some of them");
            break;
        }
        out.groups.push_back(read_group(*table, context, diagnostics));
    }
    if (root.find("groups") == nullptr || (root.find("groups")->kind == Value::Kind::array && tables.empty()))
        reader.error(root.at, "there is no group: nobody would play",
                     "add [[groups]] with name = \"players\", executor = \"constant-vus\" and vus = 50");
    check_group_names(out, tables, diagnostics);
}

Scenario read_scenario(const Value& root, std::string file, const ParseOptions& options,
                       Diagnostics& diagnostics) {
    TableReader reader(root, "the scenario", diagnostics);
    Scenario out;
    out.file = std::move(file);
    read_version(reader);
    out.name = reader.text("name").value_or(stem_of(out.file));
    read_seed(reader, out);
    read_times(reader, root, out);
    if (const Value* table = reader.table("target")) out.target = read_target(*table, diagnostics);
    if (const Value* table = reader.table("networks")) out.networks = read_networks(*table, diagnostics);
    read_groups(reader, root, options, out, diagnostics);
    if (const Value* table = reader.table("thresholds"))
        out.thresholds = read_thresholds(*table, diagnostics);
    if (const Value* table = reader.table("outputs")) out.outputs = read_outputs(*table, diagnostics);
    reader.later("template", "the kinds of test: smoke, load, stress, soak, spike, breakpoint");
    reader.finish();
    check_references(out, root, diagnostics);
    return out;
}

}  // namespace

std::expected<Scenario, Diagnostics> parse_scenario(std::string_view text, std::string file,
                                                    const ParseOptions& options) {
    Diagnostics diagnostics(file);
    auto document = parse_document(text);
    if (!document) {
        diagnostics.add(document.error().at, document.error().wrong, document.error().right);
        return std::unexpected(std::move(diagnostics));
    }
    for (const auto& assignment : options.overrides) {
        const auto source = diagnostics.add_source("--set " + assignment);
        if (const auto applied = apply_override(*document, assignment, source); !applied)
            diagnostics.add({source, 0, 0}, applied.error());
    }
    Scenario scenario = read_scenario(*document, std::move(file), options, diagnostics);
    if (!diagnostics.empty()) return std::unexpected(std::move(diagnostics));
    return scenario;
}

std::string_view to_string(Executor executor) {
    switch (executor) {
        case Executor::constant_vus: return "constant-vus";
        case Executor::ramping_vus: return "ramping-vus";
        case Executor::constant_arrival_rate: return "constant-arrival-rate";
    }
    return "unknown";
}

}  // namespace squall::loadgen
