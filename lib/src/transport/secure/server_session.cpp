// Packets of connected clients, and the validation of a client's new address.
#include <algorithm>

#include "transport/secure/peer_reason.hpp"
#include "transport/secure/secure_server_state.hpp"

namespace squall::secure {
namespace {

bool is_body_size_right(PacketType type, std::size_t size) {
    switch (type) {
        case PacketType::keep_alive: return size == kKeepAliveBodyBytes;
        case PacketType::payload:
        case PacketType::payload_with_id: return size >= 1 && size <= kMaxPayloadBytes;
        case PacketType::disconnect: return size == 0;
        case PacketType::disconnect_with_reason: return size == kReasonBodyBytes;
        case PacketType::path_response: return size == kPathDataBytes;
        case PacketType::probe: return size == kProbeBodyBytes;
        default: return false;
    }
}

}  // namespace

void SecureServer::State::on_session_packet(TimePoint now, const Address& from, const PacketHeader& header,
                                            MutableBytes datagram) {
    if (datagram.size() > kMaxPacketBytes) return refuse(RefusalCause::too_large);
    auto* const slot = carries_id(header.type) ? slots.find_by_connection_id(header.connection_id)
                                               : slots.find_by_address(from);
    if (slot == nullptr) return refuse(RefusalCause::unknown_sender);
    if (datagram.size() < header.bytes + slot->cipher->tag_bytes()) return refuse(RefusalCause::too_small);
    switch (slot->replay.check(header.sequence)) {
        case ReplayWindow::Verdict::fresh: break;
        case ReplayWindow::Verdict::replayed: return refuse(RefusalCause::replayed);
        case ReplayWindow::Verdict::too_old: return refuse(RefusalCause::too_old);
    }
    PacketHeader its_header = header;
    its_header.slot = slot->index;
    const auto body = binding(slot->suite).open(*slot->cipher, its_header, datagram);
    if (!body) return refuse(RefusalCause::not_authentic);
    slot->replay.mark(header.sequence);
    if (!is_body_size_right(header.type, body->size())) return refuse(RefusalCause::wrong_size);
    on_opened(now, *slot, from, header, *body, datagram.size());
}

void SecureServer::State::on_opened(TimePoint now, Slot& slot, const Address& from,
                                    const PacketHeader& header, MutableBytes body,
                                    std::size_t datagram_bytes) {
    if (header.type >= PacketType::denied_with_reason) slot.has_extensions = true;
    if (header.type == PacketType::disconnect || header.type == PacketType::disconnect_with_reason) {
        slot.received.add(ByteCause::disconnect, datagram_bytes);
        const auto reason = header.type == PacketType::disconnect
                                ? DisconnectReason::requested_by_peer
                                : reason_from_peer(std::to_integer<std::uint8_t>(body[0]));
        end(slot, reason, false);
        SecureEvent event;
        event.kind = SecureEvent::Kind::disconnected;
        event.slot = slot.index;
        event.reason = reason;
        return report(event);
    }

    slot.last_heard = now;
    slot.is_confirmed = true;
    switch (header.type) {
        case PacketType::keep_alive:
        case PacketType::probe: slot.received.add(ByteCause::keep_alive, datagram_bytes); break;
        case PacketType::path_response: slot.received.add(ByteCause::handshake, datagram_bytes); break;
        default: {
            SecureEvent event;
            event.kind = SecureEvent::Kind::payload;
            event.slot = slot.index;
            event.packet_number = header.sequence;
            event.payload = body;
            event.datagram_bytes = datagram_bytes;
            report(event);
        }
    }
    if (!carries_id(header.type)) return;
    slot.is_id_confirmed = true;
    if (header.type == PacketType::path_response) return on_path_response(now, slot, from, body);
    if (from != slot.peer) consider_path(now, slot, from, datagram_bytes);
}

// An authentic packet came from a new address. That proves nothing about the address: whoever saw the packet
// can send it from anywhere. So the address is asked, and used only if it answers.
void SecureServer::State::consider_path(TimePoint now, Slot& slot, const Address& from,
                                        std::size_t datagram_bytes) {
    if (slots.find_by_address(from) != nullptr)
        return refuse(RefusalCause::stale_path);  // another client lives there
    if (slot.path != nullptr && slot.path->address != from && now < slot.path->sent_at + PathCheck::kPatience)
        return refuse(RefusalCause::stale_path);  // one at a time
    if (slot.path != nullptr && slot.path->address == from && now < slot.path->sent_at + PathCheck::kRepeat)
        return;

    PacketHeader header;
    header.type = PacketType::path_challenge;
    header.sequence = slot.next_sequence;
    header.slot = slot.index;
    const auto offset = header_bytes(header.type, header.sequence);
    if (offset + kPathDataBytes + slot.cipher->tag_bytes() > datagram_bytes)
        return;  // a probe, which is larger, follows
    auto* const packet = new_ready();
    if (packet == nullptr) return refuse(RefusalCause::over_limit);
    if (slot.path == nullptr || slot.path->address != from) {
        slot.path = std::make_unique<PathCheck>();
        slot.path->address = from;
        entropy.fill(slot.path->data);
    }
    slot.path->sent_at = now;
    ++slot.next_sequence;
    std::ranges::copy(slot.path->data, packet->bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    packet->to = from;
    packet->size = binding(slot.suite).seal(*slot.cipher, header, packet->bytes, kPathDataBytes);
    slot.sent.add(ByteCause::handshake, packet->size);
}

void SecureServer::State::on_path_response(TimePoint now, Slot& slot, const Address& from, Bytes data) {
    if (slot.path == nullptr || slot.path->address != from || !std::ranges::equal(slot.path->data, data))
        return refuse(RefusalCause::stale_path);
    slot.path.reset();
    if (slots.find_by_address(from) != nullptr) return refuse(RefusalCause::stale_path);
    slots.change_peer(slot, from);
    slot.last_sent = now;
    due.push_back({slot.index, slot.generation, PacketType::keep_alive, true});
    SecureEvent event;
    event.kind = SecureEvent::Kind::path_changed;
    event.slot = slot.index;
    report(event);
}

}  // namespace squall::secure
