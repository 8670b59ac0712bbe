// What a load run needs of a client that plays: a node that connects by itself, tells an observer what
// happens, and leaves when asked. Knows no game.
#pragma once

#include "squall/trace/sink.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::loadgen {

class PlayedClient : public Node {
  public:
    // Disconnects; wake the host afterwards. The observer is told at once or in the next callback.
    virtual void leave(TimePoint now) = 0;
    // Disconnected, and the last datagram has left: the node can be detached and destroyed.
    [[nodiscard]] virtual bool finished() const = 0;
    [[nodiscard]] virtual const ClientEndpoint& endpoint() const = 0;
    virtual void set_trace(trace::Sink* sink, std::uint32_t source) = 0;
};

}  // namespace squall::loadgen
