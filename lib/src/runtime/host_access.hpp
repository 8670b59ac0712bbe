// What other parts of the runtime (TCP) may do with an AsioHost that its users may not.
#pragma once

#include "runtime/node_pump.hpp"
#include "runtime/reactor.hpp"
#include "squall/runtime/asio_host.hpp"

namespace squall::runtime {

struct HostAccess {
    [[nodiscard]] static Reactor& reactor(AsioHost& host);
    [[nodiscard]] static NodePump& pump(AsioHost& host);
};

}  // namespace squall::runtime
