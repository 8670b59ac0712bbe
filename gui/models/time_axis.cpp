#include "gui/models/time_axis.hpp"

#include <algorithm>

namespace squall::gui {
namespace {
constexpr std::size_t kHistoryMax = 64;
}

TimeAxis::TimeAxis(QObject* parent) : QObject(parent) {}

void TimeAxis::setLimits(TimeRange limits) {
    if (limits == limits_) return;
    limits_ = limits;
    if (!following_) return;
    // Before the window is full, it stays where the data begins, so that nothing jumps.
    const std::int64_t end = std::max(limits.end, limits.begin + window_);
    const TimeRange next{end - window_, end};
    if (next == range_) return;
    range_ = next;
    Q_EMIT rangeChanged();
}

void TimeAxis::reset(TimeRange limits, bool following) {
    limits_ = limits;
    history_.clear();
    stepping_ = false;
    crosshair_.reset();
    selection_.reset();
    following_ = following;
    const std::int64_t end = std::max(limits.end, limits.begin + window_);
    range_ = following ? TimeRange{end - window_, end} : limits;
    Q_EMIT rangeChanged();
    Q_EMIT followingChanged(following_);
    Q_EMIT crosshairChanged();
    Q_EMIT selectionChanged();
}

void TimeAxis::remember() {
    if (history_.size() == kHistoryMax) history_.erase(history_.begin());
    history_.push_back(range_);
}

void TimeAxis::setRange(TimeRange range, bool step) {
    if (range.length() < TimeScale::kShortest) range.end = range.begin + TimeScale::kShortest;
    range = kept_within(range, limits_);
    if (!(step && stepping_)) remember();
    stepping_ = step;
    if (following_) {
        following_ = false;
        Q_EMIT followingChanged(false);
    }
    if (range == range_) return;
    range_ = range;
    Q_EMIT rangeChanged();
}

void TimeAxis::setFollowing(bool following) {
    if (following == following_) return;
    following_ = following;
    stepping_ = false;
    if (following) {
        const std::int64_t end = std::max(limits_.end, limits_.begin + window_);
        range_ = {end - window_, end};
        Q_EMIT rangeChanged();
    }
    Q_EMIT followingChanged(following);
}

void TimeAxis::setWindow(std::int64_t nanoseconds) {
    window_ = std::max(nanoseconds, TimeScale::kShortest);
    if (!following_) return;
    following_ = false;
    setFollowing(true);
}

void TimeAxis::showAll() {
    setRange(limits_);
}

void TimeAxis::goBack() {
    if (history_.empty()) return;
    stepping_ = false;
    range_ = kept_within(history_.back(), limits_);
    history_.pop_back();
    Q_EMIT rangeChanged();
}

void TimeAxis::setCrosshair(std::optional<std::int64_t> at) {
    if (at == crosshair_) return;
    crosshair_ = at;
    Q_EMIT crosshairChanged();
}

void TimeAxis::setSelection(std::optional<TimeRange> selection) {
    if (selection && selection->length() < 0) std::swap(selection->begin, selection->end);
    if (selection == selection_) return;
    selection_ = selection;
    Q_EMIT selectionChanged();
}

}  // namespace squall::gui
