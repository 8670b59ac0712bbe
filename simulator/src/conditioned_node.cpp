// The order in which a conditioned node's inner node sees datagrams and deadlines.
#include "squall/simulator/conditioned_node.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "squall/core/prefetch.hpp"

namespace squall::simulator {

Result<std::unique_ptr<ConditionedNode>> ConditionedNode::make(Node& inner, const LinkConfig& up,
                                                               const LinkConfig& down, const Rng& rng) {
    auto up_link = Link::make(up, rng.fork("up"));
    if (!up_link) return fail(up_link.error().code, "link up: " + up_link.error().message);
    auto down_link = Link::make(down, rng.fork("down"));
    if (!down_link) return fail(down_link.error().code, "link down: " + down_link.error().message);
    return std::unique_ptr<ConditionedNode>(
        new ConditionedNode(inner, std::move(*up_link), std::move(*down_link)));
}

void ConditionedNode::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    down_->enqueue(now, from, Address{}, datagram);
    catch_up(now);
}

std::optional<Transmit> ConditionedNode::poll_transmit(TimePoint now, MutableBytes buffer) {
    drain_inner(now);
    const auto packet = up_->dequeue(now);
    if (!packet) return std::nullopt;
    std::memcpy(buffer.data(), packet->bytes.data(), packet->bytes.size());
    return Transmit{packet->to, packet->bytes.size()};
}

TimePoint ConditionedNode::poll_timeout() const {
    return std::min({inner_.poll_timeout(), down_->next_delivery(), up_->next_delivery()});
}

void ConditionedNode::handle_timeout(TimePoint now) {
    catch_up(now);
}

void ConditionedNode::expect(const Address& from, unsigned step) {
    if (step == 0) {
        prefetch_object(up_.get());
        prefetch_object(down_.get());
        prefetch(&inner_, 2 * kCacheLineBytes);
        return;
    }
    if (step == 1) {
        up_->prefetch();
        down_->prefetch();
    }
    inner_.expect(from, step - 1);
}

void ConditionedNode::catch_up(TimePoint now) {
    // A node whose deadline stays in the past gets one call; the host's next one comes at once.
    bool had_timeout = false;
    for (;;) {
        const TimePoint deadline = had_timeout ? kNever : inner_.poll_timeout();
        const TimePoint arrival = down_->next_delivery();
        if (std::min(deadline, arrival) > now) return;
        if (arrival <= deadline) {
            const auto packet = down_->dequeue(now);
            inner_.receive(now, packet->from, packet->bytes);
        } else {
            inner_.handle_timeout(now);
            had_timeout = inner_.poll_timeout() <= now;
        }
        drain_inner(now);
    }
}

void ConditionedNode::drain_inner(TimePoint now) {
    std::array<std::byte, kMaxDatagramBytes> buffer;
    while (const auto transmit = inner_.poll_transmit(now, buffer))
        up_->enqueue(now, Address{}, transmit->to, Bytes(buffer).first(transmit->size));
}

void ConditionedNode::set_trace(trace::Sink* sink, std::uint32_t source) {
    up_->model().set_trace(sink, source, Direction::up);
    down_->model().set_trace(sink, source, Direction::down);
}

}  // namespace squall::simulator
