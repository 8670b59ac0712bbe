// A Host in virtual time: the same nodes that run on real sockets run here in a simulated network, as fast as
// the processor allows, and the same from the same seed. Drives nodes; what happens to a datagram is
// VirtualNetwork's duty.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/runtime/host.hpp"
#include "squall/simulator/link_config.hpp"
#include "squall/simulator/link_model.hpp"
#include "squall/simulator/link_statistics.hpp"
#include "squall/simulator/scheduler.hpp"
#include "squall/trace/histogram.hpp"
#include "squall/trace/sink.hpp"

namespace squall::simulator {

class VirtualNetwork;

// How a node is connected to the core of the virtual network, which is ideal. A datagram passes the sender's
// `up`, then the receiver's `down`; each decides when the datagram reaches it.
struct Access {
    LinkConfig up{.delay = std::chrono::microseconds(50)};
    LinkConfig down{};
    // Names the links' randomness, so that the order of attaching changes no draw: two nodes of one run that
    // have the same number draw the same. Without it: the address that the node is bound to.
    std::optional<std::uint64_t> stream{};
    // Written into trace events as their source. Without it: the low half of the NodeId.
    std::optional<std::uint32_t> trace_source{};
};

// The stream that the access links of this number draw from; up from its fork("up"), down from its
// fork("down").
[[nodiscard]] Rng access_rng(const Rng& run, std::uint64_t stream);

struct NetworkStatistics {
    std::uint64_t delivered = 0;   // datagrams handed to nodes
    std::uint64_t unroutable = 0;  // nobody had the address when they arrived
    std::uint64_t partitioned = 0;
    std::uint64_t events = 0;            // scheduler events: hops and timeouts
    std::uint64_t delayed_timeouts = 0;  // of nodes whose deadline stays in the past: see SimHost
    std::uint64_t in_flight = 0;         // now
    LinkStatistics up;                   // of all access links together, those of detached nodes included
    LinkStatistics down;
};

// Differences from a real host, each of which a node can notice only by asking for it: reuse_port spreads
// senders over the sockets by a hash of their address; there are no kernel buffers, so no kernel_drops; calls
// are not counted. A node bound to 0.0.0.0 or [::] is seen, and reached, at the loopback address. A node that
// asks again and again for a deadline in the past would stop virtual time: after 100 calls at one instant its
// next one comes a microsecond later (delayed_timeouts).
class SimHost final : public Host {
  public:
    // All links draw from forks of this stream.
    explicit SimHost(const Rng& rng, TimePoint start = kVirtualStart);
    ~SimHost() override;
    SimHost(const SimHost&) = delete;
    SimHost& operator=(const SimHost&) = delete;

    [[nodiscard]] TimePoint now() const override { return scheduler_.now(); }
    [[nodiscard]] TimePoint read_clock() const override { return scheduler_.now(); }
    // With the default access. As with sockets, what attach() and wake() ask for is done after the callback
    // that called them, or when run_until() is called; a node that is detached inside its own callback gets
    // its last drain when that returns.
    Result<NodeId> attach(Node& node, const AttachOptions& options) override;
    Result<NodeId> attach(Node& node, const AttachOptions& options, const Access& access);
    void detach(NodeId id) override;
    void wake(NodeId id) override;
    [[nodiscard]] Address local_address(NodeId id) const override;
    [[nodiscard]] SocketStatistics statistics(NodeId id) const override;
    // Returns early also when nothing can happen any more: no deadline and nothing in flight.
    void run_until(TimePoint deadline) override;
    void stop() override { is_stopping_.store(true, std::memory_order_relaxed); }

    // The links of nodes that are attached without an Access of their own. Errors: invalid_argument.
    Result<> set_default_access(const LinkConfig& up, const LinkConfig& down);
    // From now on; what is in flight keeps its arrival times. Errors: invalid_argument, unknown_id.
    Result<> set_access_link(NodeId id, const LinkConfig& up, const LinkConfig& down);
    // The node goes dark: what it sends and what is sent to it vanishes, silently.
    void set_blackhole(NodeId id, bool is_dark);
    // Datagrams between the two vanish in the core, in both directions, until heal(); those that passed it
    // already arrive.
    void partition(NodeId a, NodeId b);
    void heal(NodeId a, NodeId b);
    // What a NAT does when it forgets: from now on others see the node at another port (or the given
    // address), and what is sent to the former one is unroutable. local_address() stays. Returns the address
    // that others see. Errors: unknown_id, address_in_use, invalid_argument (not an address), unsupported (a
    // port that nodes share).
    Result<Address> rebind(NodeId id);
    Result<Address> rebind(NodeId id, const Address& visible);
    [[nodiscard]] Address visible_address(NodeId id) const;

    [[nodiscard]] NetworkStatistics network_statistics() const;
    // nullptr for a node that is not attached.
    [[nodiscard]] const LinkStatistics* link_statistics(NodeId id, Direction direction) const;
    // Where the links' verdicts go, in the order in which they fall. nullptr: nowhere.
    void set_trace(trace::Sink* sink);
    // Where the delays of all delivered packets on up and on down links are recorded, of nodes attached from
    // now on.
    void set_delay_histograms(trace::Histogram* up, trace::Histogram* down);

  private:
    struct Attachment {
        Node* node = nullptr;  // nullptr: the slot is free
        NodeId id;
        TimerId timer;
        bool is_busy = false;     // inside a callback or its drain
        bool is_leaving = false;  // detached meanwhile
        bool is_woken = false;    // in woken_
        bool is_fresh = true;     // its first handle_timeout() is still to come
        unsigned timeouts_at_once = 0;
        TimePoint last_timeout{};
    };

    [[nodiscard]] Attachment* find(NodeId id);
    [[nodiscard]] const Attachment* find(NodeId id) const;
    NodeId take_slot();
    void warm_up_next() const;
    void dispatch(const ScheduledEvent& event);
    void serve_timeout(std::uint32_t slot);
    void serve_datagram(std::uint32_t packet);
    void serve_woken();
    template <class Callback>
    void drive(std::uint32_t slot, const Callback& callback);
    void drain(std::uint32_t slot, Node& node);
    void arm(Attachment& attachment);
    void forget(std::uint32_t slot);

    Scheduler scheduler_;
    std::unique_ptr<VirtualNetwork> network_;
    Access default_access_;
    std::deque<Attachment> attachments_;  // by slot; they do not move
    std::vector<Node*> nodes_;            // of each slot, close together
    std::vector<std::uint32_t> free_slots_;
    std::vector<NodeId> woken_;
    std::size_t attached_count_ = 0;
    std::uint64_t event_count_ = 0;
    std::uint64_t delayed_timeouts_ = 0;
    std::atomic<bool> is_stopping_ = false;
};

}  // namespace squall::simulator
