// What arrives at a client: netcode's rules for reading, and what each packet changes.
#include <algorithm>

#include "transport/secure/peer_reason.hpp"
#include "transport/secure/secure_client_state.hpp"
#include "transport/secure/session_key.hpp"

namespace squall::secure {
namespace {

bool is_body_size_right(PacketType type, std::size_t size) {
    switch (type) {
        case PacketType::denied:
        case PacketType::disconnect: return size == 0;
        case PacketType::challenge: return size == kChallengeBodyBytes;
        case PacketType::keep_alive: return size == kKeepAliveBodyBytes;
        case PacketType::payload: return size >= 1 && size <= kMaxPayloadBytes;
        case PacketType::denied_with_reason:
        case PacketType::disconnect_with_reason: return size == kReasonBodyBytes;
        case PacketType::connection_id: return size == kConnectionIdBytes;
        case PacketType::path_challenge: return size == kPathDataBytes;
        default: return false;
    }
}

}  // namespace

void SecureClient::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    auto& s = *state_;
    s.observe_pause(now);
    if (s.state <= ClientState::disconnected || from != s.server)
        return s.refuse(RefusalCause::unknown_sender);
    if (datagram.size() < (s.suite == Suite::none ? 2 : 2 + kTagBytes))
        return s.refuse(RefusalCause::too_small);
    if (datagram.size() > kMaxPacketBytes) return s.refuse(RefusalCause::too_large);
    const auto header = read_header(datagram);
    if (!header) return s.refuse(header.error());
    switch (header->type) {
        case PacketType::denied:
        case PacketType::challenge:
        case PacketType::denied_with_reason: return s.on_handshake_packet(now, *header, datagram);
        case PacketType::keep_alive:
        case PacketType::payload:
        case PacketType::disconnect:
        case PacketType::disconnect_with_reason:
        case PacketType::connection_id:
        case PacketType::path_challenge: return s.on_session_packet(now, *header, datagram);
        case PacketType::request:
        case PacketType::response:
        case PacketType::payload_with_id:
        case PacketType::path_response:
        case PacketType::probe: break;  // only clients send these
    }
    s.refuse(RefusalCause::unknown_packet_type);
}

void SecureClient::State::on_handshake_packet(TimePoint now, const PacketHeader& header,
                                              MutableBytes datagram) {
    if (!attempt) return refuse(RefusalCause::wrong_state);  // connected: the token's keys are gone
    const auto body = binding.open(*attempt->cipher, header, datagram);
    if (!body) return refuse(RefusalCause::not_authentic);
    if (!is_body_size_right(header.type, body->size())) return refuse(RefusalCause::wrong_size);
    if (header.type == PacketType::challenge) {
        if (state != ClientState::sending_request) return refuse(RefusalCause::wrong_state);
        received.add(ByteCause::handshake, datagram.size());
        return on_challenge(now, *body);
    }
    received.add(ByteCause::handshake, datagram.size());
    auto reason = DisconnectReason::denied;
    if (header.type == PacketType::denied_with_reason) {
        peer_showed_extensions = true;
        reason = reason_from_peer(std::to_integer<std::uint8_t>((*body)[0]));
        if (reason == DisconnectReason::requested_by_peer) reason = DisconnectReason::denied;
    }
    try_next_server(now, ClientState::denied, reason);
}

void SecureClient::State::on_challenge(TimePoint now, Bytes body) {
    attempt->challenge_sequence = ByteReader(body).read<std::uint64_t>();
    std::ranges::copy(body.subspan<8, kChallengeTokenBytes>(), attempt->challenge.begin());
    attempt->server_since = now;
    const auto session_key = [&](const Key& token_key) {
        return derive_session_key(suite, token_key, attempt->challenge, attempt->challenge_sequence);
    };
    cipher = make_packet_cipher(suite, session_key(attempt->token.client_to_server_key),
                                session_key(attempt->token.server_to_client_key));
    replay = {};
    if (suite != Suite::netcode) next_sequence = 0;  // a new key; in netcode the numbers go on
    state = ClientState::sending_response;
    send_at_once(now);
}

void SecureClient::State::on_session_packet(TimePoint now, const PacketHeader& header,
                                            MutableBytes datagram) {
    if (state < ClientState::sending_response) return refuse(RefusalCause::wrong_state);
    if (datagram.size() < header.bytes + cipher->tag_bytes()) return refuse(RefusalCause::too_small);
    switch (replay.check(header.sequence)) {
        case ReplayWindow::Verdict::fresh: break;
        case ReplayWindow::Verdict::replayed: return refuse(RefusalCause::replayed);
        case ReplayWindow::Verdict::too_old: return refuse(RefusalCause::too_old);
    }
    PacketHeader its_header = header;
    its_header.slot = 0;
    const auto body = binding.open(*cipher, its_header, datagram);
    if (!body) return refuse(RefusalCause::not_authentic);
    replay.mark(header.sequence);
    if (!is_body_size_right(header.type, body->size())) return refuse(RefusalCause::wrong_size);
    if (state != ClientState::connected) {
        // The server gave us a slot and took it back at once.
        if (header.type == PacketType::disconnect_with_reason) {
            received.add(ByteCause::disconnect, datagram.size());
            return try_next_server(now, ClientState::denied,
                                   reason_from_peer(std::to_integer<std::uint8_t>((*body)[0])));
        }
        // netcode: payload and disconnect before the keep-alive that connects are discarded.
        if (header.type != PacketType::keep_alive && header.type != PacketType::connection_id)
            return refuse(RefusalCause::wrong_state);
    }
    on_opened(now, header, *body, datagram.size());
}

void SecureClient::State::on_opened(TimePoint now, const PacketHeader& header, MutableBytes body,
                                    std::size_t datagram_bytes) {
    if (header.type >= PacketType::denied_with_reason) peer_showed_extensions = true;
    last_heard = now;
    if (header.type != PacketType::path_challenge) is_probing = false;  // the server's packets find us
    switch (header.type) {
        case PacketType::keep_alive:
            received.add(ByteCause::keep_alive, datagram_bytes);
            if (state == ClientState::sending_response) become_connected(now);
            return;
        case PacketType::payload: {
            SecureEvent event;
            event.kind = SecureEvent::Kind::payload;
            event.packet_number = header.sequence;
            event.payload = body;
            event.datagram_bytes = datagram_bytes;
            events.push_back(event);
            return;
        }
        case PacketType::connection_id:
            received.add(ByteCause::handshake, datagram_bytes);
            connection_id = ByteReader(body).read<std::uint64_t>();
            must_confirm_id = connection_id != 0;
            return;
        case PacketType::path_challenge:
            received.add(ByteCause::handshake, datagram_bytes);
            return on_path_challenge(body);
        default: break;
    }
    received.add(ByteCause::disconnect, datagram_bytes);
    finish(ClientState::disconnected, header.type == PacketType::disconnect
                                          ? DisconnectReason::requested_by_peer
                                          : reason_from_peer(std::to_integer<std::uint8_t>(body[0])));
}

void SecureClient::State::on_path_challenge(Bytes data) {
    if (connection_id == 0) return refuse(RefusalCause::wrong_state);
    path_answer.emplace();
    std::ranges::copy(data, path_answer->begin());
}

}  // namespace squall::secure
