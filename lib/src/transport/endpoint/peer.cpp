#include "transport/endpoint/peer.hpp"

#include <fmt/format.h>

#include <cstring>

namespace squall::endpoint {

Result<PacketNumber> Peer::queue_payload(Bytes payload, std::uint64_t next_number) {
    const std::size_t limit = context_->limits.max_payload_bytes;
    if (payload.empty())
        return fail(ErrorCode::invalid_argument, "an empty payload: 1 byte or more is needed");
    if (payload.size() > limit)
        return fail(ErrorCode::too_large, fmt::format("a payload of {} bytes: max_datagram_bytes leaves {}",
                                                      payload.size(), limit));
    if (raw_->waiting.size() >= kMaxWaitingPayloads)
        return fail(ErrorCode::queue_full,
                    fmt::format("{} payloads wait already: drain poll_transmit()", raw_->waiting.size()));
    raw_->waiting.push_back(context_->pool.copy_of(payload));
    return PacketNumber{next_number + raw_->waiting.size() - 1};
}

bool Peer::on_payload(TimePoint now, std::uint64_t number, Bytes payload, std::size_t datagram_bytes) {
    if (!is_raw())
        return connection_.on_packet(now, number, payload, datagram_bytes) !=
               connection::Connection::Outcome::malformed;
    ++raw_->packets_received;
    raw_->received.add(ByteCause::payload, payload.size());
    raw_->received.add(ByteCause::protection, datagram_bytes - payload.size());
    context_->events.push(PayloadReceived{id_, PacketNumber{number}, payload});
    return true;
}

std::size_t Peer::write_payload(TimePoint now, std::uint64_t number, MutableBytes out,
                                std::size_t protection_bytes) {
    if (!is_raw()) return connection_.build_packet(now, number, out, protection_bytes);
    if (raw_->waiting.empty()) return 0;
    const std::size_t size = raw_->waiting.front().size();
    std::memcpy(out.data(), raw_->waiting.front().bytes().data(), size);
    raw_->waiting.pop_front();
    ++raw_->packets_sent;
    raw_->sent.add(ByteCause::payload, size);
    raw_->sent.add(ByteCause::protection, protection_bytes);
    return size;
}

ConnectionStatistics Peer::statistics() const {
    ConnectionStatistics out = connection_.statistics();
    if (is_raw()) {
        out.sent = raw_->sent;
        out.received = raw_->received;
        out.packets_sent = raw_->packets_sent;
        out.packets_received = raw_->packets_received;
    }
    return out;
}

}  // namespace squall::endpoint
