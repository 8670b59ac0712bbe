#include "arena/world.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "arena/snapshot_codec.hpp"

namespace squall::arena {
namespace {

constexpr std::uint32_t kUnitsPerWireUnit = 16;
constexpr std::uint32_t kUnitsPerMetre = kUnitsPerWireUnit * kWireUnitsPerMetre;

// Metres per second by PlayerInput::speed; crouching halves it.
constexpr std::array<std::uint32_t, kMaxSpeed + 1> kSpeeds = {0, 2, 4, 6};

struct Weapon {
    std::uint32_t reach_metres;
    std::uint32_t damage;
    std::uint32_t cooldown_ms;
};
constexpr std::array<Weapon, kWeaponCount> kWeapons = {
    {{20, 10, 400}, {25, 14, 300}, {15, 30, 800}, {45, 45, 1500}}};
constexpr std::array<std::uint32_t, kItemCount> kPrices = {0, 150, 200, 400, 50, 100};
constexpr std::uint8_t kBandage = 4;
constexpr std::uint8_t kArmour = 5;
constexpr std::uint8_t kBandageHealth = 40;

constexpr std::uint32_t kStartCredits = 200;
constexpr std::uint32_t kCreditsPerHit = 5;
constexpr std::uint32_t kCreditsPerFall = 100;
constexpr std::uint32_t kCreditLimit = 65'535;
constexpr std::uint32_t kRiseMs = 3000;
constexpr std::uint32_t kSilenceMs = 1000;  // then the last input no longer counts
constexpr std::uint32_t kBodyHalfWidth = kWireUnitsPerMetre / 2;

std::uint64_t integer_root(std::uint64_t square) {
    std::uint64_t root = 0;
    for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1)
        if ((root + bit) * (root + bit) <= square) root += bit;
    return root;
}

}  // namespace

std::uint32_t world_side_for(std::uint32_t players, std::uint32_t in_view) {
    // players - 1 others, evenly spread over side^2, of whom in_view are inside a disc of pi r^2; pi = 355 /
    // 113.
    const std::uint64_t others = players > 1 ? players - 1 : 1;
    const std::uint64_t disc = std::uint64_t{kViewRadius} * kViewRadius * 355 / 113;
    const std::uint64_t side = integer_root(disc * others / std::max<std::uint32_t>(1, in_view));
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(side, kMinWorldSide, kMaxWorldSide));
}

World::World(const WorldConfig& config, Rng rng)
    : config_(config),
      rng_(rng),
      avatars_(config.player_limit),
      states_(config.player_limit),
      grid_(config.side, kViewRadius / 2) {
    present_.reserve(config.player_limit);
    places_.reserve(config.player_limit);
}

void World::join(std::uint32_t id) {
    leave(id);
    Avatar& avatar = avatars_[id];
    avatar = Avatar{};
    avatar.is_known = true;
    avatar.credits = kStartCredits;
    spawn(avatar);
    (void)resume(id);
}

void World::leave(std::uint32_t id) {
    Avatar& avatar = avatars_[id];
    if (!avatar.is_present) return;
    avatar.is_present = false;
    avatar.input = {};
    present_.erase(std::lower_bound(present_.begin(), present_.end(), id));
}

void World::forget(std::uint32_t id) {
    leave(id);
    avatars_[id].is_known = false;
}

bool World::resume(std::uint32_t id) {
    Avatar& avatar = avatars_[id];
    if (!avatar.is_known) {
        join(id);
        return false;
    }
    if (!avatar.is_present) present_.insert(std::lower_bound(present_.begin(), present_.end(), id), id);
    avatar.is_present = true;
    avatar.silent_ticks = 0;
    states_[id] = quantise(id);
    return true;
}

bool World::is_present(std::uint32_t id) const {
    return id < avatars_.size() && avatars_[id].is_present;
}

void World::set_input(std::uint32_t id, const PlayerInput& input) {
    avatars_[id].input = input;
    avatars_[id].silent_ticks = 0;
}

ItemResult World::buy(std::uint32_t id, std::uint8_t item) {
    assert(item < kItemCount);
    Avatar& avatar = avatars_[id];
    if (avatar.health == 0) return ItemResult::not_alive;
    const bool is_weapon = item < kWeaponCount;
    const auto weapon_bit = static_cast<std::uint8_t>(is_weapon ? 1U << item : 0U);
    if (is_weapon && (avatar.owned_weapons & weapon_bit) != 0) {
        avatar.weapon = item;  // takes it in hand
        return ItemResult::already_owned;
    }
    if (item == kArmour && avatar.armoured) return ItemResult::already_owned;
    if (avatar.credits < kPrices[item]) return ItemResult::too_expensive;
    avatar.credits -= kPrices[item];
    if (is_weapon) {
        avatar.owned_weapons |= weapon_bit;
        avatar.weapon = item;
    } else if (item == kBandage) {
        avatar.health = static_cast<std::uint8_t>(std::min<int>(kMaxHealth, avatar.health + kBandageHealth));
    } else {
        avatar.armoured = true;
    }
    return ItemResult::bought;
}

void World::step() {
    ++steps_;
    for (const std::uint32_t id : present_) move(avatars_[id]);
    rebuild_grid();
    for (const std::uint32_t id : present_) shoot(id);
    for (const std::uint32_t id : present_) {
        Avatar& avatar = avatars_[id];
        if (steps_ % config_.tick_rate == 0 && avatar.credits < kCreditLimit) ++avatar.credits;
        if (avatar.health == 0 && --avatar.rise_ticks == 0) spawn(avatar);
        states_[id] = quantise(id);
    }
    rebuild_grid();  // some rose elsewhere
}

void World::spawn(Avatar& avatar) {
    const std::uint64_t side = std::uint64_t{config_.side} * kUnitsPerWireUnit;
    avatar.x = static_cast<std::uint32_t>(rng_.below(side));
    avatar.y = static_cast<std::uint32_t>(rng_.below(side));
    avatar.health = kMaxHealth;
    avatar.weapon = 0;
    avatar.owned_weapons = 1;
    avatar.armoured = false;
}

void World::move(Avatar& avatar) const {
    avatar.fired = false;
    if (avatar.cooldown_ticks > 0) --avatar.cooldown_ticks;
    if (++avatar.silent_ticks > ticks(kSilenceMs)) {
        avatar.input.speed = 0;
        avatar.input.fire = false;
    }
    if (avatar.health == 0 || avatar.input.speed == 0) return;
    std::int64_t length = std::int64_t{kSpeeds[avatar.input.speed]} * kUnitsPerMetre / config_.tick_rate;
    if (avatar.input.crouch) length /= 2;
    const UnitVector& unit = kDirections[avatar.input.heading];
    const std::uint32_t side = config_.side * kUnitsPerWireUnit;
    avatar.x = ring_wrap(avatar.x + ((length * unit.x) >> kUnitVectorBits), side);
    avatar.y = ring_wrap(avatar.y + ((length * unit.y) >> kUnitVectorBits), side);
}

void World::shoot(std::uint32_t id) {
    Avatar& shooter = avatars_[id];
    if (!shooter.input.fire || shooter.cooldown_ticks > 0 || shooter.health == 0) return;
    const Weapon& weapon = kWeapons[shooter.weapon];
    shooter.fired = true;
    shooter.cooldown_ticks = ticks(weapon.cooldown_ms);
    // The nearest one alive whose body the line of fire crosses; of two as near, the lower id.
    const UnitVector& unit = kDirections[shooter.input.heading];
    const std::uint32_t x = shooter.x / kUnitsPerWireUnit;
    const std::uint32_t y = shooter.y / kUnitsPerWireUnit;
    std::int64_t best = 0;
    std::uint32_t target = id;
    grid_.visit_within(
        x, y, weapon.reach_metres * kWireUnitsPerMetre, [&](const GridEntry& entry, std::int64_t) {
            if (entry.id == id || avatars_[entry.id].health == 0) return;
            const std::int64_t dx = ring_distance(x, entry.x, config_.side);
            const std::int64_t dy = ring_distance(y, entry.y, config_.side);
            const std::int64_t along = (dx * unit.x + dy * unit.y) >> kUnitVectorBits;
            const std::int64_t across = (dx * unit.y - dy * unit.x) >> kUnitVectorBits;
            const std::int64_t half = avatars_[entry.id].input.crouch ? kBodyHalfWidth / 2 : kBodyHalfWidth;
            if (along <= 0 || across > half || across < -half) return;
            if (target == id || along < best || (along == best && entry.id < target)) {
                best = along;
                target = entry.id;
            }
        });
    if (target != id) hit(id, target, weapon.damage);
}

void World::hit(std::uint32_t shooter, std::uint32_t target, std::uint32_t damage) {
    Avatar& victim = avatars_[target];
    Avatar& winner = avatars_[shooter];
    if (victim.armoured) {
        damage /= 2;
        victim.armoured = false;
    }
    winner.credits = std::min(kCreditLimit, winner.credits + kCreditsPerHit);
    if (damage < victim.health) {
        victim.health = static_cast<std::uint8_t>(victim.health - damage);
        return;
    }
    victim.health = 0;
    victim.rise_ticks = ticks(kRiseMs);
    winner.credits = std::min(kCreditLimit, winner.credits + kCreditsPerFall);
    ++winner.score;
}

void World::rebuild_grid() {
    places_.clear();
    for (const std::uint32_t id : present_) {
        const Avatar& avatar = avatars_[id];
        places_.push_back(
            {avatar.x / kUnitsPerWireUnit, avatar.y / kUnitsPerWireUnit, static_cast<std::uint16_t>(id)});
    }
    grid_.rebuild(places_);
}

std::uint32_t World::ticks(std::uint32_t milliseconds) const {
    return std::max<std::uint32_t>(1, milliseconds * config_.tick_rate / 1000);
}

EntityState World::quantise(std::uint32_t id) const {
    const Avatar& avatar = avatars_[id];
    EntityState state;
    state.x = avatar.x / kUnitsPerWireUnit;
    state.y = avatar.y / kUnitsPerWireUnit;
    state.id = static_cast<std::uint16_t>(id);
    state.score = avatar.score;
    state.heading = avatar.input.heading;
    state.health = avatar.health;
    state.weapon = avatar.weapon;
    state.firing = avatar.fired;
    state.crouched = avatar.input.crouch;
    state.armoured = avatar.armoured;
    return state;
}

std::uint64_t World::hash() const {
    StableHash hash;
    for (const std::uint32_t id : present_) {
        const Avatar& avatar = avatars_[id];
        hash.add((std::uint64_t{avatar.x} << 32) | avatar.y);
        hash.add((std::uint64_t{id} << 32) | avatar.credits);
        hash.add((std::uint64_t{avatar.score} << 32) | (std::uint64_t{avatar.health} << 16) |
                 avatar.input.heading);
    }
    return hash.value();
}

}  // namespace squall::arena
