// Seeding, forking and bounded draws of Rng.
#include "squall/core/rng.hpp"

#include <cassert>

#include "squall/core/hash.hpp"

namespace squall {

Rng::Rng(std::uint64_t seed) : seed_(seed) {
    std::uint64_t x = seed;
    for (auto& word : state_) {
        x += 0x9e3779b97f4a7c15ULL;
        word = mix64(x);
    }
}

Rng Rng::fork(std::string_view label) const {
    StableHash hash;
    hash.add(seed_);
    hash.add(label);
    return Rng(hash.value());
}

Rng Rng::fork(std::string_view label, std::uint64_t index) const {
    StableHash hash;
    hash.add(seed_);
    hash.add(label);
    hash.add(index);
    return Rng(hash.value());
}

std::uint64_t Rng::below(std::uint64_t bound) {
    assert(bound > 0);
    using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
        const std::uint64_t threshold = (0 - bound) % bound;
        while (static_cast<std::uint64_t>(product) < threshold) product = static_cast<Wide>(next()) * bound;
    }
    return static_cast<std::uint64_t>(product >> 64);
}

std::int64_t Rng::between(std::int64_t low, std::int64_t high) {
    assert(low <= high);
    const std::uint64_t width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const std::uint64_t offset = width == ~std::uint64_t{0} ? next() : below(width + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

}  // namespace squall
