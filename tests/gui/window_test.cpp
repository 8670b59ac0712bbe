// The whole window by mouse and keyboard: opening, what is said of bad files, pages, filters, replay,
// conditions, export, accessibility, and a process that is attached to over a real socket.
#include <QAccessible>
#include <QDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSlider>
#include <QStatusBar>
#include <QTableView>
#include <QTableWidget>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QtTest>
#include <set>

#include "gui/qt_main.hpp"
#include "gui/synthetic.hpp"
#include "gui/test_recording.hpp"
#include "gui/views/compare_view.hpp"
#include "gui/views/conditions_view.hpp"
#include "gui/views/export.hpp"
#include "gui/views/main_window.hpp"
#include "gui/views/overview_view.hpp"
#include "gui/views/packets_view.hpp"
#include "gui/views/replay_view.hpp"
#include "gui/views/table_views.hpp"
#include "gui/views/timeline_view.hpp"
#include "gui/views/welcome_page.hpp"
#include "gui/views/world_view.hpp"

namespace squall::gui {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

template <class Page>
Page& page(MainWindow& window) {
    for (View* view : window.views())
        if (auto* found = qobject_cast<Page*>(view)) {
            window.showView(found);
            return *found;
        }
    std::abort();
}

class WindowTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void initTestCase() {
        path_ = testing::write_recording(folder_.filePath(QStringLiteral("a.squall.pcapng")),
                                         {{.seconds = 60}, 3});
    }
    void init() {
        testing::fail_on_warnings();
        QSettings().clear();
        window_ = std::make_unique<MainWindow>();
        window_->show();
        window_->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    }
    void cleanup() { window_.reset(); }

    // --- opening
    // ----------------------------------------------------------------------------------------------------------
    void opensARecording() {
        QVERIFY(window_->isWelcome());
        open(path_);
        QVERIFY(!window_->isWelcome());
        QCOMPARE(window_->workspace().session().remotes().size(), std::size_t{24});
        QCOMPARE(window_->workspace().packets().entries().size(), std::size_t{3 * 600 * 2});
        QVERIFY(window_->windowTitle().startsWith(QStringLiteral("a.squall.pcapng")));
        QCOMPARE(WelcomePage::recentFiles().size(), 1);
    }
    void saysWhatIsWrongWithAFile_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("words");
        QTest::newRow("empty") << QByteArray() << QStringLiteral("empty");
        QTest::newRow("foreign") << QByteArray("GIF89a, which is no recording at all, not at all")
                                 << QStringLiteral("not");
        QTest::newRow("zeros") << QByteArray(4096, '\0') << QStringLiteral("not");
    }
    void saysWhatIsWrongWithAFile() {
        QFETCH(QByteArray, content);
        QFETCH(QString, words);
        const QString path = folder_.filePath(QStringLiteral("bad.pcapng"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(content);
        file.close();
        QSignalSpy loaded(window_.get(), &MainWindow::loadingFinished);
        window_->openRecording(path);
        QVERIFY(loaded.wait(5000));
        QCOMPARE(loaded[0][0].toBool(), false);
        QVERIFY(window_->isWelcome());
        const QString said = window_->statusBar()->currentMessage();
        QVERIFY2(said.contains(QStringLiteral("bad.pcapng")) && said.contains(words), qPrintable(said));
    }
    void showsAllBeforeTheCut() {
        QFile whole(path_);
        QVERIFY(whole.open(QIODevice::ReadOnly));
        const QString cut = folder_.filePath(QStringLiteral("cut.pcapng"));
        QFile file(cut);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(whole.read(whole.size() / 2 + 13));
        file.close();
        open(cut);
        QVERIFY(window_->statusBar()->currentMessage().contains(QStringLiteral("ends in the middle")));
        const double seconds = static_cast<double>(window_->workspace().session().limits().length()) / 1e9;
        QVERIFY2(seconds > 20 && seconds < 40, qPrintable(QString::number(seconds)));
    }
    void opensTheNextOneWhileOneIsRead() {
        window_->openRecording(path_);
        open(path_);
        QCOMPARE(window_->workspace().packets().entries().size(), std::size_t{3600});
    }

    // --- pages
    // ------------------------------------------------------------------------------------------------------------
    void findingLeadsToItsRemote() {
        open(path_);
        auto& overview = page<OverviewView>(*window_);
        overview.refreshAll();
        QListWidget& list = overview.findings();
        QVERIFY(list.count() >= 2);
        int row = -1;
        for (int i = 0; i < list.count(); ++i)
            if (list.item(i)->text().contains(QStringLiteral("player.move is over its budget"))) row = i;
        QVERIFY(row >= 0);
        QTest::mouseClick(list.viewport(), Qt::LeftButton, {}, list.visualItemRect(list.item(row)).center());
        auto* remotes = qobject_cast<RemotesView*>(window_->currentView());
        QVERIFY(remotes != nullptr);
        QCOMPARE(remotes->dataTable().filterLine().text(), QStringLiteral("name=player.move"));
        QCOMPARE(remotes->dataTable().view().model()->rowCount(), 2);
    }
    void filterByKeyboard() {
        open(path_);
        auto& remotes = page<RemotesView>(*window_);
        QTest::keyClick(window_.get(), Qt::Key_F, Qt::ControlModifier);
        QLineEdit& line = remotes.dataTable().filterLine();
        QTRY_VERIFY(line.hasFocus());
        QTest::keyClicks(&line, QStringLiteral("dir:in b>100 player"));
        QVERIFY(remotes.dataTable().view().model()->rowCount() >= 1);
        QTest::keyClicks(&line, QStringLiteral(" nonsense>4"));
        const auto labels = remotes.dataTable().findChildren<QLabel*>();
        QVERIFY(std::ranges::any_of(labels, [](const QLabel* label) {
            return label->isVisible() && label->text().contains(QStringLiteral("no column 'nonsense'"));
        }));
        QTest::keyClick(&line, Qt::Key_Escape);
        QCOMPARE(line.text(), QString());
        QTest::keyClick(&line, Qt::Key_Down);
        QVERIFY(remotes.dataTable().view().hasFocus());
        QCOMPARE(remotes.dataTable().currentRow(), 0);
    }
    void orderIsFrozenWhileRowsAreSelected() {
        window_->startMadeUp(QStringLiteral("made up"));
        testing::Synthetic synthetic({.seconds = 60});
        const auto apply = [&](std::int64_t at, const recorder::ProfileFrame& frame) {
            window_->workspace().apply(at, frame);
        };
        synthetic.begin(apply);
        for (int i = 0; i < 100; ++i) synthetic.step(apply);
        auto& remotes = page<RemotesView>(*window_);
        remotes.refreshAll();
        auto& view = remotes.dataTable().view();
        view.sortByColumn(RemotesModel::calls, Qt::DescendingOrder);
        view.selectRow(1);
        QVERIFY(remotes.dataTable().isFrozen());
        QStringList before;
        for (int row = 0; row < view.model()->rowCount(); ++row)
            before << view.model()->index(row, 0).data().toString() +
                          view.model()->index(row, 1).data().toString();
        for (int i = 0; i < 100; ++i) synthetic.step(apply);
        remotes.refreshAll();
        QStringList after;
        for (int row = 0; row < view.model()->rowCount(); ++row)
            after << view.model()->index(row, 0).data().toString() +
                         view.model()->index(row, 1).data().toString();
        QCOMPARE(after, before);
        QTest::keyClick(&view, Qt::Key_Escape);
        QVERIFY(!view.selectionModel()->hasSelection());
    }
    void clickOnAHeadSorts() {
        open(path_);
        auto& remotes = page<RemotesView>(*window_);
        auto& view = remotes.dataTable().view();
        auto* header = view.horizontalHeader();
        const QPoint place(header->sectionViewportPosition(RemotesModel::name) + 10, header->height() / 2);
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, place);
        const QString first = view.model()->index(0, 0).data().toString();
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, place);
        QVERIFY(view.model()->index(0, 0).data().toString() != first);
    }
    void timelineMeasures() {
        open(path_);
        auto& timeline = page<TimelineView>(*window_);
        const std::int64_t origin = window_->workspace().session().origin();
        window_->workspace().axis().setSelection(TimeRange{origin + 10 * kSecond, origin + 20 * kSecond});
        QVERIFY2(timeline.measurement().contains(QStringLiteral("10.0 s from 0:10.000")),
                 qPrintable(timeline.measurement()));
        QCOMPARE(timeline.charts().size(), std::size_t{8});
        QTest::keyClick(&timeline.charts()[3]->chart(), Qt::Key_T);
        QVERIFY(timeline.charts()[3]->showsTable());
        QVERIFY(timeline.charts()[3]->tableModel().rowCount() > 10);
    }
    void packetsAreTakenApart() {
        open(path_);
        auto& packets = page<PacketsView>(*window_);
        packets.refreshAll();
        packets.selectRow(40);
        QTreeWidget& tree = packets.tree();
        QCOMPARE(tree.topLevelItemCount(), 1);
        QCOMPARE(tree.topLevelItem(0)->text(0), QStringLiteral("payload"));
        const auto found = tree.findItems(QStringLiteral("message"), Qt::MatchExactly | Qt::MatchRecursive);
        QVERIFY(!found.isEmpty());
        packets.selectRow(41);
        QCOMPARE(tree.topLevelItem(0)->text(0), QStringLiteral("message"));
        QVERIFY(tree.topLevelItem(0)->text(1).contains(QLatin1Char('.')));
        packets.setFilter(QStringLiteral("kind:message remote=chat.say"));
        QVERIFY(packets.list().model()->rowCount() > 100);
    }
    void worldChoosesByMouseAndKeys() {
        open(path_);
        auto& world = page<WorldView>(*window_);
        world.refreshAll();
        const auto* moment = window_->workspace().session().world_at(INT64_MAX);
        QVERIFY(moment != nullptr);
        QTest::mouseClick(&world.map(), Qt::LeftButton, {},
                          world.map().placeOf(moment->entities[7]).toPoint());
        QVERIFY(world.map().selected().has_value());
        const auto before = world.map().selected();
        QTest::keyClick(&world.map(), Qt::Key_Right);
        QVERIFY(world.map().selected() != before);
        world.slider().setValue(3);
        QTest::keyClick(&world.map(), Qt::Key_Escape);
        QVERIFY(!world.map().selected().has_value());
    }
    void comparesWithASecondRecording() {
        const QString other = testing::write_recording(folder_.filePath(QStringLiteral("b.squall.pcapng")),
                                                       {{.seconds = 60, .seed = 3, .move_size = 1.8}, 1});
        open(path_);
        auto& compare = page<CompareView>(*window_);
        compare.openSecond(other);
        QTRY_VERIFY_WITH_TIMEOUT(compare.model().rowCount() > 5, 5000);
        QVERIFY2(compare.verdict().contains(QStringLiteral("player.move")), qPrintable(compare.verdict()));
    }

    // --- replay
    // -----------------------------------------------------------------------------------------------------------
    void replayShowsTheMoment() {
        open(path_);
        auto& replay = page<ReplayView>(*window_);
        Workspace& workspace = window_->workspace();
        const std::uint64_t all = workspace.session().state().stats().endpoint.bytes_sent;
        replay.seek(workspace.fullRange().begin + 20 * kSecond);
        const std::uint64_t third = workspace.session().state().stats().endpoint.bytes_sent;
        QVERIFY(third > all / 5 && third < all / 2);
        const std::int64_t before = workspace.playhead();
        QTest::keyClick(window_.get(), Qt::Key_Period);
        QCOMPARE(workspace.playhead(), before + kSecond / 10);
        QTest::keyClick(window_.get(), Qt::Key_Comma);
        QCOMPARE(workspace.playhead(), before);
        QTest::keyClick(window_.get(), Qt::Key_BracketRight);
        QCOMPARE(replay.speed(), 2.0);
        replay.setPlaying(true);
        replay.advance(kSecond);
        QCOMPARE(workspace.playhead(), before + 2 * kSecond);
        QVERIFY(workspace.session().limits().end <= workspace.playhead() + kSecond / 5);
        QTest::keyClick(window_.get(), Qt::Key_P);
        QVERIFY(!replay.isPlaying());
        replay.toEnd();
        QCOMPARE(workspace.session().state().stats().endpoint.bytes_sent, all);
        // Played to its end it stops, and plays from the start the next time.
        replay.setPlaying(true);
        QCOMPARE(workspace.playhead(), workspace.fullRange().begin);
        replay.advance(3600 * kSecond);
        QVERIFY(!replay.isPlaying());
        QCOMPARE(workspace.session().state().stats().endpoint.bytes_sent, all);
    }
    void everyPageSurvivesEveryMoment() {
        open(path_);
        Workspace& workspace = window_->workspace();
        for (View* view : window_->views()) {
            window_->showView(view);
            for (const int second : {0, 30, 5, 59, 1}) {
                workspace.seek(workspace.fullRange().begin + second * kSecond);
                window_->refreshNow();
                (void)view->grab();
            }
        }
    }

    // --- live
    // -------------------------------------------------------------------------------------------------------------
    void attachesOverASocket() {
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        LiveProcess process;
        process.name = QStringLiteral("arena server");
        process.port = server.serverPort();
        process.token = QStringLiteral("secret");
        window_->attach(process);
        QVERIFY(server.waitForNewConnection(5000));
        const std::unique_ptr<QTcpSocket> peer(server.nextPendingConnection());
        const auto send = [&](const recorder::ProfileFrame& frame) {
            std::vector<std::byte> bytes;
            QVERIFY(recorder::encode(frame, bytes).has_value());
            // In two pieces, as a network may.
            const auto* data = reinterpret_cast<const char*>(bytes.data());
            peer->write(data, 5);
            peer->flush();
            peer->write(data + 5, static_cast<qint64>(bytes.size()) - 5);
            peer->flush();
        };
        testing::Synthetic synthetic({.seconds = 5});
        synthetic.run([&](std::int64_t, const recorder::ProfileFrame& frame) { send(frame); });
        QTRY_COMPARE_WITH_TIMEOUT(window_->workspace().session().remotes().size(), std::size_t{24}, 5000);
        QTRY_VERIFY_WITH_TIMEOUT(window_->workspace().session().totals().sent.size() >= 50, 5000);

        // A preset sends commands, which we read as the process would.
        recorder::FrameReader reader;
        std::vector<recorder::ProfileFrame> got;
        const auto receive = [&] {
            const QByteArray piece = peer->readAll();
            reader.feed(Bytes(reinterpret_cast<const std::byte*>(piece.constData()),
                              static_cast<std::size_t>(piece.size())));
            while (true) {
                const auto raw = reader.next();
                if (!raw || !*raw) return;
                if (auto frame = recorder::decode(**raw); frame && *frame) got.push_back(**frame);
            }
        };
        auto& conditions = page<ConditionsView>(*window_);
        conditions.refreshAll();
        conditions.choosePreset(4);
        const auto command = [&]() -> const recorder::Command* {
            receive();
            for (const auto& frame : got)
                if (const auto* it = std::get_if<recorder::Command>(&frame)) return it;
            return nullptr;
        };
        QTRY_VERIFY_WITH_TIMEOUT(command() != nullptr, 5000);
        QCOMPARE(command()->verb, std::string("conditions.set"));
        QCOMPARE(*command()->find("loss"), std::string("6%"));
        QVERIFY(command()->find("group") == nullptr);
        QVERIFY(std::holds_alternative<recorder::Hello>(got[0]));
        QCOMPARE(std::get<recorder::Hello>(got[0]).token, std::string("secret"));

        send(recorder::CommandResult{command()->id, false, "there is no group 'all'"});
        QTRY_VERIFY_WITH_TIMEOUT(
            window_->statusBar()->currentMessage().contains(QStringLiteral("there is no group")), 5000);
        peer->disconnectFromHost();
        QTRY_VERIFY_WITH_TIMEOUT(
            window_->statusBar()->currentMessage().contains(QStringLiteral("closed the connection")), 5000);
        QVERIFY2(!window_->isWelcome(), "what was seen stays");
    }
    void refusesAStranger() {
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        LiveProcess process;
        process.name = QStringLiteral("web server");
        process.port = server.serverPort();
        window_->attach(process);
        QVERIFY(server.waitForNewConnection(5000));
        const std::unique_ptr<QTcpSocket> peer(server.nextPendingConnection());
        peer->write("HTTP/1.1 400 Bad Request\r\n\r\n");
        QTRY_VERIFY_WITH_TIMEOUT(
            window_->statusBar()->currentMessage().contains(QStringLiteral("does not speak")), 5000);
        QVERIFY(window_->isWelcome());
    }
    void saysThatNobodyListens() {
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        LiveProcess process;
        process.name = QStringLiteral("gone");
        process.port = server.serverPort();
        server.close();
        window_->attach(process);
        QTRY_VERIFY_WITH_TIMEOUT(window_->statusBar()->currentMessage().contains(QStringLiteral("refused")),
                                 5000);
    }
    void addressesAreRead() {
        QCOMPARE(parse_address(QStringLiteral("10.0.0.1:7777")).port, quint16{7777});
        QCOMPARE(parse_address(QStringLiteral("host:7:abc")).token, QStringLiteral("abc"));
        QCOMPARE(parse_address(QStringLiteral("host")).port, quint16{0});
        QCOMPARE(parse_address(QStringLiteral("host:99999")).port, quint16{0});
    }

    // --- export, keys, accessibility, layout
    // ----------------------------------------------------------------------------
    void everyPageIsExported() {
        open(path_);
        for (View* view : window_->views()) {
            window_->showView(view);
            window_->refreshNow();
            for (const char* suffix : {"png", "svg", "csv"}) {
                const QString path =
                    folder_.filePath(view->title() + QLatin1Char('.') + QLatin1String(suffix));
                const QString problem = export_view(*view, view->table(), path);
                QVERIFY2(problem.isEmpty(), qPrintable(problem));
                QVERIFY2(QFileInfo(path).size() > 20, qPrintable(path));
            }
        }
        View* view = window_->currentView();
        QVERIFY(export_view(*view, view->table(), folder_.filePath(QStringLiteral("x.bmp")))
                    .contains(QStringLiteral(".png, .svg and .csv")));
        QVERIFY(!export_view(*view, view->table(), QStringLiteral("/no/such/folder/x.csv")).isEmpty());
    }
    void everyPageHasItsKey() {
        open(path_);
        for (std::size_t i = 0; i < window_->views().size(); ++i) {
            QTest::keyClick(window_.get(), static_cast<Qt::Key>(Qt::Key_1 + static_cast<int>(i)),
                            Qt::ControlModifier);
            QCOMPARE(window_->currentView(), window_->views()[i]);
        }
        QTest::keyClick(window_.get(), Qt::Key_F1);
        auto* sheet = window_->findChild<QDialog*>(QStringLiteral("shortcuts"));
        QVERIFY(sheet != nullptr && sheet->isVisible());
        testing::save_picture(*sheet, QStringLiteral("keys"));
        QVERIFY(sheet->findChild<QTableWidget*>()->rowCount() > 30);
        sheet->close();
        std::set<QString> keys;
        for (const auto& [text, meaning] : window_->shortcuts())
            QVERIFY2(keys.insert(text).second, qPrintable(text));
    }
    void tabReachesEverythingAndAllIsNamed() {
        open(path_);
        for (View* view : window_->views()) {
            window_->showView(view);
            window_->refreshNow();
            for (QWidget* widget : view->findChildren<QWidget*>()) {
                if (!widget->isVisible() || widget->focusPolicy() == Qt::NoFocus ||
                    widget->focusProxy() != nullptr || qobject_cast<QLabel*>(widget))
                    continue;
                if (widget->metaObject()->className() == QByteArray("QWidget") ||
                    widget->inherits("QAbstractScrollArea") == false) {
                    QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(widget);
                    QVERIFY(interface != nullptr);
                    QVERIFY2(!interface->text(QAccessible::Name).isEmpty(),
                             qPrintable(view->title() + QLatin1Char(' ') +
                                        QLatin1String(widget->metaObject()->className())));
                } else {
                    QVERIFY2(!widget->accessibleName().isEmpty(),
                             qPrintable(view->title() + QLatin1Char(' ') +
                                        QLatin1String(widget->metaObject()->className())));
                }
            }
        }
    }
    void tableIsToldToScreenReaders() {
        open(path_);
        auto& remotes = page<RemotesView>(*window_);
        QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(&remotes.dataTable().view());
        QVERIFY(interface != nullptr && interface->tableInterface() != nullptr);
        QCOMPARE(interface->tableInterface()->rowCount(), 24);
        QVERIFY(!interface->tableInterface()->cellAt(0, 0)->text(QAccessible::Name).isEmpty());
    }
    void remembersItsLayout() {
        open(path_);
        page<TimelineView>(*window_);
        window_->resize(1111, 700);
        window_->setTheme(ThemeKind::light);
        window_->close();
        MainWindow again;
        QCOMPARE(again.size(), QSize(1111, 700));
        QCOMPARE(QSettings().value(QStringLiteral("theme")).toString(), QStringLiteral("light"));
        apply_theme(*qApp, ThemeKind::dark);
    }
    void closesAndOpensAgain() {
        open(path_);
        QTest::keyClick(window_.get(), Qt::Key_W, Qt::ControlModifier);
        QVERIFY(window_->isWelcome());
        QVERIFY(!window_->workspace().session().has_data());
        open(path_);
        QVERIFY(window_->workspace().session().has_data());
    }
    void welcomeSaysWhatToDo() {
        window_->welcome().setFolder(folder_.filePath(QStringLiteral("nothing")));
        const auto labels = window_->welcome().findChildren<QLabel*>();
        QVERIFY(std::ranges::any_of(labels, [](const QLabel* label) {
            return label->isVisible() && label->text().contains(QStringLiteral("squall-loadgen run"));
        }));
        testing::save_picture(*window_, QStringLiteral("welcome-empty"));
    }

  private:
    void open(const QString& path) {
        QSignalSpy loaded(window_.get(), &MainWindow::loadingFinished);
        window_->openRecording(path);
        QVERIFY(loaded.wait(10'000));
        QVERIFY(loaded[0][0].toBool());
    }
    QTemporaryDir folder_;
    QString path_;
    std::unique_ptr<MainWindow> window_;
};

}  // namespace
}  // namespace squall::gui

SQUALL_QT_MAIN(squall::gui::WindowTest)
#include "window_test.moc"
