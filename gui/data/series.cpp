#include "gui/data/series.hpp"

#include <algorithm>

namespace squall::gui {

Series::Series(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 16)) {}

void Series::append(std::int64_t at, double value) {
    if (!points_.empty()) at = std::max(at, points_.back().at);
    if (points_.size() == capacity_) coarsen();
    const auto narrow = static_cast<float>(value);
    points_.push_back({at, narrow, narrow, narrow, 1});
}

// Pairs of neighbours in the older three quarters become one point each. What has been merged before is
// merged again only when the older part fills up again, so resolution falls off with age.
void Series::coarsen() {
    const std::size_t older = capacity_ / 4 * 3 / 2 * 2;
    for (std::size_t i = 0; i < older; i += 2) {
        const SeriesPoint& a = points_[i];
        const SeriesPoint& b = points_[i + 1];
        const double count = double{static_cast<double>(a.count)} + static_cast<double>(b.count);
        const double sum = static_cast<double>(a.mean) * a.count + static_cast<double>(b.mean) * b.count;
        points_[i / 2] = {a.at, std::min(a.minimum, b.minimum), std::max(a.maximum, b.maximum),
                          static_cast<float>(sum / count), a.count + b.count};
    }
    points_.erase(points_.begin() + static_cast<std::ptrdiff_t>(older / 2),
                  points_.begin() + static_cast<std::ptrdiff_t>(older));
}

std::size_t Series::lower_bound(std::int64_t at) const {
    const auto found = std::ranges::lower_bound(points_, at, {}, &SeriesPoint::at);
    return static_cast<std::size_t>(found - points_.begin());
}

const SeriesPoint* Series::at(std::int64_t time) const {
    const auto found = std::ranges::upper_bound(points_, time, {}, &SeriesPoint::at);
    return found == points_.begin() ? nullptr : &*(found - 1);
}

double Series::mean(std::int64_t begin, std::int64_t end) const {
    double sum = 0;
    double count = 0;
    for (std::size_t i = lower_bound(begin); i < points_.size() && points_[i].at < end; ++i) {
        sum += static_cast<double>(points_[i].mean) * points_[i].count;
        count += points_[i].count;
    }
    return count == 0 ? 0 : sum / count;
}

}  // namespace squall::gui
