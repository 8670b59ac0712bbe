#include "gui/sources/recording_loader.hpp"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <algorithm>

#include "squall/recorder/profile_codec.hpp"

namespace squall::gui {
namespace {

constexpr qint64 kPieceBytes = 1 << 20;
constexpr int kPartMilliseconds = 60;

class Loading {
  public:
    explicit Loading(QFile& file) : file_(file) {}

    LoadResult run(const std::function<void(LoadedPartPointer)>& deliver, const std::function<bool()>& stop) {
        QElapsedTimer timer;
        timer.start();
        std::vector<std::byte> piece(static_cast<std::size_t>(kPieceBytes));
        while (!stop()) {
            const qint64 got = file_.read(reinterpret_cast<char*>(piece.data()), kPieceBytes);
            if (got < 0)
                result_.problem =
                    QObject::tr("%1 cannot be read: %2").arg(file_.fileName(), file_.errorString());
            if (got <= 0)
                reader_.finish();
            else
                reader_.feed(Bytes(piece.data(), static_cast<std::size_t>(got)));
            while (auto record = reader_.next()) take(*record);
            read_ += static_cast<std::uint64_t>(std::max<qint64>(got, 0));
            if (got <= 0 || reader_.problem()) break;
            if (timer.elapsed() >= kPartMilliseconds) {
                hand_over(deliver);
                timer.restart();
            }
        }
        hand_over(deliver);
        return finish();
    }

  private:
    void take(const recorder::Record& record) {
        if (first_offset_ == 0) first_offset_ = reader_.record_offset();
        std::visit([this](const auto& it) { take_one(it); }, record);
    }
    void saw(TimePoint at) {
        const std::int64_t time = at.time_since_epoch().count();
        if (part_->first_at == 0) part_->first_at = time;
        part_->last_at = std::max(part_->last_at, time);
    }
    void take_one(const recorder::WireRecord& record) {
        saw(record.at);
        index_.add(record, reader_.record_offset());
    }
    void take_one(const recorder::MessageRecord& record) {
        saw(record.at);
        index_.add(record, reader_.record_offset());
    }
    void take_one(const recorder::ControlRecord& record) {
        saw(record.at);
        const std::int64_t at = record.at.time_since_epoch().count();
        switch (record.type) {
            case recorder::RecordType::profile_frame: {
                const auto control = recorder::decode(record);
                if (!control) return damaged(control.error().message);
                take_frame(at, std::get<recorder::FrameRecord>(*control).frame);
                return;
            }
            case recorder::RecordType::mark: {
                const auto control = recorder::decode(record);
                if (!control) return damaged(control.error().message);
                note(record.at, recorder::NoteKind::mark,
                     std::string(std::get<recorder::Mark>(*control).text));
                return;
            }
            case recorder::RecordType::dropped: {
                const auto control = recorder::decode(record);
                if (!control) return damaged(control.error().message);
                note(record.at, recorder::NoteKind::recorder,
                     std::to_string(std::get<recorder::Dropped>(*control).total()) + " records were dropped");
                return;
            }
            default: return;
        }
    }
    void note(TimePoint at, recorder::NoteKind kind, std::string text) {
        recorder::Note frame;
        frame.at = at;
        frame.kind = kind;
        frame.text = std::move(text);
        std::vector<std::byte> bytes;
        if (!recorder::encode(frame, bytes)) return;
        part_->frames.push_back({at.time_since_epoch().count(), std::move(frame), std::move(bytes)});
    }
    void take_frame(std::int64_t at, Bytes bytes) {
        const auto raw = recorder::parse_envelope(bytes);
        if (!raw || !*raw)
            return damaged(raw ? std::string("a profile frame is not whole") : raw.error().message);
        auto frame = recorder::decode(**raw);
        if (!frame) return damaged(frame.error().message);
        if (!*frame) return;
        ++result_.frames;
        part_->frames.push_back({at, std::move(**frame), {bytes.begin(), bytes.end()}});
    }
    void damaged(const std::string& what) {
        if (result_.problem.isEmpty())
            result_.problem =
                QObject::tr("At byte %1: %2").arg(reader_.record_offset()).arg(QString::fromStdString(what));
    }

    void hand_over(const std::function<void(LoadedPartPointer)>& deliver) {
        part_->packets = index_.take();
        part_->packets_left_out = index_.left_out() - told_left_out_;
        told_left_out_ = index_.left_out();
        part_->bytes_read = read_;
        deliver(std::move(part_));
        part_ = std::make_shared<LoadedPart>();
    }

    LoadResult finish() {
        result_.counts = reader_.counts();
        const std::uint64_t records =
            result_.counts.datagrams + result_.counts.messages + result_.counts.controls;
        if (reader_.problem()) {
            const recorder::Problem& problem = *reader_.problem();
            result_.problem = problem.kind == recorder::ProblemKind::corrupted
                                  ? QObject::tr("damaged at byte %1: %2")
                                        .arg(problem.offset)
                                        .arg(QString::fromStdString(problem.message))
                                  : QString::fromStdString(problem.message);
            if (problem.kind == recorder::ProblemKind::cut && records > 0)
                result_.problem = QObject::tr(
                    "The recording ends in the middle of a record, as after a crash; all before it is "
                    "shown.");
            else if (records > 0)
                result_.problem += QObject::tr(" (all before it is shown)");
        }
        result_.is_ok = records > 0;
        if (!result_.is_ok && result_.problem.isEmpty())
            result_.problem = QObject::tr("The recording holds no records.");
        if (result_.is_ok && file_.seek(0)) {
            const QByteArray head =
                file_.read(static_cast<qint64>(std::min<std::uint64_t>(first_offset_, 4u << 20)));
            const auto* bytes = reinterpret_cast<const std::byte*>(head.constData());
            result_.preamble.assign(bytes, bytes + head.size());
        }
        return std::move(result_);
    }

    QFile& file_;
    recorder::RecordingReader reader_;
    PacketIndex index_;
    LoadedPartPointer part_ = std::make_shared<LoadedPart>();
    LoadResult result_;
    std::uint64_t first_offset_ = 0;
    std::uint64_t read_ = 0;
    std::uint64_t told_left_out_ = 0;
};

}  // namespace

LoadResult load_recording(const QString& path, const std::function<void(LoadedPartPointer)>& part,
                          const std::function<bool()>& stop) {
    LoadResult failed;
    const QFileInfo info(path);
    if (info.isDir()) {
        failed.problem = QObject::tr("%1 is a folder; a recording is a file (*.squall.pcapng)").arg(path);
        return failed;
    }
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        failed.problem = QObject::tr("%1 cannot be opened: %2").arg(path, file.errorString());
        return failed;
    }
    LoadResult result = Loading(file).run(part, stop);
    if (!result.is_ok) result.problem = QObject::tr("%1: %2").arg(path, result.problem);
    result.title = info.fileName();
    return result;
}

RecordingLoader::RecordingLoader(QObject* parent) : QObject(parent) {
    qRegisterMetaType<LoadedPartPointer>();
    qRegisterMetaType<LoadResult>();
}
RecordingLoader::~RecordingLoader() {
    stop();
}

void RecordingLoader::stop() {
    if (!thread_) return;
    stopping_ = true;
    thread_->wait();
    thread_.reset();
    stopping_ = false;
    // What it still had on the way to us belongs to the file before.
    QCoreApplication::removePostedEvents(this, QEvent::MetaCall);
}

void RecordingLoader::open(const QString& path) {
    stop();
    path_ = path;
    thread_.reset(QThread::create([this, path] {
        const auto deliver = [this](const LoadedPartPointer& part) {
            QMetaObject::invokeMethod(this, [this, part] { Q_EMIT partLoaded(part); }, Qt::QueuedConnection);
        };
        const LoadResult result = load_recording(path, deliver, [this] { return stopping_.load(); });
        QMetaObject::invokeMethod(this, [this, result] { Q_EMIT finished(result); }, Qt::QueuedConnection);
    }));
    thread_->start();
}

StoredRecord read_record(const QString& path, const std::vector<std::byte>& preamble, std::uint64_t offset) {
    StoredRecord out;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly) || !file.seek(static_cast<qint64>(offset))) {
        out.problem = QObject::tr("%1 cannot be read again: %2").arg(path, file.errorString());
        return out;
    }
    recorder::RecordingReader reader;
    reader.feed(preamble);
    while (reader.next()) {
    }
    // Its block is not longer than this.
    for (int i = 0; i < 64; ++i) {
        const QByteArray piece = file.read(65536);
        if (piece.isEmpty()) break;
        reader.feed(Bytes(reinterpret_cast<const std::byte*>(piece.constData()),
                          static_cast<std::size_t>(piece.size())));
        const auto record = reader.next();
        if (!record) continue;
        if (const auto* wire = std::get_if<recorder::WireRecord>(&*record)) {
            out.bytes.assign(wire->packet.begin(), wire->packet.end());
            out.wire = *wire;
            out.wire->packet = out.bytes;
        } else if (const auto* message = std::get_if<recorder::MessageRecord>(&*record)) {
            out.bytes.assign(message->payload.begin(), message->payload.end());
            out.message = *message;
            out.message->payload = out.bytes;
        }
        return out;
    }
    out.problem = QObject::tr("The record is no longer where it was: the file has changed.");
    return out;
}

}  // namespace squall::gui
