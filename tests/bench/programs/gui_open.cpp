// How long the profiler takes to open a recording of a million messages: to its first picture, and to its
// end. Makes the recording first. With --assert it fails if the first picture takes more than 2 s.
#include <sys/resource.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QTemporaryDir>
#include <cstdio>
#include <cstring>

#include "gui/test_recording.hpp"
#include "gui/views/main_window.hpp"

int main(int argc, char** argv) {
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("squall-bench"));
    squall::gui::apply_theme(application, squall::gui::ThemeKind::dark);
    const QTemporaryDir folder;
    squall::gui::testing::RecordingOptions options;
    options.session.seconds = 200;
    options.packets_per_step = 500;
    const QString path = squall::gui::testing::write_recording(
        folder.filePath(QStringLiteral("million.squall.pcapng")), options);
    squall::gui::MainWindow window;
    window.show();
    QCoreApplication::processEvents();
    QElapsedTimer clock;
    qint64 first = -1;
    QObject::connect(&window, &squall::gui::MainWindow::firstPicture, &application, [&] {
        window.repaint();
        first = clock.elapsed();
    });
    QObject::connect(&window, &squall::gui::MainWindow::loadingFinished, &application,
                     &QCoreApplication::quit);
    clock.start();
    window.openRecording(path);
    QApplication::exec();
    const std::size_t records = window.workspace().packets().entries().size();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    if (first < 0 || records != 2'000'000) {
        std::fprintf(stderr, "gui_open: %zu records were read of 2,000,000, first picture at %lld ms\n",
                     records, static_cast<long long>(first));
        return 1;
    }
    std::printf(
        "gui_open: 1,000,000 messages and as many datagrams, %lld MB: first picture after %lld ms, all after "
        "%lld ms; memory at most %ld MB\n",
        static_cast<long long>(QFileInfo(path).size() / 1'000'000), static_cast<long long>(first),
        static_cast<long long>(clock.elapsed()), usage.ru_maxrss / 1024);
    constexpr qint64 kLimit = 2000;
    if (argc > 1 && std::strcmp(argv[1], "--assert") == 0 && first > kLimit) {
        std::fprintf(stderr, "gui_open: the first picture took %lld ms, more than %lld\n",
                     static_cast<long long>(first), static_cast<long long>(kLimit));
        return 1;
    }
    return 0;
}
