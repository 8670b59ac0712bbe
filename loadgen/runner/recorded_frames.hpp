// The profiler's frames on their way into a recording, where the GUI finds them: counters as differences with
// a keyframe a second, the world once a second. Knows neither file nor server.
#pragma once

#include <optional>
#include <vector>

#include "squall/recorder/profile_state.hpp"
#include "squall/runtime/profiler.hpp"
#include "squall/runtime/recording_node.hpp"

namespace squall::loadgen {

class RecordedFrames final : public ProfileOutput {
  public:
    // The node outlives this. `is_virtual`: what a repeated run would not repeat (the process's number) is
    // left out.
    RecordedFrames(TimePoint now, RecordingNode& node, bool is_virtual)
        : node_(node), now_(now), is_virtual_(is_virtual) {}

    void on_frame(const recorder::ProfileFrame& frame) override;
    [[nodiscard]] ProfileWants wants() override;

  private:
    void write(const recorder::ProfileFrame& frame);
    void write_stats(const recorder::Stats& stats);

    RecordingNode& node_;
    TimePoint now_;
    bool is_virtual_;
    std::optional<recorder::Stats> base_;
    TimePoint keyframe_at_{};
    std::uint64_t sequence_ = 0;
    std::uint64_t rounds_ = 0;
    std::vector<std::byte> bytes_;
};

}  // namespace squall::loadgen
