// The host of the real world: runs nodes on real UDP sockets (IPv4 and IPv6) by the system's steady clock.
// One thread, one pump for all its nodes, be it one server or thousands of clients with a socket each;
// datagrams go in and out in batches, and in steady state nothing is allocated. TCP sockets and listeners run
// on the same pump (tcp_socket.hpp).
//
// A datagram that the system refuses to send (full buffer, no route, a firewall) is dropped and counted,
// never kept: for the transport it is one more lost packet. Errors that the network reports (ICMP) are
// counted, never fatal.
#pragma once

#include <functional>
#include <memory>

#include "squall/runtime/host.hpp"
#include "squall/runtime/system_limits.hpp"

namespace squall {

namespace runtime {
struct HostAccess;
}

struct AsioHostOptions {
    // Datagrams that one system call receives or sends at most; 1 to 1024.
    std::size_t batch = 64;
    // After datagrams came, gather further ones for so long before looking again: fewer wake-ups at high
    // rates, at the price of that much latency. 0: never wait. Timers are kept either way.
    Duration gather{0};
    // Runs of datagrams of one size to one peer leave as one packet that the kernel cuts up (GSO), and such
    // are taken in as one (GRO). Saves much for bulk (fragments, a relay), nothing for small packets to many
    // peers; a simulated link below this host (tc netem) then sees one big packet. Off by default: what the
    // wire sees is what was sent.
    bool segmented_send = false;
    bool coalesced_receive = false;
    // Timers within microseconds instead of 50 us late; sets the timer slack of the calling thread.
    bool precise_timers = false;
};

// What the pump did; for seeing whether this process keeps up.
struct PumpStatistics {
    std::uint64_t waits = 0;     // how often it asked the system for work
    std::uint64_t timeouts = 0;  // calls of handle_timeout()
    Duration lateness_total{};   // of those, after their deadlines
    Duration lateness_max{};
};

using WatchId = StrongId<struct WatchTag, std::uint64_t>;

class AsioHost final : public Host {
  public:
    // Errors: io (no descriptor left), invalid_argument (an option outside its range).
    [[nodiscard]] static Result<std::unique_ptr<AsioHost>> make(const AsioHostOptions& options = {});
    ~AsioHost() override;
    AsioHost(const AsioHost&) = delete;
    AsioHost& operator=(const AsioHost&) = delete;

    // Outside callbacks this reads the clock; inside one it is the time at which the callback began.
    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] TimePoint read_clock() const override;
    Result<NodeId> attach(Node& node, const AttachOptions& options) override;
    void detach(NodeId id) override;
    void wake(NodeId id) override;
    [[nodiscard]] Address local_address(NodeId id) const override;
    [[nodiscard]] SocketStatistics statistics(NodeId id) const override;
    // One pass at least: run_until(now()) handles what is there and returns. Not from inside a callback.
    void run_until(TimePoint deadline) override;
    // Async-signal-safe. A stop that comes while nothing runs ends the next run_until() at once.
    void stop() override;

    // What the system granted to the node's socket; zeros for a node without one. buffer_advice() makes a
    // sentence of it.
    [[nodiscard]] SocketBuffers granted_buffers(NodeId id) const;
    // Hands a datagram to the node as if its socket had received it, and drains. Not from inside a node's
    // callback.
    void inject(NodeId id, const Address& from, MutableBytes datagram);
    // Calls back, on this host's thread, whenever the descriptor can be read (level-triggered). It stays the
    // caller's; end the watch before closing it. A watch does not keep run_until() from returning when
    // nothing is attached. Error: io.
    Result<WatchId> watch(int descriptor, std::function<void()> on_readable);
    void unwatch(WatchId id);

    [[nodiscard]] std::size_t attached_count() const;
    [[nodiscard]] const PumpStatistics& pump_statistics() const;

  private:
    friend struct runtime::HostAccess;
    struct State;
    AsioHost();
    std::unique_ptr<State> state_;
};

}  // namespace squall
