// HdrHistogram's log-linear histogram: counts of 64-bit values at a fixed relative precision, in fixed
// memory, merged by adding the counts. Its bucket layout, so that its own tools read what we write
// (histogram_log.hpp). Integers only: a percentile is a Ratio. Knows no unit: the recorder of values decides
// whether they are nanoseconds, bytes or bits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/core/units.hpp"

namespace squall::trace {

struct HistogramConfig {
    // The largest value kept apart; greater ones are counted as this one, and in clamped_count(). At least 2.
    std::uint64_t highest_trackable = 100'000'000'000;  // 100 s in nanoseconds
    // Decimal digits that two values must share before they may fall into one bucket: 1 to 5.
    unsigned significant_digits = 3;
    friend constexpr bool operator==(const HistogramConfig&, const HistogramConfig&) = default;
};

class Histogram {
  public:
    // Values out of range are moved to the nearest allowed one. Allocates here and never again.
    explicit Histogram(HistogramConfig config = {});

    // O(1); allocates nothing.
    void record(std::uint64_t value) { record(value, 1); }
    void record(std::uint64_t value, std::uint64_t count) {
        if (count == 0) return;
        if (value > config_.highest_trackable) {
            value = config_.highest_trackable;
            clamped_ += count;
        }
        counts_[index_of(value)] += count;
        total_ += count;
        sum_ += static_cast<unsigned __int128>(value) * count;
        if (value < min_) min_ = value;
        if (value > max_) max_ = value;
    }
    // In nanoseconds; a negative duration counts as zero.
    void record(Duration value) { record(value.count() < 0 ? 0 : static_cast<std::uint64_t>(value.count())); }

    // Adds another's counts. Exact: the same as if its values had been recorded here. Errors:
    // invalid_argument (another precision), too_large (values above this one's highest_trackable); then
    // nothing is added.
    Result<> merge(const Histogram& other);
    // Back to empty, keeping the memory.
    void clear();

    [[nodiscard]] const HistogramConfig& config() const { return config_; }
    [[nodiscard]] std::uint64_t count() const { return total_; }
    [[nodiscard]] bool empty() const { return total_ == 0; }
    // Exact; 0 when empty.
    [[nodiscard]] std::uint64_t min() const { return total_ == 0 ? 0 : min_; }
    [[nodiscard]] std::uint64_t max() const { return max_; }
    // Exact, rounded down; 0 when empty. Of a histogram that was decoded: of its buckets' middles.
    [[nodiscard]] std::uint64_t mean() const;
    [[nodiscard]] std::uint64_t clamped_count() const { return clamped_; }

    // The value that at least this share of all recorded values does not exceed, to the precision; 0 when
    // empty. percent(50) is the median, per_million(999'000) the 99.9th percentile. Never above max().
    [[nodiscard]] std::uint64_t value_at_percentile(Ratio share) const;
    // How many recorded values are greater than `value`, to the precision.
    [[nodiscard]] std::uint64_t count_above(std::uint64_t value) const;

    // The bucket array, for encoders and exact sums across processes.
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }
    [[nodiscard]] std::size_t memory_bytes() const {
        return sizeof(*this) + counts_.size() * sizeof(std::uint64_t);
    }
    // Where a value is counted, and the least and greatest value counted in the same place.
    [[nodiscard]] std::size_t index_of(std::uint64_t value) const {
        const auto bucket =
            static_cast<unsigned>(std::bit_width(value | sub_bucket_mask_)) - sub_bucket_magnitude_;
        return (static_cast<std::size_t>(bucket) << half_magnitude_) +
               static_cast<std::size_t>(value >> bucket);
    }
    [[nodiscard]] std::uint64_t lowest_at(std::size_t index) const;
    [[nodiscard]] std::uint64_t highest_at(std::size_t index) const;

  private:
    HistogramConfig config_;
    unsigned sub_bucket_magnitude_ = 0;  // log2 of the number of sub-buckets
    unsigned half_magnitude_ = 0;        // one less
    std::uint64_t sub_bucket_mask_ = 0;
    std::vector<std::uint64_t> counts_;
    std::uint64_t total_ = 0;
    std::uint64_t min_ = ~std::uint64_t{0};
    std::uint64_t max_ = 0;
    std::uint64_t clamped_ = 0;
    unsigned __int128 sum_ = 0;
};

}  // namespace squall::trace
