// How the table's types look in Protocol Buffers: what is a plain value, what needs a message of its own.
// Shared by the writer, the reader and the printer of .proto files, so that they cannot disagree. Knows no
// bytes.
#pragma once

#include <algorithm>
#include <limits>
#include <string_view>

#include "squall/wire/type_description.hpp"

namespace squall::wire {

// The number after a field's number in its tag.
enum class ProtoWire : std::uint8_t {
    varint = 0,
    fixed64 = 1,
    sized = 2,
    group = 3,
    group_end = 4,
    fixed32 = 5
};

// An enumeration that protobuf can have as one: its enumerators have names and fit 32 bits. Others are
// sint64.
[[nodiscard]] inline bool is_proto_enum(const TypeDescription& type) {
    return type.kind == Kind::enumeration && !type.enumerators.empty() &&
           std::ranges::all_of(type.enumerators, [](const Enumerator& each) {
               return WideInteger{each.value} >= std::numeric_limits<std::int32_t>::min() &&
                      WideInteger{each.value} <= std::numeric_limits<std::int32_t>::max();
           });
}

// Kinds that can only be a field, not an element: within another container they get a message around them,
// whose field 1 they are.
[[nodiscard]] inline bool needs_message(const TypeDescription& type) {
    return type.kind == Kind::optional || type.kind == Kind::list || type.kind == Kind::array ||
           type.kind == Kind::map;
}

// How a value that is no container is written.
[[nodiscard]] inline ProtoWire wire_of(const TypeDescription& type) {
    switch (type.kind) {
        case Kind::boolean:
        case Kind::signed_integer:
        case Kind::unsigned_integer:
        case Kind::enumeration: return ProtoWire::varint;
        case Kind::floating: return type.size == 4 ? ProtoWire::fixed32 : ProtoWire::fixed64;
        default: return ProtoWire::sized;
    }
}
// Whether a list of such is written as one run of values.
[[nodiscard]] inline bool is_packable(const TypeDescription& element) {
    return wire_of(element) != ProtoWire::sized;
}

// "sint32"; empty for messages and enumerations.
[[nodiscard]] inline std::string_view proto_scalar(const TypeDescription& type) {
    switch (type.kind) {
        case Kind::boolean: return "bool";
        case Kind::signed_integer: return type.size == 8 ? "sint64" : "sint32";
        case Kind::unsigned_integer: return type.size == 8 ? "uint64" : "uint32";
        case Kind::floating: return type.size == 8 ? "double" : "float";
        case Kind::enumeration: return is_proto_enum(type) ? "" : "sint64";
        case Kind::text: return "string";
        case Kind::bytes: return "bytes";
        default: return "";
    }
}

}  // namespace squall::wire
