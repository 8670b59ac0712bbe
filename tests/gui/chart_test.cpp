// The strip chart: what is drawn where, keys, wheel, drags, and what a screen reader is told.
#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QImage>
#include <QPainter>
#include <QSignalSpy>
#include <QtTest>
#include <cmath>

#include "gui/models/chart_table_model.hpp"
#include "gui/qt_main.hpp"
#include "gui/views/strip_chart.hpp"

namespace squall::gui {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class ChartTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void init() {
        testing::fail_on_warnings();
        series_ = std::make_unique<Series>(4096);
        for (int i = 0; i < 600; ++i)
            series_->append(i * kSecond / 10, i == 300 ? 900 : 100 + 50 * std::sin(i / 20.0));
        axis_ = std::make_unique<TimeAxis>();
        axis_->reset({0, 60 * kSecond}, false);
        chart_ = std::make_unique<StripChart>(*axis_);
        ChartContent content;
        content.title = QStringLiteral("Bandwidth");
        content.unit = Unit::bytes_per_second;
        content.lines = {{QStringLiteral("sent"), series_.get(), 0, true}};
        content.bands = {{{10 * kSecond, 20 * kSecond}, QStringLiteral("loss 5%"), 0}};
        content.marks = {{45 * kSecond, QStringLiteral("boss fight"), MarkKind::note},
                         {55 * kSecond, QStringLiteral("queue full"), MarkKind::warning}};
        content.budget = ChartBudget{600, QStringLiteral("budget 600 B/s")};
        chart_->setContent(content);
        chart_->resize(800, 200);
        chart_->show();
        QVERIFY(QTest::qWaitForWindowExposed(chart_.get()));
    }
    void cleanup() { chart_.reset(); }

    void spikeIsDrawnWhereItIs() {
        testing::save_picture(*chart_, QStringLiteral("chart"));
        const QImage picture = chart_->grab().toImage();
        QCOMPARE(picture.size(), QSize(800, 200));
        QVERIFY(chart_->drawnPoints() == 600);
        const int x = static_cast<int>(chart_->xOf(30 * kSecond));
        const QRect plot = chart_->plotRect();
        const QColor line = Theme::of(ThemeKind::dark).line(0);
        int topmost = plot.bottom();
        for (int y = plot.top(); y < plot.bottom(); ++y)
            if (picture.pixelColor(x, y) == line || picture.pixelColor(x + 1, y) == line)
                topmost = std::min(topmost, y);
        // 900 of an axis that ends at 1000.
        QVERIFY2(std::abs(topmost - (plot.top() + plot.height() / 10)) <= 3,
                 qPrintable(QString::number(topmost)));
    }
    void budgetAndBandsAreSeen() {
        const QImage picture = chart_->grab().toImage();
        const QRect plot = chart_->plotRect();
        const Theme& theme = Theme::of(ThemeKind::dark);
        QCOMPARE(picture.pixelColor(static_cast<int>(chart_->xOf(15 * kSecond)), plot.top() + 20),
                 theme.band(0));
        bool budget = false;
        const int y = plot.top() + plot.height() * 4 / 10;
        for (int dy = -2; dy <= 2; ++dy)
            for (int x = plot.left(); x < plot.left() + 20; ++x)
                budget |= picture.pixelColor(x, y + dy) == theme.bad;
        QVERIFY(budget);
    }
    void followsThePalette() {
        apply_theme(*qApp, ThemeKind::light);
        const QImage light = chart_->grab().toImage();
        QCOMPARE(light.pixelColor(2, 2), Theme::of(ThemeKind::light).surface);
        apply_theme(*qApp, ThemeKind::dark);
        QCOMPARE(chart_->grab().toImage().pixelColor(2, 2), Theme::of(ThemeKind::dark).surface);
    }
    void placeholderTextIsLegible() {
        for (const ThemeKind kind : {ThemeKind::dark, ThemeKind::light}) {
            const QPalette palette = Theme::of(kind).palette();
            const int difference = std::abs(palette.color(QPalette::PlaceholderText).lightness() -
                                            palette.color(QPalette::Base).lightness());
            QVERIFY2(difference > 80, qPrintable(QString::number(difference)));
        }
    }
    void wheelZoomsAroundThePointer() {
        const QPoint at(static_cast<int>(chart_->xOf(30 * kSecond)), 100);
        const std::int64_t before = chart_->timeAt(at.x());
        QWheelEvent wheel(at, chart_->mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier,
                          Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(chart_.get(), &wheel);
        QCOMPARE(axis_->range().length(), 48 * kSecond);
        QVERIFY(std::abs(chart_->timeAt(at.x()) - before) < kSecond / 100);
        QTest::keyClick(chart_.get(), Qt::Key_Backspace);
        QCOMPARE(axis_->range().length(), 60 * kSecond);
    }
    void dragPansAndShiftDragMeasures() {
        axis_->setRange({20 * kSecond, 40 * kSecond});
        QTest::mousePress(chart_.get(), Qt::LeftButton, {}, {400, 100});
        QTest::mouseMove(chart_.get(), {400 + 70, 100});
        QTest::mouseRelease(chart_.get(), Qt::LeftButton, {}, {470, 100});
        QVERIFY(axis_->range().begin < 19 * kSecond);
        QCOMPARE(axis_->range().length(), 20 * kSecond);

        const QSignalSpy selected(axis_.get(), &TimeAxis::selectionChanged);
        QTest::mousePress(chart_.get(), Qt::LeftButton, Qt::ShiftModifier, {300, 100});
        QTest::mouseMove(chart_.get(), {500, 100});
        QTest::mouseRelease(chart_.get(), Qt::LeftButton, Qt::ShiftModifier, {500, 100});
        QVERIFY(selected.count() > 0);
        QVERIFY(axis_->selection().has_value());
        const std::int64_t expected = chart_->timeAt(500) - chart_->timeAt(300);
        QVERIFY(std::abs(axis_->selection()->length() - expected) < 10);
        QTest::keyClick(chart_.get(), Qt::Key_Return);
        QVERIFY(std::abs(axis_->range().length() - expected) < 10);
        QTest::keyClick(chart_.get(), Qt::Key_Escape);
        QVERIFY(!axis_->selection().has_value());
    }
    void keysDoAllThatTheMouseDoes() {
        chart_->setFocus();
        QTest::keyClick(chart_.get(), Qt::Key_Plus);
        QVERIFY(axis_->range().length() < 60 * kSecond);
        const TimeRange zoomed = axis_->range();
        QTest::keyClick(chart_.get(), Qt::Key_Home);
        QCOMPARE(axis_->range().begin, 0);
        QTest::keyClick(chart_.get(), Qt::Key_End);
        QCOMPARE(axis_->range().end, 60 * kSecond);
        QCOMPARE(axis_->range().length(), zoomed.length());
        QTest::keyClick(chart_.get(), Qt::Key_Left, Qt::ControlModifier);
        QVERIFY(axis_->range().end < 60 * kSecond);
        QTest::keyClick(chart_.get(), Qt::Key_Right);
        const auto crosshair = axis_->crosshair();
        QVERIFY(crosshair.has_value());
        QTest::keyClick(chart_.get(), Qt::Key_Right, Qt::ShiftModifier);
        QVERIFY(axis_->selection().has_value());
        QCOMPARE(axis_->selection()->begin, *crosshair);
        const QSignalSpy following(axis_.get(), &TimeAxis::followingChanged);
        QTest::keyClick(chart_.get(), Qt::Key_Space);
        QVERIFY(axis_->isFollowing());
        QTest::keyClick(chart_.get(), Qt::Key_Space);
        QCOMPARE(following.count(), 2);
        const QSignalSpy table(chart_.get(), &StripChart::tableRequested);
        QTest::keyClick(chart_.get(), Qt::Key_T);
        QCOMPARE(table.count(), 1);
    }
    void doubleClickShowsAll() {
        axis_->setRange({20 * kSecond, 40 * kSecond});
        QTest::mouseDClick(chart_.get(), Qt::LeftButton, {}, {400, 100});
        QCOMPARE(axis_->range(), (TimeRange{0, 60 * kSecond}));
    }
    void tellsAScreenReader() {
        QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(chart_.get());
        QVERIFY(interface != nullptr);
        QCOMPARE(interface->text(QAccessible::Name), QStringLiteral("Bandwidth"));
        chart_->setFocus();
        QTest::keyClick(chart_.get(), Qt::Key_Right);
        const QString spoken = interface->text(QAccessible::Description);
        QVERIFY2(
            spoken.contains(QStringLiteral("sent: ")) && spoken.contains(QStringLiteral("at most 900 B/s")),
            qPrintable(spoken));
    }
    void tableTwinHasTheSameNumbers() {
        ChartTableModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setContent(chart_->content(), {30 * kSecond, 31 * kSecond}, 0);
        QCOMPARE(model.rowCount(), 10);
        QCOMPARE(model.columnCount(), 2);
        QCOMPARE(model.index(0, 1).data().toString(), QStringLiteral("900 B/s"));
        QCOMPARE(model.headerData(1, Qt::Horizontal, Qt::DisplayRole).toString(), QStringLiteral("sent"));
        Series many(8192);
        for (int i = 0; i < 8000; ++i) many.append(i, 1);
        ChartContent content;
        content.lines = {{QStringLiteral("x"), &many, 0, false}};
        model.setContent(content, {0, 8000}, 0);
        QVERIFY(model.rowCount() <= 2000 && model.rowCount() > 1000);
    }
    void paintsOnAnyDevice() {
        QImage image(640, 160, QImage::Format_RGB32);
        QPainter painter(&image);
        painter.setFont(chart_->font());
        chart_->render(painter, image.rect());
        QCOMPARE(image.pixelColor(2, 2), Theme::of(ThemeKind::dark).surface);
    }
    void tinySizesDoNotHurt() {
        chart_->setMinimumSize(1, 1);
        for (const QSize size : {QSize(1, 1), QSize(100, 20), QSize(90, 300)}) {
            chart_->resize(size);
            (void)chart_->grab();
        }
    }

  private:
    std::unique_ptr<Series> series_;
    std::unique_ptr<TimeAxis> axis_;
    std::unique_ptr<StripChart> chart_;
};

}  // namespace
}  // namespace squall::gui

SQUALL_QT_MAIN(squall::gui::ChartTest)
#include "chart_test.moc"
