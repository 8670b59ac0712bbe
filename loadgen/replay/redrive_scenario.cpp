#include "replay/redrive_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace squall::loadgen {
namespace {

// A text as TOML has it.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out + '"';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

}  // namespace

std::expected<Scenario, std::vector<std::string>> redrive_scenario(const ReplayCommand& command,
                                                                   const RecordedArena& recorded,
                                                                   Duration length, const Plan& plan) {
    std::string text =
        fmt::format("version = {}\nname = {}\n", kScenarioVersion, quoted("replay of " + command.file));
    // As fast as it goes, the end is when all is said; this is only the latest.
    const double pace = command.speed == 0 ? 1 : command.speed;
    const double seconds = std::chrono::duration<double>(length).count() / pace;
    text += fmt::format("duration = \"{}ms\"\n",
                        std::max<long long>(1000, static_cast<long long>(seconds * 1000) + 1));
    text += "[target]\n";
    const std::uint64_t protocol_id = recorded.settings.protocol_id;
    if (protocol_id != 0 && protocol_id != arena::kArenaProtocolId)
        text += fmt::format("protocol_id = \"{:#x}\"\n", protocol_id);
    text += fmt::format("suite = {}\n", quoted(to_string(recorded.settings.suite)));
    if (command.target == "arena") {
        text += fmt::format("tick_rate = {}\nsnapshot_rate = {}\nplayers_in_view = {}\n",
                            recorded.settings.tick_rate, recorded.settings.snapshot_rate,
                            recorded.settings.players_in_view);
    } else {
        text += fmt::format("address = {}\n", quoted(command.target));
        if (!command.key_file.empty()) text += fmt::format("key_file = {}\n", quoted(command.key_file));
        if (!command.key_env.empty()) text += fmt::format("key_env = {}\n", quoted(command.key_env));
    }
    text += fmt::format("[[groups]]\nname = \"recorded\"\nexecutor = \"constant-vus\"\nvus = {}\n",
                        std::max<std::uint32_t>(1, plan.peak));
    text += "behaviours = [ { name = \"recorded\", weight = 1 } ]\n";
    std::map<std::string, std::string, std::less<>> thresholds;
    for (const auto& threshold : command.thresholds) {
        const std::size_t colon = threshold.find(": ");
        if (colon == std::string::npos)
            return std::unexpected(std::vector<std::string>{fmt::format(
                "--threshold '{}': needs a metric and a condition, as in --threshold 'rtt: p(99)<100ms'",
                threshold)});
        std::string& conditions =
            thresholds[std::string(trimmed(std::string_view(threshold).substr(0, colon)))];
        if (!conditions.empty()) conditions += ", ";
        conditions += quoted(trimmed(std::string_view(threshold).substr(colon + 1)));
    }
    if (!thresholds.empty()) text += "[thresholds]\n";
    for (const auto& [metric, conditions] : thresholds)
        text += fmt::format("{} = [{}]\n", quoted(metric), conditions);
    auto scenario = parse_scenario(text, "replay", {{"recorded"}, command.overrides});
    if (!scenario) return std::unexpected(scenario.error().lines());
    return std::move(*scenario);
}

}  // namespace squall::loadgen
