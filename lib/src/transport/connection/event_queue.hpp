// The events of one endpoint that were not polled yet, and the memory of messages that had to be stored.
#pragma once

#include <optional>

#include "squall/core/byte_pool.hpp"
#include "squall/core/ring_buffer.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::connection {

class EventQueue {
  public:
    template <class Event>
    void push(const Event& event) {
        events_.extend() = event;
    }
    std::optional<EndpointEvent> poll() {
        std::optional<EndpointEvent> event;
        if (!events_.empty()) {
            event.emplace(events_.front());
            events_.pop_front();
        }
        return event;
    }
    // Keeps a message's memory until the next change of the endpoint.
    Bytes hold(PooledBytes bytes) { return held_.push_back(std::move(bytes)).bytes(); }
    // The next change begins: what was held may be used again.
    void release_held() {
        while (!held_.empty()) held_.pop_front();
    }

    // Gives back memory that nothing needs now.
    void rest() {
        events_.shrink();
        held_.shrink();
    }

  private:
    RingBuffer<EndpointEvent> events_;
    RingBuffer<PooledBytes> held_;
};

}  // namespace squall::connection
