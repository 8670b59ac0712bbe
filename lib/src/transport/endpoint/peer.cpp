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
    if (payloads_.size() >= kMaxWaitingPayloads)
        return fail(ErrorCode::queue_full,
                    fmt::format("{} payloads wait already: drain poll_transmit()", payloads_.size()));
    payloads_.push_back(context_->pool.copy_of(payload));
    return PacketNumber{next_number + payloads_.size() - 1};
}

bool Peer::on_payload(TimePoint now, std::uint64_t number, Bytes payload, std::size_t datagram_bytes) {
    if (!is_raw())
        return connection_.on_packet(now, number, payload, datagram_bytes) !=
               connection::Connection::Outcome::malformed;
    ++raw_packets_received_;
    raw_received_.add(ByteCause::payload, payload.size());
    raw_received_.add(ByteCause::protection, datagram_bytes - payload.size());
    context_->events.push(PayloadReceived{id_, PacketNumber{number}, payload});
    return true;
}

std::size_t Peer::write_payload(TimePoint now, std::uint64_t number, MutableBytes out,
                                std::size_t protection_bytes) {
    if (!is_raw()) return connection_.build_packet(now, number, out, protection_bytes);
    if (payloads_.empty()) return 0;
    const std::size_t size = payloads_.front().size();
    std::memcpy(out.data(), payloads_.front().bytes().data(), size);
    payloads_.pop_front();
    ++raw_packets_sent_;
    raw_sent_.add(ByteCause::payload, size);
    raw_sent_.add(ByteCause::protection, protection_bytes);
    return size;
}

ConnectionStatistics Peer::statistics() const {
    ConnectionStatistics out = connection_.statistics();
    if (is_raw()) {
        out.sent = raw_sent_;
        out.received = raw_received_;
        out.packets_sent = raw_packets_sent_;
        out.packets_received = raw_packets_received_;
    }
    return out;
}

}  // namespace squall::endpoint
