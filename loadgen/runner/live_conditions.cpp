#include "runner/live_conditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "squall/core/units.hpp"

namespace squall::loadgen {
namespace {

using simulator::LinkConfig;
using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr std::array kWords = {"delay", "jitter", "loss", "duplicate", "corrupt", "reorder", "rate", "queue"};

template <class T>
Result<> read_into(T& place, Result<T> read) {
    if (!read) return std::unexpected(read.error());
    place = *read;
    return {};
}

Result<> apply(LinkConfig& link, const std::string& word, const std::string& value) {
    if (word == "delay") return read_into(link.delay, parse_duration(value));
    if (word == "jitter") return read_into(link.jitter, parse_duration(value));
    if (word == "queue") return read_into(link.queue_limit, parse_duration(value));
    if (word == "loss") return read_into(link.loss, parse_ratio(value));
    if (word == "duplicate") return read_into(link.duplicate, parse_ratio(value));
    if (word == "corrupt") return read_into(link.corrupt, parse_ratio(value));
    if (word == "rate") {
        if (value != "unlimited") return read_into(link.rate, parse_data_rate(value));
        link.rate = {};
        return {};
    }
    if (word == "reorder") {
        if (link.reorder_by == Duration{0}) link.reorder_by = std::chrono::milliseconds(10);
        return read_into(link.reorder, parse_ratio(value));
    }
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' is no condition; there are {}", word, fmt::join(kWords, ", ")));
}

Settings settings_of(const LinkConfig& link) {
    return {{"delay", squall::to_string(link.delay)},
            {"jitter", squall::to_string(link.jitter)},
            {"loss", squall::to_string(link.loss)},
            {"duplicate", squall::to_string(link.duplicate)},
            {"corrupt", squall::to_string(link.corrupt)},
            {"reorder", squall::to_string(link.reorder)},
            {"rate", link.rate.bits_per_second == 0 ? "unlimited" : squall::to_string(link.rate)},
            {"queue", squall::to_string(link.queue_limit)}};
}

}  // namespace

LiveConditions::LiveConditions(const Scenario& scenario) {
    groups_[kPlain].network.name = kPlain;
    for (const Network& network : scenario.networks) groups_[network.name].network = network;
}

const Network& LiveConditions::present(const Network* network) const {
    return groups_.at(network == nullptr ? kPlain : network->name).network;
}

void LiveConditions::add(const Network* network, simulator::ConditionedNode& node) {
    groups_.at(network == nullptr ? kPlain : network->name).nodes.insert(&node);
}

void LiveConditions::remove(simulator::ConditionedNode& node) {
    for (auto& [name, group] : groups_) group.nodes.erase(&node);
}

Result<std::string> LiveConditions::set(const Settings& arguments) {
    std::optional<std::string> only;
    bool up = true;
    bool down = true;
    Settings changes;
    for (const auto& [word, value] : arguments) {
        if (word == "group") {
            only = value;
        } else if (word == "direction") {
            if (value != "inbound" && value != "outbound")
                return fail(
                    ErrorCode::invalid_argument,
                    fmt::format("'{}' is no direction; give inbound or outbound, as the server sees it",
                                value));
            up = value == "inbound";
            down = value == "outbound";
        } else {
            changes.emplace_back(word, value);
        }
    }
    if (only && !groups_.contains(*only)) {
        std::vector<std::string> names;
        for (const auto& [name, group] : groups_) names.push_back(name);
        return fail(ErrorCode::unknown_id,
                    fmt::format("there is no network '{}'; there are {}", *only, fmt::join(names, ", ")));
    }
    if (changes.empty())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("nothing to change; give some of {}", fmt::join(kWords, ", ")));
    std::map<std::string, Network> anew;
    for (const auto& [name, group] : groups_) {
        if (only && name != *only) continue;
        Network network = group.network;
        for (const auto& [link, is_meant] : {std::pair(&network.up, up), std::pair(&network.down, down)}) {
            if (!is_meant) continue;
            for (const auto& [word, value] : changes)
                if (auto applied = apply(*link, word, value); !applied)
                    return fail(ErrorCode::invalid_argument,
                                fmt::format("{}: {}", word, applied.error().message));
            if (auto valid = link->validate(); !valid) return std::unexpected(valid.error());
        }
        anew[name] = std::move(network);
    }
    std::size_t clients = 0;
    for (auto& [name, network] : anew) {
        Group& group = groups_.at(name);
        group.network = std::move(network);
        for (simulator::ConditionedNode* const node : group.nodes) {
            (void)node->up().set_config(group.network.up);
            (void)node->down().set_config(group.network.down);
        }
        clients += group.nodes.size();
    }
    std::string text;
    for (const auto& [word, value] : changes)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", word, value);
    return fmt::format("{} {}: {} ({} clients)", only.value_or("all networks"),
                       up && down ? "both ways"
                       : up       ? "towards the server"
                                  : "from the server",
                       text, clients);
}

std::vector<recorder::LinkCondition> LiveConditions::links() const {
    std::vector<recorder::LinkCondition> out;
    for (const auto& [name, group] : groups_) {
        if (name == kPlain && group.nodes.empty()) continue;
        out.push_back({name, recorder::Direction::inbound, settings_of(group.network.up)});
        out.push_back({name, recorder::Direction::outbound, settings_of(group.network.down)});
    }
    return out;
}

}  // namespace squall::loadgen
