// The seam between the library and the world: what owns time and sockets. The asio host runs nodes on real
// UDP sockets, the simulator's host runs the same nodes in a virtual network in virtual time; main() chooses.
#pragma once

#include <cstdint>
#include <functional>

#include "squall/core/address.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/node.hpp"

namespace squall {

// Names an attached node for as long as the host lives; never used twice.
using NodeId = StrongId<struct NodeTag, std::uint64_t>;

// What the socket of one node saw. Bytes are UDP payload bytes.
struct SocketStatistics {
    std::uint64_t datagrams_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t datagrams_received = 0;
    std::uint64_t bytes_received = 0;
    // The system refused a datagram (full buffer, no route); it is lost.
    std::uint64_t send_drops = 0;
    // Datagrams that the kernel dropped before us: the receive buffer was full.
    std::uint64_t kernel_drops = 0;
    // System calls, to see what batching brings.
    std::uint64_t send_calls = 0;
    std::uint64_t receive_calls = 0;
    // Errors that the system reported for the socket (ICMP port unreachable, say); never fatal.
    std::uint64_t socket_errors = 0;
    // Datagrams larger than kMaxDatagramBytes: received, counted and dropped.
    std::uint64_t oversized_drops = 0;
};

struct AttachOptions {
    // Where to bind; port 0 takes a free one. Ignored for a node without a socket.
    Address bind = Address::loopback(0);
    // False: the node has only timers (poll_timeout / handle_timeout); nothing is bound.
    bool with_socket = true;
    // Wanted kernel buffer sizes in bytes (0: the system's default). What the system grants is in granted_*.
    std::size_t receive_buffer_bytes = 0;
    std::size_t send_buffer_bytes = 0;
    // Let several sockets share one port, the kernel spreading peers over them (SO_REUSEPORT).
    bool reuse_port = false;
};

class Host {
  public:
    virtual ~Host() = default;

    // The one place where time is read. Constant during one callback of a node.
    [[nodiscard]] virtual TimePoint now() const = 0;
    // The clock read afresh, for measuring how long one's own work took; in virtual time the same as now():
    // work takes no time.
    [[nodiscard]] virtual TimePoint read_clock() const = 0;

    // Opens a socket for the node and starts driving it; handle_timeout() and the drain follow at once. The
    // node must outlive its attachment. Errors: address_in_use, permission_denied, invalid_argument, io; each
    // names the address.
    virtual Result<NodeId> attach(Node& node, const AttachOptions& options) = 0;
    // Sends what the node still has (one drain), closes its socket and forgets it. Safe inside a node's
    // callback.
    virtual void detach(NodeId id) = 0;
    // The node was changed by a call from outside a callback (a message was queued, say): drain it and ask
    // its deadline anew.
    virtual void wake(NodeId id) = 0;
    // The address that the node's socket is bound to, with its real port; invalid for a node without a
    // socket.
    [[nodiscard]] virtual Address local_address(NodeId id) const = 0;
    [[nodiscard]] virtual SocketStatistics statistics(NodeId id) const = 0;

    // Runs until stop() or until the deadline; returns early if nothing is attached.
    virtual void run_until(TimePoint deadline) = 0;
    // Makes run_until() return soon. The only member that may be called from another thread or a signal
    // handler.
    virtual void stop() = 0;
};

}  // namespace squall
