#include "gui/views/strip_chart.hpp"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPaintEngine>
#include <QPainter>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "gui/views/theme.hpp"

namespace squall::gui {

StripChart::StripChart(TimeAxis& axis, QWidget* parent) : QWidget(parent), axis_(axis) {
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    const auto repaint = [this] { update(); };
    connect(&axis_, &TimeAxis::rangeChanged, this, repaint);
    connect(&axis_, &TimeAxis::crosshairChanged, this, repaint);
    connect(&axis_, &TimeAxis::selectionChanged, this, repaint);
    setToolTip(
        tr("Wheel zooms, dragging moves, Shift and dragging measures, double click shows all.\n"
           "Keys: arrows, + and -, Home, End, Space, Backspace (zoom before), T (as a table), Esc."));
}

void StripChart::setContent(ChartContent content) {
    content_ = std::move(content);
    if (accessibleName() != content_.title) setAccessibleName(content_.title);
    update();
}

void StripChart::setOrigin(std::int64_t origin) {
    origin_ = origin;
    update();
}

TimeScale StripChart::scale() const {
    const QRect plot = plotRect();
    return {axis_.range(), static_cast<double>(plot.left()), static_cast<double>(plot.width())};
}

ChartState StripChart::state() const {
    return {axis_.range(), origin_, axis_.crosshair(), axis_.selection(), hasFocus(), true};
}

QString StripChart::spokenSummary() const {
    QString text =
        tr("Line chart, %1. ").arg(QString::fromStdString(format_duration(axis_.range().length())));
    for (const ChartLine& line : content_.lines) {
        const SeriesPoint* point = line.series->at(axis_.crosshair().value_or(axis_.range().end - 1));
        const double value = point == nullptr ? std::nan("") : static_cast<double>(point->mean);
        text += tr("%1: %2, at most %3. ")
                    .arg(line.name, QString::fromStdString(format_value(value, content_.unit)),
                         QString::fromStdString(
                             format_value(maximum_in(line.series->points(), axis_.range()), content_.unit)));
    }
    return text + tr("Press T for the numbers as a table.");
}

void StripChart::render(QPainter& painter, const QRect& rectangle) {
    ChartState plain = state();
    plain.focused = false;
    painter_.draw(painter, rectangle, content_, plain, Theme::from(palette()), false);
}

void StripChart::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    // Through render() into an SVG, a cached pixmap would be a picture in the picture.
    const bool onScreen = painter.paintEngine()->type() == QPaintEngine::Raster;
    painter_.draw(painter, rect(), content_, state(), Theme::from(palette()), onScreen);
    ++paint_count_;
}

void StripChart::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
    pressed_x_ = event->position().x();
    if (event->modifiers().testFlag(Qt::ShiftModifier)) {
        drag_ = Drag::select;
        select_from_ = timeAt(pressed_x_);
        axis_.setSelection(TimeRange{select_from_, select_from_});
    } else {
        drag_ = Drag::pan;
        pressed_range_ = axis_.range();
        setCursor(Qt::ClosedHandCursor);
    }
}

void StripChart::mouseMoveEvent(QMouseEvent* event) {
    const double x = event->position().x();
    switch (drag_) {
        case Drag::pan: {
            const QRect plot = plotRect();
            const TimeScale from(pressed_range_, plot.left(), plot.width());
            if (std::abs(x - pressed_x_) > 2) axis_.setRange(from.panned(x - pressed_x_), true);
            break;
        }
        case Drag::select: axis_.setSelection(TimeRange{select_from_, timeAt(x)}); break;
        case Drag::none: break;
    }
    if (plotRect().contains(event->position().toPoint()))
        axis_.setCrosshair(timeAt(x));
    else
        axis_.setCrosshair(std::nullopt);
}

void StripChart::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return QWidget::mouseReleaseEvent(event);
    if (drag_ == Drag::select && axis_.selection() && axis_.selection()->length() == 0)
        axis_.setSelection(std::nullopt);
    drag_ = Drag::none;
    unsetCursor();
}

void StripChart::mouseDoubleClickEvent(QMouseEvent* /*event*/) {
    axis_.showAll();
}

void StripChart::wheelEvent(QWheelEvent* event) {
    const int turned = event->angleDelta().y() != 0 ? event->angleDelta().y() : event->angleDelta().x();
    if (turned == 0) return event->ignore();
    if (event->modifiers().testFlag(Qt::ShiftModifier) || event->angleDelta().y() == 0)
        axis_.setRange(scale().panned(turned / 2.0), true);
    else
        zoom(event->position().x(), std::pow(0.8, turned / 120.0));
    event->accept();
}

void StripChart::zoom(double x, double factor) {
    axis_.setRange(scale().zoomed(x, factor), true);
}

void StripChart::leaveEvent(QEvent* /*event*/) {
    if (!hasFocus()) axis_.setCrosshair(std::nullopt);
}

void StripChart::moveCrosshair(int pixels, bool select) {
    const QRect plot = plotRect();
    const double x = axis_.crosshair() ? xOf(*axis_.crosshair()) : plot.center().x();
    const double next =
        std::clamp(x + pixels, static_cast<double>(plot.left()), static_cast<double>(plot.right()));
    if (select) {
        const auto selection = axis_.selection();
        if (!selection) select_from_ = timeAt(x);
        axis_.setSelection(TimeRange{select_from_, timeAt(next)});
    }
    axis_.setCrosshair(timeAt(next));
    setAccessibleDescription(spokenSummary());
}

bool StripChart::handleKey(QKeyEvent* event) {
    const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
    const bool control = event->modifiers().testFlag(Qt::ControlModifier);
    const QRect plot = plotRect();
    const double centre = axis_.crosshair() ? xOf(*axis_.crosshair()) : plot.center().x();
    const TimeRange range = axis_.range();
    switch (event->key()) {
        case Qt::Key_Plus:
        case Qt::Key_Equal:
        case Qt::Key_Up: zoom(centre, 0.8); return true;
        case Qt::Key_Minus:
        case Qt::Key_Down: zoom(centre, 1.25); return true;
        case Qt::Key_Left:
        case Qt::Key_Right: {
            const int sign = event->key() == Qt::Key_Left ? -1 : 1;
            if (control)
                axis_.setRange(scale().panned(-sign * plot.width() / 10.0), true);
            else
                moveCrosshair(sign * (shift ? 8 : 4), shift);
            return true;
        }
        case Qt::Key_Home:
            axis_.setRange({axis_.limits().begin, axis_.limits().begin + range.length()});
            return true;
        case Qt::Key_End:
            axis_.setRange({axis_.limits().end - range.length(), axis_.limits().end});
            return true;
        case Qt::Key_Space: axis_.setFollowing(!axis_.isFollowing()); return true;
        case Qt::Key_Backspace: axis_.goBack(); return true;
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (axis_.selection()) axis_.setRange(*axis_.selection());
            return true;
        case Qt::Key_T: Q_EMIT tableRequested(); return true;
        case Qt::Key_Escape:
            axis_.setSelection(std::nullopt);
            axis_.setCrosshair(std::nullopt);
            return true;
        default: return false;
    }
}

void StripChart::keyPressEvent(QKeyEvent* event) {
    if (!handleKey(event)) QWidget::keyPressEvent(event);
}

void StripChart::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) update();
    QWidget::changeEvent(event);
}

void StripChart::focusInEvent(QFocusEvent* event) {
    setAccessibleDescription(spokenSummary());
    QWidget::focusInEvent(event);
    update();
}

void StripChart::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    update();
}

}  // namespace squall::gui
