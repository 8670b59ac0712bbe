// What several codecs need to know of single values: UTF-8, numbers between formats, which alternatives have
// a name. Knows no format.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "squall/wire/value.hpp"

namespace squall::wire {

// No overlong forms, no surrogates, nothing above U+10FFFF (RFC 3629).
[[nodiscard]] bool is_utf8(std::string_view text);

// A floating point number out of a format that has only doubles. Error: one that a float cannot hold.
[[nodiscard]] Result<> set_number(Value value, double number);
// An integer out of a format that wrote it with a point. Error: one that is not whole.
[[nodiscard]] Result<> set_whole_number(Value value, double number);
// An integer in decimal digits, no blanks, no plus.
[[nodiscard]] std::optional<WideInteger> integer_of(std::string_view digits);
[[nodiscard]] std::string digits_of(WideInteger value);

// Whether alternatives are told apart by the names of their structs.
[[nodiscard]] bool has_named_alternatives(const TypeDescription& variant);
// By name or by number, as has_named_alternatives() says.
[[nodiscard]] std::optional<std::size_t> alternative_of(const TypeDescription& variant,
                                                        std::string_view name);
[[nodiscard]] std::string alternative_name(const TypeDescription& variant, std::size_t index);

[[nodiscard]] std::optional<std::size_t> field_of(const TypeDescription& structure, std::string_view name,
                                                  std::size_t expected);
// An optional whose content has an empty form of its own.
[[nodiscard]] inline bool is_nested_optional(const TypeDescription& type) {
    return type.kind == Kind::optional && type.element->kind == Kind::optional;
}

}  // namespace squall::wire
