// The public face of the secure server. What happens inside is declared in secure_server_state.hpp.
#include "transport/secure/secure_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "squall/core/prefetch.hpp"
#include "transport/secure/crypto.hpp"
#include "transport/secure/secure_server_state.hpp"

namespace squall::secure {
namespace {

// Tokens that are remembered until they expire, and clients between request and response.
std::size_t history_capacity(std::uint32_t max_clients) {
    return std::max<std::size_t>(65'536, std::size_t{16} * max_clients);
}
std::size_t pending_capacity(std::uint32_t max_clients) {
    return std::max<std::size_t>(256, std::size_t{2} * max_clients);
}

std::unique_ptr<PacketCipher> make_challenge_cipher(EntropySource& entropy) {
    const auto key = entropy.bytes<kKeyBytes>();
    return make_packet_cipher(Suite::netcode, key, key);
}

// Challenges and denials share the token's key with the connection's own packets in suite netcode, which
// count from 0; so they count in the top half, from a random place, lest a restarted server repeats one
// (IMPLEMENTERS.md, finding 3).
std::uint64_t first_global_sequence(EntropySource& entropy) {
    return (std::uint64_t{1} << 63) + (entropy.u64() & ((std::uint64_t{1} << 62) - 1));
}

const Address kNoAddress;
const UserData kNoUserData{};
const ControlLedger kNoBytes;

}  // namespace

SecureServer::State::State(TimePoint now, const ServerConfig& server_config, EntropySource& entropy_source,
                           EndpointStatistics& counters)
    : config(server_config),
      entropy(entropy_source),
      statistics(counters),
      verifier(server_config, server_config.wall_clock.unix_seconds(now)),
      bindings{PacketBinding(Suite::netcode, server_config.transport.protocol_id),
               PacketBinding(Suite::aes256_gcm, server_config.transport.protocol_id),
               PacketBinding(Suite::hmac_signed, server_config.transport.protocol_id),
               PacketBinding(Suite::none, server_config.transport.protocol_id)},
      challenge_cipher(make_challenge_cipher(entropy_source)),
      global_sequence(first_global_sequence(entropy_source)),
      history(history_capacity(server_config.max_clients), entropy_source.u64()),
      pending(pending_capacity(server_config.max_clients), entropy_source.u64()),
      slots(server_config.max_clients, server_config.player_id_bytes, entropy_source.u64()) {}

SecureServer::SecureServer(TimePoint now, const ServerConfig& config, EntropySource& entropy,
                           EndpointStatistics& statistics) {
    prepare_crypto();
    state_ = std::make_unique<State>(now, config, entropy, statistics);
}

SecureServer::~SecureServer() = default;

void SecureServer::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    auto& s = *state_;
    s.pause.observe(now, s.deadlines.next());
    s.slots.collect_ended();
    if (datagram.empty()) return s.refuse(RefusalCause::too_small);
    if (datagram[0] == std::byte{0}) return s.on_request(now, from, datagram);
    // netcode's least packet: prefix, one byte of number, tag. Suite none has no tag.
    const std::size_t least = s.config.suites.contains(Suite::none) ? 2 : 2 + kTagBytes;
    if (datagram.size() < least) return s.refuse(RefusalCause::too_small);
    const auto header = read_header(datagram);
    if (!header) return s.refuse(header.error());
    switch (header->type) {
        case PacketType::response: return s.on_response(now, from, *header, datagram);
        case PacketType::keep_alive:
        case PacketType::payload:
        case PacketType::disconnect:
        case PacketType::disconnect_with_reason:
        case PacketType::payload_with_id:
        case PacketType::path_response:
        case PacketType::probe: return s.on_session_packet(now, from, *header, datagram);
        case PacketType::request:
        case PacketType::denied:
        case PacketType::challenge:
        case PacketType::denied_with_reason:
        case PacketType::connection_id:
        case PacketType::path_challenge: break;  // servers send these, and a request has a prefix of zero
    }
    s.refuse(RefusalCause::unknown_packet_type);
}

std::optional<SecureEvent> SecureServer::poll_event() {
    auto& events = state_->events;
    if (events.empty()) return std::nullopt;
    const auto event = events.front();
    events.pop_front();
    return event;
}

std::optional<std::uint32_t> SecureServer::guess_slot(const Address& from) const {
    return state_->slots.guess_by_address(from);
}

void SecureServer::prefetch(std::uint32_t slot) const {
    prefetch_object(state_->slots.at(slot), offsetof(Slot, user_data));
}

void SecureServer::prefetch_deeper(std::uint32_t slot, bool to_send) const {
    const Slot* const found = state_->slots.at(slot);
    if (found != nullptr && found->cipher != nullptr)
        found->cipher->prefetch(to_send ? PacketCipher::Use::seal : PacketCipher::Use::open);
}

std::size_t SecureServer::payload_offset(std::uint32_t slot) const {
    return header_bytes(PacketType::payload, next_packet_number(slot));
}

std::size_t SecureServer::tag_bytes(std::uint32_t slot) const {
    return suite(slot) == Suite::none ? 0 : kTagBytes;
}

std::uint64_t SecureServer::next_packet_number(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry == nullptr ? 0 : entry->next_sequence;
}

Transmit SecureServer::seal_payload(TimePoint now, std::uint32_t slot, MutableBytes buffer,
                                    std::size_t payload_bytes) {
    assert(is_connected(slot) && payload_bytes >= 1 && payload_bytes <= kMaxPayloadBytes);
    auto& entry = *state_->slots.at(slot);
    PacketHeader header;
    header.type = PacketType::payload;
    header.sequence = entry.next_sequence++;
    header.slot = slot;
    entry.last_sent = now;
    return {entry.peer, state_->binding(entry.suite).seal(*entry.cipher, header, buffer, payload_bytes)};
}

bool SecureServer::is_confirmed(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry != nullptr && entry->is_confirmed;
}

Transmit SecureServer::write_keep_alive(TimePoint now, std::uint32_t slot, MutableBytes buffer) {
    assert(is_connected(slot));
    return state_->write_keep_alive(now, *state_->slots.at(slot), buffer);
}

bool SecureServer::is_connected(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry != nullptr && entry->state == Slot::State::connected;
}

std::uint32_t SecureServer::connected_count() const {
    return state_->slots.connected_count();
}
std::uint32_t SecureServer::reserved_count() const {
    return state_->reservations.count();
}

ClientId SecureServer::client_id(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry == nullptr ? ClientId{} : entry->client_id;
}

const Address& SecureServer::peer(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry == nullptr ? kNoAddress : entry->peer;
}

const UserData& SecureServer::user_data(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry == nullptr ? kNoUserData : entry->user_data;
}

Suite SecureServer::suite(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry == nullptr ? Suite::netcode : entry->suite;
}

bool SecureServer::is_rejoined(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry != nullptr && entry->is_rejoined;
}

bool SecureServer::is_held(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry != nullptr && entry->state == Slot::State::held;
}

const ControlLedger& SecureServer::control_bytes_sent(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry == nullptr ? kNoBytes : entry->sent;
}

const ControlLedger& SecureServer::control_bytes_received(std::uint32_t slot) const {
    const auto* const entry = state_->slots.at(slot);
    return entry == nullptr ? kNoBytes : entry->received;
}

Result<> SecureServer::reserve(TimePoint now, ClientId client, Duration timeout) {
    auto& s = *state_;
    if (timeout <= Duration::zero())
        return fail(ErrorCode::invalid_argument,
                    "the timeout of a reserved slot is not positive; it is 1 ns or more");
    const auto* const slot = s.slots.find_by_client(client);
    if (slot != nullptr && slot->state == Slot::State::connected)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("client {} is already connected, in slot {}", client.value, slot->index));
    if (s.reservations.contains(client))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("client {} already has a reserved slot", client.value));
    const auto taken = s.slots.connected_count() + s.slots.held_count() + s.reservations.count();
    if (taken >= s.slots.capacity())
        return fail(
            ErrorCode::queue_full,
            fmt::format("no slot is free to reserve: of {}, {} are connected, {} held and {} reserved",
                        s.slots.capacity(), s.slots.connected_count(), s.slots.held_count(),
                        s.reservations.count()));
    const auto generation = s.reservations.add(client);
    s.deadlines.add({now + timeout, client.value, generation, DeadlineHeap::Kind::reservation});
    return {};
}

void SecureServer::disconnect(TimePoint, std::uint32_t slot, DisconnectReason reason) {
    if (is_connected(slot)) state_->end(*state_->slots.at(slot), reason, true);
}

void SecureServer::set_tap(const PacketTap* tap) {
    state_->tap = tap;
    for (PacketBinding& binding : state_->bindings) binding.set_tap(tap);
}

void SecureServer::stop_accepting() {
    state_->is_accepting = false;
}

}  // namespace squall::secure
