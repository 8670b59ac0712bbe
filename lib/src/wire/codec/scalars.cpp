#include "wire/codec/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "wire/codec/codec_frame.hpp"

namespace squall::wire {
namespace {

// Bytes of the character that begins so, and the least value that needs as many; 0: no beginning.
struct Lead {
    std::size_t bytes = 0;
    char32_t bits = 0;
    char32_t least = 0;
};
Lead lead_of(unsigned char c) {
    if (c < 0x80) return {1, c, 0};
    if (c >= 0xc2 && c < 0xe0) return {2, c & 0x1fU, 0x80};
    if (c >= 0xe0 && c < 0xf0) return {3, c & 0x0fU, 0x800};
    if (c >= 0xf0 && c < 0xf5) return {4, c & 0x07U, 0x10000};
    return {};
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const Lead lead = lead_of(static_cast<unsigned char>(text[i]));
        if (lead.bytes == 0 || lead.bytes > text.size() - i) return false;
        char32_t character = lead.bits;
        for (std::size_t k = 1; k < lead.bytes; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xc0) != 0x80) return false;
            character = (character << 6) | (next & 0x3fU);
        }
        if (character < lead.least || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
            return false;
        i += lead.bytes;
    }
    return true;
}

Result<> set_number(Value value, double number) {
    if (value.kind() == Kind::floating && value.type().size == 4 && std::isfinite(number) &&
        std::abs(number) > double{std::numeric_limits<float>::max()})
        return fail(ErrorCode::invalid_argument, fmt::format("{}; it must fit a 32-bit float", number));
    return value.set_floating(number);
}

Result<> set_whole_number(Value value, double number) {
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (!(std::abs(number) <= kExact) || std::trunc(number) != number)
        return fail(ErrorCode::invalid_argument, fmt::format("{}; it must be a whole number", number));
    return value.set_integer(static_cast<std::int64_t>(number));
}

std::optional<WideInteger> integer_of(std::string_view digits) {
    const char* const end = digits.data() + digits.size();
    if (digits.starts_with('-')) {
        std::int64_t value = 0;
        const auto [last, error] = std::from_chars(digits.data(), end, value);
        if (error != std::errc{} || last != end) return std::nullopt;
        return value;
    }
    std::uint64_t value = 0;
    const auto [last, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || last != end) return std::nullopt;
    return value;
}

std::string digits_of(WideInteger value) {
    return value < 0 ? fmt::format("{}", static_cast<std::int64_t>(value))
                     : fmt::format("{}", static_cast<std::uint64_t>(value));
}

bool has_named_alternatives(const TypeDescription& variant) {
    for (std::size_t i = 0; i < variant.alternatives.size(); ++i) {
        const TypeDescription& each = *variant.alternatives[i];
        if (each.kind != Kind::structure || each.name.empty()) return false;
        for (std::size_t k = 0; k < i; ++k)
            if (variant.alternatives[k]->name == each.name) return false;
    }
    return true;
}

std::string alternative_name(const TypeDescription& variant, std::size_t index) {
    return has_named_alternatives(variant) ? std::string(variant.alternatives[index]->name)
                                           : fmt::format("{}", index);
}

std::optional<std::size_t> alternative_of(const TypeDescription& variant, std::string_view name) {
    for (std::size_t i = 0; i < variant.alternatives.size(); ++i)
        if (alternative_name(variant, i) == name) return i;
    return std::nullopt;
}

std::optional<std::size_t> field_of(const TypeDescription& structure, std::string_view name,
                                    std::size_t expected) {
    // Fields mostly come in their order.
    if (expected < structure.fields.size() && structure.fields[expected].name == name) return expected;
    const auto found = std::ranges::find(structure.fields, name, &FieldDescription::name);
    if (found == structure.fields.end()) return std::nullopt;
    return static_cast<std::size_t>(found - structure.fields.begin());
}

namespace {

bool has_joint_rules_in(const TypeDescription& type, const Constraints& constraints) {
    if (constraints.quaternion_bits != 0) return true;
    for (const FieldDescription& field : type.fields)
        if (has_joint_rules_in(*field.type, field.constraints)) return true;
    for (const TypeDescription* alternative : type.alternatives)
        if (has_joint_rules_in(*alternative, {})) return true;
    return type.element != nullptr && has_joint_rules_in(*type.element, {});
}

}  // namespace

bool has_joint_rules(ConstValue value) {
    return has_joint_rules_in(value.type(), value.constraints());
}

}  // namespace squall::wire
