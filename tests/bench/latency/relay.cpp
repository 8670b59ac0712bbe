#include "bench/latency/relay.hpp"

#include <algorithm>
#include <cstring>

namespace squall::bench {

Relay::Relay(const Address& server, const simulator::LinkConfig& config, const Rng& rng)
    : server_(server),
      up_(std::move(*simulator::Link::make(config, rng.fork("up")))),
      down_(std::move(*simulator::Link::make(config, rng.fork("down")))) {}

void Relay::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    ++datagrams_;
    bytes_ += datagram.size();
    if (from == server_) {
        (void)down_->enqueue(now, from, client_, datagram);
    } else {
        client_ = from;
        (void)up_->enqueue(now, from, server_, datagram);
    }
}

std::optional<Transmit> Relay::poll_transmit(TimePoint now, MutableBytes buffer) {
    for (auto* link : {up_.get(), down_.get()}) {
        const auto packet = link->dequeue(now);
        if (!packet) continue;
        std::memcpy(buffer.data(), packet->bytes.data(), packet->bytes.size());
        return Transmit{packet->to, packet->bytes.size()};
    }
    return std::nullopt;
}

TimePoint Relay::poll_timeout() const {
    return std::min(up_->next_delivery(), down_->next_delivery());
}

}  // namespace squall::bench
