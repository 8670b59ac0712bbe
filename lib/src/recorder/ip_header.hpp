// The IP and UDP headers that stand before each recorded datagram, so that every tool finds its addresses.
// Knows no pcapng.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"

namespace squall::recorder {

inline constexpr std::size_t kMaxIpHeaderBytes = 48;

// What the identification of an IPv4 header, or the flow label of an IPv6 header, says on the packet: a
// dissector sees neither options of pcapng nor whether there is a tag.
enum class PacketForm : std::uint16_t {
    as_on_wire = 0,
    opened = 1,
};

struct IpUdpHeader {
    Address from;
    Address to;
    std::uint32_t payload_bytes = 0;  // of the datagram on the wire
    PacketForm form = PacketForm::as_on_wire;
    std::size_t header_bytes = 0;  // of both headers; set by parse
};

// Writes both headers to the front of `out` and returns their size: 28 or 48. Where the families differ they
// are IPv6, and the other address is written as unspecified, with its port.
[[nodiscard]] std::size_t write_headers(const IpUdpHeader& header,
                                        std::span<std::byte, kMaxIpHeaderBytes> out);
// Nothing if this is not what write_headers() writes.
[[nodiscard]] std::optional<IpUdpHeader> parse_headers(Bytes packet);

}  // namespace squall::recorder
