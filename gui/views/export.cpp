#include "gui/views/export.hpp"

#include <QFileInfo>
#include <QPainter>
#include <QPixmap>
#include <QSaveFile>
#include <QSvgGenerator>

#include "gui/models/session_models.hpp"

namespace squall::gui {

QString export_view(QWidget& view, const QAbstractItemModel* table, const QString& path) {
    const QString suffix = QFileInfo(path).suffix().toLower();
    if (suffix == QLatin1String("csv")) {
        if (table == nullptr) return QObject::tr("This page has no table that could be written as CSV.");
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(to_csv(*table).toUtf8()) < 0 || !file.commit())
            return QObject::tr("%1 cannot be written: %2").arg(path, file.errorString());
        return {};
    }
    if (suffix == QLatin1String("png")) {
        return view.grab().save(path, "PNG")
                   ? QString()
                   : QObject::tr("%1 cannot be written: is there such a folder, and may you write there?")
                         .arg(path);
    }
    if (suffix == QLatin1String("svg")) {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly))
            return QObject::tr("%1 cannot be written: %2").arg(path, file.errorString());
        QSvgGenerator generator;
        generator.setOutputDevice(&file);
        generator.setSize(view.size());
        generator.setViewBox(QRect(QPoint(), view.size()));
        generator.setTitle(view.accessibleName());
        {
            QPainter painter(&generator);
            view.render(&painter);
        }
        return file.commit() ? QString()
                             : QObject::tr("%1 cannot be written: %2").arg(path, file.errorString());
    }
    return QObject::tr("%1: the suffix says what is written; there are .png, .svg and .csv").arg(path);
}

}  // namespace squall::gui
