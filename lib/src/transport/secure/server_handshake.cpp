// The server's side of the handshake, in the order of netcode's STANDARD.md: request, challenge, response,
// connected.
#include <algorithm>

#include "transport/secure/secure_server_state.hpp"
#include "transport/secure/session_key.hpp"

namespace squall::secure {
namespace {

// Tokens may say "never" by a negative number; 0, which no issuer of ours writes, means the same.
Duration timeout_of(const PrivateToken& token) {
    return std::chrono::seconds(std::max<std::int64_t>(0, token.timeout_seconds));
}

// How long the mapping of a client that does not answer is kept; one without a timeout, until its token
// expires.
Duration patience(const ConnectionRequest& request, UnixSeconds now) {
    if (request.token.timeout_seconds > 0) return timeout_of(request.token);
    constexpr std::uint64_t longest = 3600;
    return std::chrono::seconds(std::min(longest, request.expires.value - now.value) + 1);
}

}  // namespace

void SecureServer::State::on_request(TimePoint now, const Address& from, MutableBytes datagram) {
    const auto today = wall(now);
    const auto request = verifier.verify(datagram, today);
    if (!request) return refuse(request.error());
    const auto& token = request->token;
    if (tap != nullptr) tap->show_token(datagram.first<kRequestBytes>(), *request);
    if (slots.find_by_address(from) != nullptr) return refuse(RefusalCause::already_connected);
    if (look_at_rivals(now, token.client_id, token.user_data, false) == Rivals::alive)
        return refuse(RefusalCause::already_connected);
    switch (history.show(request->tag, from, today, request->expires)) {
        case TokenHistory::Verdict::accepted: break;
        case TokenHistory::Verdict::reused: return refuse(RefusalCause::token_reused);
        case TokenHistory::Verdict::full: return refuse(RefusalCause::over_limit);
    }

    auto cipher = make_packet_cipher(request->suite, token.server_to_client_key, token.client_to_server_key);
    if (!is_accepting || !has_room(token.client_id, token.user_data)) {
        deny(from, request->suite, *cipher,
             is_accepting ? DisconnectReason::server_full : DisconnectReason::server_shutdown);
        return refuse(RefusalCause::server_full);
    }

    auto* client = pending.find(from);
    if (client != nullptr && client->tag != request->tag) {
        pending.remove(*client);  // the same socket, another token
        client = nullptr;
    }
    if (client == nullptr) {
        client = pending.add(from);
        if (client == nullptr) return refuse(RefusalCause::over_limit);
        client->suite = request->suite;
        client->client_id = token.client_id;
        client->timeout = timeout_of(token);
        client->tag = request->tag;
        client->client_to_server_key = token.client_to_server_key;
        client->server_to_client_key = token.server_to_client_key;
        client->cipher = std::move(cipher);
        client->first_challenge = next_challenge;
        client->expires = now + patience(*request, today);
        deadlines.add({client->expires, client->place, client->generation, DeadlineHeap::Kind::pending});
    }
    client->expires = now + patience(*request, today);
    client->bytes_received += kRequestBytes;
    send_challenge(*client, *request);
}

void SecureServer::State::send_challenge(PendingClient& client, const ConnectionRequest& request) {
    auto* const packet = new_ready();
    if (packet == nullptr) return refuse(RefusalCause::over_limit);
    PacketHeader header;
    header.type = PacketType::challenge;
    header.sequence = global_sequence++;
    const auto challenge = next_challenge++;
    const auto body = MutableBytes(packet->bytes).subspan(header_bytes(header.type, header.sequence));
    ByteWriter(body).write(challenge);
    const auto sealed = body.subspan<8, kChallengeTokenBytes>();
    write_challenge_token({request.token.client_id, request.token.user_data}, sealed);
    seal_challenge_token(sealed, challenge, *challenge_cipher);
    packet->to = client.address;
    packet->size = binding(client.suite).seal(*client.cipher, header, packet->bytes, kChallengeBodyBytes);
    client.bytes_sent += packet->size;
}

void SecureServer::State::deny(const Address& to, Suite suite, const PacketCipher& cipher,
                               DisconnectReason reason) {
    const auto send = [&](PacketType type, std::size_t body_bytes) {
        auto* const packet = new_ready();
        if (packet == nullptr) return;
        PacketHeader header;
        header.type = type;
        header.sequence = global_sequence++;
        if (body_bytes != 0)
            packet->bytes[header_bytes(type, header.sequence)] = static_cast<std::byte>(reason);
        packet->to = to;
        packet->size = binding(suite).seal(cipher, header, packet->bytes, body_bytes);
    };
    if (may_extend(suite)) send(PacketType::denied_with_reason, kReasonBodyBytes);
    send(PacketType::denied, 0);
}

void SecureServer::State::on_response(TimePoint now, const Address& from, const PacketHeader& header,
                                      MutableBytes datagram) {
    auto* const client = pending.find(from);
    if (client == nullptr)
        return refuse(slots.find_by_address(from) != nullptr ? RefusalCause::already_connected
                                                             : RefusalCause::unknown_sender);
    const auto body = binding(client->suite).open(*client->cipher, header, datagram);
    if (!body) return refuse(RefusalCause::not_authentic);
    if (body->size() != kChallengeBodyBytes) return refuse(RefusalCause::wrong_size);
    const auto challenge = ByteReader(*body).read<std::uint64_t>();
    const auto sealed = body->subspan<8, kChallengeTokenBytes>();
    // Only a challenge that was made for this mapping: an older one's session keys may have been used.
    if (challenge < client->first_challenge || challenge >= next_challenge)
        return refuse(RefusalCause::bad_challenge);
    if (!open_challenge_token(sealed, challenge, *challenge_cipher))
        return refuse(RefusalCause::bad_challenge);
    const auto proof = read_challenge_token(sealed);
    if (proof.client_id != client->client_id) return refuse(RefusalCause::bad_challenge);
    client->bytes_received += datagram.size();
    if (slots.find_by_address(from) != nullptr) return refuse(RefusalCause::already_connected);
    switch (look_at_rivals(now, proof.client_id, proof.user_data, true)) {
        case Rivals::none: break;
        case Rivals::silent: return;  // ended just now; the client's next response finds its place
        case Rivals::alive: return refuse(RefusalCause::already_connected);
    }
    if (!is_accepting || !has_room(proof.client_id, proof.user_data)) {
        deny(from, client->suite, *client->cipher,
             is_accepting ? DisconnectReason::server_full : DisconnectReason::server_shutdown);
        return refuse(RefusalCause::server_full);
    }
    connect(now, *client, proof, sealed, challenge);
    pending.remove(*client);
}

void SecureServer::State::connect(TimePoint now, const PendingClient& client, const ChallengeToken& proof,
                                  std::span<const std::byte, kChallengeTokenBytes> sealed_challenge,
                                  std::uint64_t challenge_sequence) {
    auto* held = slots.find_by_player(proof.client_id, proof.user_data);
    if (held == nullptr) held = slots.find_by_client(proof.client_id);
    if (held != nullptr && held->state != Slot::State::held) held = nullptr;
    const bool has_extensions = may_extend(client.suite);
    const bool is_rejoined = held != nullptr;
    auto& slot = slots.open(held, proof.client_id, proof.user_data, client.address,
                            has_extensions ? new_connection_id() : 0);
    const auto session_key = [&](const Key& token_key) {
        return derive_session_key(client.suite, token_key, sealed_challenge, challenge_sequence);
    };
    slot.suite = client.suite;
    slot.cipher = make_packet_cipher(client.suite, session_key(client.server_to_client_key),
                                     session_key(client.client_to_server_key));
    slot.is_rejoined = is_rejoined;
    slot.has_extensions = has_extensions;
    slot.timeout = client.timeout;
    slot.tag = client.tag;
    slot.last_heard = slot.last_sent = now;
    slot.sent.add(ByteCause::handshake, client.bytes_sent);
    slot.received.add(ByteCause::handshake, client.bytes_received);
    history.spend(client.tag);
    reservations.remove(proof.client_id);
    watch(slot, now + keep_alive_interval(slot));
    due.push_back({slot.index, slot.generation, PacketType::keep_alive, true});
    SecureEvent event;
    event.kind = SecureEvent::Kind::connected;
    event.slot = slot.index;
    report(event);
}

SecureServer::State::Rivals SecureServer::State::look_at_rivals(TimePoint now, ClientId client,
                                                                const UserData& user_data, bool ends_silent) {
    auto result = Rivals::none;
    const auto silence = 2 * config.transport.keep_alive_interval;
    for (auto* const rival : {slots.find_by_client(client), slots.find_by_player(client, user_data)}) {
        if (rival == nullptr || rival->state != Slot::State::connected) continue;
        if (now - rival->last_heard < silence) return Rivals::alive;
        result = Rivals::silent;
    }
    if (result == Rivals::none || !ends_silent) return result;
    for (auto* const rival : {slots.find_by_client(client), slots.find_by_player(client, user_data)})
        if (rival != nullptr && rival->state == Slot::State::connected)
            drop(now, *rival, DisconnectReason::replaced);
    return result;
}

bool SecureServer::State::has_room(ClientId client, const UserData& user_data) const {
    // A slot of its own, held or about to be given up.
    if (slots.find_by_client(client) != nullptr || slots.find_by_player(client, user_data) != nullptr)
        return true;
    const auto taken = slots.connected_count() + slots.held_count();
    const auto reserved_for_others = reservations.count() - (reservations.contains(client) ? 1 : 0);
    return taken + reserved_for_others < slots.capacity();
}

std::uint64_t SecureServer::State::new_connection_id() {
    for (;;) {
        const auto id = (entropy.u64() >> 8) | (std::uint64_t{config.shard} << 56);
        if (id != 0 && slots.find_by_connection_id(id) == nullptr) return id;
    }
}

}  // namespace squall::secure
