// [thresholds]: what must hold, and the checks that need the rest of the scenario.
#include <fmt/format.h>

#include <algorithm>

#include "metrics/cause.hpp"
#include "scenario/readers.hpp"

namespace squall::loadgen {
namespace {

Threshold with_condition(const Selector& selector, const Entry& entry, std::string text) {
    Threshold out;
    out.selector = selector;
    out.name = entry.key;
    out.text = std::move(text);
    return out;
}

void parse_into(Threshold& threshold, Position at, std::vector<Threshold>& out, Diagnostics& diagnostics) {
    const auto condition = parse_condition(threshold.text, info(threshold.selector.metric));
    if (!condition) {
        diagnostics.add(at, fmt::format("threshold of '{}': {}", threshold.name, condition.error().message));
        return;
    }
    threshold.condition = *condition;
    out.push_back(std::move(threshold));
}

void read_item(const Value& item, const Selector& selector, const Entry& entry, std::vector<Threshold>& out,
               Diagnostics& diagnostics) {
    if (item.kind == Value::Kind::text) {
        auto threshold = with_condition(selector, entry, item.text);
        parse_into(threshold, item.at, out, diagnostics);
        return;
    }
    if (item.kind != Value::Kind::table) {
        diagnostics.add(
            item.at, fmt::format("a threshold of '{}' is {}", entry.key, item.kind_name()),
            "write text such as \"p(99)<200ms\", or { threshold = \"max<1s\", abort_on_fail = true }");
        return;
    }
    TableReader reader(item, fmt::format("a threshold of '{}'", entry.key), diagnostics);
    auto threshold = with_condition(selector, entry, reader.text("threshold").value_or(""));
    threshold.abort_on_fail = reader.boolean("abort_on_fail").value_or(false);
    threshold.delay_abort_eval =
        reader.duration("delay_abort_eval", Duration{0}, kLongestRun).value_or(Duration{0});
    if (item.find("delay_abort_eval") != nullptr && !threshold.abort_on_fail)
        reader.error(item.find("delay_abort_eval")->at,
                     "'delay_abort_eval' has no effect without abort_on_fail = true",
                     "add it or take this out");
    if (const Value* text = item.find("threshold"))
        parse_into(threshold, text->at, out, diagnostics);
    else
        reader.error(item.at, "'threshold' is missing",
                     "write { threshold = \"max<1s\", abort_on_fail = true }");
    reader.finish();
}

}  // namespace

std::vector<Threshold> read_thresholds(const Value& table, Diagnostics& diagnostics) {
    std::vector<Threshold> out;
    for (const auto& entry : table.entries) {
        const auto selector = parse_selector(entry.key);
        if (!selector) {
            diagnostics.add(entry.at, fmt::format("[thresholds]: {}", selector.error().message));
            continue;
        }
        if (entry.value.kind == Value::Kind::array) {
            if (entry.value.items.empty())
                diagnostics.add(entry.value.at, fmt::format("'{}' has no condition", entry.key),
                                "write for instance [\"p(99)<200ms\"]");
            for (const auto& item : entry.value.items) read_item(item, *selector, entry, out, diagnostics);
        } else {
            read_item(entry.value, *selector, entry, out, diagnostics);
        }
    }
    return out;
}

namespace {

bool group_has_tag(const Group& group, const Tag& tag) {
    if (tag.key == "group") return group.name == tag.value;
    return std::find(group.tags.begin(), group.tags.end(), tag) != group.tags.end();
}

void check_tag(const Scenario& scenario, const Threshold& threshold, const Tag& tag, Position at,
               Diagnostics& diagnostics) {
    if (tag.key == "cause") {
        const auto known = causes_of(threshold.selector.metric);
        if (std::find(known.begin(), known.end(), canonical_cause(tag.value)) != known.end()) return;
        const auto near = nearest_word(tag.value, known);
        diagnostics.add(
            at, fmt::format("'{}' has no cause '{}'", info(threshold.selector.metric).name, tag.value),
            near.empty() ? fmt::format("there are {}", one_of(known))
                         : fmt::format("did you mean '{}'?", near));
        return;
    }
    if (std::any_of(scenario.groups.begin(), scenario.groups.end(),
                    [&](const Group& g) { return group_has_tag(g, tag); }))
        return;
    if (tag.key == "group") {
        std::vector<std::string_view> names;
        names.reserve(scenario.groups.size());
        for (const auto& group : scenario.groups) names.push_back(group.name);
        const auto near = nearest_word(tag.value, names);
        diagnostics.add(at, fmt::format("no group is named '{}'", tag.value),
                        near.empty() ? fmt::format("there are {}", one_of(names))
                                     : fmt::format("did you mean '{}'?", near));
        return;
    }
    diagnostics.add(at, fmt::format("no group has the tag {}:{}", tag.key, tag.value),
                    fmt::format("give it to a group: tags = {{ {} = \"{}\" }}", tag.key, tag.value));
}

}  // namespace

void check_references(const Scenario& scenario, const Value& root, Diagnostics& diagnostics) {
    const Value* table = root.find("thresholds");
    if (table == nullptr || scenario.groups.empty()) return;
    std::string_view last;
    for (const auto& threshold : scenario.thresholds) {
        if (threshold.name == last) continue;  // several conditions of one selector
        last = threshold.name;
        Position at = table->at;
        for (const auto& entry : table->entries)
            if (entry.key == threshold.name) at = entry.at;
        for (const auto& tag : threshold.selector.tags) check_tag(scenario, threshold, tag, at, diagnostics);
    }
}

}  // namespace squall::loadgen
