// The way of a datagram: up link, core, down link.
#include "virtual_network.hpp"

#include <algorithm>
#include <cassert>

#include "squall/core/hash.hpp"
#include "squall/simulator/flip_bit.hpp"

namespace squall::simulator {

namespace {

std::pair<NodeId, NodeId> ordered(NodeId a, NodeId b) {
    return a < b ? std::pair{a, b} : std::pair{b, a};
}

}  // namespace

Rng access_rng(const Rng& run, std::uint64_t stream) {
    return run.fork("access", stream);
}

void VirtualNetwork::send(std::uint32_t slot, const Address& to, Bytes bytes) {
    Port& port = *ports_[slot];
    if (!port.visible.is_valid() || !to.is_valid()) {
        ++port.socket.send_drops;
        return;
    }
    ++port.socket.datagrams_sent;
    port.socket.bytes_sent += bytes.size();
    const TimePoint now = scheduler_.now();
    const LinkDecision decision = port.up.verdict(now, static_cast<std::uint32_t>(bytes.size()));
    for (const Delivery& delivery : decision.deliveries()) {
        const std::uint32_t place = take_place();
        Packet& packet = packets_[place];
        packet.from = port.visible;
        packet.to = to;
        packet.sender = port.id;
        packet.trace_source = port.trace_source;
        packet.bytes = pool_.copy_of(bytes);
        flip_bit(packet.bytes.bytes(), delivery.flipped_bit);
        if (delivery.at > now) {
            post(delivery.at, EventTarget::at_core, place);
            continue;
        }
        // Never into the receiver at once: the sender is still inside its callback.
        Delivery onward;
        if (pass_down(place, onward)) post(onward.at, EventTarget::at_node, place);
    }
}

std::optional<DeliveredDatagram> VirtualNetwork::reach_core(std::uint32_t place) {
    Delivery onward;
    if (!pass_down(place, onward)) return std::nullopt;
    if (onward.at <= scheduler_.now()) return hand_over(place);
    post(onward.at, EventTarget::at_node, place);
    return std::nullopt;
}

bool VirtualNetwork::pass_down(std::uint32_t place, Delivery& original) {
    const TimePoint now = scheduler_.now();
    std::uint32_t slot = 0;
    Port* const port = route(packets_[place], slot);
    Verdict verdict = Verdict::unroutable;
    LinkDecision decision;
    if (port != nullptr && is_partitioned(packets_[place].sender, port->id)) {
        verdict = Verdict::partitioned;
    } else if (port != nullptr) {
        decision = port->down.verdict(now, static_cast<std::uint32_t>(packets_[place].bytes.size()));
        verdict = decision.verdict;
    } else {
        verdict = Verdict::unroutable;
    }
    if (decision.count == 0) {
        if (verdict == Verdict::unroutable || verdict == Verdict::partitioned)
            refuse(packets_[place], verdict);
        drop(place);
        return false;
    }
    packets_[place].slot = slot;
    packets_[place].receiver = port->id;
    for (std::size_t i = 1; i < decision.count; ++i) {
        const std::uint32_t copy = take_place();
        packets_[copy].from = packets_[place].from;
        packets_[copy].to = packets_[place].to;
        packets_[copy].sender = packets_[place].sender;
        packets_[copy].receiver = port->id;
        packets_[copy].slot = slot;
        packets_[copy].trace_source = packets_[place].trace_source;
        packets_[copy].bytes = pool_.copy_of(std::as_const(packets_[place].bytes).bytes());
        flip_bit(packets_[copy].bytes.bytes(), decision.copies[i].flipped_bit);
        post(decision.copies[i].at, EventTarget::at_node, copy);
    }
    original = decision.copies[0];
    flip_bit(packets_[place].bytes.bytes(), original.flipped_bit);
    return true;
}

std::optional<DeliveredDatagram> VirtualNetwork::reach_node(std::uint32_t place) {
    const Packet& packet = packets_[place];
    const Port* port = packet.slot < ports_.size() ? ports_[packet.slot].get() : nullptr;
    if (port == nullptr || port->id != packet.receiver) {
        refuse(packet, Verdict::unroutable);
        drop(place);
        return std::nullopt;
    }
    return hand_over(place);
}

DeliveredDatagram VirtualNetwork::hand_over(std::uint32_t place) {
    Packet& packet = packets_[place];
    Port& port = *ports_[packet.slot];
    ++port.socket.datagrams_received;
    port.socket.bytes_received += packet.bytes.size();
    ++totals_.delivered;
    DeliveredDatagram datagram{packet.slot, packet.receiver, packet.from, std::move(packet.bytes)};
    free_packets_.push_back(place);
    return datagram;
}

VirtualNetwork::Port* VirtualNetwork::route(const Packet& packet, std::uint32_t& slot) const {
    slot = addresses_.find(packet.to);
    if (slot == AddressTable::kNobody) return nullptr;
    Port* port = ports_[slot].get();
    // The former address of a node behind a NAT is kept for it, but leads nowhere.
    if (port->visible != packet.to) return nullptr;
    if (port->sharer_count > 1) {
        for (std::uint64_t steps = hash_of(packet.from) % port->sharer_count; steps > 0; --steps) {
            slot = port->next_sharer;
            port = ports_[slot].get();
        }
    }
    return port;
}

void VirtualNetwork::refuse(const Packet& packet, Verdict verdict) {
    ++(verdict == Verdict::partitioned ? totals_.partitioned : totals_.unroutable);
    if (trace_ == nullptr) return;
    trace_->on_event({.at = scheduler_.now(),
                      .kind = trace::EventKind::link_verdict,
                      .channel = ChannelId{static_cast<std::uint8_t>(Direction::down)},
                      .source = packet.trace_source,
                      .id = core_verdicts_++,
                      .bytes = static_cast<std::uint32_t>(packet.bytes.size()),
                      .detail = static_cast<std::uint32_t>(verdict)});
}

std::uint32_t VirtualNetwork::take_place() {
    if (free_packets_.empty()) {
        packets_.emplace_back();
        return static_cast<std::uint32_t>(packets_.size() - 1);
    }
    const std::uint32_t place = free_packets_.back();
    free_packets_.pop_back();
    return place;
}

void VirtualNetwork::drop(std::uint32_t place) {
    packets_[place].bytes.reset();
    free_packets_.push_back(place);
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
