// Views drawn at random, for tests of what carries them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "arena/arena_protocol.hpp"
#include "arena/direction.hpp"
#include "arena/entity.hpp"
#include "arena/snapshot_codec.hpp"
#include "squall/core/rng.hpp"

namespace squall::arena {

inline EntityState random_state(Rng& rng, std::uint16_t id, const SnapshotFormat& format) {
    EntityState state;
    state.id = id;
    state.x = static_cast<std::uint32_t>(rng.below(format.world_side));
    state.y = static_cast<std::uint32_t>(rng.below(format.world_side));
    state.heading = static_cast<std::uint8_t>(rng.below(256));
    state.health = static_cast<std::uint8_t>(rng.below(kMaxHealth + 1));
    state.weapon = static_cast<std::uint8_t>(rng.below(kWeaponCount));
    state.score = static_cast<std::uint16_t>(rng.below(65536));
    state.firing = rng.below(2) != 0;
    state.crouched = rng.below(2) != 0;
    state.armoured = rng.below(2) != 0;
    return state;
}

// Changes some fields, as a tick would and sometimes wildly.
inline void disturb(Rng& rng, EntityState& state, const SnapshotFormat& format) {
    if (rng.below(20) == 0) {
        state = random_state(rng, state.id, format);
        return;
    }
    const std::int64_t reach = std::int64_t{1} << rng.below(13);
    if (rng.below(4) != 0) {
        state.x = ring_wrap(std::int64_t{state.x} + rng.between(-reach, reach), format.world_side);
        state.y = ring_wrap(std::int64_t{state.y} + rng.between(-reach, reach), format.world_side);
    }
    if (rng.below(3) == 0) state.heading = static_cast<std::uint8_t>(rng.below(256));
    if (rng.below(8) == 0) state.health = static_cast<std::uint8_t>(rng.below(kMaxHealth + 1));
    if (rng.below(8) == 0) state.firing = rng.below(2) != 0;
    if (rng.below(16) == 0) ++state.score;
}

// The next view: some leave, some change, some enter.
inline View next_view(Rng& rng, const View& before, const SnapshotFormat& format, std::size_t limit) {
    View view;
    for (EntityState state : before) {
        if (rng.below(12) == 0) continue;
        if (rng.below(5) != 0) disturb(rng, state, format);
        view.push_back(state);
    }
    for (auto enters = rng.below(5); enters > 0 && view.size() < limit; --enters) {
        const auto id = static_cast<std::uint16_t>(rng.below(format.player_limit));
        const auto at =
            std::lower_bound(view.begin(), view.end(), id,
                             [](const EntityState& s, std::uint16_t wanted) { return s.id < wanted; });
        if (at == view.end() || at->id != id) view.insert(at, random_state(rng, id, format));
    }
    return view;
}

}  // namespace squall::arena
