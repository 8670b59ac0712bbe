// What arena's server and clients agree on: the channels, the small messages and their limits. Snapshots have
// a file of their own (snapshot_codec.hpp). Knows no endpoint and no world.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::arena {

// The id that tokens for arena carry unless a scenario says otherwise: "arena" and the version of this
// protocol.
inline constexpr std::uint64_t kArenaProtocolId = 0x6172'656e'6100'0001ULL;
inline constexpr std::uint8_t kArenaVersion = 1;

inline constexpr ChannelId kInputChannel{
    0};  // client to server; unreliable, each packet repeats the last three
inline constexpr ChannelId kSnapshotChannel{1};  // server to client; unreliable, its fate is notified
inline constexpr ChannelId kEventChannel{2};     // both ways; reliable ordered: welcome, chat
inline constexpr ChannelId kRequestChannel{3};   // both ways; reliable unordered: requests and their replies

// The four channels' configuration on top of a transport's other settings; both ends call it.
[[nodiscard]] TransportConfig arena_transport(std::uint64_t protocol_id = kArenaProtocolId);

inline constexpr std::size_t kMaxChatBytes = 120;
inline constexpr std::uint8_t kMaxSpeed = 3;   // 0 stands, 3 runs
inline constexpr std::uint8_t kItemCount = 6;  // 0..3 are weapons, 4 is a bandage, 5 is armour
inline constexpr std::uint8_t kWeaponCount = 4;
inline constexpr std::uint32_t kMaxPlayers = 65'536;
inline constexpr std::uint32_t kMaxTickRate = 240;
inline constexpr std::uint8_t kInputRedundancy = 3;  // every packet with an input repeats so many before it

// What a player wants until the next input says otherwise. The newest input wins; older ones that arrive late
// are stale.
struct PlayerInput {
    std::uint8_t heading = 0;  // 256 directions, counter-clockwise from east
    std::uint8_t speed = 0;    // 0 to kMaxSpeed
    bool fire = false;
    bool crouch = false;
    friend bool operator==(const PlayerInput&, const PlayerInput&) = default;
};

// The first message that a client gets: who it is and how to read what follows.
struct Welcome {
    std::uint8_t version = kArenaVersion;
    std::uint32_t player = 0;        // the entity that is this client
    std::uint32_t player_limit = 0;  // entity ids are below it
    std::uint32_t world_side = 0;    // in wire units (1/64 m); coordinates are below it and wrap around
    std::uint32_t view_radius = 0;   // in wire units
    std::uint32_t tick_rate = 0;     // Hz
    std::uint64_t tick = 0;          // the newest tick
    std::int64_t first_tick_at =
        0;  // the server's TimePoint of tick 0, in nanoseconds: tick n is planned n / rate later
    bool rejoined = false;  // the player goes on where it was
    friend bool operator==(const Welcome&, const Welcome&) = default;
};

struct ChatMessage {
    std::uint32_t from = 0;       // the server writes it; what a client claims is ignored
    std::int64_t planned_at = 0;  // opaque to the server: the sender's planned send time
    std::string_view text;        // up to kMaxChatBytes; when read, a view into the message
};

struct ItemRequest {
    std::uint32_t request = 0;  // the client's number, echoed
    std::uint8_t item = 0;      // below kItemCount
    friend bool operator==(const ItemRequest&, const ItemRequest&) = default;
};
enum class ItemResult : std::uint8_t { bought, too_expensive, already_owned, not_alive };
[[nodiscard]] std::string_view to_string(ItemResult result);
struct ItemReply {
    std::uint32_t request = 0;
    ItemResult result = ItemResult::bought;
    std::uint32_t credits = 0;  // what is left
    friend bool operator==(const ItemReply&, const ItemReply&) = default;
};

// What travels on kEventChannel starts with its kind.
enum class EventKind : std::uint8_t { welcome, chat };

// Write into `out` and return the bytes written; empty where a value is out of its range or `out` is too
// small.
[[nodiscard]] Bytes write_message(MutableBytes out, const PlayerInput& input);
[[nodiscard]] Bytes write_message(MutableBytes out, const Welcome& welcome);
[[nodiscard]] Bytes write_message(MutableBytes out, const ChatMessage& chat);
[[nodiscard]] Bytes write_message(MutableBytes out, const ItemRequest& request);
[[nodiscard]] Bytes write_message(MutableBytes out, const ItemReply& reply);
// Large enough for every message above.
inline constexpr std::size_t kMaxSmallMessageBytes = 192;

// Read a whole message; false if the bytes are not exactly one, with every value in its range.
[[nodiscard]] bool read_message(Bytes in, PlayerInput& input);
[[nodiscard]] bool read_message(Bytes in, Welcome& welcome);
[[nodiscard]] bool read_message(Bytes in, ChatMessage& chat);
[[nodiscard]] bool read_message(Bytes in, ItemRequest& request);
[[nodiscard]] bool read_message(Bytes in, ItemReply& reply);
// The kind of a message on kEventChannel; false if it has none.
[[nodiscard]] bool read_kind(Bytes in, EventKind& kind);

}  // namespace squall::arena
