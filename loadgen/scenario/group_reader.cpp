// [[groups]]: who plays. Each executor has keys of its own; using another's is a mistake that is named.
#include <fmt/format.h>

#include <algorithm>

#include "scenario/readers.hpp"

namespace squall::loadgen {
namespace {

const std::vector<std::string_view> kExecutors = {"constant-vus", "ramping-vus", "constant-arrival-rate"};

std::optional<Executor> read_executor(TableReader& reader, const Value& table) {
    const Value* value = table.find("executor");
    if (value == nullptr) {
        (void)reader.take("executor");
        reader.error(table.at, fmt::format("{} has no 'executor'", reader.where()),
                     fmt::format("it must be {}", one_of(kExecutors)));
        return {};
    }
    for (const std::string_view later : {"replay", "per-vu-iterations", "ramping-arrival-rate"}) {
        if (value->kind != Value::Kind::text || value->text != later) continue;
        (void)reader.take("executor");
        reader.error(
            value->at,
            fmt::format("the executor \"{}\" comes with a later version of Squall and is not offered yet",
                        later),
            fmt::format("use {}", one_of(kExecutors)));
        return {};
    }
    const auto word = reader.word("executor", kExecutors);
    if (!word) return {};
    return static_cast<Executor>(*word);
}

void read_stages(TableReader& reader, const Value& table, Group& group, Diagnostics& diagnostics) {
    for (const Value* item : reader.tables("stages")) {
        TableReader stage(*item, fmt::format("a stage of {}", reader.where()), diagnostics);
        Stage out;
        stage.require("duration", "{ duration = \"20s\", target = 400 }");
        stage.require("target", "{ duration = \"20s\", target = 400 }");
        out.duration = stage.duration("duration", Duration{0}, kLongestRun).value_or(Duration{0});
        out.target = static_cast<std::uint32_t>(stage.integer("target", 0, kMostVus).value_or(0));
        stage.finish();
        group.stages.push_back(out);
    }
    if (group.stages.empty())
        reader.error(table.at, fmt::format("{} has no 'stages'", reader.where()),
                     "write for instance stages = [ { duration = \"20s\", target = 400 }, { duration = "
                     "\"100s\", target = 400 } ]");
}

void read_session(TableReader& reader, Group& group, Diagnostics& diagnostics) {
    const Value* table = reader.table("session");
    if (table == nullptr) return;
    TableReader session(*table, fmt::format("'session' of {}", reader.where()), diagnostics);
    Session out;
    if (const auto kind = session.word("distribution", {"constant", "exponential", "uniform"}))
        out.distribution = static_cast<SessionDistribution>(*kind);
    session.require("mean", "session = { distribution = \"exponential\", mean = \"20s\" }");
    out.mean =
        session.duration("mean", std::chrono::milliseconds(1), kLongestRun).value_or(std::chrono::seconds(1));
    session.finish();
    group.session = out;
}

void read_arrivals(TableReader& reader, Group& group, Duration run, Diagnostics& diagnostics) {
    if (reader.require("rate", "rate = 4 (joins per time_unit)") != nullptr)
        group.rate = static_cast<std::uint32_t>(reader.integer("rate", 1, kMostVus).value_or(1));
    group.time_unit = reader.duration("time_unit", std::chrono::milliseconds(1), std::chrono::hours(24))
                          .value_or(std::chrono::seconds(1));
    if (const auto arrival = reader.word("arrival", {"uniform", "poisson"}))
        group.arrival = static_cast<Arrival>(*arrival);
    if (const auto most = reader.integer("max_vus", 1, kMostVus))
        group.max_vus = static_cast<std::uint32_t>(*most);
    read_session(reader, group, diagnostics);
    const auto joins = static_cast<unsigned __int128>(run.count()) * group.rate /
                       static_cast<std::uint64_t>(group.time_unit.count());
    if (joins > kMostVus) {
        reader.error(reader.position(),
                     fmt::format("{} would make more than {} joins in the run", reader.where(), kMostVus),
                     "lower 'rate' or 'duration'");
    }
}

// A key of another executor: known, but of no use here.
void refuse_foreign_keys(TableReader& reader, const Value& table, Executor executor) {
    struct Owner {
        std::string_view key;
        Executor executor;
    };
    constexpr Owner kOwners[] = {{"vus", Executor::constant_vus},
                                 {"start_vus", Executor::ramping_vus},
                                 {"stages", Executor::ramping_vus},
                                 {"rate", Executor::constant_arrival_rate},
                                 {"time_unit", Executor::constant_arrival_rate},
                                 {"arrival", Executor::constant_arrival_rate},
                                 {"max_vus", Executor::constant_arrival_rate},
                                 {"session", Executor::constant_arrival_rate}};
    for (const auto& owner : kOwners) {
        if (owner.executor == executor) continue;
        (void)reader.take(owner.key);
        if (const Value* value = table.find(owner.key))
            reader.error(value->at,
                         fmt::format("'{}' belongs to the executor \"{}\", and {} is \"{}\"", owner.key,
                                     to_string(owner.executor), reader.where(), to_string(executor)),
                         "take it out or change the executor");
    }
}

void read_load(TableReader& reader, const Value& table, Group& group, Duration run,
               Diagnostics& diagnostics) {
    switch (group.executor) {
        case Executor::constant_vus:
            if (reader.require("vus", "vus = 50") != nullptr)
                group.vus = static_cast<std::uint32_t>(reader.integer("vus", 1, kMostVus).value_or(1));
            break;
        case Executor::ramping_vus:
            group.start_vus =
                static_cast<std::uint32_t>(reader.integer("start_vus", 0, kMostVus).value_or(0));
            read_stages(reader, table, group, diagnostics);
            break;
        case Executor::constant_arrival_rate: read_arrivals(reader, group, run, diagnostics); break;
    }
}

void read_think_time(TableReader& reader, BehaviourShare& share, Diagnostics& diagnostics) {
    const Value* table = reader.table("think_time");
    if (table == nullptr) return;
    TableReader think(*table, "'think_time'", diagnostics);
    share.think_min = think.duration("min", Duration{0}, std::chrono::hours(1)).value_or(share.think_min);
    share.think_max = think.duration("max", Duration{0}, std::chrono::hours(1))
                          .value_or(std::max(share.think_max, share.think_min));
    if (share.think_min > share.think_max)
        think.error(table->at,
                    fmt::format("'think_time' has min {} above max {}", to_string(share.think_min),
                                to_string(share.think_max)),
                    "swap them");
    think.finish();
}

void read_behaviours(TableReader& reader, const Value& table, Group& group, const GroupContext& context,
                     Diagnostics& diagnostics) {
    for (const Value* item : reader.tables("behaviours")) {
        TableReader behaviour(*item, fmt::format("a behaviour of {}", reader.where()), diagnostics);
        BehaviourShare share;
        if (behaviour.require("name", "{ name = \"wander\", weight = 1 }") != nullptr) {
            if (const auto index = behaviour.word("name", context.behaviours))
                share.name = context.behaviours[*index];
        }
        share.weight = static_cast<std::uint32_t>(behaviour.integer("weight", 1, 1'000'000).value_or(1));
        read_think_time(behaviour, share, diagnostics);
        behaviour.finish();
        group.behaviours.push_back(std::move(share));
    }
    const Value* given = table.find("behaviours");
    if (given != nullptr && given->kind == Value::Kind::array && given->items.empty())
        reader.error(given->at, fmt::format("'behaviours' of {} is empty", reader.where()),
                     "name one or leave it out");
    if (group.behaviours.empty() && !context.behaviours.empty()) {
        BehaviourShare share;
        share.name = context.behaviours.front();
        group.behaviours.push_back(std::move(share));
    }
}

void read_network(TableReader& reader, const Value& table, Group& group, const GroupContext& context) {
    const auto name = reader.text("network");
    if (!name) return;
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < context.networks.size(); ++i) {
        if (context.networks[i].name == *name) group.network = i;
        names.push_back(context.networks[i].name);
    }
    if (group.network) return;
    const auto near = nearest_word(*name, names);
    const Position at = table.find("network")->at;
    if (!near.empty())
        reader.error(at, fmt::format("no network is named '{}'", *name),
                     fmt::format("did you mean '{}'?", near));
    else if (names.empty())
        reader.error(at, fmt::format("no network is named '{}'", *name),
                     fmt::format("add a table [networks.{}]", *name));
    else
        reader.error(at, fmt::format("no network is named '{}'", *name),
                     fmt::format("there are {}", one_of(names)));
}

void read_tags(TableReader& reader, Group& group) {
    const Value* table = reader.table("tags");
    if (table == nullptr) return;
    for (const auto& entry : table->entries) {
        if (entry.value.kind != Value::Kind::text || !is_plain_name(entry.value.text) ||
            !is_plain_name(entry.key))
            reader.error(entry.at, fmt::format("the tag '{}' is {}", entry.key, entry.value.shown()),
                         "a tag is a name with a name in quotes (letters, digits, '-' and '_'), as in region "
                         "= \"eu\"");
        else if (entry.key == "group" || entry.key == "cause")
            reader.error(entry.at, fmt::format("'{}' is a tag of Squall's own", entry.key),
                         "choose another name");
        else
            group.tags.push_back({entry.key, entry.value.text});
    }
}

}  // namespace

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    });
}

Group read_group(const Value& table, const GroupContext& context, Diagnostics& diagnostics) {
    const Value* name_value = table.find("name");
    const bool named = name_value != nullptr && name_value->kind == Value::Kind::text;
    TableReader reader(table, named ? fmt::format("group '{}'", name_value->text) : "a group", diagnostics);
    Group group;
    reader.require("name", "name = \"players\"");
    group.name = reader.text("name").value_or("");
    if (named && !is_plain_name(group.name))
        reader.error(name_value->at, fmt::format("'{}' cannot name a group", group.name),
                     "use letters, digits, '-' and '_', at most 64");
    if (const auto executor = read_executor(reader, table)) {
        group.executor = *executor;
        read_load(reader, table, group, context.run, diagnostics);
        refuse_foreign_keys(reader, table, *executor);
    } else {
        for (const std::string_view key :
             {"vus", "start_vus", "stages", "rate", "time_unit", "arrival", "max_vus", "session"})
            (void)reader.take(key);
    }
    group.start_time = reader.duration("start_time", Duration{0}, kLongestRun).value_or(Duration{0});
    if (context.run > Duration{0} && group.start_time >= context.run)
        reader.error(table.find("start_time")->at,
                     fmt::format("{} starts at {}, when the run of {} is over", reader.where(),
                                 to_string(group.start_time), to_string(context.run)),
                     "start it earlier or make 'duration' longer");
    group.send_rate = static_cast<std::uint32_t>(reader.integer("send_rate", 1, 1000).value_or(20));
    read_behaviours(reader, table, group, context, diagnostics);
    read_network(reader, table, group, context);
    read_tags(reader, group);
    reader.later("feed", "data from a file");
    reader.later("graceful_ramp_down", "a time of its own for ramping down");
    reader.finish();
    return group;
}

}  // namespace squall::loadgen
