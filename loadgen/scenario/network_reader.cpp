// [networks.NAME]: what happens to the packets of a group's clients, both ways alike or told apart by `up`
// and `down`.
#include <fmt/format.h>

#include "scenario/readers.hpp"

namespace squall::loadgen {
namespace {

constexpr Duration kLongestDelay = std::chrono::seconds(60);

// The words of tc-netem for one direction.
void read_direction(TableReader& reader, const Value& table, simulator::LinkConfig& link) {
    if (const auto v = reader.duration("delay", Duration{0}, kLongestDelay)) link.delay = *v;
    if (const auto v = reader.duration("jitter", Duration{0}, kLongestDelay)) link.jitter = *v;
    if (const auto v = reader.word("distribution", {"uniform", "normal"}))
        link.jitter_shape = *v == 0 ? simulator::JitterShape::uniform : simulator::JitterShape::normal;
    if (const auto v = reader.ratio("loss")) link.loss = *v;
    if (const auto v = reader.ratio("duplicate")) link.duplicate = *v;
    if (const auto v = reader.ratio("corrupt")) link.corrupt = *v;
    if (const auto v = reader.ratio("reorder")) {
        link.reorder = *v;
        if (link.reorder_by == Duration{0}) link.reorder_by = std::chrono::milliseconds(10);
    }
    if (const auto v = reader.duration("reorder_by", Duration{1}, kLongestDelay)) link.reorder_by = *v;
    if (const auto v = reader.data_rate("rate")) link.rate = *v;
    if (const auto v = reader.duration("queue", Duration{0}, kLongestDelay)) link.queue_limit = *v;
    if (const auto v = reader.integer("limit", 1, 1'000'000))
        link.queue_packets = static_cast<std::uint32_t>(*v);
    for (const std::string_view key : {"queue", "limit"}) {
        const Value* value = table.find(key);
        if (value != nullptr && link.rate.bits_per_second == 0)
            reader.error(value->at,
                         fmt::format("'{}' of {} has no effect without a 'rate'", key, reader.where()),
                         "add for instance rate = \"8mbit\", or take it out");
    }
    if (const Value* value = table.find("reorder_by"); value != nullptr && link.reorder.is_zero())
        reader.error(value->at,
                     fmt::format("'reorder_by' of {} has no effect without 'reorder'", reader.where()),
                     "add for instance reorder = \"1%\", or take it out");
    if (const Value* value = table.find("distribution"); value != nullptr && link.jitter == Duration{0})
        reader.error(value->at,
                     fmt::format("'distribution' of {} has no effect without a 'jitter'", reader.where()),
                     "add for instance jitter = \"5ms\", or take it out");
    if (const auto valid = link.validate(); !valid)
        reader.error(table.at, fmt::format("{}: {}", reader.where(), valid.error().message));
}

Network read_network(const Entry& entry, Diagnostics& diagnostics) {
    const std::string where = fmt::format("[networks.{}]", entry.key);
    TableReader reader(entry.value, where, diagnostics);
    reader.later("timeline", "changes of a network during the run");
    Network network{entry.key, {}, {}};
    simulator::LinkConfig both;
    read_direction(reader, entry.value, both);
    network.up = both;
    network.down = both;
    const auto read_side = [&](std::string_view key, simulator::LinkConfig& link) {
        const Value* table = reader.table(key);
        if (table == nullptr) return;
        TableReader side(*table, fmt::format("'{}' of {}", key, where), diagnostics);
        read_direction(side, *table, link);
        side.finish();
    };
    read_side("up", network.up);
    read_side("down", network.down);
    reader.finish();
    return network;
}

}  // namespace

std::vector<Network> read_networks(const Value& table, Diagnostics& diagnostics) {
    std::vector<Network> out;
    for (const auto& entry : table.entries) {
        if (entry.value.kind != Value::Kind::table) {
            diagnostics.add(
                entry.at, fmt::format("'networks.{}' is {}", entry.key, entry.value.kind_name()),
                fmt::format("a network is a table: [networks.{}] and below it delay = \"20ms\"", entry.key));
            continue;
        }
        if (!is_plain_name(entry.key))
            diagnostics.add(entry.at, fmt::format("'{}' cannot name a network", entry.key),
                            "use letters, digits, '-' and '_', at most 64");
        out.push_back(read_network(entry, diagnostics));
    }
    return out;
}

}  // namespace squall::loadgen
