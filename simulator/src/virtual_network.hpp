// The virtual network of a SimHost: who has which address, what becomes of each datagram, and when. Calls no
// node.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "address_table.hpp"
#include "link_configs.hpp"
#include "squall/core/byte_pool.hpp"
#include "squall/runtime/host.hpp"
#include "squall/simulator/link_model.hpp"
#include "squall/simulator/scheduler.hpp"
#include "squall/simulator/sim_host.hpp"

namespace squall::simulator {

// What the scheduler's events mean; their payload is a slot or a packet.
enum class EventTarget : std::uint32_t { timeout, at_core, at_node };

// A datagram that has arrived at its node.
struct DeliveredDatagram {
    std::uint32_t slot = 0;
    NodeId node;
    Address from;
    PooledBytes bytes;
};

class VirtualNetwork {
  public:
    VirtualNetwork(const Rng& rng, Scheduler& scheduler) : rng_(rng), scheduler_(scheduler) {}

    // Binds an address for the node in this slot. Errors: address_in_use, invalid_argument.
    Result<> join(std::uint32_t slot, NodeId id, const AttachOptions& options, const Access& access);
    void leave(std::uint32_t slot);

    void send(std::uint32_t slot, const Address& to, Bytes bytes);
    // The packet of an at_core event is at the receiver's link. Returns it if it has passed that without
    // delay.
    [[nodiscard]] std::optional<DeliveredDatagram> reach_core(std::uint32_t packet);
    // The packet of an at_node event; nothing if its node has gone.
    [[nodiscard]] std::optional<DeliveredDatagram> reach_node(std::uint32_t packet);

    Result<> set_links(std::uint32_t slot, const LinkConfig& up, const LinkConfig& down);
    void set_dark(std::uint32_t slot, bool is_dark);
    void partition(NodeId a, NodeId b);
    void heal(NodeId a, NodeId b);
    Result<Address> rebind(std::uint32_t slot, std::optional<Address> visible);

    [[nodiscard]] Address local_address(std::uint32_t slot) const { return ports_[slot]->local; }
    [[nodiscard]] Address visible_address(std::uint32_t slot) const { return ports_[slot]->visible; }
    [[nodiscard]] const SocketStatistics& socket_statistics(std::uint32_t slot) const {
        return ports_[slot]->socket;
    }
    [[nodiscard]] const LinkStatistics& link_statistics(std::uint32_t slot, Direction direction) const;
    void add_to(NetworkStatistics& statistics) const;
    void set_trace(trace::Sink* sink);
    void set_delay_histograms(trace::Histogram* up, trace::Histogram* down);

  private:
    // A node's place in the network.
    struct Port {
        Port(NodeId node, const LinkConfig& up_config, const LinkConfig& down_config, const Rng& rng)
            : id(node), up(up_config, rng.fork("up")), down(down_config, rng.fork("down")) {}
        NodeId id;
        Address visible;                // what others see; invalid without a socket
        std::uint32_t next_sharer = 0;  // the ring of slots that share the address; itself if alone
        std::uint32_t sharer_count = 1;
        LinkModel up;
        LinkModel down;
        SocketStatistics socket;
        Address local;  // what the node believes
        Address home;   // visible at first; nobody else gets it while the node is attached
        std::uint32_t trace_source = 0;
        bool reuse_port = false;
    };
    struct Packet {
        Address from;
        Address to;
        NodeId sender;
        NodeId receiver;
        std::uint32_t slot = 0;  // of the receiver
        std::uint32_t trace_source = 0;
        PooledBytes bytes;
    };

    Result<Address> choose_address(const AttachOptions& options) const;
    Result<Address> with_free_port(const Address& address) const;
    void share(std::uint32_t slot, std::uint32_t with);
    void unshare(std::uint32_t slot);
    // The node that a datagram to this address reaches; nullptr if there is none.
    [[nodiscard]] Port* route(const Packet& packet, std::uint32_t& slot) const;
    [[nodiscard]] bool is_partitioned(NodeId a, NodeId b) const;
    // The first delivery's packet stays in its place; those of copies are posted.
    bool pass_down(std::uint32_t packet, Delivery& original);
    DeliveredDatagram hand_over(std::uint32_t packet);
    [[nodiscard]] std::uint32_t take_place();
    void drop(std::uint32_t packet);
    void refuse(const Packet& packet, Verdict verdict);
    void post(TimePoint at, EventTarget target, std::uint32_t packet) {
        scheduler_.post(at, static_cast<std::uint32_t>(target), packet);
    }

    Rng rng_;
    Scheduler& scheduler_;
    LinkConfigs configs_;
    BytePool pool_;
    AddressTable addresses_;
    std::vector<std::unique_ptr<Port>> ports_;  // by slot
    std::vector<Packet> packets_;
    std::vector<std::uint32_t> free_packets_;
    std::vector<std::pair<NodeId, NodeId>> partitions_;  // sorted, the lesser id first
    mutable std::uint16_t next_port_ = 0;
    trace::Sink* trace_ = nullptr;
    trace::Histogram* up_delays_ = nullptr;
    trace::Histogram* down_delays_ = nullptr;
    std::uint64_t core_verdicts_ = 0;
    NetworkStatistics totals_;  // links of nodes that left; counters of the core
};

}  // namespace squall::simulator
