// The inside of SecureClient. Split over secure_client.cpp (the public face and the state machine's timing)
// and client_packets.cpp (what arrives).
#pragma once

#include "squall/core/ring_buffer.hpp"
#include "transport/secure/client_attempt.hpp"
#include "transport/secure/control_ledger.hpp"
#include "transport/secure/farewells.hpp"
#include "transport/secure/packet.hpp"
#include "transport/secure/packet_tap.hpp"
#include "transport/secure/pause_detector.hpp"
#include "transport/secure/replay_window.hpp"
#include "transport/secure/secure_client.hpp"

namespace squall::secure {

struct SecureClient::State {
    State(const ClientConfig& client_config, EntropySource& entropy_source, EndpointStatistics& counters)
        : config(client_config),
          entropy(entropy_source),
          statistics(counters),
          binding(Suite::netcode, client_config.transport.protocol_id) {}

    // --- what arrives
    void on_handshake_packet(TimePoint now, const PacketHeader& header, MutableBytes datagram);
    void on_challenge(TimePoint now, Bytes body);
    void on_session_packet(TimePoint now, const PacketHeader& header, MutableBytes datagram);
    void on_opened(TimePoint now, const PacketHeader& header, MutableBytes body, std::size_t datagram_bytes);
    void on_path_challenge(Bytes data);

    // --- the state machine
    void become_connected(TimePoint now);
    // An attempt at one server failed: the next server, or the end.
    void try_next_server(TimePoint now, ClientState error, DisconnectReason reason);
    void finish(ClientState end_state, DisconnectReason reason);

    // --- what leaves
    std::optional<Transmit> write_request(TimePoint now, MutableBytes buffer);
    std::optional<Transmit> write_response(TimePoint now, MutableBytes buffer);
    std::optional<Transmit> write_path_response(TimePoint now, MutableBytes buffer);
    std::optional<Transmit> write_keep_alive(TimePoint now, MutableBytes buffer);
    Transmit send_session(TimePoint now, PacketType type, MutableBytes buffer, std::size_t body_bytes,
                          ByteCause cause);

    void send_at_once(TimePoint now);
    void observe_pause(TimePoint now);

    // --- deadlines; kNever where they do not apply
    [[nodiscard]] TimePoint next_send() const;
    [[nodiscard]] TimePoint give_up_at() const;
    [[nodiscard]] TimePoint silence_at() const;
    [[nodiscard]] Duration silence() const;
    [[nodiscard]] TimePoint next_deadline() const;

    // Payload packets carry the id while the client has reason to think that its address changed, or must
    // confirm it.
    [[nodiscard]] bool payload_carries_id() const {
        return connection_id != 0 && (is_probing || must_confirm_id) &&
               config.transport.framing == Framing::squall;
    }
    [[nodiscard]] PacketType payload_type() const {
        return payload_carries_id() ? PacketType::payload_with_id : PacketType::payload;
    }
    [[nodiscard]] bool has_extensions() const {
        return config.transport.framing == Framing::squall || suite != Suite::netcode ||
               peer_showed_extensions;
    }
    void refuse(RefusalCause cause) {
        ++statistics.refused[static_cast<std::size_t>(cause)];
        if (tap != nullptr) tap->show_refusal(cause);
    }

    const ClientConfig& config;  // the endpoint's
    EntropySource& entropy;
    EndpointStatistics& statistics;
    ClientState state = ClientState::disconnected;
    Suite suite = Suite::netcode;
    PacketBinding binding;
    const PacketTap* tap = nullptr;
    Address server;
    Duration timeout{0};  // 0: never
    std::unique_ptr<ClientAttempt> attempt;
    DisconnectReason denied_reason = DisconnectReason::denied;

    // --- the session, from the challenge on
    std::unique_ptr<PacketCipher> cipher;
    ReplayWindow replay;
    std::uint64_t next_sequence = 0;
    TimePoint last_sent{};
    TimePoint last_heard{};
    std::uint64_t connection_id = 0;  // 0: none yet
    bool must_confirm_id = false;
    bool peer_showed_extensions = false;
    bool is_probing = false;  // silence: packets carry the id
    Duration three_rto{0};
    std::optional<std::array<std::byte, kPathDataBytes>> path_answer;

    // A token used again must not repeat its packet numbers in suite netcode, where its key is the packets'
    // key.
    Key last_key{};
    std::uint64_t last_key_sequence = 0;

    PauseDetector pause;
    Farewells farewells;
    RingBuffer<SecureEvent> events;
    ControlLedger sent;
    ControlLedger received;
};

}  // namespace squall::secure
