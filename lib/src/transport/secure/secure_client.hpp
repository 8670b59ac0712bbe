// The client side of netcode 1.02 and its Squall extensions: the state machine from token to connected,
// keep-alives, replay protection, disconnects, and probing with the connection id after silence. Knows
// nothing of what is in a payload.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "squall/core/entropy.hpp"
#include "squall/transport/endpoint.hpp"
#include "transport/secure/control_ledger.hpp"
#include "transport/secure/secure_event.hpp"

namespace squall::secure {

struct PacketTap;

class SecureClient {
  public:
    // The configuration is not copied: it must outlive the client.
    SecureClient(TimePoint now, const ClientConfig& config, EntropySource& entropy,
                 EndpointStatistics& statistics);
    ~SecureClient();

    Result<> connect(TimePoint now, Bytes token);
    void receive(TimePoint now, const Address& from, MutableBytes datagram);
    std::optional<SecureEvent> poll_event();
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer);
    [[nodiscard]] TimePoint poll_timeout() const;
    void handle_timeout(TimePoint now);

    // Fetch into the cache what the next packet touches: first the session, then, a step later, its keys.
    void prefetch() const;
    void prefetch_deeper() const;

    [[nodiscard]] ClientState state() const;
    [[nodiscard]] bool is_connected() const;
    [[nodiscard]] ClientId client_id() const;  // 0: a client cannot read its own id from the token
    [[nodiscard]] const Address& server() const;
    [[nodiscard]] Suite suite() const;

    [[nodiscard]] std::size_t payload_offset() const;
    [[nodiscard]] std::size_t tag_bytes() const;
    [[nodiscard]] std::uint64_t next_packet_number() const;
    Transmit seal_payload(TimePoint now, MutableBytes buffer, std::size_t payload_bytes);

    // Three retransmission timeouts of the layer above: silence of max(1 s, this) makes the client use its
    // connection id.
    void set_probe_silence(Duration three_rto);
    // Queues redundant disconnect packets; reports no event.
    void disconnect(TimePoint now, DisconnectReason reason);
    // Gives back memory that nothing needs now.
    void rest();
    // Shows packets in plain text from now on; nullptr: to nobody.
    void set_tap(const PacketTap* tap);
    [[nodiscard]] const ControlLedger& control_bytes_sent() const;
    [[nodiscard]] const ControlLedger& control_bytes_received() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace squall::secure
