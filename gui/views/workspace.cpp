#include "gui/views/workspace.hpp"

#include <algorithm>

#include "squall/recorder/profile_codec.hpp"

namespace squall::gui {

Workspace::Workspace(QObject* parent) : QObject(parent), axis_(this) {}

std::unique_ptr<Session> Workspace::newSession() const {
    auto session = std::make_unique<Session>();
    if (!budgets_.empty())
        session->set_budgets([budgets = budgets_](const std::string& name, recorder::Direction direction) {
            return budget_of(budgets, name, direction);
        });
    return session;
}

void Workspace::setBudgets(std::vector<Budget> budgets) {
    budgets_ = std::move(budgets);
    session_->set_budgets([budgets = budgets_](const std::string& name, recorder::Direction direction) {
        return budget_of(budgets, name, direction);
    });
}

void Workspace::start(SourceKind kind, const QString& name, const QString& recordingPath) {
    kind_ = kind;
    source_name_ = name;
    recording_path_ = recordingPath;
    files_.clear();
    packets_ = PacketIndex();
    frames_.clear();
    frame_bytes_.clear();
    frame_bytes_.shrink_to_fit();
    applied_ = 0;
    full_range_ = {0, 1};
    playhead_ = 0;
    is_complete_ = began_midway_ = false;
    auto before = std::exchange(session_, newSession());
    axis_.reset({0, 1'000'000'000}, true);
    Q_EMIT sessionReplaced();
    Q_EMIT sourceChanged();
}

void Workspace::apply(std::int64_t at, const recorder::ProfileFrame& frame) {
    session_->apply(at, frame);
}

void Workspace::addPart(const LoadedPart& part) {
    for (const TimedFrame& frame : part.frames) {
        session_->apply(frame.at, frame.frame);
        frames_.push_back({frame.at, frame_bytes_.size(), frame.bytes.size()});
        frame_bytes_.insert(frame_bytes_.end(), frame.bytes.begin(), frame.bytes.end());
    }
    applied_ = frames_.size();
    packets_.append(std::vector<PacketEntry>(part.packets), part.packets_left_out);
    if (part.first_at != 0 && full_range_.begin == 0) full_range_.begin = part.first_at;
    full_range_.end =
        std::max({full_range_.end, part.last_at + 1, session_->has_data() ? session_->limits().end : 0});
    if (session_->has_data())
        full_range_.begin =
            std::min(full_range_.begin == 0 ? session_->origin() : full_range_.begin, session_->origin());
    playhead_ = full_range_.end;
}

void Workspace::finishRecording(const LoadResult& result) {
    files_ = result.files;
    source_name_ = result.title;
    is_complete_ = true;
    began_midway_ = result.began_midway;
    axis_.reset(session_->has_data() ? session_->limits() : full_range_, false);
    Q_EMIT recordingLoaded();
    Q_EMIT sourceChanged();
}

void Workspace::seek(std::int64_t at) {
    if (kind_ != SourceKind::recording) return;
    at = std::clamp(at, full_range_.begin, full_range_.end);
    if (at < playhead_) {
        auto before = std::exchange(session_, newSession());
        applied_ = 0;
        playhead_ = at;
        applyUntil(at);
        Q_EMIT sessionReplaced();
        return;
    }
    playhead_ = at;
    applyUntil(at);
}

void Workspace::applyUntil(std::int64_t at) {
    for (; applied_ < frames_.size() && frames_[applied_].at <= at; ++applied_) {
        const Bytes bytes = Bytes(frame_bytes_).subspan(frames_[applied_].offset, frames_[applied_].size);
        // They were read before, so they can be read.
        const auto raw = recorder::parse_envelope(bytes);
        if (!raw || !*raw) continue;
        if (const auto frame = recorder::decode(**raw); frame && *frame)
            session_->apply(frames_[applied_].at, **frame);
    }
}

void Workspace::updateLimits() {
    if (!session_->has_data()) return;
    TimeRange limits = session_->limits();
    if (kind_ == SourceKind::recording)
        limits = {std::min(limits.begin, full_range_.begin), std::max(limits.end, full_range_.end)};
    // While a recording is played, the picture follows the playhead and not the end of the file.
    if (kind_ == SourceKind::recording && axis_.isFollowing())
        limits.end = std::max(playhead_, limits.begin + 1);
    axis_.setLimits(limits);
}

std::vector<ChartBand> Workspace::bands() const {
    std::vector<ChartBand> out;
    // What held at first is the usual, and not tinted.
    const auto& spans = session_->conditions();
    int number = 0;
    for (const ConditionsSpan& span : spans)
        out.push_back({span.range, QString::fromStdString(span.label),
                       span.label == spans.front().label ? -1 : number++ % 4});
    return out;
}

std::vector<ChartMark> Workspace::marks() const {
    std::vector<ChartMark> out;
    for (const NoteRow& note : session_->notes()) {
        if (note.kind == recorder::NoteKind::info) continue;
        const MarkKind kind =
            note.kind == recorder::NoteKind::warning || note.kind == recorder::NoteKind::recorder
                ? MarkKind::warning
            : note.kind == recorder::NoteKind::condition ? MarkKind::condition
                                                         : MarkKind::note;
        out.push_back({note.at, QString::fromStdString(note.text), kind});
    }
    return out;
}

}  // namespace squall::gui
