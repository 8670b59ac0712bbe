#include "arena/interest.hpp"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace squall::arena {

Interest::Interest(std::uint32_t player_limit, std::uint32_t max_in_view)
    : max_in_view_(max_in_view), marked_((player_limit + 63) / 64) {}

std::span<const std::uint16_t> Interest::query(const Grid& grid, std::uint32_t x, std::uint32_t y,
                                               std::uint32_t radius) {
    candidates_.clear();
    grid.visit_within(x, y, radius, [this](const GridEntry& entry, std::int64_t square) {
        candidates_.push_back({square, entry.id});
    });
    if (candidates_.size() > max_in_view_) keep_nearest();
    sort_ids();
    return ids_;
}

void Interest::keep_nearest() {
    const auto nearer = [](const Candidate& a, const Candidate& b) {
        return std::tie(a.square, a.id) < std::tie(b.square, b.id);
    };
    std::nth_element(candidates_.begin(), candidates_.begin() + max_in_view_, candidates_.end(), nearer);
    candidates_.resize(max_in_view_);
}

void Interest::sort_ids() {
    // Ids are dense, so marking bits and reading them in order beats comparing.
    std::size_t first = marked_.size();
    std::size_t last = 0;
    for (const Candidate& candidate : candidates_) {
        const std::size_t word = candidate.id / 64;
        marked_[word] |= std::uint64_t{1} << (candidate.id % 64);
        first = std::min(first, word);
        last = std::max(last, word + 1);
    }
    ids_.clear();
    for (std::size_t word = first; word < last; ++word) {
        for (std::uint64_t bits = std::exchange(marked_[word], 0); bits != 0; bits &= bits - 1)
            ids_.push_back(
                static_cast<std::uint16_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits))));
    }
}

}  // namespace squall::arena
