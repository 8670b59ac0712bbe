// What a chart shows: lines, bands, marks and a budget. Plain data that widgets draw and tables list; the
// series belong to the session, which outlives both.
#pragma once

#include <QString>
#include <optional>
#include <vector>

#include "gui/data/format.hpp"
#include "gui/data/scale.hpp"
#include "gui/data/series.hpp"

namespace squall::gui {

struct ChartLine {
    QString name;
    const Series* series = nullptr;
    int color = 0;        // index into the theme's colours of lines
    bool filled = false;  // the area below is tinted
};

// A stretch of time with a name: simulated conditions, a selection of the user.
struct ChartBand {
    TimeRange range;
    QString label;
    int color = 0;  // below 0: not tinted, only named
};

enum class MarkKind : std::uint8_t { note, warning, connection, condition };

struct ChartMark {
    std::int64_t at = 0;
    QString label;
    MarkKind kind = MarkKind::note;
};

struct ChartBudget {
    double value = 0;
    QString label;
};

struct ChartContent {
    QString title;
    Unit unit = Unit::none;
    std::vector<ChartLine> lines;
    std::vector<ChartBand> bands;
    std::vector<ChartMark> marks;
    std::optional<ChartBudget> budget;
    // The y axis never ends below this.
    double top_min = 0;
    // Labels below the time axis; off where a chart below has the same.
    bool times = true;
    // What to do, where there is nothing to draw; empty: that there is nothing.
    QString hint = {};
};

}  // namespace squall::gui
