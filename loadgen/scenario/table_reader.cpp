#include "scenario/table_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::loadgen {

TableReader::TableReader(const Value& table, std::string where, Diagnostics& diagnostics)
    : table_(table), where_(std::move(where)), diagnostics_(diagnostics) {}

const Value* TableReader::take(std::string_view key) {
    known_.push_back(key);
    return table_.find(key);
}

const Value* TableReader::require(std::string_view key, std::string_view example) {
    const Value* value = take(key);
    if (value == nullptr)
        error(table_.at, fmt::format("{} has no '{}'", where_, key),
              fmt::format("write for instance {}", example));
    return value;
}

void TableReader::later(std::string_view key, std::string_view what) {
    for (const auto& entry : table_.entries) {
        if (entry.key != key) continue;
        reported_.push_back(key);
        error(entry.at,
              fmt::format("'{}' ({}) comes with a later version of Squall and is not offered yet", key, what),
              "take it out for now");
    }
}

void TableReader::error(Position at, std::string wrong, std::string right) {
    diagnostics_.add(at, std::move(wrong), std::move(right));
}

void TableReader::wrong_kind(const Value& value, std::string_view key, std::string_view wanted) {
    error(value.at, fmt::format("'{}' of {} is {}", key, where_, value.kind_name()),
          fmt::format("it must be {}", wanted));
}

std::optional<std::string> TableReader::text(std::string_view key) {
    const Value* value = take(key);
    if (value == nullptr) return {};
    if (value->kind != Value::Kind::text) {
        wrong_kind(*value, key, "text in quotes");
        return {};
    }
    return value->text;
}

std::optional<std::int64_t> TableReader::integer(std::string_view key, std::int64_t low, std::int64_t high) {
    const Value* value = take(key);
    if (value == nullptr) return {};
    if (value->kind != Value::Kind::integer) {
        wrong_kind(*value, key, fmt::format("a whole number from {} to {}, without quotes", low, high));
        return {};
    }
    if (value->integer < low || value->integer > high) {
        error(value->at, fmt::format("'{}' of {} is {}", key, where_, value->integer),
              fmt::format("it must be from {} to {}", low, high));
        return {};
    }
    return value->integer;
}

std::optional<bool> TableReader::boolean(std::string_view key) {
    const Value* value = take(key);
    if (value == nullptr) return {};
    if (value->kind != Value::Kind::boolean) {
        wrong_kind(*value, key, "true or false");
        return {};
    }
    return value->boolean;
}

// The text of a quantity. A bare number is the mistake that other tools take silently for some unit.
std::optional<std::string> TableReader::quantity(std::string_view key, std::string_view what,
                                                 std::string_view unit_example) {
    const Value* value = take(key);
    if (value == nullptr) return {};
    if (value->kind == Value::Kind::integer || value->kind == Value::Kind::real) {
        error(value->at, fmt::format("'{}' of {} is {} without a unit", key, where_, value->shown()),
              fmt::format("write {} in quotes with its unit, for instance {} = \"{}\"", what, key,
                          unit_example));
        return {};
    }
    if (value->kind != Value::Kind::text) {
        wrong_kind(*value, key, fmt::format("{} in quotes, for instance \"{}\"", what, unit_example));
        return {};
    }
    return value->text;
}

std::optional<Duration> TableReader::duration(std::string_view key, Duration low, Duration high) {
    const auto words = quantity(key, "a duration", "30s");
    if (!words) return {};
    const auto at = table_.find(key)->at;
    const auto parsed = parse_duration(*words);
    if (!parsed) {
        error(at, fmt::format("'{}' of {}: {}", key, where_, parsed.error().message));
        return {};
    }
    if (*parsed < low || *parsed > high) {
        error(at, fmt::format("'{}' of {} is {}", key, where_, *words),
              fmt::format("it must be from {} to {}", to_string(low), to_string(high)));
        return {};
    }
    return *parsed;
}

std::optional<Ratio> TableReader::ratio(std::string_view key) {
    const auto words = quantity(key, "a share", "1%");
    if (!words) return {};
    const auto parsed = parse_ratio(*words);
    if (!parsed) {
        error(table_.find(key)->at, fmt::format("'{}' of {}: {}", key, where_, parsed.error().message));
        return {};
    }
    return *parsed;
}

std::optional<DataRate> TableReader::data_rate(std::string_view key) {
    const auto words = quantity(key, "a data rate", "2mbit");
    if (!words) return {};
    const auto at = table_.find(key)->at;
    const auto parsed = parse_data_rate(*words);
    if (!parsed) {
        error(at, fmt::format("'{}' of {}: {}", key, where_, parsed.error().message));
        return {};
    }
    if (parsed->bits_per_second == 0) {
        error(at, fmt::format("'{}' of {} is zero: nothing would ever pass", key, where_),
              "leave it out for no limit");
        return {};
    }
    return *parsed;
}

std::optional<std::size_t> TableReader::word(std::string_view key,
                                             const std::vector<std::string_view>& words) {
    const auto given = text(key);
    if (!given) return {};
    const auto found = std::find(words.begin(), words.end(), *given);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    const auto near = nearest_word(*given, words);
    error(table_.find(key)->at, fmt::format("'{}' of {} is \"{}\"", key, where_, *given),
          near.empty() ? fmt::format("it must be {}", one_of(words))
                       : fmt::format("did you mean \"{}\"?", near));
    return {};
}

std::vector<std::string> TableReader::texts(std::string_view key) {
    const Value* value = take(key);
    std::vector<std::string> out;
    if (value == nullptr) return out;
    if (value->kind != Value::Kind::array) {
        wrong_kind(*value, key, "an array of texts, for instance [\"a\", \"b\"]");
        return out;
    }
    for (const auto& item : value->items) {
        if (item.kind == Value::Kind::text)
            out.push_back(item.text);
        else
            error(item.at, fmt::format("an item of '{}' is {}", key, item.kind_name()),
                  "it must be text in quotes");
    }
    return out;
}

const Value* TableReader::table(std::string_view key) {
    const Value* value = take(key);
    if (value != nullptr && value->kind != Value::Kind::table) {
        wrong_kind(*value, key, "a table");
        return nullptr;
    }
    return value;
}

std::vector<const Value*> TableReader::tables(std::string_view key) {
    const Value* value = take(key);
    std::vector<const Value*> out;
    if (value == nullptr) return out;
    if (value->kind != Value::Kind::array) {
        wrong_kind(*value, key, "an array of tables");
        return out;
    }
    for (const auto& item : value->items) {
        if (item.kind == Value::Kind::table)
            out.push_back(&item);
        else
            error(item.at, fmt::format("an item of '{}' of {} is {}", key, where_, item.kind_name()),
                  "it must be a table in braces");
    }
    return out;
}

void TableReader::finish() {
    for (const auto& entry : table_.entries) {
        const auto is = [&](std::string_view name) { return name == entry.key; };
        if (std::any_of(known_.begin(), known_.end(), is) ||
            std::any_of(reported_.begin(), reported_.end(), is))
            continue;
        const auto near = nearest_word(entry.key, known_);
        error(entry.at, fmt::format("unknown key '{}' in {}", entry.key, where_),
              near.empty() ? fmt::format("known here: {}", one_of(known_))
                           : fmt::format("did you mean '{}'?", near));
    }
}

}  // namespace squall::loadgen
