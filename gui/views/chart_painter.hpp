// Draws a chart's content with a QPainter: on a widget, a picture or an SVG. Lines are columns of filled
// pixels, because Qt's raster engine takes 13 to 28 times as long for any pen wider than one pixel. Knows no
// widget and no event.
#pragma once

#include <QFont>
#include <QPixmap>
#include <QRect>
#include <optional>
#include <vector>

#include "gui/models/chart_content.hpp"

class QPainter;

namespace squall::gui {

struct Theme;

// What is drawn besides the content.
struct ChartState {
    TimeRange range;
    std::int64_t origin = 0;  // labels count from here
    std::optional<std::int64_t> crosshair;
    std::optional<TimeRange> selection;
    bool focused = false;
    bool empty_hint = true;  // say what to do where there is nothing to show
};

class ChartPainter {
  public:
    // The rectangle of the lines themselves, within the chart's.
    [[nodiscard]] static QRect plotRect(const QRect& chart, const QFont& font, bool times = true);

    void draw(QPainter& painter, const QRect& chart, const ChartContent& content, const ChartState& state,
              const Theme& theme, bool use_cache);
    // Points that went into the last picture, before they were reduced to columns.
    [[nodiscard]] std::size_t drawnPoints() const { return drawn_points_; }
    // The y axis of the last picture.
    [[nodiscard]] ValueScale valueScale() const { return values_; }

  private:
    struct CacheKey {
        QRect chart;
        double top = 0;
        const Theme* theme = nullptr;
        QString title;
        QString font;
        double ratio = 1;
        Unit unit{};
        friend bool operator==(const CacheKey&, const CacheKey&) = default;
    };
    void drawFrame(QPainter& painter, const QRect& chart, const ChartContent& content,
                   const Theme& theme) const;
    void drawBands(QPainter& painter, const ChartContent& content, const TimeScale& time,
                   const Theme& theme) const;
    void drawGrid(QPainter& painter, const ChartContent& content, const Theme& theme) const;
    void drawTimes(QPainter& painter, const ChartContent& content, const TimeScale& time,
                   const ChartState& state, const Theme& theme) const;
    void drawLine(QPainter& painter, const ChartLine& line, const TimeRange& range, const Theme& theme);
    void drawMarks(QPainter& painter, const ChartContent& content, const TimeScale& time,
                   const Theme& theme) const;
    void drawBudget(QPainter& painter, const ChartBudget& budget, const Theme& theme) const;
    void drawSelection(QPainter& painter, const TimeScale& time, const ChartState& state,
                       const Theme& theme) const;
    void drawLegend(QPainter& painter, const QRect& chart, const ChartContent& content,
                    const ChartState& state, const Theme& theme) const;
    [[nodiscard]] double topOf(const ChartContent& content, const TimeRange& range) const;

    QRect plot_;
    int steps_ = 5;
    ValueScale values_{0, 1, 0, 1};
    std::vector<Column> columns_;
    std::size_t drawn_points_ = 0;
    QPixmap background_;
    CacheKey cached_;
};

}  // namespace squall::gui
