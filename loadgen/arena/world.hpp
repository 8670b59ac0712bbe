// The authoritative game: players that walk, shoot, fall and buy in a square world that wraps around. Whole
// numbers only and no clock: one step is one tick, and the same calls give the same world on every machine.
// Knows no network.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arena/arena_protocol.hpp"
#include "arena/entity.hpp"
#include "arena/grid.hpp"
#include "squall/core/rng.hpp"

namespace squall::arena {

inline constexpr std::uint32_t kViewRadius = 50 * kWireUnitsPerMetre;

// The side, in wire units, of a world in which so many players, spread evenly, each have `in_view` others
// within the view radius on average. Kept within what snapshots can say.
[[nodiscard]] std::uint32_t world_side_for(std::uint32_t players, std::uint32_t in_view);

struct WorldConfig {
    std::uint32_t side = 0;          // wire units
    std::uint32_t player_limit = 0;  // ids are below it
    std::uint32_t tick_rate = 20;
};

class World {
  public:
    World(const WorldConfig& config, Rng rng);

    // A new player at a random place; whoever had the id before is forgotten.
    void join(std::uint32_t id);
    // Takes the player out of the world and remembers it.
    void leave(std::uint32_t id);
    // Remembers nobody there.
    void forget(std::uint32_t id);
    // Puts the player back as it was. False if there is none to remember: then it joins anew.
    bool resume(std::uint32_t id);
    [[nodiscard]] bool is_present(std::uint32_t id) const;

    void set_input(std::uint32_t id, const PlayerInput& input);
    ItemResult buy(std::uint32_t id, std::uint8_t item);
    [[nodiscard]] std::uint32_t credits(std::uint32_t id) const { return avatars_[id].credits; }

    // One tick: everybody moves, then everybody shoots, then the fallen rise.
    void step();

    // As of the last step, or of its coming where that was later, quantised; of a player that is present.
    [[nodiscard]] const EntityState& state(std::uint32_t id) const { return states_[id]; }
    // All present players as of the last step, in wire units.
    [[nodiscard]] const Grid& grid() const { return grid_; }
    [[nodiscard]] std::uint32_t side() const { return config_.side; }
    [[nodiscard]] std::uint32_t player_limit() const { return config_.player_limit; }
    // A number that tells two worlds apart.
    [[nodiscard]] std::uint64_t hash() const;

  private:
    struct Avatar {
        std::uint32_t x = 0;  // 16 to a wire unit
        std::uint32_t y = 0;
        std::uint32_t credits = 0;
        std::uint32_t silent_ticks = 0;    // since the last input
        std::uint32_t cooldown_ticks = 0;  // until the next shot
        std::uint32_t rise_ticks = 0;      // until it rises, when it lies
        PlayerInput input;
        std::uint16_t score = 0;
        std::uint8_t health = kMaxHealth;
        std::uint8_t weapon = 0;
        std::uint8_t owned_weapons = 1;  // a bit each
        bool armoured = false;
        bool fired = false;  // in this tick
        bool is_known = false;
        bool is_present = false;
    };
    void spawn(Avatar& avatar);
    void move(Avatar& avatar) const;
    void shoot(std::uint32_t id);
    void hit(std::uint32_t shooter, std::uint32_t target, std::uint32_t damage);
    void rebuild_grid();
    [[nodiscard]] std::uint32_t ticks(std::uint32_t milliseconds) const;
    [[nodiscard]] EntityState quantise(std::uint32_t id) const;

    WorldConfig config_;
    Rng rng_;
    std::uint64_t steps_ = 0;
    std::vector<Avatar> avatars_;         // by id
    std::vector<EntityState> states_;     // by id
    std::vector<std::uint32_t> present_;  // ids, rising
    std::vector<GridEntry> places_;       // working memory
    Grid grid_;
};

}  // namespace squall::arena
