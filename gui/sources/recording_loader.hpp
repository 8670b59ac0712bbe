// Reads a recording, with all files that continue it, on a thread of its own, and hands over what it finds in
// portions: profile frames with their times, and where packets and messages lie. Knows no widget. What cannot
// be read is told in one sentence, with everything before it kept.
#pragma once

#include <QObject>
#include <QString>
#include <QThread>
#include <atomic>
#include <memory>
#include <vector>

#include "gui/data/packet_index.hpp"
#include "squall/recorder/profile_frame.hpp"
#include "squall/recorder/recording_reader.hpp"

namespace squall::gui {

struct TimedFrame {
    std::int64_t at = 0;
    recorder::ProfileFrame frame;
    std::vector<std::byte> bytes;  // of it, envelope included: a tenth of what it takes unpacked
};

// One portion of a recording.
struct LoadedPart {
    std::vector<TimedFrame> frames;
    std::vector<PacketEntry> packets;
    std::uint64_t packets_left_out = 0;
    std::int64_t first_at = 0;  // of any record in the part; both 0 where there was none
    std::int64_t last_at = 0;
    // Of the files as they lie on the disk: so far, and in all, as far as that is known.
    std::uint64_t bytes_read = 0;
    std::uint64_t bytes_total = 0;
};
using LoadedPartPointer = std::shared_ptr<LoadedPart>;  // travels through a queued signal

// One of the files of a recording. Records are found by where they lie in all of them, unpacked and one
// behind the other.
struct RecordingFile {
    QString path;
    std::uint64_t begin = 0;
    std::vector<std::byte> preamble;  // up to its first record: what a reader needs before any block
};

struct LoadResult {
    bool is_ok = false;  // false: nothing at all could be read
    QString problem;     // what is wrong; empty if nothing
    QString title;       // of the recording
    std::uint64_t frames = 0;
    recorder::ReaderCounts counts{};
    std::vector<RecordingFile> files;
    // The server ran before: figures are of the recording alone, from its first keyframe on.
    bool began_midway = false;
};

// Reads on the calling thread; `part` is called a few times a second, `stop` is asked now and then. Used by
// the thread below and by the command line.
[[nodiscard]] LoadResult load_recording(const QString& path,
                                        const std::function<void(LoadedPartPointer)>& part,
                                        const std::function<bool()>& stop);

class RecordingLoader : public QObject {
    Q_OBJECT
  public:
    explicit RecordingLoader(QObject* parent = nullptr);
    ~RecordingLoader() override;
    void open(const QString& path);
    [[nodiscard]] QString path() const { return path_; }

  Q_SIGNALS:
    void partLoaded(const squall::gui::LoadedPartPointer& part);
    void finished(const squall::gui::LoadResult& result);

  private:
    void stop();
    QString path_;
    std::unique_ptr<QThread> thread_;
    std::atomic<bool> stopping_ = false;
};

// One record, read again.
struct StoredRecord {
    std::optional<recorder::WireRecord> wire;
    std::optional<recorder::MessageRecord> message;
    std::vector<std::byte> bytes;  // what the record's views point into
    QString problem;
};
[[nodiscard]] StoredRecord read_record(const std::vector<RecordingFile>& files, std::uint64_t offset);

}  // namespace squall::gui

Q_DECLARE_METATYPE(squall::gui::LoadedPartPointer)
Q_DECLARE_METATYPE(squall::gui::LoadResult)
