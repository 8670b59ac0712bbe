// The thousand entities of the wire study and one step of 50 ms of theirs, for tests and benchmarks:
// positions within 256 m, any rotation, speeds within 10 m/s. Any struct with the members of test::Entity
// will do.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "squall/core/rng.hpp"

namespace squall::wire::test {

inline float uniform(Rng& rng, double low, double high) {
    return static_cast<float>(low + (high - low) * static_cast<double>(rng.below(1U << 24)) / (1U << 24));
}

template <class Q>
void normalise(Q& q) {
    const float length = std::sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);
    q = {q.x / length, q.y / length, q.z / length, q.w / length};
}

struct Entity;
template <class E = Entity>
std::vector<E> random_world(Rng& rng, std::size_t count) {
    std::vector<E> world(count);
    for (E& e : world) {
        for (float* c : {&e.position.x, &e.position.z}) *c = uniform(rng, -250, 250);
        e.position.y = uniform(rng, -10, 10);
        do {
            for (float* c : {&e.rotation.x, &e.rotation.y, &e.rotation.z, &e.rotation.w})
                *c = uniform(rng, -1, 1);
        } while (std::abs(e.rotation.x) + std::abs(e.rotation.w) < 0.1F);
        normalise(e.rotation);
        for (float* c : {&e.velocity.x, &e.velocity.y, &e.velocity.z}) *c = uniform(rng, -10, 10);
        e.health = static_cast<std::uint8_t>(rng.below(101));
    }
    return world;
}

// Moves so many of them by their speed times 50 ms and turns them by up to 0.1 rad; their indices, ascending.
template <class E>
std::vector<std::uint32_t> move_some(Rng& rng, std::vector<E>& world, std::size_t count) {
    std::vector<std::uint32_t> all(world.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    for (std::size_t i = 0; i < count; ++i) std::swap(all[i], all[i + rng.below(all.size() - i)]);
    all.resize(count);
    std::ranges::sort(all);
    for (const std::uint32_t i : all) {
        E& e = world[i];
        const auto step = [](float& at, float speed, float end) {
            at = std::clamp(at + speed * 0.05F, -end, end);
        };
        step(e.position.x, e.velocity.x, 255);
        step(e.position.y, e.velocity.y, 15);
        step(e.position.z, e.velocity.z, 255);
        for (float* c : {&e.rotation.x, &e.rotation.y, &e.rotation.z, &e.rotation.w})
            *c += uniform(rng, -0.05, 0.05);
        normalise(e.rotation);
    }
    return all;
}

}  // namespace squall::wire::test
