// The randomness of one packet on one link: a stream of its own for each purpose. Knows no probability.
#pragma once

#include <cstdint>

#include "squall/core/hash.hpp"
#include "squall/core/rng.hpp"
#include "squall/core/units.hpp"

namespace squall::simulator {

// The numbers are part of what a seed means: they stay as they are.
enum class Purpose : std::uint64_t {
    loss = 1,
    burst = 2,
    jitter = 3,
    duplicate = 4,
    copy_jitter = 5,
    reorder = 6,
    corrupt = 7
};

// SplitMix64 from one 64-bit state.
class DrawStream {
  public:
    explicit constexpr DrawStream(std::uint64_t state) : state_(state) {}

    constexpr std::uint64_t next() { return mix64(state_ += 0x9e3779b97f4a7c15ULL); }
    // Uniform in [0, bound); bound > 0. Unbiased (Lemire 2019).
    constexpr std::uint64_t below(std::uint64_t bound) {
        using Wide = unsigned __int128;
        Wide product = static_cast<Wide>(next()) * bound;
        if (static_cast<std::uint64_t>(product) < bound) {
            const std::uint64_t threshold = (0 - bound) % bound;
            while (static_cast<std::uint64_t>(product) < threshold)
                product = static_cast<Wide>(next()) * bound;
        }
        return static_cast<std::uint64_t>(product >> 64);
    }
    // True with exactly this probability.
    constexpr bool chance(Ratio probability) {
        if (probability.is_zero()) return false;
        if (probability.is_one()) return true;
        return below(probability.denominator) < probability.numerator;
    }

  private:
    std::uint64_t state_;
};

// A pure function of (link, packet number, purpose): packet 17 draws the same jitter whether or not loss is
// switched on, whether or not packet 16 was lost, and however often the configuration changed before it. The
// state of a link's randomness is one key and one counter, where a generator for each purpose would take 280
// bytes a link.
class PacketDraws {
  public:
    constexpr PacketDraws(std::uint64_t link_key, std::uint64_t packet)
        : base_(mix64(link_key + packet * 0xd1342543de82ef95ULL)) {}
    [[nodiscard]] constexpr DrawStream stream(Purpose purpose) const {
        return DrawStream(base_ ^ (static_cast<std::uint64_t>(purpose) * 0xa0761d6478bd642fULL));
    }

  private:
    std::uint64_t base_;
};

}  // namespace squall::simulator
