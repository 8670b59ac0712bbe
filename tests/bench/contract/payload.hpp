// The sixteen attributes of roblox-network-contract's benchmark: three points, five things that change, and
// who it is. Every object is made from one seed object: each number and the flag of it changed with
// probability 1/2, the nick and the user stay. Knows no codec and no network.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "squall/wire/constraints.hpp"
#include "squall/wire/field.hpp"

namespace squall::bench {

struct Fighter {
    float position_x = 0, position_y = 0, position_z = 0;
    float body_x = 0, body_y = 0, body_z = 0;
    float look_x = 0, look_y = 0, look_z = 0;
    std::int32_t ammo = 0;
    std::int32_t health = 0;
    std::int32_t armour = 0;
    std::int32_t weapon = 0;
    bool alive = true;
    std::uint64_t user = 0;
    std::string nick;
    bool operator==(const Fighter&) const = default;
};

[[nodiscard]] Fighter seed_fighter();
// As many objects as asked for, always the same.
[[nodiscard]] std::vector<Fighter> make_fighters(std::size_t count);

}  // namespace squall::bench

template <>
inline constexpr auto squall::wire::field<&squall::bench::Fighter::ammo> = range(0, 30);
template <>
inline constexpr auto squall::wire::field<&squall::bench::Fighter::health> = range(0, 100);
template <>
inline constexpr auto squall::wire::field<&squall::bench::Fighter::armour> = range(0, 100);
template <>
inline constexpr auto squall::wire::field<&squall::bench::Fighter::weapon> = range(0, 15);
template <>
inline constexpr auto squall::wire::field<&squall::bench::Fighter::user> = range(0, 9'999'999'999);
template <>
inline constexpr auto squall::wire::field<&squall::bench::Fighter::nick> = max_size(20);
