#include "plan/behaviour_mix.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace squall::loadgen {

BehaviourMix::BehaviourMix(std::vector<std::uint32_t> weights, const Rng& rng)
    : rng_(rng.fork("behaviour mix")) {
    std::uint32_t divisor = 0;
    for (const auto weight : weights) divisor = std::gcd(divisor, weight);
    std::uint64_t total = 0;
    for (auto& weight : weights) total += weight /= divisor;
    // Weights such as 999983 and 1 are rounded to a block of 1000; nobody can see the difference.
    constexpr std::uint64_t kLongestBlock = 1000;
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
        std::uint64_t count = weights[i];
        if (total > kLongestBlock) count = std::max<std::uint64_t>(1, count * kLongestBlock / total);
        slots_.insert(slots_.end(), count, i);
    }
}

std::uint32_t BehaviourMix::of(std::uint32_t index) {
    const std::uint64_t block = index / slots_.size();
    if (block != block_) shuffle_block(block);
    return shuffled_[index % slots_.size()];
}

void BehaviourMix::shuffle_block(std::uint64_t block) {
    block_ = block;
    shuffled_ = slots_;
    Rng draw = rng_.fork("block", block);
    for (std::size_t i = shuffled_.size(); i > 1; --i) std::swap(shuffled_[i - 1], shuffled_[draw.below(i)]);
}

}  // namespace squall::loadgen
