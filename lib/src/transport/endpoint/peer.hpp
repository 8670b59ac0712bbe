// One peer of an endpoint: its connection (squall framing) or its queue of payloads (raw framing). Knows no
// address and no key.
#pragma once

#include <algorithm>
#include <memory>

#include "squall/core/ring_buffer.hpp"
#include "transport/connection/connection.hpp"

namespace squall::endpoint {

class Peer {
  public:
    Peer(ConnectionId id, connection::ConnectionContext& context)
        : connection_(id, context),
          raw_(context.config.framing == Framing::raw ? std::make_unique<Raw>() : nullptr),
          context_(&context),
          id_(id) {}

    [[nodiscard]] ConnectionId id() const { return id_; }
    [[nodiscard]] connection::Connection& connection() { return connection_; }
    [[nodiscard]] const connection::Connection& connection() const { return connection_; }

    // Queues a raw payload; the number it will have is `next_number` plus those that wait.
    [[nodiscard]] Result<PacketNumber> queue_payload(Bytes payload, std::uint64_t next_number);

    // The opened payload of a new packet; false if no correct peer sends it.
    [[nodiscard]] bool on_payload(TimePoint now, std::uint64_t number, Bytes payload,
                                  std::size_t datagram_bytes);
    // Writes the next payload; 0 if there is none now.
    [[nodiscard]] std::size_t write_payload(TimePoint now, std::uint64_t number, MutableBytes out,
                                            std::size_t protection_bytes);
    [[nodiscard]] TimePoint poll_timeout() const { return is_raw() ? kNever : connection_.poll_timeout(); }
    [[nodiscard]] bool wants_to_send(TimePoint now) const {
        return is_raw() ? !raw_->waiting.empty() : connection_.wants_to_send(now);
    }
    [[nodiscard]] ConnectionStatistics statistics() const;

    bool is_ready = false;        // in the server's list of those with something to send
    bool has_kept_alive = false;  // a keep-alive went before the next payload (unconfirmed clients)

  private:
    static constexpr std::size_t kMaxWaitingPayloads = 1024;
    [[nodiscard]] bool is_raw() const { return raw_ != nullptr; }
    // Only raw framing has it.
    struct Raw {
        RingBuffer<PooledBytes> waiting;
        ByteLedger sent;
        ByteLedger received;
        std::uint64_t packets_sent = 0;
        std::uint64_t packets_received = 0;
    };
    connection::Connection connection_;
    std::unique_ptr<Raw> raw_;
    connection::ConnectionContext* context_;
    ConnectionId id_;
};

}  // namespace squall::endpoint
