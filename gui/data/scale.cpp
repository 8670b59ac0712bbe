#include "gui/data/scale.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace squall::gui {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// Steps above ten seconds go by the clock.
constexpr std::array<std::int64_t, 16> kClockSteps = {
    10 * kSecond,    15 * kSecond,    30 * kSecond,    60 * kSecond,    120 * kSecond,  300 * kSecond,
    600 * kSecond,   900 * kSecond,   1800 * kSecond,  3600 * kSecond,  7200 * kSecond, 10800 * kSecond,
    21600 * kSecond, 43200 * kSecond, 86400 * kSecond, 604800 * kSecond};

std::int64_t time_step(std::int64_t span, int steps) {
    const double exact = round_step(static_cast<double>(span), steps);
    if (exact <= 5.0 * kSecond) return std::max<std::int64_t>(1, std::llround(exact));
    for (const std::int64_t step : kClockSteps)
        if (span / step <= steps) return step;
    return std::llround(exact);
}

}  // namespace

TimeScale::TimeScale(TimeRange range, double left, double width)
    : range_(range), left_(left), width_(std::max(width, 1.0)) {
    if (range_.length() < kShortest) range_.end = range_.begin + kShortest;
}

double TimeScale::x_of(std::int64_t at) const {
    return left_ + static_cast<double>(at - range_.begin) / static_cast<double>(range_.length()) * width_;
}

std::int64_t TimeScale::time_at(double x) const {
    return range_.begin + std::llround((x - left_) / width_ * static_cast<double>(range_.length()));
}

TimeRange TimeScale::zoomed(double x, double factor) const {
    const std::int64_t anchor = time_at(x);
    const double share = (x - left_) / width_;
    const double length = std::max(static_cast<double>(range_.length()) * std::max(factor, 1e-6),
                                   static_cast<double>(kShortest));
    const std::int64_t begin = anchor - std::llround(share * length);
    return {begin, begin + std::llround(length)};
}

TimeRange TimeScale::panned(double pixels) const {
    const std::int64_t by = std::llround(pixels * nanoseconds_per_pixel());
    return {range_.begin - by, range_.end - by};
}

TimeRange kept_within(TimeRange range, TimeRange limits) {
    if (range.length() >= limits.length()) return limits;
    if (range.begin < limits.begin) return {limits.begin, limits.begin + range.length()};
    if (range.end > limits.end) return {limits.end - range.length(), limits.end};
    return range;
}

ValueScale::ValueScale(double low, double high, double top, double height)
    : low_(low), high_(high > low ? high : low + 1), top_(top), height_(std::max(height, 1.0)) {}

double ValueScale::y_of(double value) const {
    return top_ + height_ - (value - low_) / (high_ - low_) * height_;
}

double ValueScale::value_at(double y) const {
    return low_ + (top_ + height_ - y) / height_ * (high_ - low_);
}

double round_step(double span, int steps) {
    if (!(span > 0) || steps < 1) return 1;
    const double raw = span / steps;
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= raw * (1 - 1e-9)) return factor * power;
    return 10 * power;
}

double round_top(double maximum, int steps) {
    if (!(maximum > 0)) return 1;
    const double step = round_step(maximum, steps);
    return std::ceil(maximum / step * (1 - 1e-9)) * step;
}

std::vector<std::int64_t> time_ticks(TimeRange range, int steps) {
    std::vector<std::int64_t> ticks;
    if (range.length() <= 0 || steps < 1) return ticks;
    const std::int64_t step = time_step(range.length(), steps);
    std::int64_t at = range.begin / step * step;
    if (at < range.begin) at += step;
    for (; at < range.end; at += step) ticks.push_back(at);
    return ticks;
}

void reduce_to_columns(std::span<const SeriesPoint> points, TimeRange range, std::size_t columns,
                       std::vector<Column>& out) {
    out.assign(columns, {});
    if (points.empty() || columns == 0 || range.length() <= 0) return;
    const double per_ns = static_cast<double>(columns) / static_cast<double>(range.length());
    auto first = std::ranges::lower_bound(points, range.begin, {}, &SeriesPoint::at);
    // The point before the range holds until the first one in it.
    bool carrying = first != points.begin();
    float carried = carrying ? (first - 1)->mean : 0;
    std::size_t filled = 0;  // columns before this one are final
    for (auto point = first; point != points.end() && point->at < range.end; ++point) {
        const auto column = std::min(
            columns - 1, static_cast<std::size_t>(static_cast<double>(point->at - range.begin) * per_ns));
        for (; carrying && filled < column; ++filled)
            if (!out[filled].used) out[filled] = {carried, carried, true};
        filled = column;
        Column& place = out[column];
        if (place.used) {
            place.low = std::min(place.low, point->minimum);
            place.high = std::max(place.high, point->maximum);
        } else {
            place = {point->minimum, point->maximum, true};
        }
        carried = point->mean;
        carrying = true;
    }
    const bool more_follow = points.back().at >= range.end;
    for (; carrying && more_follow && filled < columns; ++filled)
        if (!out[filled].used) out[filled] = {carried, carried, true};
}

double maximum_in(std::span<const SeriesPoint> points, TimeRange range) {
    double greatest = 0;
    auto point = std::ranges::lower_bound(points, range.begin, {}, &SeriesPoint::at);
    if (point != points.begin()) greatest = static_cast<double>((point - 1)->mean);
    for (; point != points.end() && point->at < range.end; ++point)
        greatest = std::max(greatest, static_cast<double>(point->maximum));
    return greatest;
}

}  // namespace squall::gui
