// A type's schema as text and as a number: what two programs compare before they exchange bits. The same with
// every compiler. Holds what decides about the bytes: names, kinds, order, ranges, limits; not what only the
// sender needs (epsilon).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "squall/wire/describe.hpp"

namespace squall::wire {

// A line a field, "position.x float quantised -256 to 256 by 0.001953125".
[[nodiscard]] std::string schema_text(const TypeDescription& type);
template <Described T>
[[nodiscard]] std::string schema_text() {
    return schema_text(describe<T>());
}

// Equal if and only if (but for chance) the texts are.
[[nodiscard]] std::uint64_t schema_hash(std::string_view text);
template <Described T>
[[nodiscard]] std::uint64_t schema_hash() {
    static const std::uint64_t kHash = schema_hash(schema_text<T>());
    return kHash;
}

// The first line in which two schemas differ, as a sentence's end; nothing if they do not.
[[nodiscard]] std::optional<std::string> first_difference(std::string_view ours, std::string_view theirs);

}  // namespace squall::wire
