// The maths of a chart, without a pixel being drawn: time to x and back, value to y and back, zoom, pan,
// round axis steps, and the least and greatest value in each column of pixels. Knows no Qt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gui/data/series.hpp"

namespace squall::gui {

// A part of the time line, in nanoseconds; end is not part of it.
struct TimeRange {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    [[nodiscard]] constexpr std::int64_t length() const { return end - begin; }
    [[nodiscard]] constexpr bool contains(std::int64_t at) const { return at >= begin && at < end; }
    friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// Time along the x axis: `range` fills `width` pixels that start at `left`.
class TimeScale {
  public:
    // No range is shorter than this: below it, pixels would stand for less than a nanosecond.
    static constexpr std::int64_t kShortest = 10'000;

    // An empty or turned range becomes one of the shortest length, a width below 1 becomes 1.
    TimeScale(TimeRange range, double left, double width);

    [[nodiscard]] const TimeRange& range() const { return range_; }
    [[nodiscard]] double x_of(std::int64_t at) const;
    [[nodiscard]] std::int64_t time_at(double x) const;
    [[nodiscard]] double nanoseconds_per_pixel() const {
        return static_cast<double>(range_.length()) / width_;
    }
    [[nodiscard]] double left() const { return left_; }
    [[nodiscard]] double width() const { return width_; }

    // The range after zooming by `factor` (below 1: closer) with the time under `x` staying there.
    [[nodiscard]] TimeRange zoomed(double x, double factor) const;
    // The range after dragging its content by `pixels` to the right.
    [[nodiscard]] TimeRange panned(double pixels) const;

  private:
    TimeRange range_;
    double left_;
    double width_;
};

// A range moved and, where it is longer than the limits, cut so that it lies within them.
[[nodiscard]] TimeRange kept_within(TimeRange range, TimeRange limits);

// Values along the y axis: `low` at the bottom, `high` at the top of `height` pixels.
class ValueScale {
  public:
    ValueScale(double low, double high, double top, double height);
    [[nodiscard]] double y_of(double value) const;
    [[nodiscard]] double value_at(double y) const;
    [[nodiscard]] double low() const { return low_; }
    [[nodiscard]] double high() const { return high_; }

  private:
    double low_;
    double high_;
    double top_;
    double height_;
};

// The smallest of 1, 2, 5 x 10^n that makes at most `steps` steps over `span`.
[[nodiscard]] double round_step(double span, int steps);
// Where a scale from 0 (or the least value, where that is negative) to `maximum` should end, for about
// `steps` grid lines.
[[nodiscard]] double round_top(double maximum, int steps);
// The times in a range where a label stands: whole multiples of a round length (1, 2, 5 x 10^n ns below a
// minute; 1, 2, 5, 10, 15, 30 minutes or hours above), at most `steps` of them.
[[nodiscard]] std::vector<std::int64_t> time_ticks(TimeRange range, int steps);

// The least and greatest value under one pixel column; not `used` where no point falls into it.
struct Column {
    float low = 0;
    float high = 0;
    bool used = false;
};
// What the points look like when `columns` pixel columns stand for `range`. A column without a point between
// two that have one carries the value of the left one on: a value holds until the next. Columns before the
// first and after the last point stay unused.
void reduce_to_columns(std::span<const SeriesPoint> points, TimeRange range, std::size_t columns,
                       std::vector<Column>& out);

// The greatest value in a range; 0 without any.
[[nodiscard]] double maximum_in(std::span<const SeriesPoint> points, TimeRange range);

}  // namespace squall::gui
