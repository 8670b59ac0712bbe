// Ids that cannot be mixed up: each kind is a type of its own.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace squall {

// A number that means one kind of thing only. Tag is any type, declared for the purpose and never defined.
template <class Tag, class Rep>
struct StrongId {
    using rep = Rep;
    Rep value{};
    friend constexpr auto operator<=>(StrongId, StrongId) = default;
};

using ChannelId = StrongId<struct ChannelTag, std::uint8_t>;
// Counts the messages of one channel and direction from 0; 16 low bits of it travel on the wire.
using MessageId = StrongId<struct MessageTag, std::uint64_t>;
// netcode's 64-bit packet number of one direction of one connection.
using PacketNumber = StrongId<struct PacketTag, std::uint64_t>;
// netcode's client id: what the token's issuer calls the player's session.
using ClientId = StrongId<struct ClientTag, std::uint64_t>;

// Names one connection of one endpoint, for as long as the endpoint lives: the slot and how often it was
// used. A handle of a connection that has ended is refused, never mistaken for the slot's next tenant.
struct ConnectionId {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;  // odd while alive; 0 is no connection at all
    [[nodiscard]] constexpr bool is_valid() const { return generation != 0; }
    friend constexpr auto operator<=>(ConnectionId, ConnectionId) = default;
};

}  // namespace squall

template <class Tag, class Rep>
struct std::hash<squall::StrongId<Tag, Rep>> {
    std::size_t operator()(squall::StrongId<Tag, Rep> id) const noexcept {
        return std::hash<Rep>{}(id.value);
    }
};
template <>
struct std::hash<squall::ConnectionId> {
    std::size_t operator()(squall::ConnectionId id) const noexcept {
        return std::hash<std::uint64_t>{}((std::uint64_t{id.generation} << 32) | id.slot);
    }
};
