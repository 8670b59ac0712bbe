#include "transport/secure/packet.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

#include "transport/secure/packet_tap.hpp"

namespace squall::secure {
namespace {

std::size_t sequence_bytes(std::uint64_t sequence) {
    return std::max<std::size_t>(1, (static_cast<std::size_t>(std::bit_width(sequence)) + 7) / 8);
}

// A reader takes the prefix as it came: a peer may spell its numbers with more bytes than they need.
std::uint8_t prefix_of(const PacketHeader& header) {
    if (header.prefix != 0) return header.prefix;
    return static_cast<std::uint8_t>((sequence_bytes(header.sequence) << 4) |
                                     static_cast<std::size_t>(header.type));
}

}  // namespace

std::expected<PacketHeader, RefusalCause> read_header(Bytes datagram) {
    ByteReader reader(datagram);
    const auto prefix = reader.read<std::uint8_t>();
    if (!reader.ok()) return std::unexpected(RefusalCause::too_small);
    PacketHeader header;
    const auto type = static_cast<std::uint8_t>(prefix & 0x0f);
    const std::size_t number_bytes = prefix >> 4;
    if (type == 0 || type > static_cast<std::uint8_t>(PacketType::probe))
        return std::unexpected(RefusalCause::unknown_packet_type);
    if (number_bytes < 1 || number_bytes > 8) return std::unexpected(RefusalCause::unknown_packet_type);
    header.type = static_cast<PacketType>(type);
    header.sequence = reader.read_low_bytes(number_bytes);
    if (carries_id(header.type)) header.connection_id = reader.read<std::uint64_t>();
    if (!reader.ok()) return std::unexpected(RefusalCause::too_small);
    header.bytes = reader.position();
    header.prefix = prefix;
    return header;
}

std::size_t header_bytes(PacketType type, std::uint64_t sequence) {
    return 1 + sequence_bytes(sequence) + (carries_id(type) ? kConnectionIdBytes : 0);
}

std::optional<std::uint64_t> peek_connection_id(Bytes datagram) {
    const auto header = read_header(datagram);
    if (!header || !carries_id(header->type)) return std::nullopt;
    return header->connection_id;
}

PacketBinding::PacketBinding(Suite suite, std::uint64_t protocol_id) {
    ByteWriter writer(prefix_);
    writer.write_bytes(version_info(suite));
    writer.write(protocol_id);
}

PacketBinding::AssociatedData PacketBinding::associated_data(const PacketHeader& header) const {
    AssociatedData data;
    ByteWriter writer(data.bytes);
    writer.write_bytes(prefix_);
    writer.write(prefix_of(header));
    if (carries_id(header.type)) writer.write(header.connection_id);
    data.size = writer.size();
    return data;
}

std::size_t PacketBinding::seal(const PacketCipher& cipher, const PacketHeader& header, MutableBytes buffer,
                                std::size_t body_bytes) const {
    ByteWriter writer(buffer);
    const std::uint8_t prefix = prefix_of(header);
    writer.write(prefix);
    writer.write_low_bytes(header.sequence, prefix >> 4);
    if (carries_id(header.type)) writer.write(header.connection_id);
    assert(writer.ok() && writer.remaining() >= body_bytes + cipher.tag_bytes());
    const auto sealed_bytes = body_bytes + cipher.tag_bytes();
    if (tap_ != nullptr)
        tap_->show(trace::EventKind::packet_sealed, header, buffer.first(writer.size() + body_bytes),
                   writer.size() + sealed_bytes);
    cipher.seal(header.sequence, associated_data(header).view(), buffer.subspan(writer.size(), sealed_bytes));
    return writer.size() + sealed_bytes;
}

std::optional<MutableBytes> PacketBinding::open(const PacketCipher& cipher, const PacketHeader& header,
                                                MutableBytes datagram) const {
    if (datagram.size() < header.bytes + cipher.tag_bytes()) return std::nullopt;
    const auto body = datagram.subspan(header.bytes);
    if (!cipher.open(header.sequence, associated_data(header).view(), body)) return std::nullopt;
    if (tap_ != nullptr)
        tap_->show(trace::EventKind::packet_opened, header,
                   datagram.first(datagram.size() - cipher.tag_bytes()), datagram.size());
    return body.first(body.size() - cipher.tag_bytes());
}

}  // namespace squall::secure
