#include "squall/trace/histogram.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::trace {
namespace {

// Values up to 2 * 10^digits are told apart one by one: that many sub-buckets, rounded up to a power of two.
unsigned magnitude_of(unsigned digits) {
    std::uint64_t single_unit_range = 2;
    for (unsigned i = 0; i < digits; ++i) single_unit_range *= 10;
    return static_cast<unsigned>(std::bit_width(single_unit_range - 1));
}

}  // namespace

Histogram::Histogram(HistogramConfig config) : config_(config) {
    config_.significant_digits = std::clamp(config_.significant_digits, 1U, 5U);
    config_.highest_trackable =
        std::clamp<std::uint64_t>(config_.highest_trackable, 2, static_cast<std::uint64_t>(INT64_MAX));
    sub_bucket_magnitude_ = magnitude_of(config_.significant_digits);
    half_magnitude_ = sub_bucket_magnitude_ - 1;
    sub_bucket_mask_ = (std::uint64_t{1} << sub_bucket_magnitude_) - 1;
    const auto width = static_cast<unsigned>(std::bit_width(config_.highest_trackable | sub_bucket_mask_));
    const std::size_t buckets = width - sub_bucket_magnitude_ + 1;
    counts_.assign((buckets + 1) << half_magnitude_, 0);
}

Result<> Histogram::merge(const Histogram& other) {
    if (other.config_.significant_digits != config_.significant_digits) {
        return fail(
            ErrorCode::invalid_argument,
            fmt::format(
                "histograms of {} and {} significant digits cannot be merged; both must have the same",
                config_.significant_digits, other.config_.significant_digits));
    }
    if (other.empty()) return {};
    if (other.max_ > config_.highest_trackable) {
        return fail(ErrorCode::too_large,
                    fmt::format("the other histogram holds {}, above this one's limit of {}", other.max_,
                                config_.highest_trackable));
    }
    const std::size_t used = other.index_of(other.max_) + 1;
    for (std::size_t i = 0; i < used; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    sum_ += other.sum_;
    clamped_ += other.clamped_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    return {};
}

void Histogram::clear() {
    if (total_ != 0) std::fill_n(counts_.begin(), index_of(max_) + 1, 0);
    total_ = 0;
    min_ = ~std::uint64_t{0};
    max_ = 0;
    clamped_ = 0;
    sum_ = 0;
}

std::uint64_t Histogram::mean() const {
    return total_ == 0 ? 0 : static_cast<std::uint64_t>(sum_ / total_);
}

std::uint64_t Histogram::value_at_percentile(Ratio share) const {
    if (total_ == 0) return 0;
    if (share.is_one()) return max_;
    const auto wanted = (static_cast<unsigned __int128>(total_) * share.numerator + share.denominator - 1) /
                        share.denominator;
    const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
    std::uint64_t seen = 0;
    const std::size_t last = index_of(max_);
    for (std::size_t i = index_of(min_); i <= last; ++i) {
        seen += counts_[i];
        if (seen >= rank) return std::clamp(highest_at(i), min_, max_);
    }
    return max_;
}

std::uint64_t Histogram::count_above(std::uint64_t value) const {
    if (total_ == 0 || value >= max_) return 0;
    std::uint64_t above = 0;
    const std::size_t last = index_of(max_);
    for (std::size_t i = index_of(value) + 1; i <= last; ++i) above += counts_[i];
    return above;
}

std::uint64_t Histogram::lowest_at(std::size_t index) const {
    const std::size_t half = std::size_t{1} << half_magnitude_;
    if (index < 2 * half) return index;
    const std::size_t bucket = (index >> half_magnitude_) - 1;
    return static_cast<std::uint64_t>(index - (bucket << half_magnitude_)) << bucket;
}

std::uint64_t Histogram::highest_at(std::size_t index) const {
    const std::size_t bucket =
        index < (std::size_t{2} << half_magnitude_) ? 0 : (index >> half_magnitude_) - 1;
    return lowest_at(index) + ((std::uint64_t{1} << bucket) - 1);
}

}  // namespace squall::trace
