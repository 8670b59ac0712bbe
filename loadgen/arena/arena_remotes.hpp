// The remotes of arena, declared alike at the server and at each client, and the transport that carries them.
// Knows which value travels as what; not what anybody does with it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arena/arena_protocol.hpp"
#include "squall/remotes/remotes.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::arena {

// Every packet with an input repeats so many before it.
inline constexpr std::uint8_t kInputRedundancy = 3;

// The channels of remotes as arena sets them, on top of a transport's other settings; both ends call it.
[[nodiscard]] TransportConfig arena_transport(std::uint64_t protocol_id = kArenaProtocolId);

struct ArenaRemotes {
    explicit ArenaRemotes(remotes::Remotes& registry);

    remotes::RemoteEvent<PlayerInput> input;              // client to server; sequenced, with redundancy
    remotes::RemoteEvent<SnapshotMessage> snapshot;       // server to client; unreliable, tracked
    remotes::RemoteEvent<Welcome> welcome;                // server to client; reliable, unordered, tracked
    remotes::RemoteEvent<ChatMessage> chat;               // both ways; reliable, ordered
    remotes::RemoteFunction<ItemRequest, ItemReply> buy;  // a client calls; reliable, unordered
};

}  // namespace squall::arena
