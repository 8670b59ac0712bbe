// An opened packet of a recording, taken apart: netcode's header and, of a payload packet with framing
// `squall`, acknowledgement and frames (lib/STANDARD.md section 5). Every byte of the datagram belongs to
// exactly one part, so that costs add up to what was on the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/recorder/record.hpp"

namespace squall::recorder {

// One message, or one fragment of one, in a packet.
struct FrameView {
    ChannelId channel{};
    std::uint16_t message = 0;  // the low bits of its number
    std::uint32_t fragment = 0;
    std::uint32_t fragment_count = 1;
    std::uint32_t message_bytes = 0;  // of the whole message
    std::size_t header_bytes = 0;     // before `bytes`; the head of a frame with several counts for the first
    std::size_t offset = 0;           // of the header, in the packet
    Bytes bytes{};
};

struct PacketView {
    std::uint8_t type = 0;  // netcode's packet type; 5 and 10 carry payload
    std::uint64_t sequence = 0;
    std::optional<std::uint64_t> connection_id{};
    std::size_t header_bytes = 0;  // prefix, sequence, connection id
    // Of a payload packet:
    bool has_payload = false;
    std::uint8_t flags = 0;
    bool has_ack = false;
    std::uint16_t ack_largest = 0;
    std::uint32_t ack_delay_us = 0;
    std::size_t ack_bytes = 0;
    std::vector<FrameView> frames{};
    std::size_t padding_bytes = 0;
};

[[nodiscard]] std::string_view packet_type_name(std::uint8_t type);

// Takes an opened packet apart. False where its payload is not that of framing `squall`: then it has no
// frames, and `has_payload` stays false. `view` is overwritten; its memory is used again.
bool parse_packet(Bytes packet, PacketView& view);

}  // namespace squall::recorder
