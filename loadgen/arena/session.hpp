// What the server remembers of one connected player beside its avatar: what it has been sent, what it may
// still send and how often it misbehaved. A value holder; the server decides.
#pragma once

#include <cstdint>
#include <optional>

#include "arena/allowance.hpp"
#include "arena/change_priority.hpp"
#include "arena/sent_snapshots.hpp"
#include "squall/core/ids.hpp"

namespace squall::arena {

// Messages per second that one player may send on top of its inputs.
inline constexpr std::uint32_t kMaxChatsPerSecond = 5;
inline constexpr std::uint32_t kMaxRequestsPerSecond = 20;

struct Session {
    Session(ConnectionId id, ViewPool& pool, std::uint32_t max_inputs_per_second, std::uint32_t tick_rate)
        : connection(id),
          snapshots(pool),
          inputs(max_inputs_per_second, tick_rate),
          chats(kMaxChatsPerSecond, tick_rate),
          requests(kMaxRequestsPerSecond, tick_rate) {}

    ConnectionId connection;
    // Snapshots wait until the welcome is known to have arrived: a client cannot read one before it.
    std::optional<MessageId> welcome;
    bool is_welcomed = false;
    SentSnapshots snapshots;
    Waiting waiting;
    std::optional<MessageId> newest_input;
    Allowance inputs;
    Allowance chats;
    Allowance requests;
    std::uint64_t violations = 0;  // in hundredths of a malformed message
};

}  // namespace squall::arena
