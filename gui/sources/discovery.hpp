// Which processes of this user can be looked at: the files that live endpoints leave in
// $XDG_RUNTIME_DIR/squall. Reads only.
#pragma once

#include <QString>
#include <cstdint>
#include <vector>

namespace squall::gui {

struct LiveProcess {
    QString name;
    qint64 process = 0;
    QString host = QStringLiteral("127.0.0.1");
    quint16 port = 0;
    QString token;
    QString file;          // where this was read
    bool is_alive = true;  // there is a process of that id
};

// The folder that is looked into.
[[nodiscard]] QString discovery_folder();
// Newest first. Files that are not what they should be are passed over.
[[nodiscard]] std::vector<LiveProcess> find_processes(const QString& folder = discovery_folder());
// "host:port" or "host:port:token"; port 0 where it is not one.
[[nodiscard]] LiveProcess parse_address(const QString& text);

}  // namespace squall::gui
