// Randomness that shapes behaviour, repeatable to the bit on every compiler. Never for secrets: see
// entropy.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "squall/core/units.hpp"

namespace squall {

// xoshiro256++ (Blackman and Vigna, 2019), seeded by SplitMix64. One seed a run; every part of the run takes
// a stream of its own by label, so that one more draw in one part shifts no other.
class Rng {
  public:
    explicit Rng(std::uint64_t seed);

    // A stream that depends on this one's seed and the label only: neither on draws made nor on earlier
    // forks.
    [[nodiscard]] Rng fork(std::string_view label) const;
    [[nodiscard]] Rng fork(std::string_view label, std::uint64_t index) const;

    // Uniform over all 64-bit numbers.
    std::uint64_t next() {
        const std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotate(state_[3], 45);
        return result;
    }
    // Uniform in [0, bound); bound > 0. Unbiased (Lemire 2019).
    std::uint64_t below(std::uint64_t bound);
    // Uniform in [low, high]; low <= high.
    std::int64_t between(std::int64_t low, std::int64_t high);
    // True with exactly this probability. Draws nothing for 0 and 1.
    bool chance(Ratio probability) {
        if (probability.is_zero()) return false;
        if (probability.is_one()) return true;
        return below(probability.denominator) < probability.numerator;
    }

    [[nodiscard]] std::uint64_t seed() const { return seed_; }

  private:
    static constexpr std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    std::uint64_t seed_;
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace squall
