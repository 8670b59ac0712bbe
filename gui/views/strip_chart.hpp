// A chart of values over time that is cheap enough for eight of them at 30 Hz. Wheel and + - zoom, dragging
// pans, Shift and dragging selects a stretch to measure, arrows move the crosshair, Space stops the picture.
// All charts with one TimeAxis move together. Draws by ChartPainter; fetches nothing: who owns the session
// sets the content and calls update().
#pragma once

#include <QWidget>

#include "gui/models/time_axis.hpp"
#include "gui/views/chart_painter.hpp"

namespace squall::gui {

class StripChart : public QWidget {
    Q_OBJECT
  public:
    explicit StripChart(TimeAxis& axis, QWidget* parent = nullptr);

    // The series in it must live until the next call or the chart's end.
    void setContent(ChartContent content);
    [[nodiscard]] const ChartContent& content() const { return content_; }
    // What the labels of the time axis count from.
    void setOrigin(std::int64_t origin);
    [[nodiscard]] std::int64_t origin() const { return origin_; }

    // The time under a pixel and the pixel of a time, as the last picture had them.
    [[nodiscard]] std::int64_t timeAt(double x) const { return scale().time_at(x); }
    [[nodiscard]] double xOf(std::int64_t at) const { return scale().x_of(at); }
    [[nodiscard]] QRect plotRect() const { return ChartPainter::plotRect(rect(), font(), content_.times); }
    [[nodiscard]] std::size_t drawnPoints() const { return painter_.drawnPoints(); }
    [[nodiscard]] std::uint64_t paintCount() const { return paint_count_; }

    // What a screen reader says: each line's newest value and range.
    [[nodiscard]] QString spokenSummary() const;
    // The chart alone, at any size, on a painter of any device.
    void render(QPainter& painter, const QRect& rectangle);

    [[nodiscard]] QSize sizeHint() const override { return {520, 170}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {260, 56}; }

  Q_SIGNALS:
    void tableRequested();

  protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

  private:
    enum class Drag : std::uint8_t { none, pan, select };
    [[nodiscard]] TimeScale scale() const;
    [[nodiscard]] ChartState state() const;
    void zoom(double x, double factor);
    bool handleKey(QKeyEvent* event);
    void moveCrosshair(int pixels, bool select);

    TimeAxis& axis_;
    ChartContent content_;
    ChartPainter painter_;
    std::int64_t origin_ = 0;
    Drag drag_ = Drag::none;
    double pressed_x_ = 0;
    TimeRange pressed_range_;
    std::int64_t select_from_ = 0;
    std::uint64_t paint_count_ = 0;
};

}  // namespace squall::gui
