// Which behaviour a client gets: the weights hold exactly in every block of as many clients as the weights
// sum to, in an order that the seed shuffles. Does not depend on how many clients there are.
#pragma once

#include <cstdint>
#include <vector>

#include "squall/core/rng.hpp"

namespace squall::loadgen {

class BehaviourMix {
  public:
    // At least one weight, all above 0.
    BehaviourMix(std::vector<std::uint32_t> weights, const Rng& rng);
    // The place of the behaviour of client `index` in the list of weights. Cheapest in ascending order.
    [[nodiscard]] std::uint32_t of(std::uint32_t index);

  private:
    void shuffle_block(std::uint64_t block);
    Rng rng_;
    std::vector<std::uint32_t> slots_;     // as often as its weight each
    std::vector<std::uint32_t> shuffled_;  // of block_
    std::uint64_t block_ = ~std::uint64_t{0};
};

}  // namespace squall::loadgen
