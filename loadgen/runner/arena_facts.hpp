// What a recording must tell of an arena, so that the same server can be made again: its settings, its seed
// and its clocks, as facts (recorder/facts.hpp). Keys are not among them.
#pragma once

#include "runner/arena_setup.hpp"
#include "squall/recorder/facts.hpp"

namespace squall::loadgen {

// The facts of the server that make_arena() makes of these. lib/RECORDING.md lists the names.
[[nodiscard]] recorder::Facts arena_facts(const ArenaSettings& settings, const ArenaSurroundings& around);

struct RecordedArena {
    ArenaSettings settings;
    TimePoint made_at{};
    Address address;
    WallClockAnchor wall_clock;
    std::uint64_t rng_seed = 0;
};
// Read back. Errors: unsupported (a recording of something else), malformed (a fact is missing or makes no
// sense; says which and what would be right).
[[nodiscard]] Result<RecordedArena> recorded_arena(const recorder::Facts& facts);

}  // namespace squall::loadgen
