// What the sinks do with an event: hash it, count it.
#include "squall/trace/sink.hpp"

namespace squall::trace {

std::string_view to_string(EventKind kind) {
    switch (kind) {
        case EventKind::datagram_sent: return "datagram_sent";
        case EventKind::datagram_received: return "datagram_received";
        case EventKind::datagram_refused: return "datagram_refused";
        case EventKind::packet_acked: return "packet_acked";
        case EventKind::packet_lost: return "packet_lost";
        case EventKind::message_queued: return "message_queued";
        case EventKind::message_sent: return "message_sent";
        case EventKind::message_received: return "message_received";
        case EventKind::message_acked: return "message_acked";
        case EventKind::message_lost: return "message_lost";
        case EventKind::connection_connected: return "connection_connected";
        case EventKind::connection_disconnected: return "connection_disconnected";
        case EventKind::path_changed: return "path_changed";
        case EventKind::link_verdict: return "link_verdict";
        case EventKind::tick: return "tick";
        case EventKind::mark: return "mark";
        case EventKind::packet_opened: return "packet_opened";
        case EventKind::packet_sealed: return "packet_sealed";
        case EventKind::token_opened: return "token_opened";
        case EventKind::remote_received: return "remote_received";
        case EventKind::remote_handled: return "remote_handled";
        case EventKind::call_settled: return "call_settled";
        case EventKind::remote_failed: return "remote_failed";
        case EventKind::frame_received: return "frame_received";
    }
    return "unknown";
}

void HashSink::on_event(const Event& event) {
    ++count_;
    hash_.add(static_cast<std::uint64_t>(event.at.time_since_epoch().count()));
    hash_.add((std::uint64_t{event.source} << 32) |
              (std::uint64_t{static_cast<std::uint8_t>(event.kind)} << 8) | event.channel.value);
    hash_.add((std::uint64_t{event.connection.slot} << 32) | event.connection.generation);
    hash_.add(event.id);
    hash_.add((std::uint64_t{event.bytes} << 32) | event.detail);
    if (!event.payload.empty()) hash_.add(event.payload);
}

void CountingSink::on_event(const Event& event) {
    const auto index = static_cast<std::size_t>(event.kind);
    ++counts_[index];
    bytes_[index] += event.bytes;
}

}  // namespace squall::trace
