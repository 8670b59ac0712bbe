#include "scenario/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace {
struct BrokenAssumption {};
}  // namespace

// The parser lives in this file alone. It recurses with the nesting, and so do its destructors: 16 is deep
// enough.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wterminate"
#endif
#endif
#include <toml++/impl/preprocessor.h>
// toml++ 3.3 takes for granted that a table header begins with a key: "[," is a failed assertion there, and
// undefined behaviour without assertions. What it assumes is checked instead, in every build.
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expr) ((expr) ? void(0) : throw BrokenAssumption{})
#include <toml++/toml.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace squall::loadgen {
namespace {

constexpr std::size_t kMaxDotsInLine = 100;

Position position_of(const toml::source_region& region, std::uint32_t source) {
    return {source, static_cast<std::uint32_t>(region.begin.line),
            static_cast<std::uint32_t>(region.begin.column)};
}

Value converted(const toml::node& node, std::uint32_t source);

void convert_table(const toml::table& table, Value& out, std::uint32_t source) {
    for (const auto& [key, child] : table)
        out.entries.push_back(
            {std::string(key.str()), position_of(key.source(), source), converted(child, source)});
    // toml++ keeps keys sorted by name; messages and orders follow the file.
    std::sort(out.entries.begin(), out.entries.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
    });
}

Value converted(const toml::node& node, std::uint32_t source) {
    Value out;
    out.at = position_of(node.source(), source);
    if (const auto* table = node.as_table()) {
        convert_table(*table, out, source);
    } else if (const auto* array = node.as_array()) {
        out.kind = Value::Kind::array;
        for (const auto& item : *array) out.items.push_back(converted(item, source));
    } else if (const auto* text = node.as_string()) {
        out.kind = Value::Kind::text;
        out.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
        out.kind = Value::Kind::integer;
        out.integer = integer->get();
    } else if (const auto* real = node.as_floating_point()) {
        out.kind = Value::Kind::real;
        out.real = real->get();
    } else if (const auto* boolean = node.as_boolean()) {
        out.kind = Value::Kind::boolean;
        out.boolean = boolean->get();
    } else {
        out.kind = Value::Kind::date;
    }
    return out;
}

// Each dot of a key nests one table deeper, outside of TOML_MAX_NESTED_VALUES; a scenario needs three.
// Comments are counted too, for telling them apart takes the parser that is being protected.
std::uint32_t line_with_absurd_key(std::string_view text) {
    std::uint32_t line = 1;
    std::size_t dots = 0;
    for (const char c : text) {
        if (c == '\n') {
            ++line;
            dots = 0;
        } else if (c == '.' && ++dots > kMaxDotsInLine) {
            return line;
        }
    }
    return 0;
}

// toml++ 3.3 has undefined behaviour on some letters beyond ASCII outside of texts, and only a parser could
// tell where a text ends.
std::optional<Position> first_beyond_ascii(std::string_view text, std::uint32_t source) {
    Position at{source, 1, 1};
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) return at;
        if (c == '\n') {
            ++at.line;
            at.column = 1;
        } else {
            ++at.column;
        }
    }
    return std::nullopt;
}

// For the message only: where toml++ gave up without saying where.
// Returns the first line that would be a header without a key; 0 if there is none.
std::uint32_t line_with_nameless_header(std::string_view text) {
    std::uint32_t line = 0;
    int open_brackets = 0;  // of arrays that began on earlier lines
    while (!text.empty()) {
        ++line;
        const auto end = text.find('\n');
        std::string_view rest = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto skip_blanks = [&] {
            rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t")));
        };
        skip_blanks();
        if (open_brackets <= 0 && rest.starts_with('[')) {
            rest.remove_prefix(rest.starts_with("[[") ? 2 : 1);
            skip_blanks();
            const char c = rest.empty() ? '\0' : rest[0];
            const bool is_key = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '_' || c == '-' || c == '"' || c == '\'';
            if (!is_key) return line;
            continue;
        }
        for (const char c : rest.substr(0, rest.find('#'))) open_brackets += c == '[' ? 1 : c == ']' ? -1 : 0;
    }
    return 0;
}

}  // namespace

const Value* Value::find(std::string_view key) const {
    for (const auto& entry : entries)
        if (entry.key == key) return &entry.value;
    return nullptr;
}

Value* Value::find(std::string_view key) {
    for (auto& entry : entries)
        if (entry.key == key) return &entry.value;
    return nullptr;
}

std::string_view Value::kind_name() const {
    switch (kind) {
        case Kind::text: return "text";
        case Kind::integer:
        case Kind::real: return "a number";
        case Kind::boolean: return "true or false";
        case Kind::array: return "an array";
        case Kind::table: return "a table";
        case Kind::date: return "a date";
    }
    return "a value";
}

std::string Value::shown() const {
    switch (kind) {
        case Kind::text: return fmt::format("\"{}\"", text.size() > 40 ? text.substr(0, 37) + "..." : text);
        case Kind::integer: return fmt::format("{}", integer);
        case Kind::real: return fmt::format("{}", real);
        case Kind::boolean: return boolean ? "true" : "false";
        default: return std::string(kind_name());
    }
}

std::expected<Value, Diagnostic> parse_document(std::string_view text, std::uint32_t source) {
    if (text.size() > kMaxScenarioBytes) {
        return std::unexpected(Diagnostic{{source, 1, 1},
                                          fmt::format("the file has {} bytes", text.size()),
                                          fmt::format("a scenario has at most {}", kMaxScenarioBytes)});
    }
    if (const std::uint32_t line = line_with_absurd_key(text); line != 0) {
        return std::unexpected(Diagnostic{{source, line, 1},
                                          fmt::format("this line has more than {} dots", kMaxDotsInLine),
                                          "no key of a scenario needs them"});
    }
    if (const auto at = first_beyond_ascii(text, source)) {
        return std::unexpected(Diagnostic{*at, "a character that is not ASCII",
                                          "a scenario is written in plain ASCII, its comments too"});
    }
    toml::parse_result parsed;
    try {
        parsed = toml::parse(text);
    } catch (const BrokenAssumption&) {
        return std::unexpected(Diagnostic{{source, std::max(1U, line_with_nameless_header(text)), 1},
                                          "not valid TOML: a table header without a name",
                                          "write for instance [target] or [[groups]]"});
    }
    if (!parsed) {
        return std::unexpected(Diagnostic{position_of(parsed.error().source(), source),
                                          "not valid TOML: " + std::string(parsed.error().description()),
                                          {}});
    }
    Value root;
    root.at = {source, 1, 1};
    convert_table(parsed.table(), root, source);
    return root;
}

namespace {

struct PathStep {
    std::string name;                  // of a key, or of a table's `name` in an array of tables
    std::optional<std::size_t> index;  // [n]
};

std::expected<std::vector<PathStep>, std::string> parse_path(std::string_view path) {
    std::vector<PathStep> steps;
    std::size_t i = 0;
    while (i < path.size()) {
        if (path[i] == '[') {
            const auto end = path.find(']', i);
            const auto digits =
                end == std::string_view::npos ? std::string_view{} : path.substr(i + 1, end - i - 1);
            if (digits.empty() || digits.size() > 6 ||
                !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
                return std::unexpected(
                    std::string("a '[' must be followed by an index and a ']', as in groups[0].vus"));
            std::size_t index = 0;
            for (const char c : digits) index = index * 10 + static_cast<std::size_t>(c - '0');
            steps.push_back({{}, index});
            i = end + 1;
            if (i < path.size() && path[i] == '.') ++i;
            continue;
        }
        std::string name;
        if (path[i] == '"') {
            const auto end = path.find('"', i + 1);
            if (end == std::string_view::npos) return std::unexpected(std::string("a quote is not closed"));
            name = path.substr(i + 1, end - i - 1);
            i = end + 1;
        } else {
            const auto end = path.find_first_of(".[", i);
            name = path.substr(i, end == std::string_view::npos ? end : end - i);
            i += name.size();
        }
        if (name.empty()) return std::unexpected(std::string("a name is missing in the path"));
        steps.push_back({std::move(name), {}});
        if (i < path.size() && path[i] == '.') {
            ++i;
            if (i == path.size()) return std::unexpected(std::string("the path ends in a dot"));
        }
    }
    if (steps.empty()) return std::unexpected(std::string("the path is empty"));
    if (steps.size() > 16) return std::unexpected(std::string("the path is deeper than any scenario"));
    return steps;
}

std::expected<Value*, std::string> follow(Value& at, const PathStep& step, std::uint32_t source) {
    if (at.kind == Value::Kind::array) {
        if (step.index) {
            if (*step.index >= at.items.size())
                return std::unexpected(
                    fmt::format("index {} is beyond the array's {} items", *step.index, at.items.size()));
            return &at.items[*step.index];
        }
        for (auto& item : at.items) {
            const Value* name = item.find("name");
            if (name != nullptr && name->kind == Value::Kind::text && name->text == step.name) return &item;
        }
        return std::unexpected(fmt::format("nothing in the array is named '{}'", step.name));
    }
    if (at.kind != Value::Kind::table)
        return std::unexpected(fmt::format("there is no '{}' inside {}", step.name, at.kind_name()));
    if (step.index)
        return std::unexpected(fmt::format("[{}] needs an array, and this is a table", *step.index));
    if (Value* found = at.find(step.name)) return found;
    at.entries.push_back({step.name, {source, 1, 1}, Value{}});
    at.entries.back().value.at = {source, 1, 1};
    return &at.entries.back().value;
}

void set_source(Value& value, std::uint32_t source) {
    value.at = {source, 1, 1};
    for (auto& item : value.items) set_source(item, source);
    for (auto& entry : value.entries) {
        entry.at = {source, 1, 1};
        set_source(entry.value, source);
    }
}

Value parse_override_value(std::string_view text, std::uint32_t source) {
    if (auto parsed = parse_document(fmt::format("v = {}\n", text), source);
        parsed && parsed->entries.size() == 1) {
        Value value = std::move(parsed->entries[0].value);
        set_source(value, source);
        return value;
    }
    Value value;
    value.kind = Value::Kind::text;
    value.text = text;
    value.at = {source, 1, 1};
    return value;
}

}  // namespace

std::expected<void, std::string> apply_override(Value& root, std::string_view assignment,
                                                std::uint32_t source) {
    std::size_t split = std::string_view::npos;
    bool quoted = false;
    for (std::size_t i = 0; i < assignment.size() && split == std::string_view::npos; ++i) {
        if (assignment[i] == '"') quoted = !quoted;
        if (assignment[i] == '=' && !quoted) split = i;
    }
    if (split == std::string_view::npos)
        return std::unexpected(std::string("an '=' is missing; write path=value, as in duration=30s"));
    const auto steps = parse_path(assignment.substr(0, split));
    if (!steps) return std::unexpected(steps.error());
    Value* at = &root;
    for (const auto& step : *steps) {
        auto next = follow(*at, step, source);
        if (!next) return std::unexpected(next.error());
        at = *next;
    }
    *at = parse_override_value(assignment.substr(split + 1), source);
    return {};
}

}  // namespace squall::loadgen
