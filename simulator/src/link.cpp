// The queue of a link's packets in flight, by (arrival, insertion).
#include "squall/simulator/link.hpp"

#include <algorithm>
#include <utility>

#include "squall/core/prefetch.hpp"
#include "squall/simulator/flip_bit.hpp"

namespace squall::simulator {

Result<std::unique_ptr<Link>> Link::make(const LinkConfig& config, const Rng& rng) {
    if (auto valid = config.validate(); !valid) return std::unexpected(valid.error());
    return std::unique_ptr<Link>(new Link(config, rng));
}

LinkDecision Link::enqueue(TimePoint now, const Address& from, const Address& to, Bytes bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    if (in_flight_.size() + 2 > kMaxInFlight) return model_.refuse(now, size, Verdict::overflow);
    const LinkDecision decision = model_.verdict(now, size);
    for (const Delivery& delivery : decision.deliveries()) {
        const std::uint32_t place = take_place();
        Packet& packet = packets_[place];
        packet.from = from;
        packet.to = to;
        packet.bytes = pool_.copy_of(bytes);
        flip_bit(packet.bytes.bytes(), delivery.flipped_bit);
        in_flight_.push_back({delivery.at, next_number_++, place});
        std::push_heap(in_flight_.begin(), in_flight_.end(), arrives_later);
    }
    return decision;
}

std::optional<ArrivedPacket> Link::dequeue(TimePoint now) {
    if (next_delivery() > now) return std::nullopt;
    std::pop_heap(in_flight_.begin(), in_flight_.end(), arrives_later);
    const InFlight next = in_flight_.back();
    in_flight_.pop_back();
    free_.push_back(next.packet);
    Packet& packet = packets_[next.packet];
    arrived_ = std::move(packet.bytes);
    return ArrivedPacket{next.at, packet.from, packet.to, arrived_.bytes()};
}

void Link::prefetch() const {
    squall::prefetch(packets_.data(), std::min<std::size_t>(packets_.size() * sizeof(Packet), 256));
    squall::prefetch(in_flight_.data(), std::min<std::size_t>(in_flight_.size() * sizeof(InFlight), 256));
    squall::prefetch(free_.data(), kCacheLineBytes);
}

Result<> Link::set_config(const LinkConfig& config) {
    if (auto valid = config.validate(); !valid) return valid;
    config_ = config;
    model_.set_config(config_);
    return {};
}

std::uint32_t Link::take_place() {
    if (free_.empty()) {
        packets_.emplace_back();
        return static_cast<std::uint32_t>(packets_.size() - 1);
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    return place;
}

}  // namespace squall::simulator
