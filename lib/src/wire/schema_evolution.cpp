#include "squall/wire/schema_evolution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <vector>

#include "squall/wire/schema_text.hpp"

namespace squall::wire {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(at), text.size());
        if (end > 0) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

// One line of a schema's text.
struct Field {
    std::string_view path;
    std::string_view what;
};
// By what a field is to the codec.
using Fields = std::map<std::string, Field, std::less<>>;

// A path is a field of a struct ("a.b"), or a part of what is before it ("a?", "a[]", "a{key}", "a<0>").
struct Step {
    std::string_view parent;
    std::string_view part;
    bool is_field = false;
};
Step last_step(std::string_view path) {
    if (path.empty()) return {};
    const std::string_view closers = "?]}>";
    if (closers.find(path.back()) != std::string_view::npos) {
        const std::size_t begin = path.back() == '?' ? path.size() - 1 : path.find_last_of("[{<");
        if (begin == std::string_view::npos) return {path, path, false};  // of nothing that was before it
        return {path.substr(0, begin), path.substr(begin), false};
    }
    const std::size_t dot = path.rfind('.');
    if (dot == std::string_view::npos) return {"", path, true};
    return {path.substr(0, dot), path.substr(dot + 1), true};
}

// The lines under their keys: paths, where fields have names or the numbers of their places. Nothing if the
// text is none that schema_text() writes.
std::optional<Fields> keyed(std::string_view text, FieldIdentity identity) {
    Fields fields;
    std::map<std::string_view, std::string> keys;  // of paths
    std::map<std::string_view, std::size_t> next;  // place, of structs
    for (const std::string_view line : split(text, '\n')) {
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos || space == 0) return std::nullopt;
        const std::string_view path = line.substr(0, space) == "." ? "" : line.substr(0, space);
        std::string key(path);
        if (!path.empty()) {
            const Step step = last_step(path);
            const auto parent = keys.find(step.parent);
            if (parent == keys.end()) return std::nullopt;
            if (identity == FieldIdentity::place)
                key = step.is_field ? fmt::format("{}.{}", parent->second, next[step.parent]++)
                                    : parent->second + std::string(step.part);
        }
        keys.emplace(path, key);
        if (!fields.emplace(std::move(key), Field{path, line.substr(space + 1)}).second) return std::nullopt;
    }
    if (fields.empty()) return std::nullopt;
    return fields;
}

// Two lists of "name=value": what has one name has one value.
bool enumerators_agree(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
    for (const std::string_view each : a) {
        const std::size_t equals = each.find('=');
        if (equals == std::string_view::npos) continue;
        for (const std::string_view other : b)
            if (other.starts_with(each.substr(0, equals + 1)) && other != each) return false;
    }
    return true;
}

bool may_meet(std::string_view ours, std::string_view theirs) {
    const auto a = split(ours, ' ');
    const auto b = split(theirs, ' ');
    if (a.empty() || b.empty()) return false;
    const auto is_integer = [](std::string_view word, std::string_view kind) {
        return word.starts_with(kind) && word.size() > kind.size();
    };
    for (const std::string_view kind : {"int", "uint"})
        if (is_integer(a[0], kind) || is_integer(b[0], kind))
            return is_integer(a[0], kind) && is_integer(b[0], kind);
    if (a[0] != b[0]) return false;
    if (a[0] == "enum") return enumerators_agree(a, b);
    if (a[0] == "array") return a.size() > 2 && b.size() > 2 && a[2] == b[2];
    if (a[0] == "variant")
        return std::ranges::equal(a | std::views::take(b.size()), b | std::views::take(a.size()));
    return true;
}

}  // namespace

std::optional<std::string> schema_conflict(std::string_view ours, std::string_view theirs,
                                           FieldIdentity identity) {
    if (ours == theirs) return std::nullopt;
    if (identity == FieldIdentity::whole_schema) return first_difference(ours, theirs);
    const auto here = keyed(ours, identity);
    const auto there = keyed(theirs, identity);
    if (!here || !there) return "a schema that is none";
    if (identity == FieldIdentity::place) {
        // A name that is at another place there is no new name: what is between came or went.
        std::map<std::string_view, std::string_view> places;
        for (const auto& [key, field] : *there) places.emplace(field.path, key);
        for (const auto& [key, field] : *here)
            if (const auto other = places.find(field.path); other != places.end() && other->second != key)
                return fmt::format("'{}' is in another place there", field.path);
    }
    for (const auto& [key, field] : *here) {
        const auto other = there->find(key);
        if (other == there->end() || may_meet(field.what, other->second.what)) continue;
        return fmt::format("'{}' is '{}' here and '{}' there", field.path, field.what, other->second.what);
    }
    return std::nullopt;
}

}  // namespace squall::wire
