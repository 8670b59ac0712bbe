#include "gui/views/chart_painter.hpp"

#include <QFontMetrics>
#include <QObject>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "gui/views/theme.hpp"

namespace squall::gui {
namespace {

constexpr int kGridStepsMax = 5;
constexpr int kLineThickness = 2;

QString text_of(double value, Unit unit) {
    return QString::fromStdString(format_value(value, unit));
}

// Text on a ground of its own: lines that pass behind it do not strike it through.
void draw_label(QPainter& painter, const QPoint& baseline, const QString& text, const Theme& theme) {
    const QFontMetrics metrics(painter.font());
    QColor ground = theme.surface;
    ground.setAlpha(215);
    painter.fillRect(QRect(baseline.x() - 2, baseline.y() - metrics.ascent(),
                           metrics.horizontalAdvance(text) + 4, metrics.height()),
                     ground);
    painter.drawText(baseline, text);
}

int label_width(const QFontMetrics& metrics) {
    return metrics.horizontalAdvance(QStringLiteral("888.8 MB/s")) + 10;
}

}  // namespace

QRect ChartPainter::plotRect(const QRect& chart, const QFont& font, bool times) {
    const QFontMetrics metrics(font);
    return chart.adjusted(label_width(metrics), metrics.height() + 12, -10,
                          times ? -(metrics.height() + 8) : -6);
}

double ChartPainter::topOf(const ChartContent& content, const TimeRange& range) const {
    double greatest = content.top_min;
    for (const ChartLine& line : content.lines)
        greatest = std::max(greatest, maximum_in(line.series->points(), range));
    // A budget far above what is seen would press the lines flat: then it stays out of the picture and in the
    // legend.
    if (content.budget && content.budget->value < greatest * 4)
        greatest = std::max(greatest, content.budget->value * 1.05);
    return round_top(greatest * 1.02, steps_);
}

void ChartPainter::draw(QPainter& painter, const QRect& chart, const ChartContent& content,
                        const ChartState& state, const Theme& theme, bool use_cache) {
    plot_ = plotRect(chart, painter.font(), content.times);
    steps_ = std::clamp(plot_.height() / (painter.fontMetrics().height() + 6), 1, kGridStepsMax);
    drawn_points_ = 0;
    if (plot_.width() < 16 || plot_.height() < 8) {
        painter.fillRect(chart, theme.surface);
        return;
    }
    const TimeScale time(state.range, plot_.left(), plot_.width());
    const double top = topOf(content, state.range);
    values_ = ValueScale(0, top, plot_.top(), plot_.height());

    if (use_cache) {
        const double ratio = painter.device()->devicePixelRatioF();
        CacheKey key{chart, top, &theme, content.title, painter.font().toString(), ratio, content.unit};
        if (!(key == cached_) || background_.isNull()) {
            background_ = QPixmap(chart.size() * ratio);
            background_.setDevicePixelRatio(ratio);
            QPainter on_background(&background_);
            on_background.setFont(painter.font());
            on_background.translate(-chart.topLeft());
            drawFrame(on_background, chart, content, theme);
            drawGrid(on_background, content, theme);
            cached_ = std::move(key);
        }
        painter.drawPixmap(chart.topLeft(), background_);
    } else {
        drawFrame(painter, chart, content, theme);
        drawGrid(painter, content, theme);
    }
    if (!content.bands.empty()) {
        drawBands(painter, content, time, theme);
        drawGrid(painter, content, theme);
    }
    drawTimes(painter, content, time, state, theme);
    painter.save();
    painter.setClipRect(plot_);
    for (const ChartLine& line : content.lines) drawLine(painter, line, state.range, theme);
    painter.restore();
    if (content.budget) drawBudget(painter, *content.budget, theme);
    drawMarks(painter, content, time, theme);
    drawSelection(painter, time, state, theme);
    drawLegend(painter, chart, content, state, theme);
    if (drawn_points_ == 0 && state.empty_hint) {
        painter.setPen(theme.muted);
        painter.drawText(
            plot_, Qt::AlignCenter,
            content.hint.isEmpty() ? QObject::tr("No data in this part of the time line") : content.hint);
    }
    if (state.focused) {
        painter.setPen(QPen(theme.accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(chart.adjusted(0, 0, -1, -1));
    }
}

void ChartPainter::drawFrame(QPainter& painter, const QRect& chart, const ChartContent& content,
                             const Theme& theme) const {
    painter.fillRect(chart, theme.surface);
    QFont bold = painter.font();
    const QFont plain = bold;
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(theme.text);
    const QFontMetrics metrics(bold);
    painter.drawText(QPoint(chart.left() + 10, chart.top() + 5 + metrics.ascent()), content.title);
    painter.setFont(plain);
    const QFontMetrics plain_metrics(plain);
    painter.setPen(theme.muted);
    for (int step = 0; step <= steps_; ++step) {
        const double size = round_step(values_.high(), steps_);
        const double value = size * step;
        if (value > values_.high() * 1.0001) break;
        const int y = static_cast<int>(std::lround(values_.y_of(value)));
        painter.drawText(QRect(chart.left(), y - plain_metrics.height() / 2, plot_.left() - chart.left() - 6,
                               plain_metrics.height()),
                         Qt::AlignRight | Qt::AlignVCenter, text_of(value, content.unit));
    }
}

void ChartPainter::drawGrid(QPainter& painter, const ChartContent&, const Theme& theme) const {
    const double size = round_step(values_.high(), steps_);
    for (int step = 0; size * step <= values_.high() * 1.0001; ++step) {
        const int y = static_cast<int>(std::lround(values_.y_of(size * step)));
        painter.fillRect(QRect(plot_.left(), std::min(y, plot_.bottom()), plot_.width(), 1),
                         step == 0 ? theme.border : theme.grid);
    }
}

void ChartPainter::drawBands(QPainter& painter, const ChartContent& content, const TimeScale& time,
                             const Theme& theme) const {
    const QFontMetrics metrics(painter.font());
    int free_from = plot_.left();
    for (const ChartBand& band : content.bands) {
        if (band.range.end <= time.range().begin || band.range.begin >= time.range().end) continue;
        const int left = std::max(plot_.left(), static_cast<int>(std::lround(time.x_of(band.range.begin))));
        const int right =
            std::min(plot_.right() + 1, static_cast<int>(std::lround(time.x_of(band.range.end))));
        if (right <= left) continue;
        if (band.color >= 0)
            painter.fillRect(QRect(left, plot_.top(), right - left, plot_.height()), theme.band(band.color));
        painter.fillRect(QRect(left, plot_.top(), 1, plot_.height()), theme.border);
        const int from = std::max(left + 4, free_from);
        if (right - from < 40) continue;
        const QString label = metrics.elidedText(band.label, Qt::ElideRight, right - from - 4);
        painter.setPen(theme.muted);
        draw_label(painter, QPoint(from, plot_.top() + metrics.ascent() + 1), label, theme);
        free_from = from + metrics.horizontalAdvance(label) + 8;
    }
}

void ChartPainter::drawTimes(QPainter& painter, const ChartContent& content, const TimeScale& time,
                             const ChartState& state, const Theme& theme) const {
    const QFontMetrics metrics(painter.font());
    const int label = metrics.horizontalAdvance(QStringLiteral("88:88.88")) + 24;
    const TimeRange shown{state.range.begin - state.origin, state.range.end - state.origin};
    const auto ticks = time_ticks(shown, std::max(2, plot_.width() / label));
    const std::int64_t step = ticks.size() > 1 ? ticks[1] - ticks[0] : shown.length();
    for (const std::int64_t tick : ticks) {
        const int x = static_cast<int>(std::lround(time.x_of(tick + state.origin)));
        painter.fillRect(QRect(x, plot_.top(), 1, plot_.height()), theme.grid);
        if (!content.times) continue;
        const QString text = QString::fromStdString(format_time(tick, step));
        const int width = metrics.horizontalAdvance(text);
        // The outermost labels lean inwards instead of being cut off.
        const int left = std::clamp(x - width / 2, plot_.left() - 4, plot_.right() + 6 - width);
        painter.setPen(theme.muted);
        painter.drawText(QPoint(left, plot_.bottom() + 3 + metrics.ascent()), text);
    }
}

void ChartPainter::drawLine(QPainter& painter, const ChartLine& line, const TimeRange& range,
                            const Theme& theme) {
    const auto points = line.series->points();
    drawn_points_ += line.series->lower_bound(range.end) - line.series->lower_bound(range.begin);
    reduce_to_columns(points, range, static_cast<std::size_t>(plot_.width()), columns_);
    const QColor color = theme.line(line.color);
    QColor area = color;
    area.setAlpha(38);
    const int bottom = plot_.bottom() + 1;
    int last_top = 0;
    int last_bottom = 0;
    bool joined = false;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Column& column = columns_[i];
        if (!column.used) {
            joined = false;
            continue;
        }
        const int x = plot_.left() + static_cast<int>(i);
        int top = static_cast<int>(std::lround(values_.y_of(static_cast<double>(column.high)))) -
                  kLineThickness / 2;
        int low =
            static_cast<int>(std::lround(values_.y_of(static_cast<double>(column.low)))) + kLineThickness / 2;
        const int own_top = top;
        const int own_low = low;
        // Reaches to the column before, so that a jump is a line and not two dashes.
        if (joined && top > last_bottom) top = last_bottom - 1;
        if (joined && low < last_top) low = last_top + 1;
        if (line.filled && low < bottom) painter.fillRect(QRect(x, low, 1, bottom - low), area);
        painter.fillRect(QRect(x, top, 1, std::max(low - top, kLineThickness)), color);
        last_top = own_top;
        last_bottom = std::max(own_low, own_top + kLineThickness);
        joined = true;
    }
}

void ChartPainter::drawMarks(QPainter& painter, const ChartContent& content, const TimeScale& time,
                             const Theme& theme) const {
    const QFontMetrics metrics(painter.font());
    int free_from = plot_.left();
    for (auto it = content.marks.begin(); it != content.marks.end(); ++it) {
        const ChartMark& mark = *it;
        if (!time.range().contains(mark.at)) continue;
        const int next = it + 1 == content.marks.end()
                             ? plot_.right()
                             : static_cast<int>(std::min(time.x_of((it + 1)->at), 1e6));
        const int x = static_cast<int>(std::lround(time.x_of(mark.at)));
        const QColor color = mark.kind == MarkKind::warning     ? theme.bad
                             : mark.kind == MarkKind::condition ? theme.warning
                                                                : theme.muted;
        for (int y = plot_.top(); y < plot_.bottom(); y += 6) painter.fillRect(QRect(x, y, 1, 3), color);
        // The shape says the kind too: a triangle for a warning, a square for the rest. Below the labels of
        // bands.
        const int row = plot_.top() + metrics.height() + 2;
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        if (mark.kind == MarkKind::warning) {
            const QPoint triangle[] = {{x - 5, row + 11}, {x + 5, row + 11}, {x, row + 2}};
            painter.drawPolygon(triangle, 3);
        } else {
            painter.fillRect(QRect(x - 3, row + 4, 7, 7), color);
        }
        if (x + 8 < free_from) continue;
        const QString label = metrics.elidedText(mark.label, Qt::ElideRight,
                                                 std::min({160, plot_.right() - x - 8, next - x - 16}));
        if (label.size() < 3) continue;
        painter.setPen(color);
        draw_label(painter, QPoint(x + 8, row + metrics.ascent()), label, theme);
        free_from = x + 8 + metrics.horizontalAdvance(label) + 6;
    }
}

void ChartPainter::drawBudget(QPainter& painter, const ChartBudget& budget, const Theme& theme) const {
    if (budget.value > values_.high()) return;
    const int y = static_cast<int>(std::lround(values_.y_of(budget.value)));
    for (int x = plot_.left(); x < plot_.right(); x += 10)
        painter.fillRect(QRect(x, y, std::min(6, plot_.right() - x), 1), theme.bad);
    const QFontMetrics metrics(painter.font());
    const int width = metrics.horizontalAdvance(budget.label);
    const bool above = y - metrics.height() > plot_.top();
    painter.setPen(theme.bad);
    painter.drawText(
        QPoint(plot_.right() - width - 2, above ? y - metrics.descent() - 1 : y + metrics.ascent() + 1),
        budget.label);
}

void ChartPainter::drawSelection(QPainter& painter, const TimeScale& time, const ChartState& state,
                                 const Theme& theme) const {
    if (state.selection && state.selection->length() > 0) {
        const int left =
            std::clamp(static_cast<int>(time.x_of(state.selection->begin)), plot_.left(), plot_.right());
        const int right =
            std::clamp(static_cast<int>(time.x_of(state.selection->end)), plot_.left(), plot_.right());
        QColor tint = theme.accent;
        tint.setAlpha(70);
        painter.fillRect(QRect(left, plot_.top(), std::max(1, right - left), plot_.height()), tint);
        const QString length = QString::fromStdString(format_duration(state.selection->length()));
        const QFontMetrics metrics(painter.font());
        painter.setPen(theme.text);
        if (right - left > metrics.horizontalAdvance(length) + 8)
            painter.drawText(QRect(left, plot_.top(), right - left, plot_.height()),
                             Qt::AlignHCenter | Qt::AlignBottom, length);
    }
    if (state.crosshair && time.range().contains(*state.crosshair)) {
        const int x = static_cast<int>(std::lround(time.x_of(*state.crosshair)));
        painter.fillRect(QRect(x, plot_.top(), 1, plot_.height()), theme.text);
    }
}

// Name and value of each line, right-aligned above the plot: at the crosshair, or the mean of the last second
// in the range.
void ChartPainter::drawLegend(QPainter& painter, const QRect& chart, const ChartContent& content,
                              const ChartState& state, const Theme& theme) const {
    const QFontMetrics metrics(painter.font());
    QFont bold = painter.font();
    bold.setWeight(QFont::DemiBold);
    const int left_limit = chart.left() + 10 + QFontMetrics(bold).horizontalAdvance(content.title) + 16;
    const int baseline = chart.top() + 5 + metrics.ascent();
    int right = chart.right() - 10;
    const std::int64_t at = state.crosshair.value_or(state.range.end - 1);
    if (state.crosshair) {
        const QString when = QString::fromStdString(format_time(at - state.origin, 1'000'000));
        right -= metrics.horizontalAdvance(when);
        painter.setPen(theme.text);
        if (right > left_limit) painter.drawText(QPoint(right, baseline), when);
        right -= 14;
    }
    for (auto line = content.lines.rbegin(); line != content.lines.rend(); ++line) {
        const SeriesPoint* point = line->series->at(at);
        const double value = point == nullptr  ? 0
                             : state.crosshair ? static_cast<double>(point->mean)
                                               : line->series->recent(at);
        const QString text = line->name + QStringLiteral("  ") +
                             (point == nullptr ? QStringLiteral("–") : text_of(value, content.unit));
        const int width = metrics.horizontalAdvance(text) + 14;
        if (right - width < left_limit) break;
        right -= width;
        painter.fillRect(QRect(right, baseline - metrics.ascent() / 2 - 3, 9, 9), theme.line(line->color));
        painter.setPen(theme.muted);
        painter.drawText(QPoint(right + 14, baseline), text);
        right -= 16;
    }
}

}  // namespace squall::gui
