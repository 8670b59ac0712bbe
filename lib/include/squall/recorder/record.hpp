// What a recording holds, as values: datagrams, messages, and control facts. lib/RECORDING.md has their
// bytes. Records own nothing: their bytes are valid as long as what they were read from.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/recorder/profile_frame.hpp"

namespace squall::recorder {

// The first byte of each record.
enum class RecordType : std::uint8_t {
    datagram = 0x01,
    message_sent = 0x10,
    message_received = 0x11,
    facts = 0x20,
    node_call = 0x21,
    connection = 0x22,
    tick = 0x23,
    mark = 0x24,
    state_hash = 0x25,
    clock = 0x26,
    dropped = 0x27,
    profile_frame = 0x28,
    entropy = 0x29,
    packet_fate = 0x2a,
    message_fate = 0x2b,
    remote_outcome = 0x2c,
    secret = 0x2d,
    end = 0x2e,
};
[[nodiscard]] std::string_view to_string(RecordType type);
// All record types have this version today; a reader skips what has a higher one.
inline constexpr std::uint8_t kRecordVersion = 1;

// One datagram at the recorded node's socket.
struct WireRecord {
    TimePoint at{};
    Direction direction = Direction::inbound;
    // True: `packet` is the opened packet (header in clear, body in plaintext, no tag; a connection request
    // with its private token in plaintext, lib/RECORDING.md). False: as it was on the wire.
    bool is_opened = false;
    bool is_refused = false;      // received, and not accepted: `cause` says why
    bool is_payload_cut = false;  // left out by RecordingOptions::payload
    std::uint8_t cause = 0;       // a RefusalCause of the transport
    ConnectionId connection{};    // not valid where none was concerned
    Address local{};
    Address peer{};
    std::uint64_t sequence = 0;    // netcode's packet number; 0 for connection requests
    std::uint32_t wire_bytes = 0;  // of the UDP payload on the wire
    Bytes packet{};
};

// One transmission of a message or of one of its fragments; or a whole message that was received.
struct MessageRecord {
    static constexpr std::uint8_t kUnknownMode = 0xff;

    TimePoint at{};
    Direction direction = Direction::inbound;
    ChannelId channel{};
    std::uint8_t mode = kUnknownMode;  // a ChannelMode of the transport
    std::uint8_t cause = 0;            // sent: a ByteCause of the transport
    std::uint16_t remote = 0;          // its number on the wire, from 1; 0: none, or not known
    ConnectionId connection{};
    std::uint64_t message = 0;        // its number on the channel
    std::uint64_t packet = 0;         // the number of the packet that carries it, or that completed it
    std::uint32_t wire_bytes = 0;     // sent: in the packet, with its headers
    std::uint32_t message_bytes = 0;  // of `payload` before anything was left out
    Bytes payload{};
};

// Everything else that has a time. decode() makes a value of the body.
struct ControlRecord {
    TimePoint at{};
    RecordType type{};
    std::uint8_t version = kRecordVersion;
    Bytes body{};
};

using Record = std::variant<WireRecord, MessageRecord, ControlRecord>;

// --- control records
// -------------------------------------------------------------------------------------------------

// A call of the recorded node that no datagram stands for. Each received datagram is a receive(), and each
// sent one a poll_transmit() that gave it. After receive() and handle_timeout() the node is drained at the
// same `now` until nothing comes: only what differs from that is told.
struct NodeCall {
    enum class Kind : std::uint8_t {
        timeout = 1,      // handle_timeout()
        drain = 2,        // a drain that no receive() or handle_timeout() came before, or at another time
        drain_ended = 3,  // the drain before ended early, after `polls` calls of poll_transmit()
        input = 4,        // the application did something to the node: `name` and `data` say what
    };
    Kind kind = Kind::timeout;
    std::uint32_t polls = 0;  // drain_ended
    std::string_view name{};  // input
    Bytes data{};             // input
};

struct ConnectionRecord {
    enum class Kind : std::uint8_t {
        opened = 1,
        closed = 2,
        path_changed = 3,
        is_open = 4,  // told again where a further file of a session begins
    };
    Kind kind = Kind::opened;
    std::uint8_t reason = 0;  // closed: a DisconnectReason of the transport
    ConnectionId connection{};
    ClientId client{};
    Address peer{};  // where it is known
};

struct TickMark {
    std::uint64_t number = 0;
    std::uint32_t duration_us = 0;
};
struct Mark {
    std::string_view text{};
};
struct StateHash {
    std::uint64_t tick = 0;
    std::uint64_t hash = 0;
};
// The wall clock read at `at`, once a second, so that files of several machines can be laid side by side.
// (The records' own times come from one reading at the start.)
struct ClockSnapshot {
    std::int64_t realtime_ns = 0;  // since 1970-01-01 UTC
};
// Records that did not fit into the ring since the last of these.
struct Dropped {
    std::uint64_t datagrams = 0;
    std::uint64_t messages = 0;
    std::uint64_t controls = 0;
    [[nodiscard]] std::uint64_t total() const { return datagrams + messages + controls; }
};
// A frame of the live stream (frame.hpp), envelope included.
struct FrameRecord {
    Bytes frame{};
};
// Random bytes that the node was given (only where keys are recorded).
struct EntropyDraw {
    Bytes bytes{};
};
struct PacketFate {
    bool is_lost = false;
    ConnectionId connection{};
    std::uint64_t packet = 0;
    std::uint32_t bytes = 0;
    std::uint32_t rtt_us = 0;  // 0: no sample
};
struct MessageFateRecord {
    bool is_lost = false;
    ConnectionId connection{};
    ChannelId channel{};
    std::uint64_t message = 0;
    std::uint8_t fate = 0;  // a MessageFate of the transport
};
// What became of a received message at its remote, where that is not the usual.
struct RemoteOutcome {
    ConnectionId connection{};
    std::uint64_t remote = 0;
    std::uint32_t outcome = 0;
};
// The last record of a file that was ended on purpose.
struct RecordingEnd {
    enum class Kind : std::uint8_t { finished = 1, continued = 2 };
    Kind kind = Kind::finished;
    std::uint64_t datagrams = 0;  // records of the whole session, up to here
    std::uint64_t messages = 0;
    std::uint64_t controls = 0;
    std::uint64_t dropped = 0;
    std::uint64_t bytes_received = 0;  // UDP payload bytes at the socket, of datagrams that were recorded
    std::uint64_t bytes_sent = 0;
};
// A key of the session, only where keys are recorded. Name "server": the key that tokens are sealed with.
struct Secret {
    std::string_view name{};
    Bytes bytes{};
};
// Facts on the session as they stand in the section header: a flat JSON object of texts.
struct FactsText {
    std::string_view json{};
};

using Control = std::variant<FactsText, NodeCall, ConnectionRecord, TickMark, Mark, StateHash, ClockSnapshot,
                             Dropped, FrameRecord, EntropyDraw, PacketFate, MessageFateRecord, RemoteOutcome,
                             Secret, RecordingEnd>;

[[nodiscard]] RecordType type_of(const Control& control);
// The largest body of a control record.
inline constexpr std::size_t kMaxControlBytes = std::size_t{1024} * 1024 + 64;
// Bytes that encode() needs for this.
[[nodiscard]] std::size_t encoded_size_max(const Control& control);
// Writes the body to the front of `out` and returns that part. `out` has encoded_size_max() bytes.
[[nodiscard]] Bytes encode(const Control& control, MutableBytes out);
// Errors: malformed (what is wrong in the body), unsupported (a type or a version that this build does not
// know).
[[nodiscard]] Result<Control> decode(const ControlRecord& record);

}  // namespace squall::recorder
