// Packets as they stand in a datagram: the header in clear, and sealing and opening with the header as
// associated data. Knows no state: neither keys nor which packets are welcome.
#pragma once

#include <expected>
#include <optional>

#include "squall/core/bytes.hpp"
#include "squall/transport/statistics.hpp"
#include "transport/secure/format.hpp"
#include "transport/secure/packet_cipher.hpp"

namespace squall::secure {

//  0       1            1+n (n = 1 to 8)     9+n
//  +-------+------------+- - - - - - - - - -+-----------+--------------+
//  | n | t | sequence   | connection id, 8 B | body      | tag, 16 B    |
//  +-------+------------+- - - - - - - - - -+-----------+--------------+
//  high 4 bits n, low 4 bits type            only types that carry one
inline constexpr std::uint32_t kNoSlot = 0xffff'ffff;
struct PacketTap;

struct PacketHeader {
    PacketType type{};
    std::uint64_t sequence = 0;
    std::uint64_t connection_id = 0;
    std::uint8_t prefix = 0;       // as received; 0 when writing
    std::size_t bytes = 0;         // of the header itself, as received
    std::uint32_t slot = kNoSlot;  // whose packet it is, for the trace; not on the wire
};

// The header of an encrypted packet (type 1 and above). The tag is not looked at.
[[nodiscard]] std::expected<PacketHeader, RefusalCause> read_header(Bytes datagram);

// Bytes before the body: 1 + as many as the sequence number needs (at least 1) + 8 for types that carry an
// id.
[[nodiscard]] std::size_t header_bytes(PacketType type, std::uint64_t sequence);

// The connection id of a datagram that carries one, unverified: for routing a migrated client to its shard,
// which is the id's top byte.
[[nodiscard]] std::optional<std::uint64_t> peek_connection_id(Bytes datagram);

// What every packet of one suite and protocol is bound to.
class PacketBinding {
  public:
    PacketBinding() = default;
    PacketBinding(Suite suite, std::uint64_t protocol_id);

    // Seals the body that stands at buffer[header_bytes(type, sequence)] and writes the header before it and
    // the tag behind it. Returns the size of the packet. The buffer has room for all of it.
    [[nodiscard]] std::size_t seal(const PacketCipher& cipher, const PacketHeader& header,
                                   MutableBytes buffer, std::size_t body_bytes) const;
    // Opens in place; nothing if the packet is shorter than its tag or not authentic.
    [[nodiscard]] std::optional<MutableBytes> open(const PacketCipher& cipher, const PacketHeader& header,
                                                   MutableBytes datagram) const;
    // Shows from now on what is sealed and opened; nullptr: to nobody. The tap must outlive all copies.
    void set_tap(const PacketTap* tap) { tap_ = tap; }

  private:
    struct AssociatedData {
        std::array<std::byte, kVersionBytes + 8 + 1 + kConnectionIdBytes> bytes;
        std::size_t size = 0;
        [[nodiscard]] Bytes view() const { return Bytes(bytes).first(size); }
    };
    [[nodiscard]] AssociatedData associated_data(const PacketHeader& header) const;

    std::array<std::byte, kVersionBytes + 8> prefix_{};
    const PacketTap* tap_ = nullptr;
};

}  // namespace squall::secure
