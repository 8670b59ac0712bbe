// The server side of netcode 1.02 and its Squall extensions: tokens, challenges, slots, replay protection,
// keep-alives, disconnects, path validation. Hands opened payloads up and seals those handed down; knows
// nothing of what is inside them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "squall/core/entropy.hpp"
#include "squall/transport/endpoint.hpp"
#include "transport/secure/control_ledger.hpp"
#include "transport/secure/secure_event.hpp"

namespace squall::secure {

struct PacketTap;

class SecureServer {
  public:
    // The config has been validated. The entropy source and the statistics outlive the server.
    SecureServer(TimePoint now, const ServerConfig& config, EntropySource& entropy,
                 EndpointStatistics& statistics);
    ~SecureServer();

    // One datagram in, decrypted in place; at most a few events follow. Refusals are counted in the
    // statistics by cause.
    void receive(TimePoint now, const Address& from, MutableBytes datagram);
    std::optional<SecureEvent> poll_event();
    // Control packets only: challenges, denials, keep-alives, disconnects, path challenges. Payload goes by
    // seal_payload().
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer);
    [[nodiscard]] TimePoint poll_timeout() const;
    void handle_timeout(TimePoint now);

    // --- payload of connected slots
    // Bytes before the payload in the next packet of this slot (prefix and sequence number); the tag behind
    // it is tag_bytes().
    [[nodiscard]] std::size_t payload_offset(std::uint32_t slot) const;
    [[nodiscard]] std::size_t tag_bytes(std::uint32_t slot) const;
    [[nodiscard]] std::uint64_t next_packet_number(std::uint32_t slot) const;
    // Seals the payload that stands at buffer[payload_offset(slot)]; uses up the packet number. Size of the
    // datagram and its address.
    Transmit seal_payload(TimePoint now, std::uint32_t slot, MutableBytes buffer, std::size_t payload_bytes);
    // netcode: until the client is confirmed, a keep-alive goes before each payload.
    [[nodiscard]] bool is_confirmed(std::uint32_t slot) const;
    Transmit write_keep_alive(TimePoint now, std::uint32_t slot, MutableBytes buffer);

    // --- slots
    [[nodiscard]] bool is_connected(std::uint32_t slot) const;
    [[nodiscard]] std::uint32_t connected_count() const;
    [[nodiscard]] std::uint32_t reserved_count() const;
    [[nodiscard]] ClientId client_id(std::uint32_t slot) const;
    [[nodiscard]] const Address& peer(std::uint32_t slot) const;
    [[nodiscard]] const UserData& user_data(std::uint32_t slot) const;
    [[nodiscard]] Suite suite(std::uint32_t slot) const;
    // True if the slot's present connection resumed one that had timed out (ServerConfig::rejoin_grace).
    [[nodiscard]] bool is_rejoined(std::uint32_t slot) const;
    // True if the slot, just disconnected, is held for its player.
    [[nodiscard]] bool is_held(std::uint32_t slot) const;
    Result<> reserve(TimePoint now, ClientId client, Duration timeout);
    // Queues redundant disconnect packets and frees the slot; reports no event.
    void disconnect(TimePoint now, std::uint32_t slot, DisconnectReason reason);
    void stop_accepting();
    // Shows packets in plain text from now on; nullptr: to nobody.
    void set_tap(const PacketTap* tap);
    // The slot that most likely belongs to an address.
    [[nodiscard]] std::optional<std::uint32_t> guess_slot(const Address& from) const;
    // Fetch into the cache what a slot's next packet touches: first the slot, then, a step later, its key.
    void prefetch(std::uint32_t slot) const;
    void prefetch_deeper(std::uint32_t slot, bool to_send) const;
    // Bytes sent and received for this slot outside its payload packets, by cause (keep-alive, handshake,
    // disconnect).
    [[nodiscard]] const ControlLedger& control_bytes_sent(std::uint32_t slot) const;
    [[nodiscard]] const ControlLedger& control_bytes_received(std::uint32_t slot) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace squall::secure
