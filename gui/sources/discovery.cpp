#include "gui/sources/discovery.hpp"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>

namespace squall::gui {
namespace {
constexpr qint64 kFileMax = 64 * 1024;
}

QString discovery_folder() {
    return QStandardPaths::writableLocation(QStandardPaths::RuntimeLocation) + QStringLiteral("/squall");
}

std::vector<LiveProcess> find_processes(const QString& folder) {
    std::vector<LiveProcess> out;
    for (const QFileInfo& info :
         QDir(folder).entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Time)) {
        QFile file(info.filePath());
        if (info.size() > kFileMax || !file.open(QIODevice::ReadOnly)) continue;
        const QJsonObject object = QJsonDocument::fromJson(file.readAll()).object();
        LiveProcess process;
        process.name = object.value(QStringLiteral("name")).toString();
        process.process = object.value(QStringLiteral("pid")).toInteger();
        process.port = static_cast<quint16>(object.value(QStringLiteral("port")).toInt());
        process.token = object.value(QStringLiteral("token")).toString();
        const QString host =
            object.value(QStringLiteral("host")).toString(object.value(QStringLiteral("address")).toString());
        if (!host.isEmpty()) process.host = host;
        process.file = info.filePath();
        if (process.port == 0) continue;
        if (process.name.isEmpty()) process.name = info.completeBaseName();
        process.is_alive = process.process <= 0 || !QFileInfo::exists(QStringLiteral("/proc/self")) ||
                           QFileInfo::exists(QStringLiteral("/proc/%1").arg(process.process));
        out.push_back(std::move(process));
    }
    return out;
}

LiveProcess parse_address(const QString& text) {
    LiveProcess process;
    const QStringList parts = text.trimmed().split(QLatin1Char(':'));
    if (parts.size() < 2) return process;
    bool is_number = false;
    const uint port = parts[1].toUInt(&is_number);
    if (!is_number || port == 0 || port > 65535) return process;
    if (!parts[0].isEmpty()) process.host = parts[0];
    process.port = static_cast<quint16>(port);
    if (parts.size() > 2) process.token = parts[2];
    process.name = process.host + QLatin1Char(':') + parts[1];
    return process;
}

}  // namespace squall::gui
