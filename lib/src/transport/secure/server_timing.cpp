// The server's deadlines, and what leaves it apart from payload.
#include <algorithm>
#include <cstring>

#include "transport/secure/secure_server_state.hpp"

namespace squall::secure {
namespace {

// Replies that wait to be drained; a host that follows the drain rule never has more than two.
constexpr std::size_t kMaxReady = 1024;

}  // namespace

TimePoint SecureServer::poll_timeout() const {
    return state_->deadlines.next();
}

void SecureServer::handle_timeout(TimePoint now) {
    auto& s = *state_;
    s.pause.observe(now, s.deadlines.next());
    s.slots.collect_ended();
    while (const auto entry = s.deadlines.pop_due(now)) {
        switch (entry->kind) {
            case DeadlineHeap::Kind::slot: s.on_slot_due(now, *entry); break;
            case DeadlineHeap::Kind::pending:
                if (auto* const client = s.pending.at(entry->key, entry->generation)) {
                    if (now >= client->expires) {
                        s.pending.remove(*client);
                    } else {
                        s.deadlines.add({client->expires, entry->key, entry->generation, entry->kind});
                    }
                }
                break;
            case DeadlineHeap::Kind::reservation:
                s.reservations.expire(ClientId{entry->key}, entry->generation);
                break;
        }
    }
}

void SecureServer::State::on_slot_due(TimePoint now, const DeadlineHeap::Entry& entry) {
    auto* const slot = slots.at(entry.key);
    if (slot == nullptr || slot->generation != entry.generation || slot->state == Slot::State::ended) return;
    if (slot->state == Slot::State::held) {
        if (now < slot->held_until) return watch(*slot, slot->held_until);
        slots.end(*slot);
        return slots.collect_ended();
    }
    const auto interval = keep_alive_interval(*slot);
    auto deadline = kNever;
    if (slot->timeout > Duration::zero())
        deadline = pause.deadline(slot->last_heard, slot->timeout, config.transport.keep_alive_interval);
    if (now >= deadline) return drop(now, *slot, DisconnectReason::timed_out);
    auto next_send = slot->last_sent + interval;
    if (now >= next_send) {
        due.push_back({slot->index, slot->generation, PacketType::keep_alive, false});
        next_send = now + interval;
        SecureEvent event;
        event.kind = SecureEvent::Kind::resting;
        event.slot = slot->index;
        report(event);
    }
    // Again once an interval, whatever else flows; a client that does not yet know that it is connected is
    // not asked.
    if (slot->is_confirmed) offer_id(*slot);
    watch(*slot, std::min(next_send, deadline));
}

void SecureServer::State::offer_id(Slot& slot) {
    if (slot.connection_id == 0 || slot.is_id_confirmed || slot.id_sends >= kConnectionIdSends) return;
    ++slot.id_sends;
    due.push_back({slot.index, slot.generation, PacketType::connection_id, true});
}

Duration SecureServer::State::keep_alive_interval(const Slot& slot) const {
    // Until the client is known to know: it may be waiting for exactly this packet.
    const auto interval = config.transport.keep_alive_interval;
    return slot.is_confirmed ? interval : std::min(interval, kHandshakeInterval);
}

std::optional<Transmit> SecureServer::poll_transmit(TimePoint now, MutableBytes buffer) {
    auto& s = *state_;
    if (!s.ready.empty()) {
        const auto& packet = s.ready.front();
        std::memcpy(buffer.data(), packet.bytes.data(), packet.size);
        const Transmit transmit{packet.to, packet.size};
        s.ready.pop_front();
        return transmit;
    }
    if (const auto transmit = s.write_due(now, buffer)) return transmit;
    return s.farewells.poll_transmit(buffer);
}

std::optional<Transmit> SecureServer::State::write_due(TimePoint now, MutableBytes buffer) {
    while (!due.empty()) {
        const auto packet = due.front();
        due.pop_front();
        auto* const slot = slots.at(packet.slot);
        if (slot == nullptr || slot->generation != packet.generation || slot->state != Slot::State::connected)
            continue;
        if (packet.type == PacketType::connection_id) return write_connection_id(now, *slot, buffer);
        // Something else may have left since it was found due.
        if (!packet.is_forced && now < slot->last_sent + keep_alive_interval(*slot)) continue;
        const auto transmit = write_keep_alive(now, *slot, buffer);
        if (slot->id_sends == 0) offer_id(*slot);  // behind the first one
        return transmit;
    }
    return std::nullopt;
}

Transmit SecureServer::State::write_keep_alive(TimePoint now, Slot& slot, MutableBytes buffer) {
    PacketHeader header;
    header.type = PacketType::keep_alive;
    header.sequence = slot.next_sequence++;
    header.slot = slot.index;
    ByteWriter body(buffer.subspan(header_bytes(header.type, header.sequence)));
    body.write(slot.index);
    body.write(slots.capacity());
    const auto size = binding(slot.suite).seal(*slot.cipher, header, buffer, kKeepAliveBodyBytes);
    slot.last_sent = now;
    slot.sent.add(ByteCause::keep_alive, size);
    return {slot.peer, size};
}

Transmit SecureServer::State::write_connection_id(TimePoint now, Slot& slot, MutableBytes buffer) {
    PacketHeader header;
    header.type = PacketType::connection_id;
    header.sequence = slot.next_sequence++;
    header.slot = slot.index;
    ByteWriter(buffer.subspan(header_bytes(header.type, header.sequence))).write(slot.connection_id);
    const auto size = binding(slot.suite).seal(*slot.cipher, header, buffer, kConnectionIdBytes);
    slot.last_sent = now;
    slot.sent.add(ByteCause::handshake, size);
    return {slot.peer, size};
}

void SecureServer::State::end(Slot& slot, DisconnectReason reason, bool says_farewell) {
    if (says_farewell) {
        // A client that does not know yet that it is connected ignores a disconnect; so it learns that first.
        auto* const packet = slot.is_confirmed ? nullptr : new_ready();
        if (packet != nullptr) {
            const auto transmit = write_keep_alive(slot.last_sent, slot, packet->bytes);
            packet->to = transmit.to;
            packet->size = transmit.size;
        }
        Farewell farewell;
        farewell.cipher = std::move(slot.cipher);
        farewell.binding = binding(slot.suite);
        farewell.to = slot.peer;
        farewell.next_sequence = slot.next_sequence;
        farewell.reason = reason;
        farewell.plan(slot.has_extensions);
        slot.sent.add(ByteCause::disconnect, farewell.total_bytes());
        farewells.add(std::move(farewell));
    }
    slots.end(slot);
}

void SecureServer::State::drop(TimePoint now, Slot& slot, DisconnectReason reason) {
    SecureEvent event;
    event.kind = SecureEvent::Kind::disconnected;
    event.slot = slot.index;
    event.reason = reason;
    report(event);
    if (config.rejoin_grace <= Duration::zero())
        return end(slot, reason, reason == DisconnectReason::replaced);
    slots.hold(slot, now + config.rejoin_grace);
    watch(slot, slot.held_until);
}

ReadyPacket* SecureServer::State::new_ready() {
    if (ready.size() >= kMaxReady) return nullptr;
    return &ready.push_back({});
}

}  // namespace squall::secure
