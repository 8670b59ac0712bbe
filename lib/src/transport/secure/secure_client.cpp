// The public face of the secure client, its state machine over time, and what leaves it.
#include "transport/secure/secure_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "transport/secure/connection_request.hpp"
#include "transport/secure/crypto.hpp"
#include "transport/secure/secure_client_state.hpp"

namespace squall::secure {
namespace {

// Probing starts after so much silence at least, and repeats so often at most.
constexpr Duration kLeastSilence = std::chrono::seconds(1);
constexpr Duration kLeastProbeInterval = std::chrono::milliseconds(100);
// How late an idle server's keep-alive may be before it counts as silence.
constexpr Duration kKeepAliveSlack = std::chrono::milliseconds(200);

}  // namespace

SecureClient::SecureClient(TimePoint, const ClientConfig& config, EntropySource& entropy,
                           EndpointStatistics& statistics)
    : state_(std::make_unique<State>(config, entropy, statistics)) {
    prepare_crypto();
}

SecureClient::~SecureClient() = default;

Result<> SecureClient::connect(TimePoint now, Bytes bytes) {
    auto& s = *state_;
    if (s.state > ClientState::disconnected)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("the client is {}; it can connect once it has disconnected", to_string(s.state)));
    auto token = ConnectToken::parse(bytes);
    if (!token) {
        s.state = ClientState::invalid_token;
        return std::unexpected(token.error());
    }
    if (token->protocol_id != s.config.transport.protocol_id) {
        s.state = ClientState::invalid_token;
        return fail(ErrorCode::invalid_argument,
                    fmt::format("the token is for protocol id {:#018x}, this client speaks {:#018x}",
                                token->protocol_id, s.config.transport.protocol_id));
    }
    if (!is_available(token->suite)) {
        s.state = ClientState::invalid_token;
        return fail(
            ErrorCode::unsupported,
            fmt::format(
                "the token asks for suite {}, which this machine cannot run; suite netcode runs anywhere",
                to_string(token->suite)));
    }
    const auto today = s.config.wall_clock.unix_seconds(now);
    if (token->expires <= today) {
        s.state = ClientState::token_expired;
        return fail(ErrorCode::expired,
                    fmt::format("the token expired at {} and it is {}; ask for a fresh one",
                                token->expires.value, today.value));
    }
    auto attempt = std::make_unique<ClientAttempt>();
    attempt->token = *std::move(token);
    attempt->started = attempt->server_since = now;
    s.suite = attempt->token.suite;
    s.binding = PacketBinding(s.suite, attempt->token.protocol_id);
    s.binding.set_tap(s.tap);
    attempt->cipher =
        make_packet_cipher(s.suite, attempt->token.client_to_server_key, attempt->token.server_to_client_key);
    attempt->response_sequence = (std::uint64_t{1} << 62) | (s.entropy.u64() >> 2);
    s.next_sequence = attempt->token.client_to_server_key == s.last_key ? s.last_key_sequence : 0;
    s.last_key = attempt->token.client_to_server_key;
    s.timeout = std::chrono::seconds(std::max<std::int64_t>(0, attempt->token.timeout_seconds));
    s.server = attempt->token.server_addresses.front();
    s.attempt = std::move(attempt);
    s.cipher.reset();
    s.connection_id = 0;
    s.must_confirm_id = s.is_probing = s.peer_showed_extensions = false;
    s.path_answer.reset();
    s.send_at_once(now);
    s.sent = {};
    s.received = {};
    s.state = ClientState::sending_request;
    return {};
}

std::optional<SecureEvent> SecureClient::poll_event() {
    auto& events = state_->events;
    if (events.empty()) return std::nullopt;
    const auto event = events.front();
    events.pop_front();
    return event;
}

// --- the state machine
// -----------------------------------------------------------------------------------------------

void SecureClient::State::become_connected(TimePoint now) {
    state = ClientState::connected;
    attempt.reset();
    send_at_once(now);  // a keep-alive: it confirms
    SecureEvent event;
    event.kind = SecureEvent::Kind::connected;
    events.push_back(event);
}

void SecureClient::State::try_next_server(TimePoint now, ClientState error, DisconnectReason reason) {
    if (!attempt->has_next_server()) return finish(error, reason);
    server = attempt->token.server_addresses[++attempt->server_index];
    attempt->server_since = now;
    cipher.reset();
    connection_id = 0;
    must_confirm_id = false;
    send_at_once(now);
    state = ClientState::sending_request;
}

void SecureClient::State::finish(ClientState end_state, DisconnectReason reason) {
    state = end_state;
    last_key_sequence = next_sequence;
    attempt.reset();
    cipher.reset();
    is_probing = must_confirm_id = false;
    path_answer.reset();
    SecureEvent event;
    event.kind = SecureEvent::Kind::disconnected;
    event.reason = reason;
    events.push_back(event);
}

void SecureClient::handle_timeout(TimePoint now) {
    auto& s = *state_;
    s.observe_pause(now);
    if (s.attempt && now >= s.attempt->expires())
        return s.finish(ClientState::token_expired, DisconnectReason::token_expired);
    if (now >= s.give_up_at()) {
        switch (s.state) {
            case ClientState::sending_request:
                return s.try_next_server(now, ClientState::request_timed_out,
                                         DisconnectReason::request_timed_out);
            case ClientState::sending_response:
                return s.try_next_server(now, ClientState::response_timed_out,
                                         DisconnectReason::response_timed_out);
            case ClientState::connected: return s.finish(ClientState::timed_out, DisconnectReason::timed_out);
            default: return;
        }
    }
    if (now >= s.silence_at()) s.is_probing = true;
}

void SecureClient::State::send_at_once(TimePoint now) {
    last_sent = now - std::max(kHandshakeInterval, config.transport.keep_alive_interval);
}

void SecureClient::State::observe_pause(TimePoint now) {
    if (state <= ClientState::disconnected) return;
    // A client wakes at least this often by itself.
    pause.observe(now, last_sent + (attempt ? kHandshakeInterval : config.transport.keep_alive_interval));
}

TimePoint SecureClient::State::give_up_at() const {
    if (timeout <= Duration::zero() || state <= ClientState::disconnected) return kNever;
    return pause.deadline(attempt ? attempt->server_since : last_heard, timeout,
                          config.transport.keep_alive_interval);
}

Duration SecureClient::State::silence() const {
    // A server that has nothing to say sends a keep-alive an interval; sooner than that, silence means
    // nothing.
    return std::max({kLeastSilence, three_rto,
                     config.transport.keep_alive_interval + std::max(kKeepAliveSlack, three_rto / 3)});
}

TimePoint SecureClient::State::silence_at() const {
    if (state != ClientState::connected || connection_id == 0 || is_probing) return kNever;
    return last_heard + silence();
}

TimePoint SecureClient::State::next_send() const {
    if (state <= ClientState::disconnected) return kNever;
    if (state != ClientState::connected) return last_sent + kHandshakeInterval;
    if (must_confirm_id) return last_sent;
    if (is_probing) return last_sent + std::max(kLeastProbeInterval, three_rto / 3);
    return last_sent + config.transport.keep_alive_interval;
}

TimePoint SecureClient::State::next_deadline() const {
    return std::min({next_send(), give_up_at(), silence_at(), attempt ? attempt->expires() : kNever});
}

TimePoint SecureClient::poll_timeout() const {
    return state_->next_deadline();
}

// --- what leaves
// -----------------------------------------------------------------------------------------------------

std::optional<Transmit> SecureClient::poll_transmit(TimePoint now, MutableBytes buffer) {
    auto& s = *state_;
    s.observe_pause(now);
    if (const auto transmit = s.farewells.poll_transmit(buffer)) return transmit;
    if (s.path_answer) return s.write_path_response(now, buffer);
    if (now < s.next_send()) return std::nullopt;
    switch (s.state) {
        case ClientState::sending_request: return s.write_request(now, buffer);
        case ClientState::sending_response: return s.write_response(now, buffer);
        case ClientState::connected: return s.write_keep_alive(now, buffer);
        default: return std::nullopt;
    }
}

std::optional<Transmit> SecureClient::State::write_request(TimePoint now, MutableBytes buffer) {
    write_connection_request(attempt->token, buffer.first<kRequestBytes>());
    last_sent = now;
    sent.add(ByteCause::handshake, kRequestBytes);
    return Transmit{server, kRequestBytes};
}

std::optional<Transmit> SecureClient::State::write_response(TimePoint now, MutableBytes buffer) {
    PacketHeader header;
    header.type = PacketType::response;
    header.sequence = suite == Suite::netcode ? next_sequence++ : attempt->response_sequence++;
    ByteWriter body(buffer.subspan(header_bytes(header.type, header.sequence)));
    body.write(attempt->challenge_sequence);
    body.write_bytes(attempt->challenge);
    const auto size = binding.seal(*attempt->cipher, header, buffer, kChallengeBodyBytes);
    last_sent = now;
    sent.add(ByteCause::handshake, size);
    return Transmit{server, size};
}

Transmit SecureClient::State::send_session(TimePoint now, PacketType type, MutableBytes buffer,
                                           std::size_t body_bytes, ByteCause cause) {
    PacketHeader header;
    header.type = type;
    header.sequence = next_sequence++;
    header.connection_id = connection_id;
    header.slot = 0;
    const auto size = binding.seal(*cipher, header, buffer, body_bytes);
    last_sent = now;
    if (carries_id(type)) must_confirm_id = false;
    if (cause != ByteCause::payload) sent.add(cause, size);
    return {server, size};
}

std::optional<Transmit> SecureClient::State::write_path_response(TimePoint now, MutableBytes buffer) {
    ByteWriter(buffer.subspan(header_bytes(PacketType::path_response, next_sequence)))
        .write_bytes(*path_answer);
    path_answer.reset();
    return send_session(now, PacketType::path_response, buffer, kPathDataBytes, ByteCause::handshake);
}

std::optional<Transmit> SecureClient::State::write_keep_alive(TimePoint now, MutableBytes buffer) {
    // With an id to show, a probe does what a keep-alive does; the eight bytes are zeros in both.
    static_assert(kProbeBodyBytes == kKeepAliveBodyBytes);
    const auto type =
        connection_id != 0 && (is_probing || must_confirm_id) ? PacketType::probe : PacketType::keep_alive;
    ByteWriter(buffer.subspan(header_bytes(type, next_sequence))).write_zeros(kKeepAliveBodyBytes);
    return send_session(now, type, buffer, kKeepAliveBodyBytes, ByteCause::keep_alive);
}

void SecureClient::prefetch() const {
    prefetch_object(state_.get());
}
void SecureClient::prefetch_deeper() const {
    if (!state_->cipher) return;
    state_->cipher->prefetch(PacketCipher::Use::seal);
    state_->cipher->prefetch(PacketCipher::Use::open);
}

std::size_t SecureClient::payload_offset() const {
    return header_bytes(state_->payload_type(), state_->next_sequence);
}
std::size_t SecureClient::tag_bytes() const {
    return state_->suite == Suite::none ? 0 : kTagBytes;
}
std::uint64_t SecureClient::next_packet_number() const {
    return state_->next_sequence;
}

Transmit SecureClient::seal_payload(TimePoint now, MutableBytes buffer, std::size_t payload_bytes) {
    assert(is_connected() && payload_bytes >= 1 && payload_bytes <= kMaxPayloadBytes);
    state_->observe_pause(now);
    return state_->send_session(now, state_->payload_type(), buffer, payload_bytes, ByteCause::payload);
}

void SecureClient::disconnect(TimePoint, DisconnectReason reason) {
    auto& s = *state_;
    if (s.state <= ClientState::disconnected) return;
    if (s.cipher) {  // the server may have given us a slot
        Farewell farewell;
        farewell.cipher = std::move(s.cipher);
        farewell.binding = s.binding;
        farewell.to = s.server;
        farewell.next_sequence = s.next_sequence;
        farewell.reason = reason;
        farewell.plan(s.has_extensions());
        s.sent.add(ByteCause::disconnect, farewell.total_bytes());
        s.next_sequence += farewell.with_reason + farewell.plain;
        s.farewells.add(std::move(farewell));
    }
    s.finish(ClientState::disconnected, reason);
    s.events.pop_back();  // the caller knows
}

// --- the rest of the face
// --------------------------------------------------------------------------------------------

ClientState SecureClient::state() const {
    return state_->state;
}
bool SecureClient::is_connected() const {
    return state_->state == ClientState::connected;
}
ClientId SecureClient::client_id() const {
    return {};
}
const Address& SecureClient::server() const {
    return state_->server;
}
Suite SecureClient::suite() const {
    return state_->suite;
}
void SecureClient::set_probe_silence(Duration three_rto) {
    state_->three_rto = three_rto;
}
void SecureClient::set_tap(const PacketTap* tap) {
    state_->tap = tap;
    state_->binding.set_tap(tap);
}
void SecureClient::rest() {
    state_->events.shrink();
}

const ControlLedger& SecureClient::control_bytes_sent() const {
    return state_->sent;
}
const ControlLedger& SecureClient::control_bytes_received() const {
    return state_->received;
}

}  // namespace squall::secure
