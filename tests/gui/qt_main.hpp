// main() of a QtTest program: fixed font, theme and place of settings. Each warning of Qt fails the test that
// is running: a test class calls fail_on_warnings() in its init(). Include once a program.
#pragma once

#include <QApplication>
#include <QRegularExpression>
#include <QSettings>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QWidget>

#include "gui/views/theme.hpp"

namespace squall::gui::testing {

// The one remark that is let through is the platform's own, which shows nothing to a screen.
inline void fail_on_warnings() {
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
}

// Stores what a widget looks like in the folder that SQUALL_GUI_PICTURES names, for somebody to look at.
inline void save_picture(QWidget& widget, const QString& name) {
    const QString folder = qEnvironmentVariable("SQUALL_GUI_PICTURES");
    if (!folder.isEmpty())
        QVERIFY(widget.grab().save(folder + QLatin1Char('/') + name + QStringLiteral(".png")));
}

template <class Test>
int run(int argc, char** argv) {
    QStandardPaths::setTestModeEnabled(true);
    // Settings of its own: the programs run at the same time.
    const QTemporaryDir settings;
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings.path());
    const QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("squall-test"));
    QCoreApplication::setApplicationName(QStringLiteral("squall-gui-test"));
    QFont font(QStringLiteral("DejaVu Sans"));
    font.setPixelSize(12);
    QApplication::setFont(font);
    apply_theme(*qApp, ThemeKind::dark);
    Test test;
    return QTest::qExec(&test, argc, argv);
}

}  // namespace squall::gui::testing

#define SQUALL_QT_MAIN(Test)                                \
    int main(int argc, char** argv) {                       \
        return squall::gui::testing::run<Test>(argc, argv); \
    }
