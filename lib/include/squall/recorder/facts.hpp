// What is known about a recorded session from the start: names and texts, as a flat JSON object of strings.
// Who records decides on the names (lib/RECORDING.md lists those that Squall's programs write); this knows
// only how they are written.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/result.hpp"

namespace squall::recorder {

// In the order of their names, so that the same facts are the same bytes.
using Facts = std::map<std::string, std::string, std::less<>>;

// Of one name, and of one value.
inline constexpr std::size_t kMaxFactBytes = std::size_t{32} * 1024;

// JSON objects of at most 60 KiB each, which together hold all facts; one at least. Errors: too_large (a name
// or a value above kMaxFactBytes, which it names), malformed (text that is not UTF-8).
[[nodiscard]] Result<std::vector<std::string>> to_json(const Facts& facts);
// Adds the facts of one such object. Errors: malformed (not a flat JSON object of strings; says where).
[[nodiscard]] Result<> add_json(Facts& facts, std::string_view json);

// The text of a fact, or nothing in it if there is none of that name.
[[nodiscard]] std::string_view find_fact(const Facts& facts, std::string_view name);

}  // namespace squall::recorder
