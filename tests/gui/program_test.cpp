// The program squall-gui by its command line: budgets for CI, pictures without a screen, and clear words for
// whatever is wrong.
#include <QImage>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include "gui/qt_main.hpp"
#include "gui/test_recording.hpp"

namespace squall::gui {
namespace {

struct Outcome {
    int code = -1;
    QString out;
    QString err;
};

Outcome run_program(const QStringList& arguments, bool screen = false) {
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.remove(QStringLiteral("DISPLAY"));
    if (!screen) environment.remove(QStringLiteral("QT_QPA_PLATFORM"));
    if (!screen) environment.remove(QStringLiteral("XDG_RUNTIME_DIR"));
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(SQUALL_GUI_PROGRAM), arguments);
    if (!process.waitForFinished(60'000)) return {};
    return {process.exitCode(), QString::fromUtf8(process.readAllStandardOutput()),
            QString::fromUtf8(process.readAllStandardError())};
}

class ProgramTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void initTestCase() {
        path_ = testing::write_recording(folder_.filePath(QStringLiteral("a.squall.pcapng")),
                                         {{.seconds = 30}, 2});
        QVERIFY(!path_.isEmpty());
    }
    void init() { testing::fail_on_warnings(); }

    void checkKept() {
        const Outcome outcome = run_program({QStringLiteral("--check"),
                                             write("[total]\nsent = \"900kB/s\"\nrtt_p99 = "
                                                   "\"2s\"\n[remotes.\"player.move\"]\nin = \"1MB/s\"\n"),
                                             path_});
        QVERIFY2(outcome.code == 0, qPrintable(outcome.out + outcome.err));
        QVERIFY(outcome.out.contains(QStringLiteral("All 3 budgets are kept.")));
        QCOMPARE(outcome.err, QString());
    }
    void checkNotKept() {
        const Outcome outcome = run_program(
            {QStringLiteral("--check"), write("[remotes.\"world.state\"]\nout = \"1kB/s\"\n"), path_});
        QCOMPARE(outcome.code, 99);
        QVERIFY2(outcome.out.contains(QStringLiteral("world.state")) &&
                     outcome.out.contains(QStringLiteral("FAILED: over budget")),
                 qPrintable(outcome.out));
    }
    void checkBadInput() {
        QCOMPARE(run_program({QStringLiteral("--check"), write("[total]\nsend = 4\n"), path_}).code, 2);
        QVERIFY(run_program({QStringLiteral("--check"), write("[total]\nsend = 4\n"), path_})
                    .err.contains(QStringLiteral("'send' is no quantity")));
        QCOMPARE(run_program({QStringLiteral("--check"), QStringLiteral("nowhere.toml"), path_}).code, 2);
        QCOMPARE(run_program({QStringLiteral("--check"), write("[total]\nsent = \"1kB/s\"\n")}).code, 2);
        const Outcome foreign = run_program(
            {QStringLiteral("--check"), write("[total]\nsent = \"1kB/s\"\n"), write("no recording")});
        QCOMPARE(foreign.code, 2);
        QVERIFY2(foreign.err.startsWith(QStringLiteral("squall-gui: ")), qPrintable(foreign.err));
    }
    void screenshotWithoutAScreen() {
        for (const char* theme : {"dark", "light"}) {
            const QString picture = folder_.filePath(QStringLiteral("remotes.png"));
            const Outcome outcome =
                run_program({QStringLiteral("--screenshot"), QStringLiteral("remotes"), path_, picture,
                             QStringLiteral("--theme"), QString::fromLatin1(theme), QStringLiteral("--size"),
                             QStringLiteral("1000x700")});
            QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
            QCOMPARE(outcome.err, QString());
            const QImage image(picture);
            QCOMPARE(image.size(), QSize(1000, 700));
            QVERIFY((image.pixelColor(3, 690).lightness() < 128) == (theme == std::string_view("dark")));
        }
        const QString table = folder_.filePath(QStringLiteral("remotes.csv"));
        QCOMPARE(run_program({QStringLiteral("--screenshot"), QStringLiteral("remotes"), path_, table}).code,
                 0);
        QFile file(table);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(file.readAll().contains("player.move"));
    }
    void screenshotOfAComparison() {
        const QString other = testing::write_recording(folder_.filePath(QStringLiteral("b.squall.pcapng")),
                                                       {{.seconds = 30, .move_size = 2}, 2});
        const QString table = folder_.filePath(QStringLiteral("compare.csv"));
        const QStringList arguments = {QStringLiteral("--screenshot"), QStringLiteral("compare"), path_,
                                       table, QStringLiteral("--compare")};
        const Outcome outcome = run_program(arguments + QStringList{other});
        QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
        QFile file(table);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray rows = file.readAll();
        QVERIFY2(rows.contains("player.move,in"), rows.constData());
        const Outcome nothing = run_program(arguments + QStringList{QStringLiteral("nowhere.pcapng")});
        QCOMPARE(nothing.code, 2);
        QVERIFY2(nothing.err.contains(QStringLiteral("nowhere.pcapng")), qPrintable(nothing.err));
    }
    void screenshotWithBudgets() {
        const QString table = folder_.filePath(QStringLiteral("budgets.csv"));
        const auto budget_of = [&](const QStringList& more) {
            const Outcome outcome = run_program(
                QStringList{QStringLiteral("--screenshot"), QStringLiteral("remotes"), path_, table} + more);
            if (outcome.code != 0) return outcome.err;
            QFile file(table);
            if (!file.open(QIODevice::ReadOnly)) return QString();
            const QStringList heads = QString::fromUtf8(file.readLine()).split(QLatin1Char(','));
            while (!file.atEnd()) {
                const QStringList cells = QString::fromUtf8(file.readLine()).split(QLatin1Char(','));
                if (cells[0] == QStringLiteral("chat.say") && cells[1] == QStringLiteral("out"))
                    return cells[heads.indexOf(QStringLiteral("Budget"))];
            }
            return QString();
        };
        QVERIFY(!budget_of({}).toDouble());
        const QStringList given = {QStringLiteral("--budgets"),
                                   write("[remotes.\"chat.say\"]\nout = \"100B/s\"\n")};
        QVERIFY2(budget_of(given).toDouble() > 100, qPrintable(budget_of(given)));
        QVERIFY(budget_of({QStringLiteral("--budgets"), write("[total]\nsend = 4\n")})
                    .contains(QStringLiteral("'send' is no quantity")));
    }
    void screenshotBadInput() {
        const Outcome view = run_program(
            {QStringLiteral("--screenshot"), QStringLiteral("sky"), path_, QStringLiteral("x.png")});
        QCOMPARE(view.code, 2);
        QVERIFY2(view.err.contains(QStringLiteral("there is no view 'sky'; there are: welcome, overview")),
                 qPrintable(view.err));
        QCOMPARE(run_program({QStringLiteral("--screenshot"), QStringLiteral("remotes"),
                              QStringLiteral("nowhere.pcapng"), QStringLiteral("x.png")})
                     .code,
                 2);
        QCOMPARE(run_program({QStringLiteral("--screenshot"), QStringLiteral("remotes"), path_,
                              QStringLiteral("x.png"), QStringLiteral("--size"), QStringLiteral("9x9")})
                     .code,
                 2);
    }
    void helpVersionAndNoScreen() {
        const Outcome help = run_program({QStringLiteral("--help")});
        QCOMPARE(help.code, 0);
        QVERIFY(help.out.contains(QStringLiteral("--screenshot")) &&
                help.out.contains(QStringLiteral("--check")));
        QVERIFY(run_program({QStringLiteral("--version")}).out.startsWith(QStringLiteral("squall-gui ")));
        const Outcome none = run_program({});
        QCOMPARE(none.code, 2);
        QVERIFY2(none.err.contains(QStringLiteral("there is no screen")), qPrintable(none.err));
        QCOMPARE(run_program({QStringLiteral("--no-such-option")}).code, 2);
        QVERIFY(run_program({QStringLiteral("nowhere.pcapng")})
                    .err.contains(QStringLiteral("there is no such file")));
        QCOMPARE(run_program({QStringLiteral("--connect"), QStringLiteral("nonsense")}, true).code, 2);
    }

  private:
    QString write(const char* text) {
        const QString path = folder_.filePath(QStringLiteral("file%1").arg(++files_));
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly)) return {};
        file.write(text);
        return path;
    }
    QTemporaryDir folder_;
    QString path_;
    int files_ = 0;
};

}  // namespace
}  // namespace squall::gui

SQUALL_QT_MAIN(squall::gui::ProgramTest)
#include "program_test.moc"
