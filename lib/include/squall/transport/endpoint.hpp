// The transport's public face. An endpoint is everything behind one UDP socket: a server with its
// connections, or a client with its one. It does no I/O and reads no clock: datagrams and time go in,
// datagrams, events and the next deadline come out.
//
// The five verbs: receive(), poll_transmit(), poll_timeout(), handle_timeout() (see Node, which a Host
// drives) and poll_event(). One change goes in, then everything is drained. Not thread-safe: one thread, or
// one lock, per endpoint.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/entropy.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/core/units.hpp"
#include "squall/trace/sink.hpp"
#include "squall/transport/channel.hpp"
#include "squall/transport/connect_token.hpp"
#include "squall/transport/disconnect_reason.hpp"
#include "squall/transport/node.hpp"
#include "squall/transport/statistics.hpp"
#include "squall/transport/suite.hpp"

namespace squall {

// What is inside the protected payload: fixed per protocol id, the same at both ends.
enum class Framing : std::uint8_t {
    squall,  // packets of acks and channel messages (lib/STANDARD.md)
    raw,  // the payload is the application's, untouched: one send is one datagram; for standard netcode peers
};

// Both ends of one protocol use the same values.
struct TransportConfig {
    // Names the game and its version; peers with another id ignore each other.
    std::uint64_t protocol_id = 0;
    Framing framing = Framing::squall;
    std::vector<ChannelConfig> channels{};  // 1 to 32 for squall framing; empty for raw
    // The largest datagram that leaves (UDP payload bytes): 256 to 1225. With IPv6 and UDP headers the
    // default stays below 1280.
    std::size_t max_datagram_bytes = 1200;
    // An acknowledgement that somebody waits for leaves at the latest so long after the packet; 1 ms to 250
    // ms.
    Duration max_ack_delay = std::chrono::milliseconds(50);
    // Small unacknowledged reliable messages are sent once more in one of the next packets, before any loss
    // is known.
    bool early_repeat = true;
    // Congestion control: where the rate starts, and the bounds that it keeps.
    DataRate initial_rate = megabits_per_second(10);
    DataRate minimum_rate = kilobits_per_second(64);
    DataRate maximum_rate = megabits_per_second(1000);
    // What may leave at once after a pause. 0: 12,000 bytes or 20 ms at the rate of the moment, on top of
    // maximum_rate. If it is named, at least two datagrams and at most half of what maximum_rate sends in a
    // second, it is part of that: the datagrams of any second keep maximum_rate and one datagram, and what
    // is sent steadily is at most maximum_rate less one burst a second. Acknowledgements are counted, and not
    // held back.
    std::size_t burst_bytes = 0;
    // Receiving side, per connection: bytes of unfinished fragments and of messages that wait for an earlier
    // one.
    std::size_t max_reassembly_bytes = 1024 * 1024;
    // An idle connection sends a keep-alive so often; 1 s or more by design, less only for tests.
    Duration keep_alive_interval = std::chrono::seconds(1);
};

struct ServerConfig {
    TransportConfig transport{};
    Key private_key{};                 // shared with the token's issuer
    std::vector<Address> addresses{};  // what tokens may name this server by; 1 to 32, with ports
    std::uint32_t max_clients = 64;    // 1 to 65,536
    SuiteSet suites = SuiteSet::standard();
    WallClockAnchor wall_clock{};  // for token expiry
    // Tokens older than this server's start are refused when this is set to the lifetime that the issuer
    // gives them: then no key is ever used with the same nonce twice, even across restarts. 0: not checked.
    std::uint32_t token_lifetime_seconds = 0;
    // A connection that timed out keeps its slot for so long; the same player gets it back
    // (Connected::rejoined). 0: never.
    Duration rejoin_grace{0};
    // How many leading bytes of the user data name the player, for rejoining and for `replaced`; 0: the
    // client id names it.
    std::size_t player_id_bytes = 0;
    // Of all datagrams of all connections together, in any second and to one datagram; the connections take
    // turns, a datagram each. 0: not limited; else at least 256 kbit. An eighth of it may leave at once after
    // a pause, and seven are sent steadily. What keeps connections alive, begins and ends them is counted,
    // and not held back; acknowledgements are.
    DataRate total_rate{};
    std::uint8_t shard = 0;  // written into connection ids, so that shards can route a migrated client
};

struct ClientConfig {
    TransportConfig transport{};
    WallClockAnchor wall_clock{};
};

// --- events
// ----------------------------------------------------------------------------------------------------------

struct Connected {
    ConnectionId connection;
    ClientId client_id;
    Address peer;
    bool rejoined = false;  // the same player is back in its slot within the grace time
};
struct Disconnected {
    ConnectionId connection;
    ClientId client_id;
    DisconnectReason reason = DisconnectReason::none;
    bool slot_is_held = false;  // the player may come back to this slot within the grace time
};
// A whole message. The bytes lie in the datagram that was given to receive(), or in memory of the endpoint:
// valid until the next call of receive() or handle_timeout(), as long as the caller leaves that datagram
// alone. So poll right after each receive().
struct MessageReceived {
    ConnectionId connection;
    ChannelId channel;
    MessageId message;
    Bytes bytes;
};
// Raw framing: one payload, as it was sent. Valid as above.
struct PayloadReceived {
    ConnectionId connection;
    PacketNumber packet;
    Bytes bytes;
};
enum class MessageFate : std::uint8_t {
    delivered,          // acknowledged: the peer's transport has all of it
    lost,               // unreliable, and its packet was declared lost
    superseded,         // a newer message of its sequenced channel replaced it before it left
    dropped_by_budget,  // it never left: the queue or its lifetime overflowed
    connection_ended,   // the connection ended first; it may or may not have arrived
};
[[nodiscard]] std::string_view to_string(MessageFate fate);
// Exactly one for each message that was sent with SendOptions::notify (MessageAcked and MessageLost of other
// libraries).
struct MessageSettled {
    ConnectionId connection;
    ChannelId channel;
    MessageId message;
    MessageFate fate = MessageFate::delivered;
};
struct PathChanged {
    ConnectionId connection;
    Address peer;
};
using EndpointEvent =
    std::variant<Connected, Disconnected, MessageReceived, PayloadReceived, MessageSettled, PathChanged>;

struct SendOptions {
    bool notify = false;  // tell this message's fate by a MessageSettled event
    // The application's number for what the message belongs to; it stands in the trace events and accounts of
    // its transmissions and nowhere else.
    std::uint16_t tag = 0;
};

// What of its packets an endpoint shows to its trace, besides the datagrams as they are on the wire.
enum class PacketTrace : std::uint8_t {
    sealed,     // no more
    plain,      // packet_opened, packet_sealed, token_opened and datagram_refused as well
    with_keys,  // and tokens with their keys: whoever has those can read the session on the wire
};

// Knows what the messages belong to. Told of every transmission of a message or fragment, at a fraction of
// what a trace event costs; asked, where there is a trace, whose a message is that arrives.
class TransmissionAccount {
  public:
    virtual ~TransmissionAccount() = default;
    // `wire_bytes` in the packet, with headers; `payload_bytes` of them the message's. Must not call the
    // endpoint.
    virtual void on_transmission(ChannelId channel, std::uint16_t tag, ByteCause cause,
                                 std::size_t wire_bytes, std::size_t payload_bytes) = 0;
    // The tag of a message that begins with these bytes of the peer's, all of it or its first fragment; 0 if
    // it is nobody's. Must not call the endpoint.
    [[nodiscard]] virtual std::uint16_t tag_of(ChannelId channel, Bytes beginning) const = 0;
};

class Endpoint : public Node {
  public:
    // The next event, oldest first; nothing when drained. Call after every receive() and handle_timeout().
    virtual std::optional<EndpointEvent> poll_event() = 0;

    // Queues a message; the bytes are copied. It leaves at the next drain, together with whatever else is
    // queued. Returns its number in this channel and direction, as the receiver and the MessageSettled event
    // will name it. Errors: unknown_id, not_connected, too_large (names the limit), queue_full (reliable
    // channels), invalid_argument (empty).
    virtual Result<MessageId> send(TimePoint now, ConnectionId connection, ChannelId channel, Bytes message,
                                   SendOptions options = {}) = 0;
    // Raw framing: queues one payload of 1 to max_datagram_bytes - 33 bytes (at most 1200). Returns the
    // packet number that it gets at the next drain, unless a keep-alive or a disconnect leaves before it and
    // takes that number.
    virtual Result<PacketNumber> send_payload(TimePoint now, ConnectionId connection, Bytes payload) = 0;

    // Ends a connection: redundant disconnect packets with the reason leave at the next drain, a Disconnected
    // event follows. What was queued and not yet sent is settled as connection_ended. Unknown and ended
    // connections are ignored.
    virtual void disconnect(TimePoint now, ConnectionId connection,
                            DisconnectReason reason = DisconnectReason::requested) = 0;

    [[nodiscard]] virtual bool is_connected(ConnectionId connection) const = 0;
    // Payload bytes that a snapshot can add now without waiting: what congestion control and the queues leave
    // for this moment.
    [[nodiscard]] virtual std::size_t send_budget(TimePoint now, ConnectionId connection) const = 0;
    [[nodiscard]] virtual std::optional<ConnectionStatistics> statistics(ConnectionId connection) const = 0;
    [[nodiscard]] virtual std::optional<ChannelStatistics> statistics(ConnectionId connection,
                                                                      ChannelId channel) const = 0;
    [[nodiscard]] virtual const EndpointStatistics& statistics() const = 0;

    // Where trace events go; nullptr: nowhere. `source` is written into each.
    virtual void set_trace(trace::Sink* sink, std::uint32_t source) = 0;
    // Off (`sealed`) unless asked for: a recording needs it, and it costs an event a packet.
    virtual void trace_packets(PacketTrace what) = 0;
    // Who is told of each transmission, and asked whose messages are; nullptr: nobody. It must outlive the
    // endpoint, or be taken away.
    virtual void set_account(TransmissionAccount* account) = 0;
};

class ServerEndpoint : public Endpoint {
  public:
    // Errors: invalid_argument, with the field and its range. The entropy source must outlive the endpoint.
    [[nodiscard]] static Result<std::unique_ptr<ServerEndpoint>> make(TimePoint now, ServerConfig config,
                                                                      EntropySource& entropy);

    // Keeps a slot for this client until the timeout; no other client can take it. Errors: queue_full (no
    // free slot), invalid_argument (already connected or reserved, or a timeout that is not positive).
    virtual Result<> reserve(TimePoint now, ClientId client, Duration timeout) = 0;
    [[nodiscard]] virtual std::uint32_t reserved_count() const = 0;
    [[nodiscard]] virtual std::uint32_t connected_count() const = 0;
    // The connections that are established, in slot order.
    [[nodiscard]] virtual std::vector<ConnectionId> connections() const = 0;
    [[nodiscard]] virtual const UserData* user_data(ConnectionId connection) const = 0;
    [[nodiscard]] virtual std::optional<ClientId> client_id(ConnectionId connection) const = 0;
    [[nodiscard]] virtual std::optional<Address> peer(ConnectionId connection) const = 0;
    [[nodiscard]] virtual std::optional<Suite> suite(ConnectionId connection) const = 0;
    // Ends every connection, refuses new ones from now on.
    virtual void shut_down(TimePoint now) = 0;
};

// netcode's client state machine; negative states are its errors.
enum class ClientState : std::int8_t {
    token_expired = -6,
    invalid_token = -5,
    timed_out = -4,
    response_timed_out = -3,
    request_timed_out = -2,
    denied = -1,
    disconnected = 0,
    sending_request = 1,
    sending_response = 2,
    connected = 3,
};
[[nodiscard]] std::string_view to_string(ClientState state);

class ClientEndpoint : public Endpoint {
  public:
    [[nodiscard]] static Result<std::unique_ptr<ClientEndpoint>> make(TimePoint now, ClientConfig config,
                                                                      EntropySource& entropy);
    // Starts to connect with the 2048 bytes of a connect token, trying its servers in order. A Connected
    // event follows, or a Disconnected one with the reason. Errors: malformed, unsupported, expired,
    // invalid_argument (wrong protocol id, or busy).
    virtual Result<ConnectionId> connect(TimePoint now, Bytes token) = 0;
    [[nodiscard]] virtual ClientState state() const = 0;
    // The connection made or being made; not valid when disconnected.
    [[nodiscard]] virtual ConnectionId connection() const = 0;
};

}  // namespace squall
