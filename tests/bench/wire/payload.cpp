// Makes the objects of the wire study: the same in every run.
#include "bench/wire/contest.hpp"
#include "unit/wire/world.hpp"

namespace squall::bench {

namespace {

float coordinate(Rng& rng) {
    return wire::test::uniform(rng, -255.9, 255.9);
}

// Another value than it has.
void change(Rng& rng, Player& player, std::uint64_t attribute) {
    const auto other = [&](std::int32_t value, std::int32_t highest) {
        return (value + 1 + static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(highest)))) %
               (highest + 1);
    };
    switch (attribute) {
        case 0: player.x = coordinate(rng); return;
        case 1: player.z = coordinate(rng); return;
        case 2: player.ammo = other(player.ammo, 30); return;
        case 3: player.health = other(player.health, 100); return;
        case 4: player.armour = other(player.armour, 100); return;
        default: player.alive = !player.alive;
    }
}

}  // namespace

Payload::Payload() : players(kPlayers) {
    Rng rng(1);
    for (Player& player : players)
        player = {coordinate(rng),
                  coordinate(rng),
                  static_cast<std::int32_t>(rng.below(31)),
                  static_cast<std::int32_t>(rng.below(101)),
                  static_cast<std::int32_t>(rng.below(101)),
                  rng.below(2) != 0,
                  1'000'000'000 + rng.below(9'000'000'000)};
    changed = players;
    for (Player& player : changed) {
        const std::uint64_t first = rng.below(6);
        change(rng, player, first);
        change(rng, player, (first + 1 + rng.below(5)) % 6);
    }
    world = wire::test::random_world<Entity>(rng, kEntities);
    moved = world;
    dirty = wire::test::move_some(rng, moved, kMoved);
}

}  // namespace squall::bench
