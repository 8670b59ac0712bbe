// Drives nodes by the drain rule: datagrams and due deadlines in, datagrams out, in batches. Knows sockets
// and the host's clock, but neither waits nor decides when: the host tells it what is ready.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "runtime/deadline_heap.hpp"
#include "runtime/poller.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/udp_socket.hpp"

namespace squall::runtime {

class NodePump {
  public:
    NodePump(const AsioHostOptions& options, const Host& clock, Poller& poller);

    // Tokens that the poller reports for nodes are at least this.
    static constexpr std::uint64_t kFirstToken = 1ULL << 20U;

    Result<NodeId> attach(Node& node, const AttachOptions& options);
    void detach(NodeId id);
    void wake(NodeId id);
    void inject(NodeId id, const Address& from, MutableBytes datagram);
    [[nodiscard]] const UdpSocket* socket(NodeId id) const;
    [[nodiscard]] std::size_t attached_count() const { return attached_count_; }

    // The node's socket can be read: takes in what waits, up to a bound, so that one peer's flood does not
    // starve the others. True if the bound was met: more may wait.
    bool serve_socket(std::uint64_t token);
    // What the poller reported, in the order in which it will be served, and the place of who is next.
    void look_ahead(std::span<const std::uint64_t> tokens, std::size_t index);
    // Nodes whose deadline has come, up to a bound.
    void serve_timeouts();
    // Nodes that were attached or woken since.
    void serve_wakes();
    [[nodiscard]] TimePoint next_deadline() const {
        return wakes_.empty() ? deadlines_.earliest() : TimePoint{};
    }

    // Inside a callback: the time at which it began.
    [[nodiscard]] std::optional<TimePoint> callback_time() const;
    // Callbacks that others make (TCP, watches) are bracketed by these.
    void begin_callback();
    void end_callback() { --callback_depth_; }

    [[nodiscard]] const PumpStatistics& statistics() const { return statistics_; }
    void count_wait() { ++statistics_.waits; }

  private:
    struct Slot {
        NodeId id{};  // 0: free
        Node* node = nullptr;
        std::optional<UdpSocket> socket;
        bool is_queued = false;  // stands in wakes_
        bool is_new = false;     // has not had its first handle_timeout()
    };
    class CallbackScope;
    [[nodiscard]] Slot* find(NodeId id);
    [[nodiscard]] const Slot* find(NodeId id) const;
    void queue_wake(Slot& slot);
    // These return false if the node was detached meanwhile; the slot must not be used then.
    bool drain(Slot& slot, NodeId id);
    bool take_in(Slot& slot, NodeId id);
    void flush(Slot& slot);
    void settle(Slot& slot);

    template <class NodeAt>
    void look_ahead(std::size_t index, std::size_t count, const NodeAt& node_at);

    struct Due {
        NodeId node{};
        TimePoint deadline{};
    };

    const Host& clock_;
    Poller& poller_;
    const bool coalesced_receive_;
    const bool segmented_send_;
    ReceiveBatch received_;
    TransmitBatch outgoing_;
    Slot* outgoing_owner_ = nullptr;  // whose datagrams stand in outgoing_
    std::deque<Slot> slots_;          // a deque: slots do not move when a callback attaches a node
    std::vector<std::uint32_t> free_slots_;
    std::uint64_t next_serial_ = 1;
    std::size_t attached_count_ = 0;
    DeadlineHeap deadlines_;
    std::vector<Due> due_;  // while they are served
    std::vector<NodeId> wakes_;
    std::vector<NodeId> wakes_being_served_;
    TimePoint now_{};
    int callback_depth_ = 0;
    PumpStatistics statistics_;
};

}  // namespace squall::runtime
