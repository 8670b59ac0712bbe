// The virtual network of a SimHost: who has which address, what becomes of each datagram, and when. Calls no
// node.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "address_table.hpp"
#include "link_configs.hpp"
#include "packet_store.hpp"
#include "squall/runtime/host.hpp"
#include "squall/simulator/link_model.hpp"
#include "squall/simulator/scheduler.hpp"
#include "squall/simulator/sim_host.hpp"

namespace squall::simulator {

// What the scheduler's events mean. A hop's target also names the slot of the receiver (for at_core: the
// probable one); its payload is the packet. The payload of a timeout is the slot.
enum class EventKind : std::uint32_t { timeout = 0, at_core = 1, at_node = 2 };
// Targets have 31 bits, so a slot has 29; AddressTable::kNobody becomes the last of them, which nobody has.
inline constexpr std::uint32_t kLastSlot = (std::uint32_t{1} << 29) - 1;
[[nodiscard]] constexpr std::uint32_t event_target(EventKind kind, std::uint32_t slot) {
    return (slot & kLastSlot) << 2 | static_cast<std::uint32_t>(kind);
}
[[nodiscard]] constexpr EventKind kind_of(std::uint32_t target) {
    return static_cast<EventKind>(target & 3);
}
[[nodiscard]] constexpr std::uint32_t slot_of(std::uint32_t target) {
    return target >> 2;
}
[[nodiscard]] constexpr std::uint32_t slot_of(NodeId id) {
    return static_cast<std::uint32_t>(id.value) - 1;
}

class VirtualNetwork {
  public:
    VirtualNetwork(const Rng& rng, Scheduler& scheduler) : rng_(rng), scheduler_(scheduler) {}

    // Binds an address for the node in this slot. Errors: address_in_use, invalid_argument.
    Result<> join(std::uint32_t slot, NodeId id, const AttachOptions& options, const Access& access);
    void leave(std::uint32_t slot);

    void send(std::uint32_t slot, const Address& to, Bytes bytes);
    // The packet of an at_core event is at the receiver's link. True if it has passed that without delay:
    // then it is at its node. False: it is on its way there, or gone.
    [[nodiscard]] bool reach_core(std::uint32_t packet, std::uint32_t probable_slot);
    // The packet of an at_node event; false if its node has gone.
    [[nodiscard]] bool reach_node(std::uint32_t packet);
    // A packet that is at its node, for the node to take; then it is given back.
    [[nodiscard]] StoredPacket& packet(std::uint32_t packet) { return packets_[packet]; }
    void release(std::uint32_t packet) { packets_.release(packet); }
    // Asks the processor for the memory that this event will need.
    void prefetch(EventKind kind, std::uint32_t slot, std::uint32_t packet) const;

    Result<> set_links(std::uint32_t slot, const LinkConfig& up, const LinkConfig& down);
    void set_dark(std::uint32_t slot, bool is_dark);
    void partition(NodeId a, NodeId b);
    void heal(NodeId a, NodeId b);
    Result<Address> rebind(std::uint32_t slot, std::optional<Address> visible);

    [[nodiscard]] Address local_address(std::uint32_t slot) const { return port(slot).local; }
    [[nodiscard]] Address visible_address(std::uint32_t slot) const { return port(slot).visible; }
    [[nodiscard]] const SocketStatistics& socket_statistics(std::uint32_t slot) const {
        return port(slot).socket;
    }
    [[nodiscard]] const LinkStatistics& link_statistics(std::uint32_t slot, Direction direction) const;
    void add_to(NetworkStatistics& statistics) const;
    void set_trace(trace::Sink* sink);
    void set_delay_histograms(trace::Histogram* up, trace::Histogram* down);

  private:
    // A node's place in the network: a first cache line that every datagram needs, then its links.
    struct Port {
        Port(NodeId node, const LinkConfig& up_config, const LinkConfig& down_config, const Rng& rng)
            : id(node), up(up_config, rng.fork("up")), down(down_config, rng.fork("down")) {}
        NodeId id;
        Address visible;                 // what others see; invalid without a socket
        std::uint32_t sharer_count = 1;  // slots that share the address
        SocketStatistics socket;
        LinkModel up;
        LinkModel down;
        std::uint32_t next_sharer = 0;  // the ring of them; itself if alone
        std::uint32_t trace_source = 0;
        Address local;  // what the node believes
        Address home;   // visible at first; nobody else gets it while the node is attached
        bool reuse_port = false;
    };
    // Asks for no memory of the port itself.
    [[nodiscard]] bool is_taken(std::uint32_t slot) const {
        return slot < ports_.size() && ports_[slot] != nullptr;
    }
    [[nodiscard]] Port& port(std::uint32_t slot) { return *ports_[slot]; }
    [[nodiscard]] const Port& port(std::uint32_t slot) const { return *ports_[slot]; }

    Result<Address> choose_address(const AttachOptions& options) const;
    Result<Address> with_free_port(const Address& address) const;
    void share(std::uint32_t slot, std::uint32_t with);
    void unshare(std::uint32_t slot);
    // The node that a datagram to this address reaches; nullptr if there is none. `slot` is where to look
    // first.
    [[nodiscard]] Port* route(const StoredPacket& packet, std::uint32_t slot);
    [[nodiscard]] bool is_partitioned(NodeId a, NodeId b) const;
    // Through the receiver's link: the packet's own arrival, or nothing; copies are posted.
    [[nodiscard]] std::optional<TimePoint> pass_down(std::uint32_t packet, std::uint32_t probable_slot);
    void arrive(std::uint32_t packet);
    void refuse(std::uint32_t packet, Verdict verdict);
    void post(TimePoint at, EventKind kind, std::uint32_t slot, std::uint32_t packet) {
        scheduler_.post(at, event_target(kind, slot), packet);
    }

    Rng rng_;
    Scheduler& scheduler_;
    LinkConfigs configs_;
    PacketStore packets_;
    AddressTable addresses_;
    std::vector<std::unique_ptr<Port>> ports_;           // by slot
    std::vector<std::pair<NodeId, NodeId>> partitions_;  // sorted, the lesser id first
    mutable std::uint16_t next_port_ = 0;
    trace::Sink* trace_ = nullptr;
    trace::Histogram* up_delays_ = nullptr;
    trace::Histogram* down_delays_ = nullptr;
    std::uint64_t core_verdicts_ = 0;
    NetworkStatistics totals_;  // links of nodes that left; counters of the core
};

}  // namespace squall::simulator
