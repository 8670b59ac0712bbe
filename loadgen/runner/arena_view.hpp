// The arena's world as viewers see it: where everybody is, and whom the chosen player sees. Looks, changes
// nothing.
#pragma once

#include <optional>

#include "arena/arena_server.hpp"
#include "squall/recorder/profile_frame.hpp"

namespace squall::loadgen {

// `viewpoint`: whose view; not valid: everybody's, or nobody's where these would be too many pairs (more than
// 16,384 by `max_in_view`, which is what the server was made with).
[[nodiscard]] std::optional<recorder::World> arena_view(TimePoint now, const arena::ArenaServer& server,
                                                        ConnectionId viewpoint, std::uint32_t max_in_view);

}  // namespace squall::loadgen
