// All colours of the program, in two sets: dark and light. The colours of lines are told apart by people who
// see red and green alike (after Okabe and Ito, lightness adjusted to the background). Nothing else in gui/
// names a colour.
#pragma once

#include <QColor>
#include <QPalette>
#include <array>
#include <optional>

class QApplication;

namespace squall::gui {

enum class ThemeKind : std::uint8_t { dark, light };

struct Theme {
    ThemeKind kind = ThemeKind::dark;
    QColor window;
    QColor surface;  // cards, charts, tables
    QColor raised;   // buttons, heads of tables
    QColor text;
    QColor muted;  // secondary text, axis labels
    QColor grid;
    QColor border;
    QColor accent;  // selection, focus
    QColor accent_text;
    QColor good;
    QColor warning;
    QColor bad;
    std::array<QColor, 8> lines;
    std::array<QColor, 4> bands;  // opaque; lie behind the lines

    [[nodiscard]] static const Theme& of(ThemeKind kind);
    // The theme that a palette was made from; charts ask this after each QEvent::PaletteChange.
    [[nodiscard]] static const Theme& from(const QPalette& palette);
    [[nodiscard]] QPalette palette() const;
    [[nodiscard]] QColor line(int index) const {
        return lines[static_cast<std::size_t>(index) % lines.size()];
    }
    [[nodiscard]] QColor band(int index) const {
        return bands[static_cast<std::size_t>(index) % bands.size()];
    }
};

// Style (Fusion), palette and style sheet of the whole program.
void apply_theme(QApplication& application, ThemeKind kind);
// "dark" or "light"; nothing for any other word.
[[nodiscard]] std::optional<ThemeKind> theme_named(const QString& name);

}  // namespace squall::gui
