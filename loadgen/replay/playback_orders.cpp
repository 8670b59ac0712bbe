#include "replay/playback_orders.hpp"

#include <fmt/format.h>

#include <charconv>

#include "squall/core/units.hpp"

namespace squall::loadgen {
namespace {

std::string where(TimePoint now, const PlaybackClock& clock) {
    if (clock.is_unbounded()) return "as fast as it goes";
    return fmt::format("{:.3f} s of the recording, {} x{}",
                       std::chrono::duration<double>(clock.position(now)).count(), clock.speed(),
                       clock.is_paused(now) ? ", paused" : "");
}

}  // namespace

Obeyed obey(TimePoint now, std::string_view line, PlaybackClock& clock) {
    const std::size_t blank = line.find(' ');
    const std::string_view word = line.substr(0, blank);
    const std::string_view rest =
        blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
    const auto changed = [&] { return Obeyed{where(now, clock), true}; };
    if (clock.is_unbounded() && word != "where")
        return {"as fast as it goes there is no pace to change; begin with --speed 1 for that", false};
    if (word == "where") return {where(now, clock), false};
    if (word == "pause") {
        clock.pause(now);
        return changed();
    }
    if (word == "resume") {
        clock.resume(now);
        return changed();
    }
    if (word == "step" || word == "seek") {
        const auto span = rest.empty() && word == "step"
                              ? Result<Duration>(Duration{std::chrono::milliseconds(50)})
                              : parse_duration(rest);
        if (!span) return {fmt::format("{} takes a time with its unit: {} 12.5s", word, word), false};
        if (word == "step") {
            clock.step(now, *span);
            return changed();
        }
        if (*span < clock.position(now))
            return {fmt::format("a server cannot be taken back: {} has passed, the replay is at {}", rest,
                                where(now, clock)),
                    false};
        clock.skip_to(now, *span);
        return changed();
    }
    if (word == "speed") {
        double speed = 0;
        const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), speed);
        if (code != std::errc{} || end != rest.data() + rest.size() || !(speed >= 0.001 && speed <= 1000))
            return {"speed takes 0.001 to 1000 times the recorded pace: speed 2", false};
        clock.set_speed(now, speed);
        return changed();
    }
    return {fmt::format("there is no order '{}'; {}", word, kPlaybackOrders), false};
}

}  // namespace squall::loadgen
