// The time line that all charts of a window share: what part is shown, whether it follows the newest data,
// where the crosshair stands, what is selected, and the way back through earlier zooms. Draws nothing.
#pragma once

#include <QObject>
#include <optional>
#include <vector>

#include "gui/data/scale.hpp"

namespace squall::gui {

class TimeAxis : public QObject {
    Q_OBJECT
  public:
    explicit TimeAxis(QObject* parent = nullptr);

    [[nodiscard]] TimeRange range() const { return range_; }
    // From the first to the last moment that there is data of.
    [[nodiscard]] TimeRange limits() const { return limits_; }
    // Whether the range moves with the newest data.
    [[nodiscard]] bool isFollowing() const { return following_; }
    [[nodiscard]] std::optional<std::int64_t> crosshair() const { return crosshair_; }
    [[nodiscard]] std::optional<TimeRange> selection() const { return selection_; }
    [[nodiscard]] bool canGoBack() const { return !history_.empty(); }

    // New data: the limits moved. Keeps the length of the range where it follows.
    void setLimits(TimeRange limits);
    // Starts over with another session: everything is shown, nothing selected.
    void reset(TimeRange limits, bool following);
    // Shows a part, which lies within the limits; stops following. Consecutive small steps (`step`) are one
    // entry of the history.
    void setRange(TimeRange range, bool step = false);
    void setFollowing(bool following);
    // While following: how much of the newest time is shown.
    void setWindow(std::int64_t nanoseconds);
    [[nodiscard]] std::int64_t window() const { return window_; }
    void showAll();
    void goBack();

    void setCrosshair(std::optional<std::int64_t> at);
    void setSelection(std::optional<TimeRange> selection);

  Q_SIGNALS:
    void rangeChanged();
    void followingChanged(bool following);
    void crosshairChanged();
    void selectionChanged();

  private:
    void remember();
    TimeRange range_{0, 1'000'000'000};
    TimeRange limits_{0, 1'000'000'000};
    bool following_ = true;
    std::int64_t window_ = 60'000'000'000;
    std::optional<std::int64_t> crosshair_;
    std::optional<TimeRange> selection_;
    std::vector<TimeRange> history_;
    bool stepping_ = false;
};

}  // namespace squall::gui
