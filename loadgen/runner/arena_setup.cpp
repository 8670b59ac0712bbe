#include "runner/arena_setup.hpp"

#include <algorithm>

#include "arena/arena_remotes.hpp"
#include "squall/runtime/system_limits.hpp"

namespace squall::loadgen {

std::uint64_t protocol_id_of(const Target& target) {
    return target.protocol_id == 0 ? arena::kArenaProtocolId : target.protocol_id;
}

ArenaSettings arena_settings(const Scenario& scenario, const Plan& plan) {
    ArenaSettings out;
    out.tick_rate = scenario.target.tick_rate;
    out.snapshot_rate = scenario.target.snapshot_rate;
    out.players_in_view = scenario.target.players_in_view;
    out.expected_players = std::max<std::uint32_t>(1, plan.peak);
    // Room for those who left silently and have not timed out yet.
    out.max_clients = std::min<std::uint32_t>(arena::kMaxPlayers, plan.peak + plan.peak / 8 + 16);
    out.protocol_id = protocol_id_of(scenario.target);
    out.suite = scenario.target.suite;
    return out;
}

Result<std::unique_ptr<arena::ArenaServer>> make_arena(const ArenaSettings& settings,
                                                       ArenaSurroundings around) {
    arena::ArenaServerConfig config;
    config.server.transport =
        arena::arena_transport(settings.protocol_id == 0 ? arena::kArenaProtocolId : settings.protocol_id);
    config.server.private_key = around.key;
    config.server.addresses = {around.address};
    config.server.max_clients = settings.max_clients;
    config.server.suites = SuiteSet{}.with(settings.suite);
    config.server.wall_clock = around.wall_clock;
    config.tick_rate = settings.tick_rate;
    config.snapshot_rate = settings.snapshot_rate;
    config.expected_players = settings.expected_players;
    config.players_in_view = settings.players_in_view;
    return arena::ArenaServer::make(around.now, std::move(config), around.entropy, around.rng,
                                    std::move(around.read_clock));
}

std::size_t server_buffer_bytes(std::uint32_t clients) {
    // Four datagrams of each client may wait: what comes during a tick and a short stall.
    return std::clamp<std::size_t>(receive_buffer_for(std::size_t{clients} * 4), 256 * 1024,
                                   64 * 1024 * 1024);
}

}  // namespace squall::loadgen
