// What all endpoints count and trace of their datagrams.
#pragma once

#include "squall/transport/statistics.hpp"
#include "transport/connection/tracer.hpp"

namespace squall::endpoint {

struct DatagramAccount {
    EndpointStatistics statistics;

    void count(RefusalCause cause) { ++statistics.refused[static_cast<std::size_t>(cause)]; }
    void on_received(TimePoint now, Bytes datagram, const connection::Tracer& tracer) {
        ++statistics.datagrams_received;
        statistics.bytes_received += datagram.size();
        trace_datagram(tracer, trace::EventKind::datagram_received, now, datagram);
    }
    void on_sent(TimePoint now, Bytes datagram, const connection::Tracer& tracer) {
        ++statistics.datagrams_sent;
        statistics.bytes_sent += datagram.size();
        trace_datagram(tracer, trace::EventKind::datagram_sent, now, datagram);
    }

  private:
    static void trace_datagram(const connection::Tracer& tracer, trace::EventKind kind, TimePoint now,
                               Bytes datagram) {
        if (tracer.sink == nullptr) return;
        trace::Event event;
        event.at = now;
        event.kind = kind;
        event.bytes = static_cast<std::uint32_t>(datagram.size());
        // netcode's packet type, in the low half of the first byte; the payload is what is on the wire,
        // sealed.
        event.detail = datagram.empty() ? 0 : std::to_integer<std::uint32_t>(datagram[0]) & 0x0f;
        event.payload = datagram;
        tracer.emit(event);
    }
};

// Adds one ledger to another, cause by cause.
inline void add(ByteLedger& ledger, const ByteLedger& other) {
    for (std::size_t i = 0; i < kByteCauseCount; ++i) ledger.bytes[i] += other.bytes[i];
}

inline void trace_connection(const connection::Tracer& tracer, trace::EventKind kind, TimePoint now,
                             ConnectionId id, ClientId client, std::uint32_t detail) {
    if (tracer.sink == nullptr) return;
    trace::Event event;
    event.at = now;
    event.kind = kind;
    event.connection = id;
    event.id = client.value;
    event.detail = detail;
    tracer.emit(event);
}

}  // namespace squall::endpoint
