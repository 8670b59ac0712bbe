// One connection above the secure layer: packets of acknowledgements and messages in, packets out. Ties
// together the channels, what is under way, round-trip times, congestion control and pacing. Knows nothing of
// addresses, tokens or encryption.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "squall/core/byte_pool.hpp"
#include "squall/transport/endpoint.hpp"
#include "transport/connection/ack_tracker.hpp"
#include "transport/connection/congestion_controller.hpp"
#include "transport/connection/event_queue.hpp"
#include "transport/connection/fragment_tags.hpp"
#include "transport/connection/pacer.hpp"
#include "transport/connection/packet_format.hpp"
#include "transport/connection/receive_channel.hpp"
#include "transport/connection/rtt_estimator.hpp"
#include "transport/connection/send_channel.hpp"
#include "transport/connection/sent_packets.hpp"
#include "transport/connection/tracer.hpp"

namespace squall::connection {

// What all connections of an endpoint share; outlives them.
struct ConnectionContext {
    explicit ConnectionContext(const TransportConfig& transport)
        : config(transport), limits(limits_for(transport.max_datagram_bytes)) {}
    const TransportConfig& config;  // the endpoint's
    PacketLimits limits;
    BytePool pool;
    EventQueue events;
    Tracer tracer;
};

class Connection final : private MessageSink, private SettlementSink {
  public:
    Connection(ConnectionId id, ConnectionContext& context);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Result<MessageId> send(TimePoint now, ChannelId channel, Bytes message, const SendOptions& options);

    enum class Outcome : std::uint8_t {
        accepted,
        over_limit,  // it would exceed what may be stored: not acknowledged, the peer will repeat what
                     // matters
        malformed,   // no correct peer sends this
    };
    // The opened payload of a packet that is new. `datagram_bytes`: all of it, for the ledger. Nothing of a
    // packet that is not accepted has any effect.
    Outcome on_packet(TimePoint now, std::uint64_t number, Bytes payload, std::size_t datagram_bytes);

    // Writes the next packet's payload; 0 if there is nothing to send now. `protection_bytes` will be added
    // around it.
    std::size_t build_packet(TimePoint now, std::uint64_t number, MutableBytes payload,
                             std::size_t protection_bytes);
    [[nodiscard]] TimePoint poll_timeout() const;
    void handle_timeout(TimePoint now);
    // True if build_packet() may have something to write at this moment.
    [[nodiscard]] bool wants_to_send(TimePoint now) const;

    // Settles all that is open as connection_ended.
    void abandon();
    // Fetches what the next packet touches into the cache; the connection itself is there already.
    void prefetch() const;
    // Nothing was sent for a keep-alive interval: gives back memory that nothing needs.
    void rest();
    // The peer has another address: what was measured on the old path means nothing on the new one.
    void on_path_changed();

    [[nodiscard]] std::size_t send_budget(TimePoint now) const;
    // Three retransmission timeouts, for the secure layer's path probing.
    [[nodiscard]] Duration three_timeouts() const { return 3 * rtt_.timeout(context_->config.max_ack_delay); }
    [[nodiscard]] ConnectionStatistics statistics() const;
    [[nodiscard]] ChannelStatistics statistics(ChannelId channel) const;
    [[nodiscard]] bool has_channel(ChannelId channel) const { return channel.value < senders_.size(); }

  private:
    // --- receiving
    [[nodiscard]] Outcome check_frames(Bytes frames, bool& has_messages);
    [[nodiscard]] bool check_ack(const AckFrame& ack, std::uint64_t& largest) const;
    void take_in_frames(TimePoint now, Bytes frames);
    void tell_frame(const MessageFrame& frame, ByteCause cause);
    void on_ack(TimePoint now, const AckFrame& ack, std::uint64_t largest);
    void on_packet_acked(TimePoint now, std::uint64_t number, SentPacket& packet, Duration sample);
    void on_spurious_loss(std::uint64_t number, const SentPacket& packet);
    void detect_losses(TimePoint now);
    void on_packet_lost(TimePoint now, std::uint64_t number, SentPacket& packet);
    void leave_flight(const SentPacket& packet, bool lost);
    void on_message(ChannelId channel, MessageId message, Bytes bytes) override;
    void on_stored_message(ChannelId channel, MessageId message, PooledBytes bytes) override;

    // --- sending
    [[nodiscard]] bool has_pending() const;
    [[nodiscard]] bool may_send_data() const;
    // What the pacer is filled with: the congestion controller's rate, within what bursts leave of the limit.
    [[nodiscard]] DataRate pace() const;
    void refill(Pacer& pacer, TimePoint now) const;
    [[nodiscard]] TimePoint repeat_due() const;
    void write_channels(PacketWriter& out);
    void write_repeats(PacketWriter& out);
    void finish_packet(PacketWriter& out, MutableBytes payload, bool told, std::size_t protection_bytes);
    void on_probe_timeout(TimePoint now);
    [[nodiscard]] TimePoint probe_deadline() const;
    void on_settled(ChannelId channel, MessageId message, MessageFate fate) override;
    void trace(trace::EventKind kind, TimePoint at, ChannelId channel, std::uint64_t id, std::size_t bytes,
               std::uint32_t detail, Bytes payload = {}) const {
        if (context_->tracer.sink != nullptr) emit(kind, at, channel, id, bytes, detail, payload);
    }
    void emit(trace::EventKind kind, TimePoint at, ChannelId channel, std::uint64_t id, std::size_t bytes,
              std::uint32_t detail, Bytes payload) const;

    ConnectionContext* context_;
    ConnectionId id_;
    std::vector<SendChannel> senders_;
    std::vector<ReceiveChannel> receivers_;
    SentPackets sent_;
    AckTracker received_;
    RttEstimator rtt_;
    CongestionController congestion_;
    Pacer pacer_;
    TimePoint present_{};  // the `now` of the change under way, for events raised inside it

    std::uint64_t largest_sent_ = 0;
    std::uint64_t largest_acked_ = 0;
    std::uint64_t scan_from_ = 0;   // no packet below is in flight
    TimePoint loss_time_ = kNever;  // when the next packet counts as lost by its age
    TimePoint last_eliciting_at_{};
    TimePoint last_wanted_at_{};
    std::uint32_t eliciting_in_flight_ = 0;
    std::uint32_t wanted_in_flight_ = 0;
    // Packets that may overtake one before it counts as lost; grows when the path turns out to reorder.
    std::uint32_t reorder_threshold_ = 1;
    std::int64_t loss_per_million_ = 0;  // of packets, a moving average over about 128
    std::uint32_t backoff_ = 0;
    std::uint32_t probe_credit_ = 0;   // packets that may leave although the window is full
    std::uint32_t flush_packets_ = 0;  // packets built at flush_at_
    TimePoint flush_at_{};
    std::uint32_t next_channel_ = 0;  // who goes first in the next packet
    std::size_t stored_bytes_ = 0;
    std::size_t framing_at_hand_ = 0;              // header bytes of the frame that is taken in
    std::unique_ptr<FragmentTags> fragment_tags_;  // only where there is a trace
    bool is_frame_told_ = false;                   // the frame that is taken in became a message_received
    bool is_blocked_ = false;                      // pacing or the window held something back
    bool has_acked_ = false;
    // What statistics() cannot take from elsewhere.
    struct Counters {
        std::uint64_t packets_sent = 0;
        std::uint64_t packets_received = 0;
        std::uint64_t packets_acked = 0;
        std::uint64_t packets_lost = 0;
        std::uint64_t packets_spuriously_lost = 0;
        std::uint64_t path_changes = 0;
        ByteLedger sent;
        ByteLedger received;
    };
    Counters statistics_;
};

}  // namespace squall::connection
