#include "runtime/node_pump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "squall/core/prefetch.hpp"

namespace squall::runtime {
namespace {

// A node's id is its slot in the low bits and, above them, a number that is never used twice.
constexpr unsigned kSlotBits = 20;
constexpr std::uint64_t kSlotMask = (1ULL << kSlotBits) - 1;
static_assert(NodePump::kFirstToken == kSlotMask + 1);

constexpr int kReceiveCallsPerTurn = 4;
constexpr std::size_t kTimeoutsPerTurn = 256;
// Each is 64 KiB and may hold dozens of datagrams.
constexpr std::size_t kCoalescedBuffers = 16;

// So that pushing an element for each slot never allocates later.
template <class T>
void make_room(std::vector<T>& vector, std::size_t elements) {
    if (vector.capacity() < elements) vector.reserve(2 * elements);
}

std::uint32_t slot_of(NodeId id) {
    return static_cast<std::uint32_t>(id.value & kSlotMask);
}

}  // namespace

// During one callback (of a node, or a row of them for one batch of datagrams) time stands still.
class NodePump::CallbackScope {
  public:
    explicit CallbackScope(NodePump& pump) : pump_(pump) { pump_.begin_callback(); }
    ~CallbackScope() { pump_.end_callback(); }
    CallbackScope(const CallbackScope&) = delete;
    CallbackScope& operator=(const CallbackScope&) = delete;

  private:
    NodePump& pump_;
};

NodePump::NodePump(const AsioHostOptions& options, const Host& clock, Poller& poller)
    : clock_(clock),
      poller_(poller),
      coalesced_receive_(options.coalesced_receive),
      segmented_send_(options.segmented_send),
      received_(options.coalesced_receive ? std::min(options.batch, kCoalescedBuffers) : options.batch,
                options.coalesced_receive),
      outgoing_(options.batch) {
    due_.reserve(kTimeoutsPerTurn);
}

void NodePump::begin_callback() {
    if (callback_depth_++ == 0) now_ = clock_.read_clock();
}

std::optional<TimePoint> NodePump::callback_time() const {
    return callback_depth_ > 0 ? std::optional(now_) : std::nullopt;
}

Result<NodeId> NodePump::attach(Node& node, const AttachOptions& options) {
    std::optional<UdpSocket> socket;
    if (options.with_socket) {
        auto opened = UdpSocket::open({.bind = options.bind,
                                       .receive_buffer_bytes = options.receive_buffer_bytes,
                                       .send_buffer_bytes = options.send_buffer_bytes,
                                       .reuse_port = options.reuse_port,
                                       .coalesced_receive = coalesced_receive_,
                                       .segmented_send = segmented_send_});
        if (!opened) return std::unexpected(std::move(opened.error()));
        socket = std::move(*opened);
    }
    if (free_slots_.empty() && slots_.size() > kSlotMask)
        return fail(ErrorCode::queue_full, fmt::format("a host drives at most {} nodes", kSlotMask + 1));
    std::uint32_t index = static_cast<std::uint32_t>(slots_.size());
    if (!free_slots_.empty()) index = free_slots_.back();
    const NodeId id{(next_serial_ << kSlotBits) | index};
    if (socket) {
        if (auto added = poller_.add(socket->native_handle(), id.value); !added)
            return std::unexpected(added.error());
    }
    if (free_slots_.empty()) {
        slots_.emplace_back();
        make_room(free_slots_, slots_.size());
        make_room(wakes_, slots_.size());
        make_room(wakes_being_served_, slots_.size());
    } else {
        free_slots_.pop_back();
    }
    ++next_serial_;
    ++attached_count_;
    Slot& slot = slots_[index];
    slot.id = id;
    slot.node = &node;
    slot.socket = std::move(socket);
    slot.is_queued = false;
    slot.is_new = true;
    queue_wake(slot);
    return id;
}

void NodePump::detach(NodeId id) {
    Slot* slot = find(id);
    if (slot == nullptr) return;
    {
        const CallbackScope scope(*this);
        // This may be inside a callback, even inside the drain that fills outgoing_: send what is complete,
        // then the rest one by one.
        if (outgoing_owner_ != nullptr) flush(*outgoing_owner_);
        std::array<std::byte, kMaxDatagramBytes> buffer;
        while (const auto transmit = slot->node->poll_transmit(now_, buffer))
            if (slot->socket) (void)slot->socket->send_to(Bytes(buffer).first(transmit->size), transmit->to);
    }
    if (find(id) == nullptr) return;  // detached by its own last callback
    if (slot->socket) poller_.remove(slot->socket->native_handle());
    if (outgoing_owner_ == slot) outgoing_owner_ = nullptr;
    deadlines_.remove(slot_of(id));
    *slot = Slot{};
    free_slots_.push_back(slot_of(id));
    --attached_count_;
}

void NodePump::wake(NodeId id) {
    if (Slot* slot = find(id)) queue_wake(*slot);
}

void NodePump::queue_wake(Slot& slot) {
    if (slot.is_queued) return;
    slot.is_queued = true;
    wakes_.push_back(slot.id);
}

void NodePump::inject(NodeId id, const Address& from, MutableBytes datagram) {
    Slot* slot = find(id);
    if (slot == nullptr) return;
    assert(outgoing_owner_ == nullptr && "inject() is not for callbacks of nodes");
    const CallbackScope scope(*this);
    outgoing_owner_ = slot;
    slot->node->receive(now_, from, datagram);
    if (find(id) != nullptr && drain(*slot, id)) settle(*slot);
}

const UdpSocket* NodePump::socket(NodeId id) const {
    const Slot* slot = find(id);
    return slot != nullptr && slot->socket ? &*slot->socket : nullptr;
}

NodePump::Slot* NodePump::find(NodeId id) {
    const std::uint32_t index = slot_of(id);
    return index < slots_.size() && slots_[index].id == id && id.value != 0 ? &slots_[index] : nullptr;
}

const NodePump::Slot* NodePump::find(NodeId id) const {
    const std::uint32_t index = slot_of(id);
    return index < slots_.size() && slots_[index].id == id && id.value != 0 ? &slots_[index] : nullptr;
}

bool NodePump::serve_socket(std::uint64_t token) {
    const NodeId id{token};
    for (int call = 0; call < kReceiveCallsPerTurn; ++call) {
        Slot* slot = find(id);
        if (slot == nullptr || !slot->socket || slot->socket->receive(received_) == 0) return false;
        const CallbackScope scope(*this);
        outgoing_owner_ = slot;
        if (!take_in(*slot, id)) return false;
        settle(*slot);
        if (!received_.was_filled()) return false;
    }
    return true;
}

bool NodePump::take_in(Slot& slot, NodeId id) {
    // A node with many peers is told whose datagrams come next.
    constexpr std::size_t kSteps = 2;
    if (received_.size() > 1) slot.node->expect(received_[1].from, 0);
    for (std::size_t i = 0; i < received_.size(); ++i) {
        const ReceiveBatch::Item item = received_[i];
        for (std::size_t step = 0; step < kSteps; ++step)
            if (const std::size_t next = i + kSteps - step; next < received_.size())
                slot.node->expect(received_[next].from, static_cast<unsigned>(step));
        slot.node->receive(now_, item.from, item.bytes);
        if (slot.id != id || !drain(slot, id)) return false;
    }
    return true;
}

void NodePump::serve_timeouts() {
    const TimePoint now = clock_.read_clock();
    due_.clear();
    for (; due_.size() < kTimeoutsPerTurn && deadlines_.earliest() <= now;
         deadlines_.remove(deadlines_.earliest_owner()))
        due_.push_back({slots_[deadlines_.earliest_owner()].id, deadlines_.earliest()});
    for (std::size_t i = 0; i < due_.size(); ++i) {
        look_ahead(i, due_.size(), [&](std::size_t place) { return due_[place].node; });
        const NodeId id = due_[i].node;
        Slot* const slot = find(id);
        if (slot == nullptr) continue;  // detached by one before it
        const CallbackScope scope(*this);
        const Duration lateness = now_ - due_[i].deadline;
        ++statistics_.timeouts;
        statistics_.lateness_total += lateness;
        statistics_.lateness_max = std::max(statistics_.lateness_max, lateness);
        outgoing_owner_ = slot;
        slot->node->handle_timeout(now_);
        if (slot->id == id && drain(*slot, id)) settle(*slot);
    }
}

void NodePump::look_ahead(std::span<const std::uint64_t> tokens, std::size_t index) {
    look_ahead(index, tokens.size(), [&](std::size_t place) { return NodeId{tokens[place]}; });
}

// Fetches in steps, each a turn apart: the slot, the node, and what the node points to.
template <class NodeAt>
void NodePump::look_ahead(std::size_t index, std::size_t count, const NodeAt& node_at) {
    constexpr std::size_t kSteps = 6;
    if (const std::size_t place = index + kSteps + 2; place < count) {
        const std::uint32_t slot = slot_of(node_at(place));
        if (slot < slots_.size()) prefetch_object(&slots_[slot]);
    }
    if (const std::size_t place = index + kSteps + 1; place < count) {
        if (const Slot* slot = find(node_at(place))) prefetch(slot->node, 2 * kCacheLineBytes);
    }
    for (std::size_t step = 0; step < kSteps; ++step) {
        const std::size_t place = index + kSteps - step;
        if (place >= count) continue;
        if (const Slot* slot = find(node_at(place))) slot->node->expect({}, static_cast<unsigned>(step));
    }
}

void NodePump::serve_wakes() {
    std::swap(wakes_, wakes_being_served_);
    // By index: callbacks may attach more nodes, and attach() makes room here.
    for (std::size_t i = 0; i < wakes_being_served_.size(); ++i) {
        const NodeId id = wakes_being_served_[i];
        Slot* slot = find(id);
        if (slot == nullptr) continue;
        slot->is_queued = false;
        const CallbackScope scope(*this);
        outgoing_owner_ = slot;
        if (slot->is_new) {
            slot->is_new = false;
            slot->node->handle_timeout(now_);
            if (slot->id != id) continue;
        }
        if (drain(*slot, id)) settle(*slot);
    }
    wakes_being_served_.clear();
}

bool NodePump::drain(Slot& slot, NodeId id) {
    for (;;) {
        const MutableBytes place = outgoing_.next();
        const auto transmit = slot.node->poll_transmit(now_, place);
        if (slot.id != id) return false;
        if (!transmit) return true;
        outgoing_.commit(*transmit, place);
        if (outgoing_.full()) flush(slot);
    }
}

void NodePump::flush(Slot& slot) {
    if (slot.socket)
        slot.socket->send(outgoing_);
    else
        outgoing_.clear();
}

// The end of a turn: what was gathered leaves, and the deadline is asked anew. One in the past means at once,
// but behind those that are due already: a node that always wants a turn does not starve the others.
void NodePump::settle(Slot& slot) {
    flush(slot);
    outgoing_owner_ = nullptr;
    deadlines_.set(slot_of(slot.id), std::max(slot.node->poll_timeout(), now_));
}

}  // namespace squall::runtime
