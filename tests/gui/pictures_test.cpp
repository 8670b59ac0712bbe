// Every page in both themes, as it is drawn: nothing empty, nothing cut off. With SQUALL_GUI_PICTURES=FOLDER
// the pictures are kept, for somebody to look at.
#include <QImage>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QtTest>
#include <set>

#include "gui/qt_main.hpp"
#include "gui/synthetic.hpp"
#include "gui/test_recording.hpp"
#include "gui/views/compare_view.hpp"
#include "gui/views/main_window.hpp"
#include "gui/views/packets_view.hpp"
#include "gui/views/welcome_page.hpp"
#include "gui/views/world_view.hpp"

namespace squall::gui {
namespace {

// How many different colours a picture has, on every third pixel: a page that shows nothing has a handful.
std::size_t colours_of(const QImage& picture) {
    std::set<QRgb> colours;
    for (int y = 0; y < picture.height(); y += 3)
        for (int x = 0; x < picture.width(); x += 3) colours.insert(picture.pixel(x, y));
    return colours.size();
}

class PicturesTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void initTestCase() {
        QVERIFY(folder_.isValid());
        path_ = testing::write_recording(folder_.filePath(QStringLiteral("arena.squall.pcapng")),
                                         {{.seconds = 120}, 4});
        QVERIFY(!path_.isEmpty());
    }
    void init() {
        testing::fail_on_warnings();
        QSettings().clear();
    }
    void cleanup() { apply_theme(*qApp, ThemeKind::dark); }

    void pages_data() {
        QTest::addColumn<QString>("page");
        QTest::addColumn<QString>("theme");
        for (const char* theme : {"dark", "light"})
            for (const char* page : {"welcome", "overview", "remotes", "connections", "timeline", "packets",
                                     "world", "compare", "conditions", "replay"})
                QTest::addRow("%s-%s", page, theme)
                    << QString::fromLatin1(page) << QString::fromLatin1(theme);
    }
    void pages() {
        QFETCH(QString, page);
        QFETCH(QString, theme);
        apply_theme(*qApp, *theme_named(theme));
        MainWindow window;
        window.resize(1360, 860);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        if (page == QLatin1String("welcome")) {
            fillWelcome(window);
        } else if (page == QLatin1String("conditions")) {
            window.startMadeUp(QStringLiteral("arena server"));
            testing::Synthetic({.seconds = 40})
                .run([&](std::int64_t at, const recorder::ProfileFrame& frame) {
                    window.workspace().apply(at, frame);
                });
            window.workspace().apply(
                0, recorder::CommandResult{1, true,
                                           "conditions of 'all' are now: delay 35ms, jitter 15ms, loss 1%"});
        } else {
            QSignalSpy loaded(&window, &MainWindow::loadingFinished);
            window.openRecording(path_);
            QVERIFY(loaded.wait(10'000));
        }
        if (page != QLatin1String("welcome")) {
            View* view = window.viewNamed(page);
            QVERIFY(view != nullptr);
            window.showView(view);
            prepare(*view);
        }
        window.refreshNow();
        QTest::qWait(40);
        const QImage picture = window.grab().toImage();
        testing::save_picture(window, page + QLatin1Char('-') + theme);
        QCOMPARE(picture.size(), QSize(1360, 860));
        QVERIFY2(colours_of(picture) > 40, qPrintable(QString::number(colours_of(picture))));
        const QColor background = Theme::of(*theme_named(theme)).window;
        int own = 0;
        for (int x = 0; x < picture.width(); x += 5)
            own += picture.pixelColor(x, picture.height() - 3) == background ? 1 : 0;
        QVERIFY2(own > 50, "the status bar has the theme's background");
        noTextIsCut(window);
    }

  private:
    void fillWelcome(MainWindow& window) {
        QFile file(folder_.filePath(QStringLiteral("1.json")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        // As a live endpoint writes it; the process is this one.
        QFile stat(QStringLiteral("/proc/self/stat"));
        QVERIFY(stat.open(QIODevice::ReadOnly));
        const QByteArray line = stat.readAll();
        const QByteArray start = line.mid(line.lastIndexOf(')') + 2).split(' ').at(19);
        file.write("{\"name\": \"arena server\", \"pid\": " +
                   QByteArray::number(QCoreApplication::applicationPid()) +
                   ", \"address\": \"127.0.0.1:47123\", \"started\": 1, \"process_start\": " + start +
                   ", \"token\": \"x\"}");
        file.close();
        WelcomePage::remember(path_);
        window.welcome().setFolder(folder_.path());
        QCOMPARE(window.welcome().processes().count(), 1);
        QCOMPARE(window.welcome().files().count(), 1);
    }
    static void prepare(View& view) {
        if (auto* packets = qobject_cast<PacketsView*>(&view)) packets->selectRow(20);
        if (auto* world = qobject_cast<WorldView*>(&view)) {
            view.refreshAll();
            world->map().setSelected(4);
        }
        if (auto* compare = qobject_cast<CompareView*>(&view)) {
            auto other = std::make_unique<Session>();
            testing::Synthetic({.seconds = 100, .seed = 9, .move_size = 1.4}).run(*other);
            compare->setSecond(std::move(other), QStringLiteral("after.squall.pcapng"));
        }
    }
    // Labels and buttons have room for what they say.
    static void noTextIsCut(QWidget& window) {
        for (const QLabel* label : window.findChildren<QLabel*>()) {
            if (!label->isVisible() || label->wordWrap() || label->text().isEmpty() ||
                !label->pixmap(Qt::ReturnByValue).isNull())
                continue;
            QVERIFY2(label->width() + 1 >= label->fontMetrics().size(0, label->text()).width(),
                     qPrintable(label->text()));
        }
        for (const QPushButton* button : window.findChildren<QPushButton*>())
            if (button->isVisible())
                QVERIFY2(button->width() >= button->fontMetrics().horizontalAdvance(button->text()),
                         qPrintable(button->text()));
    }
    QTemporaryDir folder_;
    QString path_;
};

}  // namespace
}  // namespace squall::gui

SQUALL_QT_MAIN(squall::gui::PicturesTest)
#include "pictures_test.moc"
