// What the bytes of a packet or a message mean, field by field, down to single bits, by lib/STANDARD.md
// sections 2, 4, 5 and 7, and netcode 1.02. A reader of its own that never links the transport; whatever the
// bytes are, it says what it can and where it stops.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "squall/core/bytes.hpp"

namespace squall::gui {

struct Field {
    std::string name;
    std::string value;
    std::size_t bit = 0;  // from the start, bits of a byte counted from the least significant
    std::size_t bits = 0;
    bool is_wrong = false;  // not as the standard says
    std::vector<Field> children;
};

// What is known of a remote: from a recording's dictionary, which does not hold the fields of its struct.
struct RemoteLabel {
    RemoteLabel() = default;
    RemoteLabel(std::string its_name, std::string its_kind = {}, std::string its_codec = {})
        : name(std::move(its_name)), kind(std::move(its_kind)), codec(std::move(its_codec)) {}
    std::string name;
    std::string kind;  // "event", "function", "property", "table", ...
    std::string codec;
};
// Remotes by their number on the wire; empty for numbers that are none.
using RemoteNames = std::function<RemoteLabel(std::uint64_t)>;

// An opened packet: header in clear, body in plaintext.
[[nodiscard]] Field dissect_packet(Bytes packet, const RemoteNames& names);
// A message as the application gave it to a channel.
[[nodiscard]] Field dissect_message(Bytes message, const RemoteNames& names, std::size_t first_byte = 0);
// "payload", "keep-alive", ... of a packet's first byte.
[[nodiscard]] std::string packet_type_name(std::uint8_t prefix);

// Lines of 16 bytes: offset, hexadecimal, text.
[[nodiscard]] std::string hex_dump(Bytes bytes);
// Bits of the bytes, most significant first, a byte a group.
[[nodiscard]] std::string bit_dump(Bytes bytes, std::size_t first_byte, std::size_t count);

}  // namespace squall::gui
