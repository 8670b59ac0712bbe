// What all views of a window share: the session, the time axis, where the session comes from, and requests
// from one view to another. Owns the session; draws nothing.
#pragma once

#include <QObject>
#include <memory>
#include <optional>

#include "gui/data/budgets.hpp"
#include "gui/data/health.hpp"
#include "gui/data/packet_index.hpp"
#include "gui/data/session.hpp"
#include "gui/models/chart_content.hpp"
#include "gui/models/time_axis.hpp"
#include "gui/sources/recording_loader.hpp"

namespace squall::gui {

enum class SourceKind : std::uint8_t { none, live, recording };

class Workspace : public QObject {
    Q_OBJECT
  public:
    explicit Workspace(QObject* parent = nullptr);

    [[nodiscard]] const Session& session() const { return *session_; }
    [[nodiscard]] TimeAxis& axis() { return axis_; }
    [[nodiscard]] SourceKind kind() const { return kind_; }
    [[nodiscard]] QString sourceName() const { return source_name_; }
    [[nodiscard]] const PacketIndex& packets() const { return packets_; }
    // Of a recording: the file that was opened, and all files that it consists of, once they were read.
    [[nodiscard]] QString recordingPath() const { return recording_path_; }
    [[nodiscard]] const std::vector<RecordingFile>& files() const { return files_; }

    // Starts over with nothing known.
    void start(SourceKind kind, const QString& name, const QString& recordingPath = {});
    void apply(std::int64_t at, const recorder::ProfileFrame& frame);
    void addPart(const LoadedPart& part);
    void finishRecording(const LoadResult& result);
    // A recording was read to its end.
    [[nodiscard]] bool isComplete() const { return is_complete_; }
    // Its server ran before: all figures are of the recording alone.
    [[nodiscard]] bool beganMidway() const { return began_midway_; }
    // What is over is judged as a whole; what goes on, or is played, by its last seconds.
    [[nodiscard]] Period period() const {
        return kind_ == SourceKind::recording && is_complete_ && playhead_ >= full_range_.end
                   ? Period::all
                   : Period::newest;
    }

    // --- replay: the session as it was at a moment of the recording
    // ----------------------------------------------------- The whole length of the recording, whatever
    // moment is shown.
    [[nodiscard]] TimeRange fullRange() const { return full_range_; }
    [[nodiscard]] std::int64_t playhead() const { return playhead_; }
    // Shows what was known at this moment. Going forward is cheap; going back starts from the beginning.
    void seek(std::int64_t at);
    void seekEnd() { seek(full_range_.end); }

    // What the remotes and the whole may spend, whatever is open now and later.
    void setBudgets(std::vector<Budget> budgets);
    [[nodiscard]] const std::vector<Budget>& budgets() const { return budgets_; }

    // What no view shows any more may go; called after all that are seen were refreshed.
    void releaseRetired() { session_->release_retired(); }
    // Tells the axis of new data; called before each picture.
    void updateLimits();

    // What charts draw over every line: conditions and marks.
    [[nodiscard]] std::vector<ChartBand> bands() const;
    [[nodiscard]] std::vector<ChartMark> marks() const;

    // --- requests
    // ---------------------------------------------------------------------------------------------------------
    void show(Place place, const QString& filter) { Q_EMIT placeRequested(place, filter); }
    void command(recorder::Command command) { Q_EMIT commandRequested(command); }
    void watch(const recorder::Subscribe& wanted) { Q_EMIT subscriptionRequested(wanted); }
    void say(const QString& text) { Q_EMIT said(text); }

  Q_SIGNALS:
    // The session is another one; pointers into the one before are void.
    void sessionReplaced();
    void sourceChanged();
    void recordingLoaded();
    void placeRequested(squall::gui::Place place, const QString& filter);
    void commandRequested(const squall::recorder::Command& command);
    void subscriptionRequested(const squall::recorder::Subscribe& wanted);
    void said(const QString& text);

  private:
    [[nodiscard]] std::unique_ptr<Session> newSession() const;
    std::vector<Budget> budgets_;
    std::unique_ptr<Session> session_ = std::make_unique<Session>();
    TimeAxis axis_;
    SourceKind kind_ = SourceKind::none;
    QString source_name_;
    QString recording_path_;
    std::vector<RecordingFile> files_;
    PacketIndex packets_;
    // Of a recording, for replay: packed, one behind the other.
    struct StoredFrame {
        std::int64_t at = 0;
        std::size_t offset = 0;
        std::size_t size = 0;
    };
    void applyUntil(std::int64_t at);
    std::vector<StoredFrame> frames_;
    std::vector<std::byte> frame_bytes_;
    std::size_t applied_ = 0;  // of frames_
    TimeRange full_range_{0, 1};
    std::int64_t playhead_ = 0;
    bool is_complete_ = false;
    bool began_midway_ = false;
};

}  // namespace squall::gui
