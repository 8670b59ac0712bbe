#include "runner/recorded_frames.hpp"

#include <variant>

#include "squall/recorder/profile_codec.hpp"

namespace squall::loadgen {
namespace {

using recorder::bit;
using recorder::Stream;

constexpr Duration kKeyframeInterval = std::chrono::seconds(1);
// Rounds between two pictures of the world.
constexpr std::uint64_t kWorldRounds = 10;

}  // namespace

ProfileWants RecordedFrames::wants() {
    ProfileWants out;
    out.streams = bit(Stream::stats) | bit(Stream::histograms) | bit(Stream::conditions) | bit(Stream::notes);
    if (rounds_++ % kWorldRounds == 0) out.streams |= bit(Stream::world);
    return out;
}

void RecordedFrames::on_frame(const recorder::ProfileFrame& frame) {
    if (!node_.is_recording()) return;
    if (const auto* stats = std::get_if<recorder::Stats>(&frame)) return write_stats(*stats);
    if (const auto* note = std::get_if<recorder::Note>(&frame)) {
        now_ = std::max(now_, note->at);
        // A mark has a record of its own, which every reader knows.
        if (note->kind == recorder::NoteKind::mark) return node_.note(now_, recorder::Mark{note->text});
    }
    const auto* hello = std::get_if<recorder::Hello>(&frame);
    if (hello == nullptr || !is_virtual_) return write(frame);
    recorder::Hello repeatable = *hello;
    repeatable.process = 0;
    write(repeatable);
}

void RecordedFrames::write_stats(const recorder::Stats& stats) {
    now_ = std::max(now_, stats.at);
    const bool is_keyframe = !base_ || stats.at - keyframe_at_ >= kKeyframeInterval;
    if (is_keyframe) keyframe_at_ = stats.at;
    bytes_.clear();
    if (recorder::encode_stats(is_keyframe ? nullptr : &*base_, stats, ++sequence_, bytes_))
        node_.note(now_, recorder::FrameRecord{bytes_});
    base_ = stats;
}

void RecordedFrames::write(const recorder::ProfileFrame& frame) {
    bytes_.clear();
    // A frame that is too large for its limits is not told, live or here.
    if (!recorder::encode(frame, bytes_)) return;
    node_.note(now_, recorder::FrameRecord{bytes_});
}

}  // namespace squall::loadgen
