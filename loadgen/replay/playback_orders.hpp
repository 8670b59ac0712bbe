// What a person says to a replay while it runs: a line of words becomes a change of its clock. Reads no
// stream.
#pragma once

#include <string>
#include <string_view>

#include "play/playback_clock.hpp"

namespace squall::loadgen {

inline constexpr std::string_view kPlaybackOrders =
    "orders: pause, resume, step [TIME], speed X, seek TIME (ahead only), where";

struct Obeyed {
    std::string answer;        // a line for whoever gave the order
    bool has_changed = false;  // the clock: whoever waits for it must be woken
};
[[nodiscard]] Obeyed obey(TimePoint now, std::string_view line, PlaybackClock& clock);

}  // namespace squall::loadgen
