#include "squall/recorder/profile_frame.hpp"

namespace squall::recorder {

std::string_view to_string(FrameType type) {
    switch (type) {
        case FrameType::hello: return "hello";
        case FrameType::subscribe: return "subscribe";
        case FrameType::dictionary: return "dictionary";
        case FrameType::connection_change: return "connection_change";
        case FrameType::stats: return "stats";
        case FrameType::histograms: return "histograms";
        case FrameType::samples: return "samples";
        case FrameType::conditions: return "conditions";
        case FrameType::note: return "note";
        case FrameType::world: return "world";
        case FrameType::command: return "command";
        case FrameType::result: return "result";
        case FrameType::ping: return "ping";
        case FrameType::pong: return "pong";
    }
    return "unknown";
}

std::string_view to_string(HistogramKind kind) {
    switch (kind) {
        case HistogramKind::queue: return "queue";
        case HistogramKind::wire: return "wire";
        case HistogramKind::handler: return "handler";
        case HistogramKind::call: return "call";
        case HistogramKind::connection_rtt: return "connection_rtt";
        case HistogramKind::tick: return "tick";
    }
    return "unknown";
}

std::string_view to_string(NoteKind kind) {
    switch (kind) {
        case NoteKind::info: return "info";
        case NoteKind::mark: return "mark";
        case NoteKind::condition: return "condition";
        case NoteKind::warning: return "warning";
        case NoteKind::recorder: return "recorder";
    }
    return "unknown";
}

const std::string* Command::find(std::string_view name) const {
    for (const auto& [key, value] : arguments)
        if (key == name) return &value;
    return nullptr;
}

FrameType type_of(const ProfileFrame& frame) {
    // In the order of the variant, which is that of the numbers.
    static_assert(std::variant_size_v<ProfileFrame> == static_cast<std::size_t>(FrameType::pong));
    return static_cast<FrameType>(frame.index() + 1);
}

}  // namespace squall::recorder
