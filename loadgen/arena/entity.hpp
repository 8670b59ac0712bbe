// One player as the wire knows it: quantised to integers, equal on server and client to the bit. Views are
// lists of these, by rising id. Knows neither the world nor a format.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "squall/core/hash.hpp"

namespace squall::arena {

inline constexpr std::uint32_t kWireUnitsPerMetre = 64;
inline constexpr std::uint8_t kMaxHealth = 100;

struct EntityState {
    std::uint32_t x = 0;  // wire units, below the world's side
    std::uint32_t y = 0;
    std::uint16_t id = 0;  // the player's slot
    std::uint16_t score = 0;
    std::uint8_t heading = 0;
    std::uint8_t health = 0;  // 0 to kMaxHealth; 0 lies dead
    std::uint8_t weapon = 0;  // below kWeaponCount
    bool firing : 1 = false;
    bool crouched : 1 = false;
    bool armoured : 1 = false;
    friend bool operator==(const EntityState&, const EntityState&) = default;
};
static_assert(sizeof(EntityState) == 16);

using View = std::vector<EntityState>;

}  // namespace squall::arena
