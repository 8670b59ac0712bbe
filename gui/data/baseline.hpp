// What a server had counted before a recording of it began. Counters and histograms go on from the server's
// start; what was recorded is their growth since the first keyframe. Takes it away from the frames, so that
// whatever reads them counts the recording alone. Knows no file.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "squall/recorder/profile_frame.hpp"

namespace squall::gui {

class Baseline {
  public:
    // Datagrams that the recording itself holds, so far: of a recording that began with the server, they are
    // what the first keyframe counts.
    void on_datagram_sent(std::uint64_t bytes) { bytes_recorded_ += bytes; }
    // Takes away what was before. True: the frame is another one now.
    bool adjust(recorder::ProfileFrame& frame);
    // The server had counted before: everything is told from the recording's first keyframe on.
    [[nodiscard]] bool began_midway() const { return before_.has_value(); }

  private:
    using HistogramKey = std::pair<recorder::HistogramKind, std::uint32_t>;
    bool adjust(recorder::Stats& stats);
    bool adjust(recorder::Histograms& histograms);

    std::uint64_t bytes_recorded_ = 0;
    bool is_decided_ = false;
    std::optional<recorder::Stats> before_;
    std::map<HistogramKey, recorder::HistogramEntry> histograms_;
};

// A histogram without what another one, of the same before, had counted.
[[nodiscard]] recorder::HistogramEntry growth_of(recorder::HistogramEntry now,
                                                 const recorder::HistogramEntry& before);

}  // namespace squall::gui
