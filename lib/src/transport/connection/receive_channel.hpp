// The receiving side of one channel: puts fragments together, drops what came before, restores order where
// that is asked. Knows nothing of packets or acknowledgements. Everything here comes from the peer: every
// number is checked, every queue bounded.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "squall/core/byte_pool.hpp"
#include "squall/core/ring_buffer.hpp"
#include "squall/transport/channel.hpp"
#include "squall/transport/statistics.hpp"
#include "transport/connection/packet_format.hpp"

namespace squall::connection {

// Where whole messages go.
class MessageSink {
  public:
    virtual ~MessageSink() = default;
    // The bytes lie in the received datagram and are valid until the next change.
    virtual void on_message(ChannelId channel, MessageId message, Bytes bytes) = 0;
    // As above, for a message that was put together or had to wait: the sink keeps the memory until the next
    // change.
    virtual void on_stored_message(ChannelId channel, MessageId message, PooledBytes bytes) = 0;
};

class ReceiveChannel {
  public:
    ReceiveChannel(ChannelId id, const ChannelConfig& config) : config_(&config), id_(id) {}

    enum class Check : std::uint8_t {
        fits,       // take_in() will accept it
        late,       // belongs to a message that was given up: the packet must not be acknowledged
        violation,  // no correct peer sends this
    };
    // Looks at a frame without changing anything. Adds to `needed` the bytes that taking it in would have to
    // store.
    [[nodiscard]] Check check(const MessageFrame& frame, std::size_t& needed) const;
    // Takes in a frame that was checked. `stored_bytes` is the connection's account of stored bytes.
    void take_in(const MessageFrame& frame, BytePool& pool, std::size_t& stored_bytes, MessageSink& sink);

    // Unreliable channels forget unfinished messages, to make room; packets with their other fragments are
    // not acknowledged.
    void give_up_partials(std::size_t& stored_bytes);

    // The whole number of a frame's message, as it is understood now.
    [[nodiscard]] std::uint64_t unwrap(const MessageFrame& frame) const { return frame.id.unwrap(newest_); }

    // Gives back memory that nothing needs now.
    void rest() { waiting_.shrink(); }

    // Adds what only this side counts to the sender's statistics.
    void add_to(ChannelStatistics& statistics) const;
    [[nodiscard]] std::uint64_t duplicate_bytes() const { return duplicate_bytes_; }

  private:
    static constexpr std::size_t kMaxUnreliablePartials = 8;
    struct Partial {
        PooledBytes bytes;
        std::vector<bool> present;
        std::uint32_t missing = 0;
    };
    struct Waiting {
        PooledBytes bytes;
        bool present = false;
    };
    [[nodiscard]] bool reliable() const { return is_reliable(config_->mode); }
    [[nodiscard]] bool is_old(std::uint64_t id) const;
    [[nodiscard]] bool in_window(std::uint64_t id) const;
    void mark_delivered(std::uint64_t id);
    void on_whole(std::uint64_t id, const MessageFrame& frame, BytePool& pool, std::size_t& stored_bytes,
                  MessageSink& sink);
    void on_fragment(std::uint64_t id, const MessageFrame& frame, BytePool& pool, std::size_t& stored_bytes,
                     MessageSink& sink);
    void drop_partial(std::uint64_t id, std::size_t& stored_bytes);
    void evict_oldest_partial(std::size_t& stored_bytes);
    void deliver_in_order(std::size_t& stored_bytes, MessageSink& sink);
    void wait_for_turn(std::uint64_t id, PooledBytes bytes);
    void count_delivery(std::size_t bytes) {
        ++messages_received_;
        bytes_received_ += bytes;
    }

    const ChannelConfig* config_;
    std::map<std::uint64_t, Partial> partials_;
    RingBuffer<Waiting> waiting_;  // reliable ordered: ids floor_ ...
    // Reliable unordered: bit (id mod 1024) for ids floor_ ... floor_ + 1023. Made when first needed.
    std::unique_ptr<std::array<std::uint64_t, 16>> delivered_;
    std::uint64_t floor_ = 0;          // reliable: all below were delivered
    std::uint64_t newest_ = 0;         // highest id seen
    std::uint64_t recent_ = 0;         // unreliable: bit i = newest_ - i was delivered
    std::uint64_t partial_floor_ = 0;  // unreliable: unfinished messages below were given up
    std::uint64_t messages_received_ = 0;
    std::uint64_t bytes_received_ = 0;
    std::uint64_t duplicates_ = 0;
    std::uint64_t duplicate_bytes_ = 0;
    std::uint64_t stale_ = 0;
    ChannelId id_;
    bool has_any_ = false;
};

}  // namespace squall::connection
