#include "runner/arena_view.hpp"

#include "arena/interest.hpp"
#include "arena/world.hpp"

namespace squall::loadgen {
namespace {

// Views of all are shown up to here: 340 players with 48 others in view, some 40 kB a picture.
constexpr std::size_t kPairsMax = 16384;

}  // namespace

std::optional<recorder::World> arena_view(TimePoint now, const arena::ArenaServer& server,
                                          ConnectionId viewpoint, std::uint32_t max_in_view) {
    const arena::World& world = server.world();
    const auto metres = [](std::uint32_t units) {
        return static_cast<float>(units) / static_cast<float>(arena::kWireUnitsPerMetre);
    };
    recorder::World out;
    out.at = now;
    out.tick = server.statistics().ticks;
    out.side = metres(server.world_side());
    out.view_radius = metres(arena::kViewRadius);
    const bool shows_all =
        !viewpoint.is_valid() && server.endpoint().connections().size() * max_in_view <= kPairsMax;
    arena::Interest interest(world.player_limit(), max_in_view);
    // A player's id is the slot of its connection.
    for (const ConnectionId connection : server.endpoint().connections()) {
        const std::uint32_t id = connection.slot;
        if (id >= world.player_limit() || !world.is_present(id)) continue;
        out.entities.push_back({id, connection, metres(world.state(id).x), metres(world.state(id).y)});
        if (!shows_all && connection != viewpoint) continue;
        for (const std::uint16_t other :
             interest.query(world.grid(), world.state(id).x, world.state(id).y, arena::kViewRadius))
            if (other != id) out.sees.emplace_back(id, other);
    }
    return out;
}

}  // namespace squall::loadgen
