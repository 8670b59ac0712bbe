// The settings of an embedded arena, from a plan or from a command line, and the server made of them. Used
// alike by the server's own process and by a virtual run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arena/arena_server.hpp"
#include "plan/plan.hpp"
#include "scenario/scenario.hpp"
#include "squall/core/result.hpp"

namespace squall::loadgen {

struct ArenaSettings {
    std::uint32_t tick_rate = 20;
    std::uint32_t snapshot_rate = 20;
    std::uint32_t players_in_view = 30;
    std::uint32_t expected_players = 64;
    std::uint32_t max_clients = 128;
    std::uint64_t protocol_id = 0;  // 0: arena's own
    Suite suite = Suite::aes256_gcm;
};

[[nodiscard]] ArenaSettings arena_settings(const Scenario& scenario, const Plan& plan);
[[nodiscard]] std::uint64_t protocol_id_of(const Target& target);

// What a server needs from its surroundings.
struct ArenaSurroundings {
    TimePoint now{};
    Address address;  // as tokens name it
    Key key{};
    WallClockAnchor wall_clock;
    EntropySource& entropy;
    Rng rng;
    std::function<TimePoint()> read_clock;
};
[[nodiscard]] Result<std::unique_ptr<arena::ArenaServer>> make_arena(const ArenaSettings& settings,
                                                                     ArenaSurroundings around);

// Receive buffer in which a burst from so many clients fits.
[[nodiscard]] std::size_t server_buffer_bytes(std::uint32_t clients);

}  // namespace squall::loadgen
