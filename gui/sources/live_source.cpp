#include "gui/sources/live_source.hpp"

#include "squall/recorder/profile_codec.hpp"

namespace squall::gui {

LiveSource::LiveSource(QObject* parent) : QObject(parent), socket_(this), pings_(this) {
    wanted_.streams = recorder::kAllStreams;
    clock_.start();
    connect(&socket_, &QTcpSocket::connected, this, &LiveSource::greet);
    connect(&socket_, &QTcpSocket::readyRead, this, &LiveSource::read);
    connect(&socket_, &QTcpSocket::errorOccurred, this, [this] {
        if (!refusal_.isEmpty()) return end(tr("%1 refused: %2").arg(process_.name, refusal_));
        end(socket_.error() == QAbstractSocket::RemoteHostClosedError
                ? tr("%1 closed the connection: it ended, or the token is not its own.").arg(process_.name)
                : tr("%1 (%2:%3): %4")
                      .arg(process_.name, process_.host)
                      .arg(process_.port)
                      .arg(socket_.errorString()));
    });
    connect(&pings_, &QTimer::timeout, this, [this] {
        static quint64 number = 0;
        write(recorder::Ping{++number, clock_.nsecsElapsed()});
    });
}

void LiveSource::connectTo(const LiveProcess& process) {
    disconnectFrom();
    process_ = process;
    reader_ = recorder::FrameReader();
    bytes_received_ = 0;
    refusal_.clear();
    round_trip_ = -1;
    is_active_ = true;
    socket_.connectToHost(process.host, process.port);
}

void LiveSource::disconnectFrom() {
    is_active_ = false;
    pings_.stop();
    socket_.abort();
}

void LiveSource::end(const QString& why) {
    if (!is_active_) return;
    disconnectFrom();
    Q_EMIT ended(why);
}

void LiveSource::greet() {
    socket_.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    recorder::Hello hello;
    hello.streams = recorder::kAllStreams;
    hello.name = "squall-gui";
    hello.build = SQUALL_VERSION;
    hello.token = process_.token.toStdString();
    write(hello);
    write(wanted_);
    pings_.start(1000);
    Q_EMIT connected();
}

void LiveSource::write(const recorder::ProfileFrame& frame) {
    if (!isConnected()) return;
    std::vector<std::byte> bytes;
    // Ours are small and in order; what a user typed may be too long.
    if (const auto done = recorder::encode(frame, bytes); !done) {
        Q_EMIT frameReceived(recorder::CommandResult{0, false, done.error().message});
        return;
    }
    socket_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<qint64>(bytes.size()));
}

quint64 LiveSource::send(recorder::Command command) {
    if (!isConnected()) return 0;
    command.id = next_command_++;
    write(command);
    return command.id;
}

void LiveSource::subscribe(const recorder::Subscribe& wanted) {
    wanted_ = wanted;
    write(wanted_);
}

void LiveSource::read() {
    const QByteArray piece = socket_.readAll();
    bytes_received_ += static_cast<quint64>(piece.size());
    reader_.feed(
        Bytes(reinterpret_cast<const std::byte*>(piece.constData()), static_cast<std::size_t>(piece.size())));
    while (is_active_) {
        const auto raw = reader_.next();
        if (!raw)
            return end(tr("%1 does not speak Squall's profiler protocol: %2")
                           .arg(process_.name, QString::fromStdString(raw.error().message)));
        if (!*raw) return;
        const auto frame = recorder::decode(**raw);
        if (!frame)
            return end(tr("%1 sent a frame that is not valid: %2")
                           .arg(process_.name, QString::fromStdString(frame.error().message)));
        if (!*frame) continue;  // of a newer version
        if (const auto* result = std::get_if<recorder::CommandResult>(&**frame);
            result && result->id == 0 && !result->is_ok)
            refusal_ = QString::fromStdString(result->text);
        if (const auto* pong = std::get_if<recorder::Pong>(&**frame))
            round_trip_ = static_cast<double>(clock_.nsecsElapsed() - pong->sent_at) / 1e6;
        Q_EMIT frameReceived(**frame);
    }
}

}  // namespace squall::gui
