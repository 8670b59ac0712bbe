#include "runner/told_frames.hpp"

#include <variant>

namespace squall::loadgen {

void ToldFrames::on_frame(const recorder::ProfileFrame& frame) {
    if (std::holds_alternative<recorder::Conditions>(frame) || std::holds_alternative<recorder::Note>(frame))
        server_.tell(frame);
}

void pass_on(TimePoint now, const recorder::ProfileFrame& frame, Profiler& to) {
    if (const auto* conditions = std::get_if<recorder::Conditions>(&frame))
        to.set_conditions(now, conditions->links);
    if (const auto* note = std::get_if<recorder::Note>(&frame)) to.note(now, note->kind, note->text);
}

}  // namespace squall::loadgen
