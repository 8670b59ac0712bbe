// The inside of SecureServer: its parts, and the steps of each verb. Split over secure_server.cpp (the public
// face), server_handshake.cpp (requests, responses, connecting), server_session.cpp (packets of connected
// clients, paths) and server_timing.cpp (deadlines, keep-alives and what is drained).
#pragma once

#include "squall/core/ring_buffer.hpp"
#include "transport/secure/challenge_token.hpp"
#include "transport/secure/connection_request.hpp"
#include "transport/secure/deadline_heap.hpp"
#include "transport/secure/farewells.hpp"
#include "transport/secure/packet.hpp"
#include "transport/secure/packet_tap.hpp"
#include "transport/secure/pause_detector.hpp"
#include "transport/secure/pending_clients.hpp"
#include "transport/secure/reservations.hpp"
#include "transport/secure/secure_server.hpp"
#include "transport/secure/slot_table.hpp"

namespace squall::secure {

// A control packet that is ready to leave.
struct ReadyPacket {
    Address to;
    std::size_t size = 0;
    std::array<std::byte, kMaxControlBytes> bytes;
};

// A packet of a slot that is made when it is drained.
struct DuePacket {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    PacketType type = PacketType::keep_alive;
    bool is_forced = false;  // keep-alive: also if something else was sent meanwhile
};

struct SecureServer::State {
    State(TimePoint now, const ServerConfig& server_config, EntropySource& entropy_source,
          EndpointStatistics& counters);

    // --- handshake
    void on_request(TimePoint now, const Address& from, MutableBytes datagram);
    void on_response(TimePoint now, const Address& from, const PacketHeader& header, MutableBytes datagram);
    void send_challenge(PendingClient& client, const ConnectionRequest& request);
    void deny(const Address& to, Suite suite, const PacketCipher& cipher, DisconnectReason reason);
    void connect(TimePoint now, const PendingClient& client, const ChallengeToken& proof,
                 std::span<const std::byte, kChallengeTokenBytes> sealed_challenge,
                 std::uint64_t challenge_sequence);
    // Another connection of this client or player that is alive; ends (`replaced`) those that are not if
    // asked to.
    enum class Rivals : std::uint8_t { none, silent, alive };
    Rivals look_at_rivals(TimePoint now, ClientId client, const UserData& user_data, bool ends_silent);
    [[nodiscard]] bool has_room(ClientId client, const UserData& user_data) const;
    [[nodiscard]] std::uint64_t new_connection_id();

    // --- session
    void on_session_packet(TimePoint now, const Address& from, const PacketHeader& header,
                           MutableBytes datagram);
    void on_opened(TimePoint now, Slot& slot, const Address& from, const PacketHeader& header,
                   MutableBytes body, std::size_t datagram_bytes);
    void consider_path(TimePoint now, Slot& slot, const Address& from, std::size_t datagram_bytes);
    void on_path_response(TimePoint now, Slot& slot, const Address& from, Bytes data);

    // --- timing and draining
    void on_slot_due(TimePoint now, const DeadlineHeap::Entry& entry);
    std::optional<Transmit> write_due(TimePoint now, MutableBytes buffer);
    Transmit write_keep_alive(TimePoint now, Slot& slot, MutableBytes buffer);
    void offer_id(Slot& slot);
    Transmit write_connection_id(TimePoint now, Slot& slot, MutableBytes buffer);
    void watch(const Slot& slot, TimePoint at) {
        deadlines.add({at, slot.index, slot.generation, DeadlineHeap::Kind::slot});
    }
    [[nodiscard]] Duration keep_alive_interval(const Slot& slot) const;

    // --- all of them
    void end(Slot& slot, DisconnectReason reason, bool says_farewell);
    // Ends without a farewell, or holds the slot for its player if the configuration says so; reports the
    // event.
    void drop(TimePoint now, Slot& slot, DisconnectReason reason);
    void refuse(RefusalCause cause) {
        ++statistics.refused[static_cast<std::size_t>(cause)];
        if (tap != nullptr) tap->show_refusal(cause);
    }
    void report(const SecureEvent& event) { events.push_back(event); }
    [[nodiscard]] UnixSeconds wall(TimePoint now) const { return config.wall_clock.unix_seconds(now); }
    [[nodiscard]] const PacketBinding& binding(Suite suite) const {
        return bindings[static_cast<std::size_t>(suite)];
    }
    [[nodiscard]] bool may_extend(Suite suite) const {
        return config.transport.framing == Framing::squall || suite != Suite::netcode;
    }
    ReadyPacket* new_ready();

    ServerConfig config;
    EntropySource& entropy;
    EndpointStatistics& statistics;
    RequestVerifier verifier;
    std::array<PacketBinding, kSuiteCount> bindings;
    const PacketTap* tap = nullptr;
    std::unique_ptr<PacketCipher> challenge_cipher;
    std::uint64_t next_challenge = 0;
    std::uint64_t global_sequence = 0;
    bool is_accepting = true;

    TokenHistory history;
    PendingClients pending;
    SlotTable slots;
    Reservations reservations;
    DeadlineHeap deadlines;
    PauseDetector pause;
    Farewells farewells;
    RingBuffer<SecureEvent> events;
    RingBuffer<ReadyPacket> ready;
    RingBuffer<DuePacket> due;
};

}  // namespace squall::secure
