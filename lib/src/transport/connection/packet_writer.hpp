// The packet under construction: the bytes, what it carries, and the account of why each byte is there.
#pragma once

#include "squall/transport/statistics.hpp"
#include "transport/connection/packet_format.hpp"
#include "transport/connection/sent_packets.hpp"

namespace squall::connection {

struct PacketWriter {
    ByteWriter bytes;
    SentPackets& sent;  // its newest packet is the one under construction
    ByteLedger& ledger;
    TimePoint now;
    std::size_t repeat_bytes_left = 0;  // what early repeats may still take of this packet
    bool carries_messages = false;
    bool carries_reliable = false;

    void carry(ChannelId channel, std::uint64_t id, std::size_t fragment, bool reliable) {
        sent.carry({static_cast<std::uint32_t>(id), static_cast<std::uint16_t>(fragment), channel});
        carries_messages = true;
        carries_reliable = carries_reliable || reliable;
    }
};

}  // namespace squall::connection
