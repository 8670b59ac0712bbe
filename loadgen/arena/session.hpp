// What the server remembers of one connected player beside its avatar: what it has been sent, and its newest
// input. A value holder; the server decides.
#pragma once

#include <cstdint>
#include <optional>

#include "arena/change_priority.hpp"
#include "arena/sent_snapshots.hpp"
#include "squall/core/ids.hpp"

namespace squall::arena {

struct Session {
    Session(ConnectionId id, ViewPool& pool) : connection(id), snapshots(pool) {}

    ConnectionId connection;
    // Snapshots wait until the welcome is known to have arrived: a client cannot read one before it.
    bool is_welcomed = false;
    SentSnapshots snapshots;
    Waiting waiting;
    std::optional<MessageId> newest_input;
};

}  // namespace squall::arena
