// Disconnect packets of connections that have ended, sent redundantly: each connection leaves its cipher, its
// address and its next packet number here, and the packets are made as they are drained. Knows no slot.
#pragma once

#include <memory>
#include <optional>

#include "squall/core/ring_buffer.hpp"
#include "squall/transport/disconnect_reason.hpp"
#include "squall/transport/node.hpp"
#include "transport/secure/packet.hpp"

namespace squall::secure {

struct Farewell {
    std::unique_ptr<PacketCipher> cipher;
    PacketBinding binding;
    Address to;
    std::uint64_t next_sequence = 0;
    DisconnectReason reason = DisconnectReason::none;
    unsigned with_reason = 0;  // packets left that tell the reason; they go first
    unsigned plain = 0;        // packets left of netcode's own kind

    // Ten packets; half of them tell the reason where the peer is known to understand it.
    void plan(bool with_extensions) {
        with_reason = with_extensions ? kFarewellPackets / 2 : 0;
        plain = kFarewellPackets - with_reason;
    }
    // All bytes that will be sent.
    [[nodiscard]] std::size_t total_bytes() const;
};

class Farewells {
  public:
    void add(Farewell farewell) { queue_.push_back(std::move(farewell)); }
    std::optional<Transmit> poll_transmit(MutableBytes buffer);
    [[nodiscard]] bool empty() const { return queue_.empty(); }

  private:
    RingBuffer<Farewell> queue_;
};

}  // namespace squall::secure
