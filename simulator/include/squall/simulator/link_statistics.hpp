// What a link did, in integers, and how that compares with what was asked of it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "squall/core/time.hpp"
#include "squall/simulator/link_config.hpp"
#include "squall/simulator/verdict.hpp"

namespace squall::simulator {

// Count, extremes, sum and sum of squares of durations; merges by addition.
class DurationMoments {
  public:
    void record(Duration value) {
        const auto ns = value.count();
        ++count_;
        if (ns < min_) min_ = ns;
        if (ns > max_) max_ = ns;
        sum_ += ns;
        sum_of_squares_ += static_cast<unsigned __int128>(static_cast<__int128>(ns) * ns);
    }
    void merge(const DurationMoments& other);
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] Duration min() const { return Duration{count_ == 0 ? 0 : min_}; }
    [[nodiscard]] Duration max() const { return Duration{count_ == 0 ? 0 : max_}; }
    // Rounded down; zero when empty.
    [[nodiscard]] Duration mean() const;
    // For reports: nothing is decided on it.
    [[nodiscard]] double standard_deviation_ns() const;
    [[nodiscard]] Duration sum() const { return Duration{sum_}; }

  private:
    std::uint64_t count_ = 0;
    std::int64_t min_ = INT64_MAX;
    std::int64_t max_ = INT64_MIN;
    std::int64_t sum_ = 0;
    unsigned __int128 sum_of_squares_ = 0;
};

// Counted when the verdict falls. Every packet that was offered has exactly one verdict other than duplicate:
// offered() == delivered + corrupted + all drops. What every packet changes lies together.
struct LinkStatistics {
    std::uint64_t bytes_offered = 0;                     // UDP payload
    std::uint64_t bytes_delivered = 0;                   // UDP payload, copies included
    std::array<std::uint64_t, kVerdictCount> packets{};  // by Verdict
    std::uint64_t shifted = 0;                           // packets that `reorder` hit
    std::uint64_t overtook = 0;   // packets that arrive before one that was sent earlier
    DurationMoments propagation;  // from leaving the bottleneck to arrival, originals only
    // The rest is counted only while the link has a rate, or a backlog of one that it had.
    DurationMoments queueing;      // from being offered to leaving the bottleneck, of those that arrive
    std::uint64_t wire_bytes = 0;  // headers included, of what passed the bottleneck
    Duration wire_time{0};         // how long the bottleneck was busy with them

    [[nodiscard]] std::uint64_t count(Verdict verdict) const {
        return packets[static_cast<std::size_t>(verdict)];
    }
    [[nodiscard]] std::uint64_t offered() const;
    [[nodiscard]] std::uint64_t dropped() const;
    void merge(const LinkStatistics& other);
};

// One line of the comparison. Shares are from 0 to 1, durations in nanoseconds, rates in bits per second.
struct AskedAndDelivered {
    std::string what;
    double asked = 0;
    double delivered = 0;
    double low = 0;  // where 99 % of runs lie that deliver what was asked; both infinite where only the
                     // figure is known
    double high = 0;
    [[nodiscard]] bool holds() const { return delivered >= low && delivered <= high; }
};

// What was asked against what was delivered, for each impairment that is switched on. The statistics must
// have been collected under this one configuration.
[[nodiscard]] std::vector<AskedAndDelivered> compare(const LinkConfig& config,
                                                     const LinkStatistics& statistics);

}  // namespace squall::simulator
