#include "gui/sources/budget_file.hpp"

#include <QFile>

namespace squall::gui {

Result<std::vector<Budget>> read_budgets(const QString& path) {
    constexpr qint64 kBytesMax = 1 << 20;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::io,
                    QObject::tr("%1 cannot be opened: %2").arg(path, file.errorString()).toStdString());
    if (file.size() > kBytesMax)
        return fail(ErrorCode::too_large,
                    QObject::tr("%1 is larger than budgets are: 1 MiB at most").arg(path).toStdString());
    return parse_budgets(file.readAll().toStdString(), path.toStdString());
}

}  // namespace squall::gui
