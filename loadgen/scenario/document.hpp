// A parsed TOML document as plain values that know where they stand. The only part that knows toml++; it
// knows no scenario.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/diagnostic.hpp"

namespace squall::loadgen {

struct Entry;

struct Value {
    enum class Kind : std::uint8_t { text, integer, real, boolean, array, table, date };
    Kind kind = Kind::table;
    Position at;
    std::string text;          // of a text
    std::int64_t integer = 0;  // of an integer
    double real = 0;           // of a real number
    bool boolean = false;
    std::vector<Value> items;    // of an array
    std::vector<Entry> entries;  // of a table, in the order of the file

    [[nodiscard]] const Value* find(std::string_view key) const;
    [[nodiscard]] Value* find(std::string_view key);
    // "text", "number", "table" ... for messages.
    [[nodiscard]] std::string_view kind_name() const;
    // The value as one would write it, shortened.
    [[nodiscard]] std::string shown() const;
};

struct Entry {
    std::string key;
    Position at;
    Value value;
};

// Larger files and deeper nesting than any scenario needs are refused before the TOML parser sees them.
inline constexpr std::size_t kMaxScenarioBytes = 256 * 1024;

// The document's root table; where the text is not TOML, the diagnostic says where and why.
[[nodiscard]] std::expected<Value, Diagnostic> parse_document(std::string_view text,
                                                              std::uint32_t source = 0);

// One override as the command line has it: path=value, such as `duration=30s`, `groups.fighters.vus=100` or
// `groups[0].stages[1].target=7`. A value that is no TOML value is taken as text. Changes the document.
// Error: a sentence that says what is wrong with the path.
[[nodiscard]] std::expected<void, std::string> apply_override(Value& root, std::string_view assignment,
                                                              std::uint32_t source);

}  // namespace squall::loadgen
