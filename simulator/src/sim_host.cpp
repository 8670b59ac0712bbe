// Drives nodes in virtual time: one change in, then the drain, then the deadline.
#include "squall/simulator/sim_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "virtual_network.hpp"

namespace squall::simulator {
namespace {

constexpr unsigned kTimeoutsAtOneInstant = 100;
constexpr Duration kTimeoutDelay = std::chrono::microseconds(1);

Error unknown(NodeId id) {
    return {ErrorCode::unknown_id, fmt::format("node {} is not attached to this host", id.value)};
}

}  // namespace

struct SimHost::Attachment {
    Node* node = nullptr;
    NodeId id;
    TimerId timer;
    bool is_busy = false;     // inside a callback or its drain
    bool is_leaving = false;  // detached meanwhile
    bool is_woken = false;    // in woken_
    bool is_fresh = true;     // its first handle_timeout() is still to come
    unsigned timeouts_at_once = 0;
    TimePoint last_timeout{};
};

SimHost::SimHost(const Rng& rng, TimePoint start)
    : scheduler_(start), network_(std::make_unique<VirtualNetwork>(rng, scheduler_)) {}

SimHost::~SimHost() = default;

SimHost::Attachment* SimHost::find(NodeId id) const {
    const auto slot = static_cast<std::uint32_t>(id.value) - 1;
    if (slot >= attachments_.size()) return nullptr;
    Attachment* attachment = attachments_[slot].get();
    return attachment != nullptr && attachment->id == id && !attachment->is_leaving ? attachment : nullptr;
}

// Low half: slot + 1; high half: how often the slot was used.
NodeId SimHost::take_slot() {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(attachments_.size()));
        attachments_.emplace_back();
        generations_.push_back(0);
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    return NodeId{std::uint64_t{++generations_[slot]} << 32 | (slot + 1)};
}

Result<NodeId> SimHost::attach(Node& node, const AttachOptions& options) {
    return attach(node, options, default_access_);
}

Result<NodeId> SimHost::attach(Node& node, const AttachOptions& options, const Access& access) {
    const NodeId id = take_slot();
    const auto slot = static_cast<std::uint32_t>(id.value) - 1;
    if (auto joined = network_->join(slot, id, options, access); !joined) {
        free_slots_.push_back(slot);
        return std::unexpected(joined.error());
    }
    attachments_[slot] = std::make_unique<Attachment>();
    attachments_[slot]->node = &node;
    attachments_[slot]->id = id;
    attachments_[slot]->timer = scheduler_.add_timer(static_cast<std::uint32_t>(EventTarget::timeout), slot);
    ++attached_count_;
    wake(id);
    return id;
}

void SimHost::detach(NodeId id) {
    Attachment* attachment = find(id);
    if (attachment == nullptr) return;
    attachment->is_leaving = true;
    if (attachment->is_busy) return;
    drive(static_cast<std::uint32_t>(id.value) - 1, [](Node&) {});
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
        drive(static_cast<std::uint32_t>(woken_[i].value) - 1, [&](Node& node) {
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
        dispatch(*event);
    }
    is_stopping_.store(false, std::memory_order_relaxed);
}

void SimHost::dispatch(const ScheduledEvent& event) {
    ++event_count_;
    std::optional<DeliveredDatagram> datagram;
    switch (static_cast<EventTarget>(event.target)) {
        case EventTarget::timeout:
            drive(event.payload, [&](Node& node) {
                Attachment& attachment = *attachments_[event.payload];
                attachment.timeouts_at_once =
                    attachment.last_timeout == now() ? attachment.timeouts_at_once + 1 : 1;
                attachment.last_timeout = now();
                node.handle_timeout(now());
            });
            return;
        case EventTarget::at_core: datagram = network_->reach_core(event.payload); break;
        case EventTarget::at_node: datagram = network_->reach_node(event.payload); break;
    }
    if (datagram)
        drive(datagram->slot,
              [&](Node& node) { node.receive(now(), datagram->from, datagram->bytes.bytes()); });
}

template <class Callback>
void SimHost::drive(std::uint32_t slot, Callback&& callback) {
    // Stays where it is: a busy attachment is not forgotten, and others that come do not move it.
    Attachment& attachment = *attachments_[slot];
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
    scheduler_.remove_timer(attachments_[slot]->timer);
    network_->leave(slot);
    attachments_[slot].reset();
    free_slots_.push_back(slot);
    --attached_count_;
}

Address SimHost::local_address(NodeId id) const {
    return find(id) == nullptr ? Address{}
                               : network_->local_address(static_cast<std::uint32_t>(id.value) - 1);
}

Address SimHost::visible_address(NodeId id) const {
    return find(id) == nullptr ? Address{}
                               : network_->visible_address(static_cast<std::uint32_t>(id.value) - 1);
}

SocketStatistics SimHost::statistics(NodeId id) const {
    if (find(id) == nullptr) return {};
    return network_->socket_statistics(static_cast<std::uint32_t>(id.value) - 1);
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
    return network_->set_links(static_cast<std::uint32_t>(id.value) - 1, up, down);
}

void SimHost::set_blackhole(NodeId id, bool is_dark) {
    if (find(id) != nullptr) network_->set_dark(static_cast<std::uint32_t>(id.value) - 1, is_dark);
}

void SimHost::partition(NodeId a, NodeId b) {
    if (find(a) != nullptr && find(b) != nullptr) network_->partition(a, b);
}

void SimHost::heal(NodeId a, NodeId b) {
    network_->heal(a, b);
}

Result<Address> SimHost::rebind(NodeId id) {
    if (find(id) == nullptr) return std::unexpected(unknown(id));
    return network_->rebind(static_cast<std::uint32_t>(id.value) - 1, std::nullopt);
}

Result<Address> SimHost::rebind(NodeId id, const Address& visible) {
    if (find(id) == nullptr) return std::unexpected(unknown(id));
    return network_->rebind(static_cast<std::uint32_t>(id.value) - 1, visible);
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
    return &network_->link_statistics(static_cast<std::uint32_t>(id.value) - 1, direction);
}

void SimHost::set_trace(trace::Sink* sink) {
    network_->set_trace(sink);
}

void SimHost::set_delay_histograms(trace::Histogram* up, trace::Histogram* down) {
    network_->set_delay_histograms(up, down);
}

}  // namespace squall::simulator
