// squall-gui: the profiler's program. Reads the command line; everything else is the libraries'.
#include <CLI/CLI.hpp>
#include <QApplication>
#include <QFileInfo>
#include <QSettings>
#include <QTimer>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "gui/data/budgets.hpp"
#include "gui/sources/budget_file.hpp"
#include "gui/views/export.hpp"
#include "gui/views/main_window.hpp"

namespace {

namespace gui = squall::gui;

constexpr int kBadInput = 2;
constexpr int kOverBudget = 99;

struct Arguments {
    std::string file;
    std::string connect;
    std::string check;
    std::string budgets;
    std::string compare;
    std::vector<std::string> screenshot;
    std::string theme;
    std::string size = "1360x860";
};

int complain(const std::string& text) {
    std::fprintf(stderr, "squall-gui: %s\n", text.c_str());
    return kBadInput;
}

int check(const Arguments& arguments) {
    if (arguments.file.empty())
        return complain("--check needs a recording: squall-gui --check budgets.toml FILE");
    const auto budgets = gui::read_budgets(QString::fromStdString(arguments.check));
    if (!budgets) return complain(budgets.error().message);
    gui::Session session;
    const gui::LoadResult result = gui::load_recording(
        QString::fromStdString(arguments.file),
        [&](const gui::LoadedPartPointer& part) {
            for (const auto& frame : part->frames) session.apply(frame.at, frame.frame);
        },
        [] { return false; });
    if (!result.is_ok) return complain(result.problem.toStdString());
    if (!result.problem.isEmpty()) std::fprintf(stderr, "squall-gui: %s\n", qPrintable(result.problem));
    if (result.frames == 0)
        return complain(arguments.file +
                        ": the recording has no figures of the profiler, so there is nothing to check");
    const auto rows = gui::check_budgets(*budgets, session);
    std::fputs(gui::budget_table(rows).c_str(), stdout);
    for (const gui::BudgetRow& row : rows)
        if (!row.passed()) return kOverBudget;
    return 0;
}

// What a platform without windows says of window managers is of no use to anybody, and neither is where Qt
// puts its sockets. Everything else goes where it went.
QtMessageHandler before_us = nullptr;
void pass_on(QtMsgType type, const QMessageLogContext& context, const QString& text) {
    if (text.startsWith(QLatin1String("This plugin does not support")) ||
        text.startsWith(QLatin1String("QStandardPaths: XDG_RUNTIME_DIR not set")))
        return;
    before_us(type, context, text);
}

// Empty, or what is wrong with what is to be shown besides the recording.
std::string give_budgets(gui::MainWindow& window, const Arguments& arguments) {
    if (arguments.budgets.empty()) return {};
    const auto budgets = gui::read_budgets(QString::fromStdString(arguments.budgets));
    if (!budgets) return budgets.error().message;
    window.workspace().setBudgets(*budgets);
    return {};
}

int screenshot(QApplication& application, const Arguments& arguments, gui::ThemeKind theme) {
    gui::apply_theme(application, theme);
    gui::MainWindow window;
    int width = 0;
    int height = 0;
    if (std::sscanf(arguments.size.c_str(), "%dx%d", &width, &height) != 2 || width < 320 || height < 240 ||
        width > 8000 || height > 8000)
        return complain("--size " + arguments.size + " should be WIDTHxHEIGHT, from 320x240 to 8000x8000");
    window.resize(width, height);
    const QString wanted = QString::fromStdString(arguments.screenshot[0]);
    const QString path = QString::fromStdString(arguments.screenshot[arguments.screenshot.size() - 1]);
    const bool welcome = wanted.compare(QLatin1String("welcome"), Qt::CaseInsensitive) == 0;
    gui::View* view = window.viewNamed(wanted);
    if (view == nullptr && !welcome) {
        QString names = QStringLiteral("welcome");
        for (const gui::View* it : window.views()) names += QStringLiteral(", ") + it->title().toLower();
        return complain("there is no view '" + wanted.toStdString() + "'; there are: " + names.toStdString());
    }
    if (const std::string wrong = give_budgets(window, arguments); !wrong.empty()) return complain(wrong);
    int code = 0;
    QString problem;
    const auto picture = [&] {
        window.showView(view);
        window.refreshNow();
        QTimer::singleShot(150, &application, [] { QCoreApplication::quit(); });
    };
    QObject::connect(&window, &gui::MainWindow::comparisonFinished, &application,
                     [&](bool ok, const QString& what) {
                         if (!what.isEmpty()) problem = what;
                         if (!ok) return QCoreApplication::exit(kBadInput);
                         picture();
                     });
    QObject::connect(&window, &gui::MainWindow::loadingFinished, &application,
                     [&](bool ok, const QString& what) {
                         problem = what;
                         if (!ok) return QCoreApplication::exit(kBadInput);
                         if (arguments.compare.empty()) return picture();
                         window.compareWith(QString::fromStdString(arguments.compare));
                     });
    window.show();
    if (!welcome) {
        window.openRecording(QString::fromStdString(arguments.screenshot[1]));
        code = QApplication::exec();
        if (code != 0) return complain(problem.toStdString());
        if (!problem.isEmpty()) (void)complain(arguments.screenshot[1] + ": " + problem.toStdString());
    }
    window.refreshNow();
    const QString bad = gui::export_view(window, view == nullptr ? nullptr : view->table(), path);
    return bad.isEmpty() ? 0 : complain(bad.toStdString());
}

int show(QApplication& application, const Arguments& arguments, gui::ThemeKind theme) {
    gui::apply_theme(application, theme);
    gui::MainWindow window;
    if (const std::string wrong = give_budgets(window, arguments); !wrong.empty()) return complain(wrong);
    if (!arguments.file.empty()) window.openRecording(QString::fromStdString(arguments.file));
    if (!arguments.compare.empty()) window.compareWith(QString::fromStdString(arguments.compare));
    if (!arguments.connect.empty()) {
        const gui::LiveProcess process = gui::parse_address(QString::fromStdString(arguments.connect));
        if (process.port == 0)
            return complain("--connect " + arguments.connect + " should be HOST:PORT or HOST:PORT:TOKEN");
        window.attach(process);
    }
    window.show();
    return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App cli{"squall-gui: what each remote of a Squall server costs, live or from a recording",
                 "squall-gui"};
    cli.add_option("FILE", arguments.file, "A recording to open (*.squall.pcapng)");
    cli.add_option(
        "--connect", arguments.connect,
        "Attach to a live process: HOST:PORT or HOST:PORT:TOKEN. Without it, running processes are listed");
    cli.add_option("--compare", arguments.compare, "A second recording, for the page Compare");
    cli.add_option("--budgets", arguments.budgets,
                   "Budgets (TOML, as for --check) that the pages show and judge by");
    cli.add_option("--check", arguments.check,
                   "Check FILE against the budgets in this TOML file, without a window. Exit code 0: kept, "
                   "99: not kept, 2: bad input");
    cli.add_option("--screenshot", arguments.screenshot,
                   "VIEW FILE OUT: write a picture of a view of a recording, without a screen. OUT ends in "
                   ".png, .svg or .csv. VIEW: overview, remotes, "
                   "connections, timeline, packets, world, compare, conditions, replay; or: welcome OUT")
        ->expected(2, 3)
        ->type_name("TEXT...");
    cli.add_option("--theme", arguments.theme, "dark or light (default: as it was last)")
        ->check(CLI::IsMember({"dark", "light"}));
    cli.add_option("--size", arguments.size, "Of a screenshot, in pixels")->capture_default_str();
    cli.set_version_flag("--version", "squall-gui " SQUALL_VERSION);
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = cli.exit(error);
        return code == 0 ? 0 : kBadInput;
    }
    if (!arguments.check.empty()) return check(arguments);
    if (arguments.screenshot.size() == 2 && arguments.screenshot[0] != "welcome")
        return complain(
            "--screenshot needs VIEW FILE OUT, for instance: --screenshot overview arena.squall.pcapng "
            "overview.png");
    if (!arguments.file.empty() && !QFileInfo::exists(QString::fromStdString(arguments.file)))
        return complain(arguments.file + ": there is no such file");
    const bool headless = qEnvironmentVariableIsEmpty("DISPLAY") &&
                          qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY") &&
                          qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM");
    if (!arguments.screenshot.empty())
        qputenv("QT_QPA_PLATFORM", "offscreen");
    else if (headless)
        return complain(
            "there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set). Without one there are --check "
            "and --screenshot; or run it through ssh -X.");
    before_us = qInstallMessageHandler(pass_on);
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("squall"));
    QCoreApplication::setApplicationName(QStringLiteral("squall-gui"));
    QCoreApplication::setApplicationVersion(QStringLiteral(SQUALL_VERSION));
    QSettings::setDefaultFormat(QSettings::IniFormat);
    if (!arguments.screenshot.empty()) {
        // The same picture on every machine.
        QFont font(QStringLiteral("DejaVu Sans"));
        font.setPixelSize(12);
        QApplication::setFont(font);
        QCoreApplication::setApplicationName(QStringLiteral("squall-gui-screenshot"));
        QSettings().clear();
    }
    const QString stored = arguments.theme.empty()
                               ? QSettings().value(QStringLiteral("theme"), QStringLiteral("dark")).toString()
                               : QString::fromStdString(arguments.theme);
    const gui::ThemeKind theme = gui::theme_named(stored).value_or(gui::ThemeKind::dark);
    return arguments.screenshot.empty() ? show(application, arguments, theme)
                                        : screenshot(application, arguments, theme);
}
