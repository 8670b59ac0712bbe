// Models under QAbstractItemModelTester, with rows that come, change, are filtered and sorted: one signal a
// refresh, and selections that stay with their row.
#include <QAbstractItemModelTester>
#include <QItemSelectionModel>
#include <QSignalSpy>
#include <QtTest>

#include "gui/models/packets_model.hpp"
#include "gui/models/session_models.hpp"
#include "gui/models/time_axis.hpp"
#include "gui/qt_main.hpp"
#include "gui/synthetic.hpp"

namespace squall::gui {
namespace {

using Tester = QAbstractItemModelTester;
constexpr auto kMode = Tester::FailureReportingMode::QtTest;
constexpr std::int64_t kSecond = 1'000'000'000;

// The first column of all rows, as it is shown.
QStringList firstColumn(const QAbstractItemModel& model) {
    QStringList out;
    for (int row = 0; row < model.rowCount(); ++row)
        out << model.index(row, 0).data().toString() + QLatin1Char(' ') +
                   model.index(row, 1).data().toString();
    return out;
}

class ModelsTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void init() { testing::fail_on_warnings(); }

    void remotesGrowAndAreRefreshedWithOneSignal() {
        Session session;
        RemotesModel model;
        const Tester tester(&model, kMode);
        model.setSession(&session);
        QCOMPARE(model.rowCount(), 0);
        testing::Synthetic synthetic({.seconds = 20});
        const auto apply = [&](std::int64_t at, const recorder::ProfileFrame& frame) {
            session.apply(at, frame);
        };
        synthetic.begin(apply);
        for (int i = 0; i < 60; ++i) synthetic.step(apply);
        model.reorder();
        QCOMPARE(model.rowCount(), 24);
        QCOMPARE(model.index(0, 0).data().toString(), QStringLiteral("world.state"));
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        QSignalSpy layout(&model, &QAbstractItemModel::layoutChanged);
        synthetic.step(apply);
        model.refresh();
        QCOMPARE(changed.count(), 1);
        QCOMPARE(changed[0][1].toModelIndex().row(), 23);
        QCOMPARE(layout.count(), 0);
    }
    void selectionStaysWithItsRow() {
        Session session;
        testing::Synthetic({.seconds = 10}).run(session);
        RemotesModel model;
        const Tester tester(&model, kMode);
        model.setSession(&session);
        const QPersistentModelIndex chosen = model.index(3, 0);
        const QString name = chosen.data().toString();
        const std::size_t source = model.sourceRow(3);
        model.sort(RemotesModel::name, Qt::AscendingOrder);
        QVERIFY(chosen.isValid());
        QCOMPARE(chosen.data().toString(), name);
        QCOMPARE(model.sourceRow(chosen.row()), source);
        model.sort(RemotesModel::wire, Qt::DescendingOrder);
        QCOMPARE(chosen.row(), 3);
        model.setFilter(QStringLiteral("name=") + name);
        QVERIFY(chosen.isValid());
        model.setFilter(QStringLiteral("name!=") + name);
        QVERIFY(!chosen.isValid());
    }
    void filterAndSortGiveTheseRows() {
        Session session;
        testing::Synthetic({.seconds = 10, .remotes = 6}).run(session);
        RemotesModel model;
        const Tester tester(&model, kMode);
        model.setSession(&session);
        model.sort(RemotesModel::name, Qt::AscendingOrder);
        model.setFilter(QStringLiteral("player dir:in"));
        QCOMPARE(firstColumn(model),
                 (QStringList{QStringLiteral("player.move in"), QStringLiteral("player.shoot in")}));
        model.setFilter(QStringLiteral("/^(chat|match)/ or (world dir:out)"));
        QCOMPARE(firstColumn(model),
                 (QStringList{QStringLiteral("chat.say in"), QStringLiteral("chat.say out"),
                              QStringLiteral("match.score in"), QStringLiteral("match.score out"),
                              QStringLiteral("world.state out")}));
        model.setFilter(QStringLiteral("b>1000000"));
        QCOMPARE(model.rowCount(), 0);
        model.setFilter(QStringLiteral("wrong>"));
        QCOMPARE(model.rowCount(), 12);
        QVERIFY(!model.filterError().message.empty());
        model.setFilter({});
        QVERIFY(model.filterError().message.empty());
    }
    void connectionsComeAndGo() {
        Session session;
        ConnectionsModel model;
        const Tester tester(&model, kMode);
        model.setSession(&session);
        for (std::uint32_t i = 0; i < 3000; ++i) {
            recorder::ConnectionChange change;
            change.at = TimePoint{Duration{1'000'000 * (i + 1)}};
            change.connection = {i % 100, 2 * (i / 100) + 1};
            change.is_open = true;
            session.apply(0, change);
            change.is_open = false;
            session.apply(0, change);
            // In between, tables are sorted and filtered without an update.
            if (i % 100 == 50) model.setFilter(i % 200 == 50 ? QStringLiteral("state:closed") : QString());
            if (i % 250 == 0) model.update();
            if (i % 300 == 0) session.release_retired();
            if (model.rowCount() > 0) (void)model.index(model.rowCount() - 1, ConnectionsModel::rtt).data();
        }
        model.update();
        QCOMPARE(static_cast<std::size_t>(model.rowCount()), session.connections().size());
    }
    void connectionsTellTheirEnd() {
        Session session;
        testing::Synthetic({.seconds = 20}).run(session);
        ConnectionsModel model;
        const Tester tester(&model, kMode);
        model.setSession(&session);
        model.setFilter(QStringLiteral("state:closed"));
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(model.index(0, ConnectionsModel::reason).data().toString(), QStringLiteral("timed out"));
    }
    void clientIdsAreWholeAndFilterable() {
        Session session;
        for (std::uint32_t i = 0; i < 3; ++i) {
            recorder::ConnectionChange change;
            change.at = TimePoint{Duration{1'000'000 * (i + 1)}};
            change.connection = {i, 1};
            change.client_id = 0xfedcba9876543210 + i;  // a double cannot tell them apart
            change.is_open = true;
            session.apply(0, change);
        }
        ConnectionsModel model;
        model.setSession(&session);
        const QString csv = to_csv(model);
        for (const char* id : {"fedcba9876543210", "fedcba9876543211", "fedcba9876543212"})
            QVERIFY2(csv.contains(QLatin1String(id)), qPrintable(csv));
        model.setFilter(QStringLiteral("id=fedcba9876543211"));
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(model.index(0, ConnectionsModel::client).data().toString(),
                 QStringLiteral("fedcba9876543211"));
    }
    void openConnectionsComeFirst() {
        Session session;
        testing::Synthetic({.seconds = 20}).run(session);
        ConnectionsModel model;
        const Tester tester(&model, kMode);
        model.setSession(&session);
        for (const int column : {int{ConnectionsModel::rtt}, int{ConnectionsModel::client}})
            for (const Qt::SortOrder order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
                model.sort(column, order);
                QCOMPARE(model.index(model.rowCount() - 1, ConnectionsModel::state).data().toString(),
                         QStringLiteral("closed"));
            }
    }
    void endThatSomebodyWantedIsNoWarning() {
        Session session;
        recorder::Hello hello;
        hello.disconnect_reasons = {"none", "requested by peer", "timed out"};
        session.apply(0, hello);
        for (std::uint32_t i = 0; i < 2; ++i) {
            recorder::ConnectionChange change;
            change.connection = {i, 1};
            change.is_open = true;
            session.apply(0, change);
            change.is_open = false;
            change.reason = i + 1;
            session.apply(0, change);
        }
        ConnectionsModel model;
        model.setSession(&session);
        const auto tone = [&](int row) {
            return static_cast<Tone>(
                model.index(row, ConnectionsModel::reason).data(RowTableModel::ToneRole).toInt());
        };
        QCOMPARE(tone(0), Tone::muted);
        QCOMPARE(tone(1), Tone::warning);
    }
    void causesOfWhatWasRefusedAreColumnsOfTheirOwn() {
        Session session;
        testing::Synthetic({.seconds = 20}).run(session);
        RemotesModel model;
        model.setSession(&session);
        model.setFilter(QStringLiteral("cause:\"over rate\" dir:in"));
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(model.index(0, RemotesModel::causes).data().toString(), QStringLiteral("22 over rate"));
        QCOMPARE(model.index(0, RemotesModel::stopped).data().toString(), QStringLiteral("22"));
    }
    void timesAreSplitIntoQueueWireAndHandler() {
        RemotesModel model;
        QStringList heads;
        for (int column = 0; column < model.columnCount(); ++column)
            heads << model.headerData(column, Qt::Horizontal, Qt::EditRole).toString();
        for (const char* part : {"Queue", "Wire", "Handler", "Call"})
            for (const char* percentile : {"p50", "p95", "p99"})
                QVERIFY(heads.contains(QLatin1String(part) + QLatin1Char(' ') + QLatin1String(percentile)));
        Session session;
        testing::Synthetic({.seconds = 20}).run(session);
        model.setSession(&session);
        for (const char* filter : {"rtt>1ms", "wire>1ms", "wire95>1ms", "queue>1us", "handler99>1us"}) {
            model.setFilter(QString::fromLatin1(filter));
            QVERIFY2(model.filterError().message.empty(), filter);
            QVERIFY2(model.rowCount() > 0, filter);
        }
    }
    void packetsOfSamplesGrow() {
        Session session;
        testing::Synthetic synthetic({.seconds = 20});
        const auto apply = [&](std::int64_t at, const recorder::ProfileFrame& frame) {
            session.apply(at, frame);
        };
        synthetic.begin(apply);
        PacketsModel model;
        const Tester tester(&model, kMode);
        model.setSamples(&session);
        for (int i = 0; i < 50; ++i) {
            synthetic.step(apply);
            model.grow();
        }
        QCOMPARE(model.rowCount(), 200);
        model.setFilter(QStringLiteral("dir:in bytes>40"));
        const int some = model.rowCount();
        QVERIFY(some > 0 && some < 200);
        for (int i = 0; i < 50; ++i) synthetic.step(apply);
        model.grow();
        QVERIFY(model.rowCount() > some);
        QCOMPARE(model.index(0, PacketsModel::direction).data().toString(), QStringLiteral("in"));
        const int row = model.rowAt(model.timeOf(some));
        QVERIFY(row <= some && model.timeOf(row) == model.timeOf(some));
    }
    void csvHasEveryRowAndPlainNumbers() {
        Session session;
        testing::Synthetic({.seconds = 10, .remotes = 3}).run(session);
        RemotesModel model;
        model.setSession(&session);
        const QStringList lines = to_csv(model).split(QStringLiteral("\r\n"));
        QCOMPARE(lines.size(), 1 + 6 + 1);
        QVERIFY2(lines[0].startsWith(QStringLiteral("Remote,Dir,Kind,Mode,Calls,Payload,On wire,Share")),
                 qPrintable(lines[0]));
        bool is_number = false;
        (void)lines[1].split(QLatin1Char(','))[6].toDouble(&is_number);
        QVERIFY2(is_number, qPrintable(lines[1]));
    }
    void comparisonAndNotes() {
        Session a;
        Session b;
        testing::Synthetic({.seconds = 30, .seed = 1}).run(a);
        testing::Synthetic({.seconds = 30, .seed = 2, .move_size = 2}).run(b);
        ComparisonModel comparison;
        const Tester comparison_tester(&comparison, kMode);
        comparison.setRows(compare(a, b));
        QVERIFY(comparison.rowCount() > 10);
        comparison.setRows({});
        QCOMPARE(comparison.rowCount(), 0);
        NotesModel notes;
        const Tester notes_tester(&notes, kMode);
        notes.setSession(&a);
        QCOMPARE(notes.rowCount(), 5);
        QCOMPARE(notes.index(1, NotesModel::text).data().toString(), QStringLiteral("boss fight"));
    }
    void axisFollowsZoomsAndGoesBack() {
        TimeAxis axis;
        axis.setWindow(10 * kSecond);
        axis.setLimits({0, 100 * kSecond});
        QCOMPARE(axis.range(), (TimeRange{90 * kSecond, 100 * kSecond}));
        axis.setRange({20 * kSecond, 30 * kSecond});
        QVERIFY(!axis.isFollowing());
        axis.setLimits({0, 110 * kSecond});
        QCOMPARE(axis.range(), (TimeRange{20 * kSecond, 30 * kSecond}));
        axis.setRange({22 * kSecond, 28 * kSecond}, true);
        axis.setRange({24 * kSecond, 26 * kSecond}, true);
        axis.goBack();
        QCOMPARE(axis.range(), (TimeRange{20 * kSecond, 30 * kSecond}));
        axis.setFollowing(true);
        QCOMPARE(axis.range(), (TimeRange{100 * kSecond, 110 * kSecond}));
        axis.setRange({-50 * kSecond, 500 * kSecond});
        QCOMPARE(axis.range(), (TimeRange{0, 110 * kSecond}));
        // Before the window is full, the picture begins where the data does.
        TimeAxis fresh;
        fresh.setLimits({5 * kSecond, 6 * kSecond});
        QCOMPARE(fresh.range(), (TimeRange{5 * kSecond, 65 * kSecond}));
    }
};

}  // namespace
}  // namespace squall::gui

SQUALL_QT_MAIN(squall::gui::ModelsTest)
#include "models_test.moc"
