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

// Neighbours in the older three quarters become one point, those of the fewest samples first: so that the
// whole past is seen at about the same resolution, however long it is.
void Series::coarsen() {
    std::size_t older = capacity_ / 4 * 3;
    for (std::uint64_t limit = 2; points_.size() > capacity_ - capacity_ / 8; limit *= 2) {
        std::size_t kept = 0;
        for (std::size_t i = 1; i < older; ++i) {
            SeriesPoint& last = points_[kept];
            const SeriesPoint& next = points_[i];
            const double samples = static_cast<double>(last.count) + static_cast<double>(next.count);
            if (samples > static_cast<double>(limit)) {
                points_[++kept] = next;
                continue;
            }
            const double sum =
                static_cast<double>(last.mean) * last.count + static_cast<double>(next.mean) * next.count;
            last = {last.at, std::min(last.minimum, next.minimum), std::max(last.maximum, next.maximum),
                    static_cast<float>(sum / samples), last.count + next.count};
        }
        points_.erase(points_.begin() + static_cast<std::ptrdiff_t>(kept + 1),
                      points_.begin() + static_cast<std::ptrdiff_t>(older));
        older = kept + 1;
    }
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

double Series::sum(std::int64_t begin, std::int64_t end) const {
    double sum = 0;
    for (std::size_t i = lower_bound(begin); i < points_.size() && points_[i].at < end; ++i)
        sum += static_cast<double>(points_[i].mean) * points_[i].count;
    return sum;
}

double Series::recent(std::int64_t until) const {
    constexpr std::int64_t kSecond = 1'000'000'000;
    const SeriesPoint* newest = at(until);
    if (newest == nullptr) return 0;
    return newest->at <= until - kSecond ? double{newest->mean} : mean(until - kSecond + 1, until + 1);
}

}  // namespace squall::gui
