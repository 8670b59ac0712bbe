// The sending side of one channel: queues messages, writes them into packets, sends again what was lost,
// repeats small reliable ones early, and tells every message's fate. Knows nothing of packets' numbers, of
// time-outs, or of other channels.
#pragma once

#include <cstdint>

#include "squall/core/result.hpp"
#include "squall/core/ring_buffer.hpp"
#include "squall/transport/channel.hpp"
#include "squall/transport/endpoint.hpp"
#include "transport/connection/outgoing_message.hpp"
#include "transport/connection/packet_writer.hpp"
#include "transport/connection/settlement.hpp"
#include "transport/connection/tracer.hpp"

namespace squall::connection {

// A reliable channel never has messages further apart than this under way, so the receiver's window is
// bounded.
inline constexpr std::uint64_t kReliableWindow = 1024;
// Larger messages are not repeated early.
inline constexpr std::size_t kMaxEarlyRepeatBytes = 256;

class SendChannel {
  public:
    SendChannel(ChannelId id, const ChannelConfig& config, const PacketLimits& limits)
        : config_(&config), limits_(&limits), id_(id) {}

    // Takes a copy of the message. Errors as Endpoint::send().
    Result<MessageId> queue(TimePoint now, BytePool& pool, Bytes message, const SendOptions& options,
                            SettlementSink& fates);

    // True if write() would write something: a new message, or one that was lost.
    [[nodiscard]] bool has_pending() const { return !resends_.empty() || can_send_new(); }
    // When the oldest message was sent that waits for its early repeat; kNever if there is none.
    [[nodiscard]] TimePoint oldest_repeat() const {
        return repeats_.empty() ? kNever : messages_[repeats_.front() - base_].sent_at;
    }

    // Writes what is pending, at most about `allowance` bytes (one message more where needed to make
    // progress). Returns the bytes written; 0 if nothing fits.
    std::size_t write(PacketWriter& out, std::size_t allowance, SettlementSink& fates);
    // Repeats small reliable messages of earlier packets: each once, and (`is_lossy`) some of them twice, as
    // far as their credit goes.
    void write_repeats(PacketWriter& out, bool is_lossy);
    // What was sent so far will not be repeated early.
    void forget_repeats() {
        while (!repeats_.empty()) repeats_.pop_front();
        while (!second_repeats_.empty()) second_repeats_.pop_front();
    }

    void on_acked(TimePoint now, CarriedMessage carried, SettlementSink& fates);
    void on_lost(CarriedMessage carried, SettlementSink& fates);
    // The acknowledgement is overdue: send again although the loss is not certain. True if anything became
    // pending.
    bool on_probe(CarriedMessage carried);
    void prefetch() const { messages_.prefetch_items(); }
    // Gives back memory that nothing needs now.
    void rest();
    // The connection is over: every open message is settled as connection_ended.
    void abandon(SettlementSink& fates);

    // Adds what only this side counts to the receiver's statistics.
    void add_to(ChannelStatistics& statistics) const;
    // Bytes of messages that have not left yet.
    [[nodiscard]] std::size_t unsent_bytes() const { return unsent_bytes_; }
    [[nodiscard]] const ChannelConfig& config() const { return *config_; }
    // Counters of the receiving side are kept by ReceiveChannel.
    std::int64_t deficit =
        0;  // for the scheduler of the connection: bytes this channel may still write in this round

  private:
    struct Resend {
        std::uint64_t id = 0;
        std::uint32_t fragment = 0;
    };
    struct RunLimits {
        std::size_t bytes = 0;
        std::size_t count = 0;
    };
    [[nodiscard]] bool reliable() const { return is_reliable(config_->mode); }
    [[nodiscard]] std::uint64_t end() const { return base_ + messages_.size(); }
    [[nodiscard]] bool can_send_new() const {
        return next_unsent_ < end() && (!reliable() || next_unsent_ < base_ + kReliableWindow);
    }
    [[nodiscard]] OutgoingMessage* find(std::uint64_t id) {
        return id >= base_ && id < end() ? &messages_[id - base_] : nullptr;
    }
    [[nodiscard]] std::uint64_t full_id(std::uint32_t low) const;
    [[nodiscard]] bool is_fragmented(const OutgoingMessage& message) const {
        return message.size > limits_->max_whole_bytes;
    }

    void make_room(TimePoint now, std::size_t size, SettlementSink& fates);
    void drop_old(TimePoint now, SettlementSink& fates);
    bool write_resends(PacketWriter& out, std::size_t allowance);
    bool write_new_run(PacketWriter& out, std::size_t allowance);
    bool write_new_fragments(PacketWriter& out, std::size_t allowance);
    [[nodiscard]] std::uint64_t first_redundant() const;
    [[nodiscard]] std::size_t count_run(std::uint64_t first, std::uint64_t last, std::size_t space) const;
    void write_run(PacketWriter& out, std::uint64_t first, std::size_t count, ByteCause cause);
    void write_fragment(PacketWriter& out, std::uint64_t id, OutgoingMessage& message, std::size_t index,
                        bool again);
    [[nodiscard]] std::size_t fragment_bytes(const OutgoingMessage& message, std::size_t index) const;
    void note_sent(PacketWriter& out, std::uint64_t id, OutgoingMessage& message);
    void finish_sending(OutgoingMessage& message);
    void skip_unsent(OutgoingMessage& message);
    void settle(std::uint64_t id, OutgoingMessage& message, MessageFate fate, SettlementSink& fates);
    void release_old_bytes();
    void prune(RingBuffer<std::uint64_t>& candidates, std::uint8_t transmissions);
    bool write_repeat(PacketWriter& out, std::uint64_t id);

    const ChannelConfig* config_;
    const PacketLimits* limits_;
    RingBuffer<OutgoingMessage> messages_;  // ids base_ ... end() - 1
    RingBuffer<Resend> resends_;
    RingBuffer<std::uint64_t> repeats_;         // small reliable messages sent once, oldest first
    RingBuffer<std::uint64_t> second_repeats_;  // those repeated once
    std::int64_t second_repeat_credit_ = 0;     // bytes
    std::uint64_t base_ = 0;
    std::uint64_t next_unsent_ = 0;
    std::size_t queued_bytes_ = 0;  // held: waiting, and under way where they may be needed again
    std::size_t unsent_bytes_ = 0;
    std::uint32_t next_fragment_ = 0;  // of the message next_unsent_
    ChannelId id_;
    // The sending side's part of ChannelStatistics.
    struct Counters {
        std::uint64_t messages_queued = 0;
        std::uint64_t messages_sent = 0;
        std::uint64_t messages_delivered = 0;
        std::uint64_t messages_lost = 0;
        std::uint64_t messages_superseded = 0;
        std::uint64_t messages_dropped = 0;
        std::uint64_t bytes_queued = 0;
        std::uint64_t retransmissions = 0;
        std::uint64_t early_repeats = 0;
    };
    Counters statistics_;
};

}  // namespace squall::connection
