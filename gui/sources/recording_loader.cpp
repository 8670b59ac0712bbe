#include "gui/sources/recording_loader.hpp"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFileInfo>
#include <algorithm>
#include <utility>

#include "gui/data/baseline.hpp"
#include "gui/sources/packed_input.hpp"
#include "squall/recorder/profile_codec.hpp"
#include "squall/recorder/recording_parts.hpp"

namespace squall::gui {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr int kPartMilliseconds = 60;
constexpr std::uint64_t kPreambleBytesMax = std::uint64_t{4} << 20;

recorder::ReaderCounts& operator+=(recorder::ReaderCounts& sum, const recorder::ReaderCounts& counts) {
    sum.bytes += counts.bytes;
    sum.blocks += counts.blocks;
    sum.skipped_blocks += counts.skipped_blocks;
    sum.datagrams += counts.datagrams;
    sum.messages += counts.messages;
    sum.controls += counts.controls;
    sum.dropped += counts.dropped;
    return sum;
}

class Loading {
  public:
    Loading(const QString& path, const std::function<void(LoadedPartPointer)>& deliver,
            const std::function<bool()>& stop)
        : path_(path), deliver_(deliver), stop_(stop) {}

    LoadResult run() {
        timer_.start();
        for (QString path = path_; !path.isEmpty();) {
            if (!read_file(path)) break;
            path = next_path(path);
        }
        hand_over();
        finish();
        return std::move(result_);
    }

  private:
    // False: nothing more is to be read.
    bool read_file(const QString& path) {
        const bool is_first = result_.files.empty();
        PackedInput input(path);
        if (!input.open()) {
            problem_ = is_first ? input.problem()
                                : QObject::tr("The recording goes on in %1, but %2 (all before it is shown)")
                                      .arg(QFileInfo(path).fileName(), input.problem());
            return false;
        }
        reader_ = std::make_unique<recorder::RecordingReader>();
        result_.files.push_back({path, begin_, {}});
        first_offset_ = 0;
        is_continued_ = false;
        std::vector<std::byte> piece(kPieceBytes);
        while (!stop_()) {
            const std::size_t got = input.read(piece);
            if (got == 0)
                reader_->finish();
            else
                reader_->feed(Bytes(piece).first(got));
            while (auto record = reader_->next()) take(*record);
            begin_ += got;
            taken_in_file_ = input.bytesTaken();
            if (got == 0 || reader_->problem()) break;
            if (timer_.elapsed() >= kPartMilliseconds) {
                hand_over();
                timer_.restart();
            }
        }
        taken_before_ += std::exchange(taken_in_file_, 0);
        result_.counts += reader_->counts();
        if (!input.problem().isEmpty()) problem_ = input.problem();
        keep_preamble(path);
        if (reader_->problem() && problem_.isEmpty()) tell_problem(*reader_->problem());
        return is_continued_ && problem_.isEmpty() && !stop_();
    }
    [[nodiscard]] QString next_path(const QString& path) const {
        return QString::fromStdString(recorder::path_of_next_part(path.toStdString(), part()));
    }
    [[nodiscard]] std::uint32_t part() const {
        return recorder::part_of(reader_->facts(), static_cast<std::uint32_t>(result_.files.size()));
    }
    // Sizes of this file and of all that are there to continue it; asked once, when the first has told which
    // part it is.
    void measure() {
        QString path = path_;
        for (std::uint32_t number = first_part_; QFileInfo::exists(path); ++number) {
            total_ += static_cast<std::uint64_t>(QFileInfo(path).size());
            path = QString::fromStdString(recorder::path_of_next_part(path.toStdString(), number));
        }
    }
    void keep_preamble(const QString& path) {
        const std::uint64_t size = std::min(first_offset_, kPreambleBytesMax);
        PackedInput input(path);
        if (size == 0 || !input.open()) return;
        auto& preamble = result_.files.back().preamble;
        preamble.resize(size);
        preamble.resize(input.read(preamble));
    }

    void take(const recorder::Record& record) {
        if (first_offset_ == 0) first_offset_ = reader_->record_offset();
        if (first_part_ == 0) {
            first_part_ = part();
            measure();
        }
        std::visit([this](const auto& it) { take_one(it); }, record);
    }
    void saw(TimePoint at) {
        const std::int64_t time = at.time_since_epoch().count();
        if (part_->first_at == 0) part_->first_at = time;
        part_->last_at = std::max(part_->last_at, time);
    }
    void take_one(const recorder::WireRecord& record) {
        saw(record.at);
        if (record.direction == recorder::Direction::outbound) baseline_.on_datagram_sent(record.wire_bytes);
        index_.add(record, result_.files.back().begin + reader_->record_offset());
    }
    void take_one(const recorder::MessageRecord& record) {
        saw(record.at);
        index_.add(record, result_.files.back().begin + reader_->record_offset());
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
            case recorder::RecordType::end: {
                const auto control = recorder::decode(record);
                is_continued_ = control && std::get<recorder::RecordingEnd>(*control).kind ==
                                               recorder::RecordingEnd::Kind::continued;
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
        if (is_told_again(static_cast<recorder::FrameType>((*raw)->type), bytes)) return;
        auto frame = recorder::decode(**raw);
        if (!frame) return damaged(frame.error().message);
        if (!*frame) return;
        ++result_.frames;
        std::vector<std::byte> kept(bytes.begin(), bytes.end());
        if (baseline_.adjust(**frame)) {
            kept.clear();
            if (const auto encoded = recorder::encode(**frame, kept); !encoded)
                return damaged(encoded.error().message);
        }
        part_->frames.push_back({at, std::move(**frame), std::move(kept)});
    }
    // A file that continues another one begins with what its reader must know: who has read the other knows
    // it, and would begin anew with it.
    bool is_told_again(recorder::FrameType type, Bytes bytes) {
        if (type != recorder::FrameType::hello && type != recorder::FrameType::dictionary) return false;
        std::vector<std::byte>& last = type == recorder::FrameType::hello ? hello_ : dictionary_;
        const bool is_same = result_.files.size() > 1 && std::ranges::equal(last, bytes);
        last.assign(bytes.begin(), bytes.end());
        return is_same;
    }
    void damaged(const std::string& what) {
        if (result_.problem.isEmpty())
            result_.problem =
                QObject::tr("At byte %1: %2").arg(reader_->record_offset()).arg(QString::fromStdString(what));
    }

    void hand_over() {
        part_->packets = index_.take();
        part_->packets_left_out = index_.left_out() - told_left_out_;
        told_left_out_ = index_.left_out();
        part_->bytes_read = taken_before_ + taken_in_file_;
        part_->bytes_total = std::max(total_, part_->bytes_read);
        deliver_(std::move(part_));
        part_ = std::make_shared<LoadedPart>();
    }

    [[nodiscard]] std::uint64_t records() const {
        return result_.counts.datagrams + result_.counts.messages + result_.counts.controls;
    }
    void tell_problem(const recorder::Problem& problem) {
        problem_ = problem.kind == recorder::ProblemKind::corrupted
                       ? QObject::tr("damaged at byte %1: %2")
                             .arg(problem.offset)
                             .arg(QString::fromStdString(problem.message))
                       : QString::fromStdString(problem.message);
        if (problem.kind == recorder::ProblemKind::cut && records() > 0)
            problem_ = QObject::tr(
                "The recording ends in the middle of a record, as after a crash; all before it is shown.");
        else if (records() > 0)
            problem_ += QObject::tr(" (all before it is shown)");
        if (result_.files.size() > 1)
            problem_ = QObject::tr("%1: %2").arg(QFileInfo(result_.files.back().path).fileName(), problem_);
    }
    void finish() {
        result_.is_ok = records() > 0;
        result_.began_midway = baseline_.began_midway();
        if (!problem_.isEmpty()) result_.problem = problem_;
        if (!result_.is_ok && result_.problem.isEmpty())
            result_.problem = QObject::tr("The recording holds no records.");
        if (result_.is_ok && result_.problem.isEmpty() && first_part_ > 1)
            result_.problem =
                QObject::tr("This is part %1 of a recording: what came before is in other files.")
                    .arg(first_part_);
    }

    const QString& path_;
    const std::function<void(LoadedPartPointer)>& deliver_;
    const std::function<bool()>& stop_;
    QElapsedTimer timer_;
    std::unique_ptr<recorder::RecordingReader> reader_;
    PacketIndex index_;
    Baseline baseline_;
    LoadedPartPointer part_ = std::make_shared<LoadedPart>();
    LoadResult result_;
    QString problem_;               // of files, not of single records
    std::vector<std::byte> hello_;  // the last ones that came
    std::vector<std::byte> dictionary_;
    std::uint64_t begin_ = 0;         // plain bytes of all files so far
    std::uint64_t first_offset_ = 0;  // of the first record in this file
    std::uint64_t taken_before_ = 0;  // of the files before this one, as they lie on the disk
    std::uint64_t taken_in_file_ = 0;
    std::uint64_t total_ = 0;
    std::uint64_t told_left_out_ = 0;
    std::uint32_t first_part_ = 0;
    bool is_continued_ = false;
};

}  // namespace

LoadResult load_recording(const QString& path, const std::function<void(LoadedPartPointer)>& part,
                          const std::function<bool()>& stop) {
    LoadResult result = Loading(path, part, stop).run();
    if (!result.is_ok) result.problem = QObject::tr("%1: %2").arg(path, result.problem);
    result.title = QFileInfo(path).fileName();
    if (result.files.size() > 1)
        result.title = QObject::tr("%1 (%2 files)").arg(result.title).arg(result.files.size());
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

StoredRecord read_record(const std::vector<RecordingFile>& files, std::uint64_t offset) {
    StoredRecord out;
    const auto after = std::ranges::upper_bound(files, offset, {}, &RecordingFile::begin);
    if (after == files.begin()) {
        out.problem = QObject::tr("The recording is still being read.");
        return out;
    }
    const RecordingFile& file = *(after - 1);
    PackedInput input(file.path);
    if (!input.open() || !input.skipTo(offset - file.begin)) {
        out.problem = QObject::tr("%1 cannot be read again: %2").arg(file.path, input.problem());
        return out;
    }
    recorder::RecordingReader reader;
    reader.feed(file.preamble);
    while (reader.next()) {
    }
    // Its block is not longer than this.
    std::vector<std::byte> piece(65536);
    for (int i = 0; i < 64; ++i) {
        const std::size_t got = input.read(piece);
        if (got == 0) break;
        reader.feed(Bytes(piece).first(got));
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
