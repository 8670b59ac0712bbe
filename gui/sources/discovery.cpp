#include "gui/sources/discovery.hpp"

#include <unistd.h>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>

namespace squall::gui {
namespace {
constexpr qint64 kFileMax = 64 * 1024;

// When the process of that number began, as /proc has it; 0 if there is none. A number alone may be another
// process's by now.
quint64 process_start(qint64 process) {
    QFile file(QStringLiteral("/proc/%1/stat").arg(process));
    if (!file.open(QIODevice::ReadOnly)) return 0;
    const QByteArray line = file.readAll();
    // The second field is the program's name in brackets and may hold anything.
    const QList<QByteArray> fields = line.mid(line.lastIndexOf(')') + 2).split(' ');
    return fields.size() > 19 ? fields[19].toULongLong() : 0;
}
}  // namespace

QString discovery_folder() {
    const QString given = qEnvironmentVariable("XDG_RUNTIME_DIR");
    if (!given.isEmpty()) return given + QStringLiteral("/squall");
    const QString users = QStringLiteral("/run/user/%1").arg(getuid());
    if (QFileInfo(users).isDir() && QFileInfo(users).isWritable()) return users + QStringLiteral("/squall");
    return QDir::tempPath() + QStringLiteral("/squall-%1").arg(getuid());
}

std::vector<LiveProcess> find_processes(const QString& folder) {
    std::vector<LiveProcess> out;
    for (const QFileInfo& info :
         QDir(folder).entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Time)) {
        QFile file(info.filePath());
        if (info.size() > kFileMax || !file.open(QIODevice::ReadOnly)) continue;
        const QJsonObject object = QJsonDocument::fromJson(file.readAll()).object();
        LiveProcess process = parse_address(object.value(QStringLiteral("address")).toString());
        if (process.port == 0) continue;
        process.name = object.value(QStringLiteral("name")).toString(info.completeBaseName());
        process.process = object.value(QStringLiteral("pid")).toInteger();
        process.token = object.value(QStringLiteral("token")).toString();
        process.file = info.filePath();
        process.is_alive = process_start(process.process) ==
                           static_cast<quint64>(object.value(QStringLiteral("process_start")).toInteger());
        out.push_back(std::move(process));
    }
    return out;
}

LiveProcess parse_address(const QString& text) {
    LiveProcess process;
    QString rest = text.trimmed();
    QStringList parts;
    if (rest.startsWith(QLatin1Char('[')) && rest.contains(QStringLiteral("]:"))) {  // [::1]:port
        parts << rest.mid(1, rest.indexOf(QLatin1Char(']')) - 1);
        rest = rest.mid(rest.indexOf(QLatin1Char(']')) + 2);
    }
    parts += rest.split(QLatin1Char(':'));
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
