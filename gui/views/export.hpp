// Pictures and tables of what is shown, as files: PNG, SVG, CSV, by the file's suffix. Knows no view in
// particular.
#pragma once

#include <QAbstractItemModel>
#include <QString>
#include <QWidget>

namespace squall::gui {

// Empty where it went well; else what is wrong.
[[nodiscard]] QString export_view(QWidget& view, const QAbstractItemModel* table, const QString& path);

}  // namespace squall::gui
