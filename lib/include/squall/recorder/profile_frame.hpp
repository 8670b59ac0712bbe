// The frames that a process tells its profiler: over the live endpoint and, with the same bytes, in a
// recording. Plain structs; profile_codec.hpp makes bytes of them, profile_state.hpp adds them up. Knows
// neither transport nor remotes: what those enumerate travels as names in Hello, and as numbers after it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"
#include "squall/trace/counters.hpp"

namespace squall::recorder {

// The numbers are wire format (lib/RECORDING.md, "Profile frames").
enum class FrameType : std::uint16_t {
    hello = 1,
    subscribe = 2,
    dictionary = 3,
    connection_change = 4,
    stats = 5,
    histograms = 6,
    samples = 7,
    conditions = 8,
    note = 9,
    world = 10,
    command = 11,
    result = 12,
    ping = 13,
    pong = 14,
};
[[nodiscard]] std::string_view to_string(FrameType type);

inline constexpr std::uint32_t kProfileVersion = 1;

// What a process offers and a viewer wants, as a set of bits.
enum class Stream : std::uint8_t { stats, histograms, samples, conditions, notes, world, commands, history };
using StreamSet = std::uint64_t;
[[nodiscard]] constexpr StreamSet bit(Stream stream) {
    return StreamSet{1} << static_cast<unsigned>(stream);
}
inline constexpr StreamSet kAllStreams = 0xff;

enum class Direction : std::uint8_t { inbound, outbound };

// First in both directions. The viewer's has the token; the process's the names and nothing secret.
struct Hello {
    std::uint32_t version = kProfileVersion;
    StreamSet streams = 0;
    std::string name{};          // what the process calls itself: "arena server"
    std::string build{};         // of the library
    std::uint64_t process = 0;   // its id
    TimePoint at{};              // the process's time line now,
    std::int64_t wall_time = 0;  // and that moment in nanoseconds since 1970; 0: not known
    std::string token{};         // of the viewer; empty otherwise
    // By number; "" for numbers that are not used.
    std::vector<std::string> remote_kinds{};
    std::vector<std::string> channel_modes{};
    std::vector<std::string> outcomes{};
    std::vector<std::string> byte_causes{};
    std::vector<std::string> packet_types{};
    std::vector<std::string> refusal_causes{};
    std::vector<std::string> disconnect_reasons{};
    std::vector<std::string> suites{};
    friend bool operator==(const Hello&, const Hello&) = default;
};

// From the viewer, any number of times: the last one counts.
struct Subscribe {
    std::uint32_t rate_hz = 10;  // of Stats and World: 1 to 60
    StreamSet streams = bit(Stream::stats);
    // Samples: of these remotes only; of all if there is none. At most so many a second.
    std::vector<std::uint32_t> sampled_remotes{};
    std::uint32_t samples_per_second = 100;
    // World: whose view is wanted; not valid: nobody's.
    ConnectionId viewpoint{};
    friend bool operator==(const Subscribe&, const Subscribe&) = default;
};

struct RemoteEntry {
    std::uint32_t id = 0;  // trace::kNoRemote or its number on the wire
    std::string name{};
    std::uint32_t kind = 0;  // Hello::remote_kinds
    std::uint32_t mode = 0;  // Hello::channel_modes
    std::string codec{};
    std::uint64_t budget_bytes_per_second = 0;  // 0: none
    friend bool operator==(const RemoteEntry&, const RemoteEntry&) = default;
};
// All remotes; sent anew if there are others.
struct Dictionary {
    std::vector<RemoteEntry> remotes{};  // ids ascend
    friend bool operator==(const Dictionary&, const Dictionary&) = default;
};

struct ConnectionChange {
    TimePoint at{};
    bool is_open = false;      // opened, or closed
    std::uint32_t source = 0;  // which endpoint of the process; with the connection it names one connection
    ConnectionId connection{};
    std::uint64_t client_id = 0;
    std::string address{};
    std::uint32_t suite = 0;   // Hello::suites
    std::uint32_t reason = 0;  // of closing: Hello::disconnect_reasons
    friend bool operator==(const ConnectionChange&, const ConnectionChange&) = default;
};

struct RemoteStats {
    std::uint32_t remote = 0;
    Direction direction{};
    trace::RemoteCounters counters{};
    friend bool operator==(const RemoteStats&, const RemoteStats&) = default;
};
struct ConnectionStats {
    std::uint32_t source = 0;
    ConnectionId connection{};
    trace::ConnectionCounters counters{};
    friend bool operator==(const ConnectionStats&, const ConnectionStats&) = default;
};
// All that counts. A keyframe holds the counters themselves; any other frame holds what those of remotes,
// endpoint, refusals and process grew by since the frame before it (modulo 2^64: some go down), without the
// remotes that did not change. Connections are always given as they are, those that changed: of many some a
// frame, in turn.
struct Stats {
    TimePoint at{};
    bool is_keyframe = false;
    std::uint64_t sequence = 0;                  // of this stream, from 1
    std::vector<RemoteStats> remotes{};          // ascending by remote, inbound before outbound
    std::vector<ConnectionStats> connections{};  // ascending by source and connection
    trace::EndpointCounters endpoint{};
    trace::RefusalCounters refusals{};
    trace::ProcessCounters process{};
    friend bool operator==(const Stats&, const Stats&) = default;
};

enum class HistogramKind : std::uint8_t {
    queue,           // of a remote: from being queued to leaving for the first time
    wire,            // of a remote: from leaving to being acknowledged
    handler,         // of a remote: what its inbound chain and handler took
    call,            // of a function: from the call to its answer
    connection_rtt,  // of all connections together; remote is 0
    tick,            // of the application; remote is 0
};
inline constexpr HistogramKind kLastHistogramKind = HistogramKind::tick;
[[nodiscard]] std::string_view to_string(HistogramKind kind);
// Counts since the start, in nanoseconds: a trace::Histogram with its empty buckets left out.
struct HistogramEntry {
    HistogramKind kind{};
    std::uint32_t remote = 0;
    std::uint32_t significant_digits = 1;
    std::uint64_t highest_trackable = 0;
    std::uint64_t min = 0;
    std::uint64_t max = 0;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> counts{};  // bucket and count, buckets ascend
    friend bool operator==(const HistogramEntry&, const HistogramEntry&) = default;
};
// Those that changed; each replaces what was known of it.
struct Histograms {
    TimePoint at{};
    std::vector<HistogramEntry> entries{};
    friend bool operator==(const Histograms&, const Histograms&) = default;
};

struct Sample {
    TimePoint at{};
    std::uint32_t source = 0;
    ConnectionId connection{};
    std::uint32_t remote = 0;
    Direction direction{};
    std::uint32_t outcome = 0;         // inbound: Hello::outcomes
    std::uint64_t message = 0;         // its id in its channel
    std::uint32_t bytes = 0;           // of the message
    std::vector<std::byte> payload{};  // its first bytes
    friend bool operator==(const Sample&, const Sample&) = default;
};
struct Samples {
    std::uint64_t dropped = 0;  // that were to be sampled since the last frame, and were not
    std::vector<Sample> samples{};
    friend bool operator==(const Samples&, const Samples&) = default;
};

// What the simulated network does to a group of clients in one direction, in the words of a scenario file:
// {"delay", "50ms"}, {"loss", "2%"}.
struct LinkCondition {
    std::string group{};
    Direction direction{};  // as the server sees it
    std::vector<std::pair<std::string, std::string>> settings{};
    friend bool operator==(const LinkCondition&, const LinkCondition&) = default;
};
// All of them, each time that one changes.
struct Conditions {
    TimePoint at{};
    std::vector<LinkCondition> links{};
    friend bool operator==(const Conditions&, const Conditions&) = default;
};

enum class NoteKind : std::uint8_t { info, mark, condition, warning, recorder };
inline constexpr NoteKind kLastNoteKind = NoteKind::recorder;
[[nodiscard]] std::string_view to_string(NoteKind kind);
struct Note {
    TimePoint at{};
    NoteKind kind{};
    std::string text{};
    friend bool operator==(const Note&, const Note&) = default;
};

struct WorldEntity {
    std::uint32_t id = 0;
    ConnectionId connection{};  // of the player that it is; not valid for things
    float x = 0;
    float y = 0;
    friend bool operator==(const WorldEntity&, const WorldEntity&) = default;
};
struct World {
    TimePoint at{};
    std::uint64_t tick = 0;
    float side = 0;         // of the square that it lies in, from (0, 0)
    float view_radius = 0;  // 0: everybody sees everything
    std::vector<WorldEntity> entities{};
    // Who sees whom, by entity id; of the viewpoint that was asked for, or of all.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> sees{};
    friend bool operator==(const World&, const World&) = default;
};

// From the viewer. The verbs that the process offers are its own; those of Squall's programs are
// "record.start" {file}, "record.stop", "history.save" {file}, "mark" {text} and "conditions.set"
// {group, direction, and settings as in LinkCondition}.
struct Command {
    std::uint64_t id = 0;  // the viewer's, for its result
    std::string verb{};
    std::vector<std::pair<std::string, std::string>> arguments{};
    // The value of an argument; nullptr if there is none of that name.
    [[nodiscard]] const std::string* find(std::string_view name) const;
    friend bool operator==(const Command&, const Command&) = default;
};
struct CommandResult {
    std::uint64_t id = 0;
    bool is_ok = false;
    std::string text{};  // what was done, or what is wrong and what would be right
    friend bool operator==(const CommandResult&, const CommandResult&) = default;
};

// For the offset between two clocks: the answer has the same numbers and the other's time.
struct Ping {
    std::uint64_t id = 0;
    std::int64_t sent_at = 0;  // the viewer's clock, nanoseconds
    friend bool operator==(const Ping&, const Ping&) = default;
};
struct Pong {
    std::uint64_t id = 0;
    std::int64_t sent_at = 0;
    TimePoint at{};
    friend bool operator==(const Pong&, const Pong&) = default;
};

using ProfileFrame = std::variant<Hello, Subscribe, Dictionary, ConnectionChange, Stats, Histograms, Samples,
                                  Conditions, Note, World, Command, CommandResult, Ping, Pong>;
[[nodiscard]] FrameType type_of(const ProfileFrame& frame);

}  // namespace squall::recorder
