// The connection to a live process: sends Hello, Subscribe and commands, hands over every frame that comes.
// Reconnects nothing by itself: what went wrong is told, and who shows it asks again.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTcpSocket>
#include <QTimer>

#include "gui/sources/discovery.hpp"
#include "squall/recorder/frame.hpp"
#include "squall/recorder/profile_frame.hpp"

namespace squall::gui {

class LiveSource : public QObject {
    Q_OBJECT
  public:
    explicit LiveSource(QObject* parent = nullptr);
    void connectTo(const LiveProcess& process);
    void disconnectFrom();
    [[nodiscard]] bool isConnected() const { return socket_.state() == QAbstractSocket::ConnectedState; }
    [[nodiscard]] const LiveProcess& process() const { return process_; }
    // Round trip to the process, in milliseconds; below 0 before the first answer.
    [[nodiscard]] double roundTrip() const { return round_trip_; }
    [[nodiscard]] quint64 bytesReceived() const { return bytes_received_; }

    // The number by which its result will be known; 0 if nothing is connected.
    quint64 send(recorder::Command command);
    void subscribe(const recorder::Subscribe& wanted);

  Q_SIGNALS:
    void connected();
    void frameReceived(const squall::recorder::ProfileFrame& frame);
    // The connection ended, and why; empty where we closed it.
    void ended(const QString& why);

  private:
    void write(const recorder::ProfileFrame& frame);
    void greet();
    void read();
    void end(const QString& why);

    QTcpSocket socket_;
    QTimer pings_;
    QElapsedTimer clock_;
    recorder::FrameReader reader_;
    LiveProcess process_;
    recorder::Subscribe wanted_;
    quint64 next_command_ = 1;
    quint64 bytes_received_ = 0;
    double round_trip_ = -1;
    QString refusal_;  // why it does not want us, as it said before it closed
    bool is_active_ = false;
};

}  // namespace squall::gui
