// Emits trace events of one endpoint. Costs one comparison where nobody listens.
#pragma once

#include "squall/trace/sink.hpp"

namespace squall::connection {

struct Tracer {
    trace::Sink* sink = nullptr;
    std::uint32_t source = 0;

    void emit(const trace::Event& event) const {
        if (sink == nullptr) return;
        trace::Event stamped = event;
        stamped.source = source;
        sink->on_event(stamped);
    }
};

}  // namespace squall::connection
