// What arena's server and clients say to each other, and how each value travels: plain structs with their
// ranges. arena_remotes.hpp says as what they are fired and called, snapshot_codec.hpp what is in a snapshot.
// Knows no endpoint and no world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arena/snapshot_codec.hpp"
#include "squall/wire/field.hpp"

namespace squall::arena {

// The id that tokens for arena carry unless a scenario says otherwise: "arena" and the version of this
// protocol.
inline constexpr std::uint64_t kArenaProtocolId = 0x6172'656e'6100'0002ULL;

inline constexpr std::size_t kMaxChatBytes = 120;
inline constexpr std::uint8_t kMaxSpeed = 3;   // 0 stands, 3 runs
inline constexpr std::uint8_t kItemCount = 6;  // 0..3 are weapons, 4 is a bandage, 5 is armour
inline constexpr std::uint8_t kWeaponCount = 4;
inline constexpr std::uint32_t kMaxPlayers = 65'536;
inline constexpr std::uint32_t kMaxTickRate = 240;

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
    std::uint32_t player = 0;        // the entity that is this client; below player_limit
    std::uint32_t player_limit = 1;  // entity ids are below it
    std::uint32_t world_side =
        kMinWorldSide;              // in wire units (1/64 m); coordinates are below it and wrap around
    std::uint32_t view_radius = 1;  // in wire units
    std::uint32_t tick_rate = 1;    // Hz
    std::uint64_t tick = 0;         // the newest tick
    std::int64_t first_tick_at =
        0;  // the server's TimePoint of tick 0, in nanoseconds: tick n is planned n / rate later
    bool rejoined = false;  // the player goes on where it was
    friend bool operator==(const Welcome&, const Welcome&) = default;
};

// A snapshot as snapshot_codec.hpp makes it.
struct SnapshotMessage {
    std::vector<std::byte> bytes;
    friend bool operator==(const SnapshotMessage&, const SnapshotMessage&) = default;
};
// What a snapshot's message has in front of these bytes: the remote's number and their length.
inline constexpr std::size_t kSnapshotHeadBytes = 3;

struct ChatMessage {
    std::uint32_t from = 0;       // the server writes it; what a client claims is ignored
    std::int64_t planned_at = 0;  // opaque to the server: the sender's planned send time
    std::string text;             // up to kMaxChatBytes
    friend bool operator==(const ChatMessage&, const ChatMessage&) = default;
};

struct ItemRequest {
    std::uint8_t item = 0;  // below kItemCount
    friend bool operator==(const ItemRequest&, const ItemRequest&) = default;
};
enum class ItemResult : std::uint8_t { bought, too_expensive, already_owned, not_alive };
[[nodiscard]] std::string_view to_string(ItemResult result);
struct ItemReply {
    ItemResult result = ItemResult::bought;
    std::uint16_t credits = 0;  // what is left
    friend bool operator==(const ItemReply&, const ItemReply&) = default;
};

}  // namespace squall::arena

template <>
inline constexpr auto squall::wire::field<&squall::arena::PlayerInput::speed> =
    squall::wire::range(0, squall::arena::kMaxSpeed);
template <>
inline constexpr auto squall::wire::field<&squall::arena::Welcome::player> =
    squall::wire::range(0, squall::arena::kMaxPlayers - 1);
template <>
inline constexpr auto squall::wire::field<&squall::arena::Welcome::player_limit> =
    squall::wire::range(1, squall::arena::kMaxPlayers);
template <>
inline constexpr auto squall::wire::field<&squall::arena::Welcome::world_side> =
    squall::wire::range(squall::arena::kMinWorldSide, squall::arena::kMaxWorldSide);
template <>
inline constexpr auto squall::wire::field<&squall::arena::Welcome::view_radius> =
    squall::wire::range(1, squall::arena::kMaxWorldSide);
template <>
inline constexpr auto squall::wire::field<&squall::arena::Welcome::tick_rate> =
    squall::wire::range(1, squall::arena::kMaxTickRate);
template <>
inline constexpr auto squall::wire::field<&squall::arena::Welcome::tick> = squall::wire::variable_length();
template <>
inline constexpr auto squall::wire::field<&squall::arena::SnapshotMessage::bytes> =
    squall::wire::max_size(squall::arena::kMaxSnapshotBytes);
template <>
inline constexpr auto squall::wire::field<&squall::arena::ChatMessage::from> =
    squall::wire::range(0, squall::arena::kMaxPlayers - 1);
template <>
inline constexpr auto squall::wire::field<&squall::arena::ChatMessage::text> =
    squall::wire::max_size(squall::arena::kMaxChatBytes);
template <>
inline constexpr auto squall::wire::field<&squall::arena::ItemRequest::item> =
    squall::wire::range(0, squall::arena::kItemCount - 1);
