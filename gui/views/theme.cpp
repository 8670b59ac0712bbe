#include "gui/views/theme.hpp"

#include <QApplication>
#include <QStyleFactory>

namespace squall::gui {
namespace {

Theme make_dark() {
    Theme theme;
    theme.kind = ThemeKind::dark;
    theme.window = QColor(0x15, 0x18, 0x1d);
    theme.surface = QColor(0x1c, 0x20, 0x27);
    theme.raised = QColor(0x27, 0x2d, 0x37);
    theme.text = QColor(0xe4, 0xe8, 0xee);
    theme.muted = QColor(0x9a, 0xa5, 0xb4);
    theme.grid = QColor(0x2c, 0x33, 0x3e);
    theme.border = QColor(0x38, 0x41, 0x4e);
    theme.accent = QColor(0x2f, 0x6f, 0xb5);
    theme.accent_text = QColor(0xff, 0xff, 0xff);
    theme.good = QColor(0x2d, 0xc7, 0x9a);
    theme.warning = QColor(0xf0, 0xb0, 0x2c);
    theme.bad = QColor(0xff, 0x7a, 0x4d);
    theme.lines = {QColor(0x56, 0xb4, 0xe9), QColor(0xf0, 0xa8, 0x1c), QColor(0x1f, 0xc0, 0x92),
                   QColor(0xe0, 0x8c, 0xbb), QColor(0xf0, 0xe4, 0x42), QColor(0xff, 0x7a, 0x4d),
                   QColor(0x8f, 0xa8, 0xff), QColor(0xb4, 0xbc, 0xc8)};
    theme.bands = {QColor(0x2d, 0x2a, 0x22), QColor(0x20, 0x2c, 0x38), QColor(0x2e, 0x25, 0x30),
                   QColor(0x20, 0x2f, 0x2b)};
    return theme;
}

Theme make_light() {
    Theme theme;
    theme.kind = ThemeKind::light;
    theme.window = QColor(0xf1, 0xf3, 0xf6);
    theme.surface = QColor(0xff, 0xff, 0xff);
    theme.raised = QColor(0xe6, 0xea, 0xf0);
    theme.text = QColor(0x1b, 0x21, 0x2a);
    theme.muted = QColor(0x5a, 0x65, 0x74);
    theme.grid = QColor(0xe3, 0xe7, 0xed);
    theme.border = QColor(0xc6, 0xcd, 0xd7);
    theme.accent = QColor(0x1f, 0x6f, 0xbf);
    theme.accent_text = QColor(0xff, 0xff, 0xff);
    theme.good = QColor(0x00, 0x7d, 0x5c);
    theme.warning = QColor(0x9a, 0x66, 0x00);
    theme.bad = QColor(0xc4, 0x48, 0x00);
    theme.lines = {QColor(0x00, 0x72, 0xb2), QColor(0xc9, 0x7b, 0x00), QColor(0x00, 0x8f, 0x68),
                   QColor(0xb0, 0x4f, 0x88), QColor(0x85, 0x77, 0x00), QColor(0xd0, 0x4e, 0x00),
                   QColor(0x4b, 0x5f, 0xd1), QColor(0x4f, 0x59, 0x66)};
    theme.bands = {QColor(0xfb, 0xf3, 0xdf), QColor(0xe6, 0xf1, 0xfa), QColor(0xf8, 0xea, 0xf3),
                   QColor(0xe4, 0xf4, 0xef)};
    return theme;
}

QString style_sheet(const Theme& theme) {
    const QString text = QStringLiteral(
        "QToolTip { color: %1; background: %2; border: 1px solid %3; padding: 4px; }"
        "QHeaderView::section { background: %2; color: %1; border: 0; border-right: 1px solid %3;"
        " border-bottom: 1px solid %3; padding: 4px 6px; }"
        "QHeaderView::up-arrow, QHeaderView::down-arrow { width: 0; height: 0; image: none; }"
        "QListWidget::item { padding: 4px 6px; }"
        "QPushButton { padding: 4px 10px; }"
        "QCheckBox::indicator { width: 13px; height: 13px; border: 1px solid %5; border-radius: 2px; "
        "background: %7; }"
        "QCheckBox::indicator:checked { background: %6; }"
        "QTableView { border: 1px solid %3; gridline-color: %4; }"
        "QTabBar::tab { padding: 6px 12px; color: %5; border: 0; border-bottom: 2px solid transparent; }"
        "QTabBar::tab:selected { color: %1; border-bottom: 2px solid %6; }"
        "QTabBar::tab:focus { color: %1; text-decoration: underline; }"
        "QTabWidget::pane { border: 0; border-top: 1px solid %3; }"
        "QStatusBar::item { border: 0; }"
        "QLineEdit { padding: 3px 6px; border: 1px solid %3; border-radius: 3px; background: %7; }"
        "QLineEdit:focus { border: 1px solid %6; }"
        "QFrame[card=\"true\"] { background: %7; border: 1px solid %4; border-radius: 4px; }"
        "QLabel[role=\"muted\"] { color: %5; }"
        "QLabel[role=\"error\"] { color: %8; }"
        "QLabel[role=\"title\"] { font-size: 16px; font-weight: 600; }");
    return text.arg(theme.text.name(), theme.raised.name(), theme.border.name(), theme.grid.name(),
                    theme.muted.name(), theme.accent.name(), theme.surface.name(), theme.bad.name());
}

}  // namespace

const Theme& Theme::of(ThemeKind kind) {
    static const Theme dark = make_dark();
    static const Theme light = make_light();
    return kind == ThemeKind::dark ? dark : light;
}

const Theme& Theme::from(const QPalette& palette) {
    return of(palette.color(QPalette::Window).lightness() < 128 ? ThemeKind::dark : ThemeKind::light);
}

QPalette Theme::palette() const {
    QPalette out;
    out.setColor(QPalette::Window, window);
    out.setColor(QPalette::WindowText, text);
    out.setColor(QPalette::Base, surface);
    out.setColor(QPalette::AlternateBase,
                 kind == ThemeKind::dark ? surface.lighter(108) : surface.darker(102));
    out.setColor(QPalette::Text, text);
    out.setColor(QPalette::Button, raised);
    out.setColor(QPalette::ButtonText, text);
    out.setColor(QPalette::BrightText, bad);
    out.setColor(QPalette::ToolTipBase, raised);
    out.setColor(QPalette::ToolTipText, text);
    // Fusion derives it from the light palette otherwise, and it vanishes on a dark field.
    out.setColor(QPalette::PlaceholderText, muted);
    out.setColor(QPalette::Highlight, accent);
    out.setColor(QPalette::HighlightedText, accent_text);
    out.setColor(QPalette::Link, line(0));
    out.setColor(QPalette::LinkVisited, line(3));
    out.setColor(QPalette::Light, raised.lighter(115));
    out.setColor(QPalette::Midlight, raised);
    out.setColor(QPalette::Mid, border);
    out.setColor(QPalette::Dark, window.darker(130));
    out.setColor(QPalette::Shadow, window.darker(160));
    for (const auto role : {QPalette::Text, QPalette::WindowText, QPalette::ButtonText})
        out.setColor(QPalette::Disabled, role,
                     kind == ThemeKind::dark ? muted.darker(140) : muted.lighter(150));
    out.setColor(QPalette::Disabled, QPalette::Highlight, border);
    return out;
}

void apply_theme(QApplication& application, ThemeKind kind) {
    const Theme& theme = Theme::of(kind);
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QApplication::setPalette(theme.palette());
    application.setStyleSheet(style_sheet(theme));
}

std::optional<ThemeKind> theme_named(const QString& name) {
    if (name == QLatin1String("dark")) return ThemeKind::dark;
    if (name == QLatin1String("light")) return ThemeKind::light;
    return std::nullopt;
}

}  // namespace squall::gui
