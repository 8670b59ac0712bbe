#include "bench/contract/payload.hpp"

#include <array>

#include "squall/core/rng.hpp"

namespace squall::bench {
namespace {

float random_float(Rng& rng) {
    return static_cast<float>(rng.between(-1'000'000, 1'000'000)) / 1024.0F;
}

}  // namespace

Fighter seed_fighter() {
    return {.position_x = 12.5F,
            .position_y = 3.25F,
            .position_z = -7.75F,
            .body_x = 0.1F,
            .body_y = 0.7F,
            .body_z = 0.7F,
            .look_x = 0.3F,
            .look_y = -0.2F,
            .look_z = 0.9F,
            .ammo = 27,
            .health = 80,
            .armour = 90,
            .weapon = 3,
            .alive = true,
            .user = 2'657'657'657,
            .nick = "JohnDoe"};
}

std::vector<Fighter> make_fighters(std::size_t count) {
    Rng rng(71);
    std::vector<Fighter> out(count, seed_fighter());
    for (Fighter& each : out) {
        for (float* const number :
             std::array{&each.position_x, &each.position_y, &each.position_z, &each.body_x, &each.body_y,
                        &each.body_z, &each.look_x, &each.look_y, &each.look_z})
            if (rng.below(2) == 0) *number = random_float(rng);
        if (rng.below(2) == 0) each.ammo = static_cast<std::int32_t>(rng.below(31));
        if (rng.below(2) == 0) each.health = static_cast<std::int32_t>(rng.below(101));
        if (rng.below(2) == 0) each.armour = static_cast<std::int32_t>(rng.below(101));
        if (rng.below(2) == 0) each.weapon = static_cast<std::int32_t>(rng.below(16));
        if (rng.below(2) == 0) each.alive = !each.alive;
    }
    return out;
}

}  // namespace squall::bench
