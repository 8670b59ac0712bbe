// The packet under construction: the bytes, what it carries, and the account of why each byte is there.
#pragma once

#include "squall/transport/statistics.hpp"
#include "transport/connection/packet_format.hpp"
#include "transport/connection/sent_packets.hpp"
#include "transport/connection/tracer.hpp"

namespace squall::connection {

struct PacketWriter {
    ByteWriter bytes;
    SentPackets& sent;  // its newest packet is the one under construction
    ByteLedger& ledger;
    TimePoint now;
    const Tracer& tracer;
    ConnectionId connection;
    std::size_t repeat_bytes_left = 0;  // what early repeats may still take of this packet
    bool carries_messages = false;
    bool carries_reliable = false;

    // One transmission of a message or fragment: `wire_bytes` in the packet, `payload` of them the message's.
    void trace_sent(ChannelId channel, std::uint64_t id, std::uint16_t tag, ByteCause cause,
                    std::size_t wire_bytes, Bytes payload) const {
        if (tracer.account != nullptr)
            tracer.account->on_transmission(channel, tag, cause, wire_bytes, payload.size());
        if (tracer.sink == nullptr) return;
        trace::Event event;
        event.at = now;
        event.kind = trace::EventKind::message_sent;
        event.channel = channel;
        event.connection = connection;
        event.id = id;
        event.bytes = static_cast<std::uint32_t>(wire_bytes);
        event.detail = static_cast<std::uint32_t>(cause) + 256U * tag;
        event.payload = payload;
        tracer.emit(event);
    }
    void carry(ChannelId channel, std::uint64_t id, std::size_t fragment, bool reliable) {
        sent.carry({static_cast<std::uint32_t>(id), static_cast<std::uint16_t>(fragment), channel});
        carries_messages = true;
        carries_reliable = carries_reliable || reliable;
    }
};

}  // namespace squall::connection
