// The way of a datagram: up link, core, down link.
#include "virtual_network.hpp"

#include <algorithm>
#include <cstddef>

#include "squall/core/hash.hpp"
#include "squall/simulator/flip_bit.hpp"

namespace squall::simulator {

namespace {

// Cache lines of a link that most packets need.
constexpr std::size_t kLinkLines = 5;

std::pair<NodeId, NodeId> ordered(NodeId a, NodeId b) {
    return a < b ? std::pair{a, b} : std::pair{b, a};
}

}  // namespace

Rng access_rng(const Rng& run, std::uint64_t stream) {
    return run.fork("access", stream);
}

void VirtualNetwork::send(std::uint32_t slot, const Address& to, Bytes bytes) {
    Port& sender = port(slot);
    if (!sender.visible.is_valid() || !to.is_valid()) {
        ++sender.socket.send_drops;
        return;
    }
    ++sender.socket.datagrams_sent;
    sender.socket.bytes_sent += bytes.size();
    const TimePoint now = scheduler_.now();
    const LinkDecision decision = sender.up.verdict(now, static_cast<std::uint32_t>(bytes.size()));
    if (decision.count == 0) return;
    const std::uint32_t probable_slot = addresses_.find(to);
    for (const Delivery& delivery : decision.deliveries()) {
        const std::uint32_t index = packets_.add(bytes);
        StoredPacket& packet = packets_[index];
        packet.from = sender.visible;
        packet.to = to;
        packet.node = sender.id;
        packet.trace_source = trace_ != nullptr ? sender.trace_source : 0;
        flip_bit(packet.bytes(), delivery.flipped_bit);
        if (delivery.at > now) post(delivery.at, EventKind::at_core, probable_slot, index);
        // Never into the receiver at once: the sender is still inside its callback.
        else if (const auto onward = pass_down(index, probable_slot))
            post(*onward, EventKind::at_node, slot_of(packet.node), index);
    }
}

bool VirtualNetwork::reach_core(std::uint32_t packet, std::uint32_t probable_slot) {
    const auto onward = pass_down(packet, probable_slot);
    if (!onward) return false;
    if (*onward > scheduler_.now()) {
        post(*onward, EventKind::at_node, slot_of(packets_[packet].node), packet);
        return false;
    }
    arrive(packet);
    return true;
}

std::optional<TimePoint> VirtualNetwork::pass_down(std::uint32_t index, std::uint32_t probable_slot) {
    StoredPacket& packet = packets_[index];
    Port* const receiver = route(packet, probable_slot);
    if (receiver == nullptr || is_partitioned(packet.node, receiver->id)) {
        refuse(index, receiver == nullptr ? Verdict::unroutable : Verdict::partitioned);
        return std::nullopt;
    }
    const LinkDecision decision = receiver->down.verdict(scheduler_.now(), packet.size());
    if (decision.count == 0) {
        packets_.release(index);
        return std::nullopt;
    }
    packet.node = receiver->id;
    for (const Delivery& delivery : decision.deliveries().subspan(1)) {
        const std::uint32_t copy = packets_.add(packet.bytes());
        packets_[copy].from = packet.from;
        packets_[copy].to = packet.to;
        packets_[copy].node = packet.node;
        packets_[copy].trace_source = packet.trace_source;
        flip_bit(packets_[copy].bytes(), delivery.flipped_bit);
        post(delivery.at, EventKind::at_node, slot_of(packet.node), copy);
    }
    flip_bit(packet.bytes(), decision.copies[0].flipped_bit);
    return decision.copies[0].at;
}

bool VirtualNetwork::reach_node(std::uint32_t packet) {
    const NodeId node = packets_[packet].node;
    if (!is_taken(slot_of(node)) || port(slot_of(node)).id != node) {
        refuse(packet, Verdict::unroutable);
        return false;
    }
    arrive(packet);
    return true;
}

void VirtualNetwork::arrive(std::uint32_t index) {
    const StoredPacket& packet = packets_[index];
    Port& receiver = port(slot_of(packet.node));
    ++receiver.socket.datagrams_received;
    receiver.socket.bytes_received += packet.size();
    ++totals_.delivered;
}

VirtualNetwork::Port* VirtualNetwork::route(const StoredPacket& packet, std::uint32_t slot) {
    // Mostly what was true when the packet was sent still is.
    if (!is_taken(slot) || port(slot).visible != packet.to) slot = addresses_.find(packet.to);
    if (slot == AddressTable::kNobody) return nullptr;
    Port* found = &port(slot);
    // The former address of a node behind a NAT is kept for it, but leads nowhere.
    if (found->visible != packet.to) return nullptr;
    if (found->sharer_count > 1) {
        found = &port(addresses_.find(packet.to));
        for (std::uint64_t steps = hash_of(packet.from) % found->sharer_count; steps > 0; --steps)
            found = &port(found->next_sharer);
    }
    return found;
}

void VirtualNetwork::refuse(std::uint32_t index, Verdict verdict) {
    const StoredPacket& packet = packets_[index];
    ++(verdict == Verdict::partitioned ? totals_.partitioned : totals_.unroutable);
    if (trace_ != nullptr)
        trace_->on_event({.at = scheduler_.now(),
                          .kind = trace::EventKind::link_verdict,
                          .channel = ChannelId{static_cast<std::uint8_t>(Direction::down)},
                          .source = packet.trace_source,
                          .id = core_verdicts_++,
                          .bytes = packet.size(),
                          .detail = static_cast<std::uint32_t>(verdict)});
    packets_.release(index);
}

void VirtualNetwork::prefetch(EventKind kind, std::uint32_t slot, std::uint32_t packet) const {
    if (kind != EventKind::timeout) packets_.prefetch(packet);
    if (!is_taken(slot)) return;
    const Port& next = port(slot);
    __builtin_prefetch(&next);
    if (kind == EventKind::at_node) return;
    // What a timeout sends passes `up`; what arrives at the core passes `down`.
    const LinkModel& link = kind == EventKind::timeout ? next.up : next.down;
    const auto* start = reinterpret_cast<const std::byte*>(&link);
    for (std::size_t line = 0; line < kLinkLines; ++line) __builtin_prefetch(start + 64 * line);
}

bool VirtualNetwork::is_partitioned(NodeId a, NodeId b) const {
    if (partitions_.empty()) return false;
    return std::binary_search(partitions_.begin(), partitions_.end(), ordered(a, b));
}

void VirtualNetwork::partition(NodeId a, NodeId b) {
    const auto pair = ordered(a, b);
    const auto place = std::lower_bound(partitions_.begin(), partitions_.end(), pair);
    if (place == partitions_.end() || *place != pair) partitions_.insert(place, pair);
}

void VirtualNetwork::heal(NodeId a, NodeId b) {
    std::erase(partitions_, ordered(a, b));
}

}  // namespace squall::simulator
