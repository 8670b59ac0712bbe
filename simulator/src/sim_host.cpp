// Drives nodes in virtual time: one change in, then the drain, then the deadline.
#include "squall/simulator/sim_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "squall/core/prefetch.hpp"
#include "virtual_network.hpp"

namespace squall::simulator {
namespace {

constexpr unsigned kTimeoutsAtOneInstant = 100;
constexpr Duration kTimeoutDelay = std::chrono::microseconds(1);

Error unknown(NodeId id) {
    return {ErrorCode::unknown_id, fmt::format("node {} is not attached to this host", id.value)};
}

// All that a node will touch is asked for together. What it points to is waited for once a step instead of
// once an object, even where, as here, nothing is done between the steps.
void fetch(Node& node, const Address& from) {
    constexpr unsigned kSteps = 5;
    for (unsigned step = 0; step < kSteps; ++step) node.expect(from, step);
}

}  // namespace

SimHost::SimHost(const Rng& rng, TimePoint start)
    : scheduler_(start), network_(std::make_unique<VirtualNetwork>(rng, scheduler_)) {}

SimHost::~SimHost() = default;

SimHost::Attachment* SimHost::find(NodeId id) {
    return std::as_const(*this).find(id) == nullptr ? nullptr : &attachments_[slot_of(id)];
}

const SimHost::Attachment* SimHost::find(NodeId id) const {
    if (slot_of(id) >= attachments_.size()) return nullptr;
    const Attachment& attachment = attachments_[slot_of(id)];
    return attachment.node != nullptr && attachment.id == id && !attachment.is_leaving ? &attachment
                                                                                       : nullptr;
}

// Low half: slot + 1; high half: how often the slot was used.
NodeId SimHost::take_slot() {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(attachments_.size()));
        attachments_.emplace_back();
        nodes_.push_back(nullptr);
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    const std::uint64_t uses = (attachments_[slot].id.value >> 32) + 1;
    attachments_[slot].id = NodeId{uses << 32 | (slot + 1)};
    return attachments_[slot].id;
}

Result<NodeId> SimHost::attach(Node& node, const AttachOptions& options) {
    return attach(node, options, default_access_);
}

Result<NodeId> SimHost::attach(Node& node, const AttachOptions& options, const Access& access) {
    const NodeId id = take_slot();
    const std::uint32_t slot = slot_of(id);
    if (auto joined = network_->join(slot, id, options, access); !joined) {
        free_slots_.push_back(slot);
        return std::unexpected(joined.error());
    }
    attachments_[slot] = Attachment{};
    attachments_[slot].id = id;
    attachments_[slot].node = nodes_[slot] = &node;
    attachments_[slot].timer = scheduler_.add_timer(event_target(EventKind::timeout, 0), slot);
    ++attached_count_;
    wake(id);
    return id;
}

void SimHost::detach(NodeId id) {
    Attachment* attachment = find(id);
    if (attachment == nullptr) return;
    attachment->is_leaving = true;
    if (attachment->is_busy) return;
    drive(slot_of(id), [](Node&) {});
}

void SimHost::wake(NodeId id) {
    Attachment* attachment = find(id);
    // A node that is inside its callback is drained when that returns.
    if (attachment == nullptr || attachment->is_busy || attachment->is_woken) return;
    attachment->is_woken = true;
    woken_.push_back(id);
}

void SimHost::serve_woken() {
    // By index: callbacks may wake and attach more.
    for (std::size_t i = 0; i < woken_.size(); ++i) {
        Attachment* attachment = find(woken_[i]);
        if (attachment == nullptr) continue;
        attachment->is_woken = false;
        const bool is_fresh = std::exchange(attachment->is_fresh, false);
        drive(slot_of(woken_[i]), [&](Node& node) {
            if (is_fresh) node.handle_timeout(now());
        });
    }
    woken_.clear();
}

void SimHost::run_until(TimePoint deadline) {
    while (!is_stopping_.load(std::memory_order_relaxed)) {
        if (!woken_.empty()) serve_woken();
        if (attached_count_ == 0 || is_stopping_.load(std::memory_order_relaxed)) break;
        const auto event = scheduler_.pop_until(deadline);
        if (!event) break;
        warm_up_next();
        dispatch(*event);
    }
    is_stopping_.store(false, std::memory_order_relaxed);
}

void SimHost::dispatch(const ScheduledEvent& event) {
    ++event_count_;
    const std::uint32_t packet = event.payload;
    switch (kind_of(event.target)) {
        case EventKind::timeout: serve_timeout(event.payload); return;
        case EventKind::at_core:
            if (network_->reach_core(packet, slot_of(event.target))) serve_datagram(packet);
            return;
        case EventKind::at_node:
            if (network_->reach_node(packet)) serve_datagram(packet);
            return;
    }
}

void SimHost::serve_timeout(std::uint32_t slot) {
    Attachment& attachment = attachments_[slot];
    attachment.timeouts_at_once = attachment.last_timeout == now() ? attachment.timeouts_at_once + 1 : 1;
    attachment.last_timeout = now();
    drive(slot, [&](Node& node) {
        fetch(node, {});
        node.handle_timeout(now());
    });
}

void SimHost::serve_datagram(std::uint32_t index) {
    StoredPacket& packet = network_->packet(index);
    drive(slot_of(packet.node), [&](Node& node) {
        fetch(node, packet.from);
        node.receive(now(), packet.from, packet.bytes());
    });
    network_->release(index);
}

// While one event is served, the memory of the next one is on its way.
void SimHost::warm_up_next() const {
    const auto guess = scheduler_.guess_next();
    if (!guess) return;
    const EventKind kind = guess->is_timer ? EventKind::timeout : kind_of(guess->target);
    const std::uint32_t slot = guess->is_timer ? guess->payload : slot_of(guess->target);
    network_->prefetch(kind, slot, guess->payload);
    if (slot >= nodes_.size()) return;
    __builtin_prefetch(&attachments_[slot]);
    // nullptr where the node has left: its datagrams still come.
    squall::prefetch(nodes_[slot], 2 * kCacheLineBytes);
}

template <class Callback>
void SimHost::drive(std::uint32_t slot, const Callback& callback) {
    // Stays where it is: a busy attachment is not forgotten, and others that come do not move it.
    Attachment& attachment = attachments_[slot];
    attachment.is_busy = true;
    callback(*attachment.node);
    drain(slot, *attachment.node);
    attachment.is_busy = false;
    if (attachment.is_leaving)
        forget(slot);
    else
        arm(attachment);
}

void SimHost::drain(std::uint32_t slot, Node& node) {
    std::array<std::byte, kMaxDatagramBytes> buffer;
    while (const auto transmit = node.poll_transmit(now(), buffer))
        network_->send(slot, transmit->to, Bytes(buffer).first(transmit->size));
}

void SimHost::arm(Attachment& attachment) {
    TimePoint deadline = attachment.node->poll_timeout();
    if (deadline <= now() && attachment.timeouts_at_once >= kTimeoutsAtOneInstant &&
        attachment.last_timeout == now()) {
        deadline = now() + kTimeoutDelay;
        ++delayed_timeouts_;
    }
    scheduler_.arm(attachment.timer, deadline);
}

void SimHost::forget(std::uint32_t slot) {
    scheduler_.remove_timer(attachments_[slot].timer);
    network_->leave(slot);
    attachments_[slot].node = nodes_[slot] = nullptr;
    free_slots_.push_back(slot);
    --attached_count_;
}

Address SimHost::local_address(NodeId id) const {
    return find(id) == nullptr ? Address{} : network_->local_address(slot_of(id));
}

Address SimHost::visible_address(NodeId id) const {
    return find(id) == nullptr ? Address{} : network_->visible_address(slot_of(id));
}

SocketStatistics SimHost::statistics(NodeId id) const {
    if (find(id) == nullptr) return {};
    return network_->socket_statistics(slot_of(id));
}

Result<> SimHost::set_default_access(const LinkConfig& up, const LinkConfig& down) {
    for (const LinkConfig* config : {&up, &down})
        if (auto valid = config->validate(); !valid) return valid;
    default_access_.up = up;
    default_access_.down = down;
    return {};
}

Result<> SimHost::set_access_link(NodeId id, const LinkConfig& up, const LinkConfig& down) {
    if (find(id) == nullptr) return std::unexpected(unknown(id));
    return network_->set_links(slot_of(id), up, down);
}

void SimHost::set_blackhole(NodeId id, bool is_dark) {
    if (find(id) != nullptr) network_->set_dark(slot_of(id), is_dark);
}

void SimHost::partition(NodeId a, NodeId b) {
    if (find(a) != nullptr && find(b) != nullptr) network_->partition(a, b);
}

void SimHost::heal(NodeId a, NodeId b) {
    network_->heal(a, b);
}

Result<Address> SimHost::rebind(NodeId id) {
    if (find(id) == nullptr) return std::unexpected(unknown(id));
    return network_->rebind(slot_of(id), std::nullopt);
}

Result<Address> SimHost::rebind(NodeId id, const Address& visible) {
    if (find(id) == nullptr) return std::unexpected(unknown(id));
    return network_->rebind(slot_of(id), visible);
}

NetworkStatistics SimHost::network_statistics() const {
    NetworkStatistics statistics;
    network_->add_to(statistics);
    statistics.events = event_count_;
    statistics.delayed_timeouts = delayed_timeouts_;
    return statistics;
}

const LinkStatistics* SimHost::link_statistics(NodeId id, Direction direction) const {
    if (find(id) == nullptr) return nullptr;
    return &network_->link_statistics(slot_of(id), direction);
}

void SimHost::set_trace(trace::Sink* sink) {
    network_->set_trace(sink);
}

void SimHost::set_delay_histograms(trace::Histogram* up, trace::Histogram* down) {
    network_->set_delay_histograms(up, down);
}

}  // namespace squall::simulator
