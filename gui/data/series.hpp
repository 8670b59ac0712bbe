// A value over time in bounded memory: the newest part at full resolution, older parts in ever longer buckets
// that keep minimum, maximum and mean, so that a spike of an hour ago is still seen. Knows no unit and no
// pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace squall::gui {

// One or more samples of consecutive times. `at` is the time of the first.
struct SeriesPoint {
    std::int64_t at = 0;  // nanoseconds of the run's time line
    float minimum = 0;
    float maximum = 0;
    float mean = 0;
    std::uint32_t count = 0;
    friend bool operator==(const SeriesPoint&, const SeriesPoint&) = default;
};

class Series {
  public:
    // At most `capacity` points (at least 16) are kept.
    explicit Series(std::size_t capacity = 4096);

    // Appends a sample. Times must not go back: an earlier one is taken as the newest one's time.
    void append(std::int64_t at, double value);
    void clear() { points_.clear(); }

    [[nodiscard]] std::span<const SeriesPoint> points() const { return points_; }
    [[nodiscard]] bool empty() const { return points_.empty(); }
    [[nodiscard]] std::size_t size() const { return points_.size(); }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    [[nodiscard]] std::int64_t first_time() const { return points_.empty() ? 0 : points_.front().at; }
    [[nodiscard]] std::int64_t last_time() const { return points_.empty() ? 0 : points_.back().at; }
    [[nodiscard]] double last_value() const { return points_.empty() ? 0 : double{points_.back().mean}; }
    // The index of the first point at or after a time.
    [[nodiscard]] std::size_t lower_bound(std::int64_t at) const;
    // The point that holds at a time: the last one not after it; null before the first.
    [[nodiscard]] const SeriesPoint* at(std::int64_t time) const;
    // Mean over [begin, end), weighted by samples; 0 without any.
    [[nodiscard]] double mean(std::int64_t begin, std::int64_t end) const;
    // Of all samples in [begin, end) together: for what was counted, and not for rates.
    [[nodiscard]] double sum(std::int64_t begin, std::int64_t end) const;
    // Mean of the second that ends at a time; of the last sample before it where there was none since. 0
    // without any.
    [[nodiscard]] double recent(std::int64_t until) const;
    // Of the newest second.
    [[nodiscard]] double recent() const { return recent(last_time()); }

  private:
    void coarsen();
    std::size_t capacity_;
    std::vector<SeriesPoint> points_;
};

}  // namespace squall::gui
