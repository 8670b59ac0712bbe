// Emits trace events of one endpoint, and tells its account of transmissions. Costs one comparison each where
// nobody listens.
#pragma once

#include "squall/trace/sink.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::connection {

struct Tracer {
    trace::Sink* sink = nullptr;
    std::uint32_t source = 0;
    TransmissionAccount* account = nullptr;

    // Whose message begins with these bytes; 0 where nobody says.
    [[nodiscard]] std::uint16_t tag_of(ChannelId channel, Bytes beginning) const {
        return account == nullptr ? std::uint16_t{0} : account->tag_of(channel, beginning);
    }
    // The event is made for this call: its source is written here.
    void emit(trace::Event& event) const {
        if (sink == nullptr) return;
        event.source = source;
        sink->on_event(event);
    }
};

}  // namespace squall::connection
