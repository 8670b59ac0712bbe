// Does a sample come from the distribution that was asked for? Exact binomial tails and Pearson's chi-square,
// at 99 %.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace squall::test {

// The probability of exactly `hits` successes in `count` draws.
inline double binomial_probability(std::uint64_t hits, std::uint64_t count, double share) {
    const double n = static_cast<double>(count);
    const double k = static_cast<double>(hits);
    return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(share) +
                    (n - k) * std::log1p(-share));
}

// True if `hits` lies within the central 99 % of the binomial distribution: neither tail up to it is below
// 0.5 %.
inline bool is_plausible_share(std::uint64_t hits, std::uint64_t count, double share) {
    double below = 0;
    for (std::uint64_t k = 0; k < hits; ++k) below += binomial_probability(k, count, share);
    const double here = binomial_probability(hits, count, share);
    return below + here >= 0.005 && 1 - below >= 0.005;
}

// Counts of equally probable bins; true if chi-square is below its 99 % point (Wilson and Hilferty's
// approximation).
inline bool are_plausibly_equal(std::span<const std::uint64_t> bins) {
    double total = 0;
    for (const auto count : bins) total += static_cast<double>(count);
    const double expected = total / static_cast<double>(bins.size());
    double chi_square = 0;
    for (const auto count : bins) {
        const double difference = static_cast<double>(count) - expected;
        chi_square += difference * difference / expected;
    }
    const double freedom = static_cast<double>(bins.size() - 1);
    const double cube_root = 1 - 2 / (9 * freedom) + 2.3263 * std::sqrt(2 / (9 * freedom));
    return chi_square < freedom * cube_root * cube_root * cube_root;
}

}  // namespace squall::test
