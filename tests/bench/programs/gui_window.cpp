// What the profiler's whole window costs: eight charts of 3000 points at 30 Hz and a table of 5000 rows at 10
// Hz, sorted, refreshed and re-sorted as the program does it, without a screen. Prints the processor time of
// it; fails if what was drawn is not what was to be drawn (size, points, rows), so that a cheap result is not
// an empty one. A picture of it is kept where --picture says.
#include <sys/resource.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "gui/models/row_table_model.hpp"
#include "gui/views/data_table.hpp"
#include "gui/views/strip_chart.hpp"
#include "gui/views/theme.hpp"

namespace {

namespace gui = squall::gui;

constexpr double kLimit = 35;  // percent of a core
constexpr int kCharts = 8;
constexpr int kPoints = 3000;
constexpr std::size_t kRows = 5000;
constexpr std::int64_t kStep = 20'000'000;  // 3000 points are a minute
constexpr QSize kSize(1600, 1000);

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}
long resident_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

// Rows whose numbers change with each step.
class Rows final : public gui::RowTableModel {
  public:
    explicit Rows(QObject* parent) : RowTableModel(columns(), parent) {
        for (std::size_t i = 0; i < kRows; ++i)
            names_.push_back("module" + std::to_string(i / 16) + ".remote" + std::to_string(i));
        sort(2, Qt::DescendingOrder);
        restart();
    }
    void step() { ++step_; }

  protected:
    [[nodiscard]] std::size_t sourceRows() const override { return names_.size(); }
    [[nodiscard]] double numberAt(std::size_t row, int column) const override {
        return 1000 + static_cast<double>((row * 7919 + step_ * 31 + static_cast<std::size_t>(column) * 977) %
                                          50'000);
    }
    [[nodiscard]] std::string_view textAt(std::size_t row, int column) const override {
        return column == 0 ? std::string_view(names_[row]) : "out";
    }

  private:
    static std::vector<gui::TableColumn> columns() {
        std::vector<gui::TableColumn> out;
        out.push_back(
            {QStringLiteral("Remote"), {"name", {}, false, gui::Unit::none, ""}, {}, false, 220, true});
        out.push_back({QStringLiteral("Dir"), {"dir", {}, false, gui::Unit::none, ""}, {}, false, 60, true});
        for (int i = 0; i < 6; ++i)
            out.push_back({QStringLiteral("Rate %1").arg(i),
                           {"rate" + std::to_string(i), {}, true, gui::Unit::bytes_per_second, ""},
                           {},
                           i == 0,
                           110,
                           true});
        return out;
    }
    std::vector<std::string> names_;
    std::size_t step_ = 0;
};

int fail(const char* what) {
    std::fprintf(stderr, "gui_window: %s\n", what);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    double seconds = 10;
    QString picture;
    bool asserts = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--assert") == 0) asserts = true;
        if (i + 1 >= argc) break;
        if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::max(1.0, std::atof(argv[i + 1]));
        if (std::strcmp(argv[i], "--picture") == 0) picture = QString::fromLocal8Bit(argv[i + 1]);
    }
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("squall-bench"));
    gui::apply_theme(application, gui::ThemeKind::dark);
    gui::TimeAxis axis;
    std::vector<gui::Series> series(kCharts, gui::Series(2 * kPoints));
    std::int64_t now = 0;
    const auto add_points = [&](int count) {
        for (int i = 0; i < count; ++i, now += kStep)
            for (int c = 0; c < kCharts; ++c)
                series[static_cast<std::size_t>(c)].append(
                    now, 500 + 300 * std::sin(static_cast<double>(now) / 3e9 + c) +
                             static_cast<double>((now / kStep * 7919 + c * 131) % 200));
    };
    add_points(kPoints);

    QWidget window;
    auto* layout = new QGridLayout(&window);
    std::vector<gui::StripChart*> charts;
    for (int c = 0; c < kCharts; ++c) {
        charts.push_back(new gui::StripChart(axis, &window));
        gui::ChartContent content;
        content.title = QStringLiteral("Chart %1").arg(c + 1);
        content.unit = gui::Unit::bytes_per_second;
        content.lines = {{QStringLiteral("sent"), &series[static_cast<std::size_t>(c)], c, false}};
        content.budget = gui::ChartBudget{900, QStringLiteral("budget")};
        charts.back()->setContent(std::move(content));
        layout->addWidget(charts.back(), c / 4, c % 4);
    }
    auto* model = new Rows(&window);
    auto* table = new gui::DataTable(*model, QStringLiteral("bench"), QString(), &window);
    layout->addWidget(table, 2, 0, 1, 4);
    layout->setRowStretch(0, 1);
    layout->setRowStretch(1, 1);
    layout->setRowStretch(2, 2);
    window.resize(kSize);
    window.show();
    QCoreApplication::processEvents();

    QElapsedTimer clock;
    std::vector<double> late;
    QTimer frames;
    QTimer values;
    QTimer order;
    qint64 due = 0;
    int refreshes = 0;
    for (QTimer* timer : {&frames, &values, &order}) timer->setTimerType(Qt::PreciseTimer);
    QObject::connect(&frames, &QTimer::timeout, &window, [&] {
        due += 33;
        late.push_back(
            std::max(0.0, static_cast<double>(clock.nsecsElapsed()) / 1e6 - static_cast<double>(due)));
        add_points(2);
        axis.setLimits({now - kPoints * kStep, now});
    });
    QObject::connect(&values, &QTimer::timeout, &window, [&] {
        model->step();
        table->refreshValues();
        ++refreshes;
    });
    QObject::connect(&order, &QTimer::timeout, &window, [&] { table->refreshAll(true); });
    QTimer::singleShot(static_cast<int>(seconds * 1000), &application, &QCoreApplication::quit);
    const std::uint64_t painted_before = charts[0]->paintCount();
    const double cpu_before = cpu_seconds();
    clock.start();
    frames.start(33);
    values.start(100);
    order.start(1000);
    QApplication::exec();
    const double wall = static_cast<double>(clock.nsecsElapsed()) / 1e9;
    const double cpu = cpu_seconds() - cpu_before;
    const auto painted = static_cast<double>(charts[0]->paintCount() - painted_before);

    if (!picture.isEmpty()) window.grab().save(picture);
    if (window.size() != kSize) return fail("the window is not 1600 x 1000");
    if (model->rowCount() != static_cast<int>(kRows)) return fail("the table has not 5000 rows");
    if (table->view().height() < 300) return fail("the table is squeezed");
    for (const gui::StripChart* chart : charts) {
        if (chart->drawnPoints() < kPoints - 10) return fail("a chart drew fewer than 3000 points");
        if (chart->width() < 350 || chart->height() < 180) return fail("a chart is squeezed");
    }
    if (painted < wall * 5 || refreshes < static_cast<int>(wall * 3))
        return fail("the machine is too busy: charts or table were hardly drawn");
    std::ranges::sort(late);
    const auto at = [&](double share) {
        return late.empty() ? 0
                            : late[static_cast<std::size_t>(static_cast<double>(late.size() - 1) * share)];
    };
    std::printf("gui_window: 8 charts x 3000 points at %.1f Hz, 5000 rows at %.1f Hz, 1600 x 1000, %.0f s\n",
                painted / wall, refreshes / wall, wall);
    std::printf(
        "  processor: %.1f %% of a core, %.2f ms a frame; event loop late: p50 %.1f ms, p99 %.1f ms; memory "
        "at most %ld MB\n",
        100 * cpu / wall, 1000 * cpu / painted, at(0.5), at(0.99), resident_megabytes());
    if (asserts && 100 * cpu / wall > kLimit) return fail("it took more than 35 % of a core");
    return 0;
}
