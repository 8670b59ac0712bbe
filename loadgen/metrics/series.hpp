// The two kinds of values that a run collects, each for the current second and for the measured part of the
// run. Knows no metric by name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "metrics/histogram_delta.hpp"
#include "squall/trace/histogram.hpp"

namespace squall::loadgen {

// Values with a distribution: two digits for the second, three for the total.
class Trend {
  public:
    Trend() : second_({kHighest, 2}), total_({kHighest, 3}) {}

    void record(std::uint64_t value, bool measured) {
        second_.record(value);
        if (measured) total_.record(value);
    }
    // Takes over what was recorded elsewhere (in the server's process).
    void absorb(const trace::Histogram& part, bool measured) {
        record_all(part, second_);
        if (measured) record_all(part, total_);
    }
    void end_second() { second_.clear(); }

    [[nodiscard]] const trace::Histogram& second() const { return second_; }
    [[nodiscard]] const trace::Histogram& total() const { return total_; }

    // 1000 s in nanoseconds, 1 Tbit/s, 1 TB: beyond every metric's range.
    static constexpr std::uint64_t kHighest = 1'000'000'000'000;

  private:
    trace::Histogram second_;
    trace::Histogram total_;
};

// Events counted by cause.
class Counter {
  public:
    static constexpr std::size_t kMaxCauses = 32;

    void add(std::size_t cause, std::uint64_t count, bool measured) {
        second_ += count;
        if (!measured) return;
        total_ += count;
        by_cause_[cause < kMaxCauses ? cause : kMaxCauses - 1] += count;
    }
    void end_second() { second_ = 0; }

    [[nodiscard]] std::uint64_t second() const { return second_; }
    [[nodiscard]] std::uint64_t total() const { return total_; }
    [[nodiscard]] std::uint64_t of_cause(std::size_t cause) const {
        return cause < kMaxCauses ? by_cause_[cause] : 0;
    }

  private:
    std::uint64_t second_ = 0;
    std::uint64_t total_ = 0;
    std::array<std::uint64_t, kMaxCauses> by_cause_{};
};

}  // namespace squall::loadgen
