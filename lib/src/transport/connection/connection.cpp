// The sending half of Connection; connection_receive.cpp has the other.
#include "transport/connection/connection.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::connection {
namespace {

// A small reliable message that found no later packet to ride on is repeated alone after this time.
constexpr Duration kRepeatDelay = std::chrono::milliseconds(20);
// Early repeats take at most this much of a packet, and only of the first packet of a flush.
constexpr std::size_t kRepeatBudgetBytes = 320;
// Above this share of lost packets a second early repeat is worth its bytes.
constexpr std::int64_t kLossyPerMillion = 5'000;
// One unit of channel weight is worth so many bytes a round.
constexpr std::int64_t kBytesPerWeight = 16;
constexpr Duration kMaxProbeInterval = std::chrono::seconds(2);

}  // namespace

Connection::Connection(ConnectionId id, ConnectionContext& context)
    : context_(&context),
      id_(id),
      congestion_(context.config.initial_rate, context.config.minimum_rate, context.config.maximum_rate) {
    const auto& channels = context.config.channels;
    senders_.reserve(channels.size());
    receivers_.reserve(channels.size());
    for (std::size_t i = 0; i < channels.size(); ++i) {
        const ChannelId channel{static_cast<std::uint8_t>(i)};
        senders_.emplace_back(channel, channels[i], context.limits);
        receivers_.emplace_back(channel, channels[i]);
    }
}

Result<MessageId> Connection::send(TimePoint now, ChannelId channel, Bytes message,
                                   const SendOptions& options) {
    if (!has_channel(channel))
        return fail(ErrorCode::unknown_id,
                    fmt::format("channel {} does not exist: this protocol has {}, numbered from 0",
                                channel.value, senders_.size()));
    present_ = now;
    auto queued = senders_[channel.value].queue(now, context_->pool, message, options, *this);
    if (queued) trace(trace::EventKind::message_queued, now, channel, queued->value, message.size(), 0);
    return queued;
}

bool Connection::has_pending() const {
    return std::any_of(senders_.begin(), senders_.end(),
                       [](const SendChannel& channel) { return channel.has_pending(); });
}

bool Connection::may_send_data() const {
    const Duration round_trip =
        rtt_.has_sample() ? rtt_.smoothed() : Duration(std::chrono::milliseconds(200));
    const Duration lazy = kLazyAckFactor * context_->config.max_ack_delay;
    if (!pacer_.can_send()) return false;
    return probe_credit_ > 0 || congestion_.bytes_in_flight() < congestion_.window(round_trip + lazy);
}

DataRate Connection::pace() const {
    const TransportConfig& config = context_->config;
    if (config.burst_bytes == 0) return congestion_.rate();
    const std::uint64_t steady = config.maximum_rate.bits_per_second - 8 * std::uint64_t{config.burst_bytes};
    return std::min(congestion_.rate(), DataRate{steady});
}

void Connection::refill(Pacer& pacer, TimePoint now) const {
    if (context_->config.burst_bytes == 0) return pacer.refill(now, pace());
    pacer.refill(now, pace(), static_cast<std::int64_t>(context_->config.burst_bytes));
}

TimePoint Connection::repeat_due() const {
    if (!context_->config.early_repeat) return kNever;
    TimePoint oldest = kNever;
    for (const SendChannel& channel : senders_) oldest = std::min(oldest, channel.oldest_repeat());
    return oldest == kNever ? kNever : oldest + kRepeatDelay;
}

bool Connection::wants_to_send(TimePoint now) const {
    return received_.due() <= now || has_pending() || repeat_due() <= now;
}

std::size_t Connection::build_packet(TimePoint now, std::uint64_t number, MutableBytes payload,
                                     std::size_t protection_bytes) {
    present_ = now;
    refill(pacer_, now);
    const bool ack_due = received_.due() <= now;
    const bool pending = has_pending();
    const bool may_send = may_send_data();
    const bool data = may_send && (pending || repeat_due() <= now);
    is_blocked_ = pending && !may_send;
    if (!ack_due && !data) return 0;

    const std::size_t limit = std::min({payload.size(), context_->limits.max_payload_bytes,
                                        context_->config.max_datagram_bytes - protection_bytes});
    PacketWriter out{ByteWriter(payload.first(limit)), sent_, statistics_.sent, now, context_->tracer, id_};
    SentPacket& packet = sent_.on_sent(number);
    packet.sent_at = now;
    packet.told_any = received_.has_news() || ack_due;
    out.bytes.write(std::uint8_t{0});
    if (packet.told_any) {
        packet.told_largest = received_.largest();
        packet.told_epoch = received_.epoch();
        received_.make_ack(now).serialize_to(out.bytes);
    }
    const bool told = packet.told_any;
    const std::size_t head_bytes = out.bytes.size();
    if (data) {
        if (probe_credit_ > 0) --probe_credit_;
        flush_packets_ = flush_at_ == now ? flush_packets_ + 1 : 1;
        flush_at_ = now;
        write_channels(out);
        write_repeats(out);
    }
    if (out.bytes.size() == head_bytes &&
        !ack_due) {  // what was pending was dropped as too old, or does not fit now
        sent_.cancel_last();
        return 0;
    }
    statistics_.sent.add(ByteCause::packet_header, 1);
    statistics_.sent.add(ByteCause::acknowledgement, head_bytes - 1);
    finish_packet(out, payload, told, protection_bytes);
    return out.bytes.size();
}

// Deficit round robin (Shreedhar and Varghese 1995): each channel gets bytes by its weight, none starves.
void Connection::write_channels(PacketWriter& out) {
    const auto count = static_cast<std::uint32_t>(senders_.size());
    std::uint32_t full = 0;  // channels whose next message does not fit any more
    const auto is_open = [&](const SendChannel& channel, std::uint32_t index) {
        return ((full >> index) & 1) == 0 && channel.has_pending();
    };
    for (bool open = true; open;) {
        open = false;
        std::uint32_t open_count = 0;
        for (std::uint32_t i = 0; i < count; ++i) open_count += is_open(senders_[i], i) ? 1 : 0;
        for (std::uint32_t i = 0; i < count && open_count > 0; ++i) {
            const std::uint32_t index = (next_channel_ + i) % count;
            SendChannel& channel = senders_[index];
            if (!is_open(channel, index)) continue;
            channel.deficit += channel.config().weight * kBytesPerWeight;
            if (channel.deficit <= 0) {
                open = true;
                continue;
            }
            // Alone there is nobody to share with.
            const std::size_t allowance =
                open_count == 1 ? out.bytes.remaining() : static_cast<std::size_t>(channel.deficit);
            const std::size_t written = channel.write(out, allowance, *this);
            if (written == 0) full |= 1U << index;
            channel.deficit =
                channel.has_pending() ? channel.deficit - static_cast<std::int64_t>(written) : 0;
            open = true;
        }
        if (open_count == 0) break;
    }
    if (count > 0) next_channel_ = (next_channel_ + 1) % count;
}

void Connection::write_repeats(PacketWriter& out) {
    if (!context_->config.early_repeat) return;
    // A flush of several packets is bulk: repeating it would double it. Only sparse messages are worth the
    // bytes.
    const bool bulk = flush_packets_ > 1 || has_pending();
    out.repeat_bytes_left = kRepeatBudgetBytes;
    for (SendChannel& channel : senders_) {
        if (bulk)
            channel.forget_repeats();
        else
            channel.write_repeats(out, loss_per_million_ > kLossyPerMillion);
    }
}

void Connection::finish_packet(PacketWriter& out, MutableBytes payload, bool told,
                               std::size_t protection_bytes) {
    std::uint8_t flags = 0;
    if (told) flags |= kFlagAck;
    if (out.carries_reliable) flags |= kFlagAckWanted;
    payload[0] = static_cast<std::byte>(flags);
    if (told) received_.on_ack_sent();
    const auto datagram_bytes = static_cast<std::uint32_t>(out.bytes.size() + protection_bytes);
    SentPacket& packet = *sent_.find(sent_.end_number() - 1);
    packet.bytes = datagram_bytes;
    packet.is_eliciting = out.carries_messages;
    packet.is_wanted = out.carries_reliable;
    ++statistics_.packets_sent;
    largest_sent_ = sent_.end_number() - 1;
    statistics_.sent.add(ByteCause::protection, protection_bytes);
    pacer_.on_sent(datagram_bytes);
    if (packet.is_eliciting) {
        congestion_.on_sent(datagram_bytes, !pacer_.can_send() && has_pending());
        ++eliciting_in_flight_;
        last_eliciting_at_ = out.now;
    }
    if (packet.is_wanted) {
        ++wanted_in_flight_;
        last_wanted_at_ = out.now;
    }
    if (sent_.size() >= SentPackets::kMaxOutstanding) {
        const std::uint64_t oldest = sent_.first_number();
        if (SentPacket* front = sent_.find(oldest); front->state == SentPacket::State::in_flight)
            on_packet_lost(out.now, oldest, *front);
        sent_.forget_settled(out.now, Duration{0});
    }
}

TimePoint Connection::probe_deadline() const {
    const Duration ack_delay = context_->config.max_ack_delay;
    const auto after = [&](TimePoint sent, Duration timeout) {
        const Duration doubled = timeout * (std::int64_t{1} << std::min(backoff_, 8U));
        return sent + std::max(timeout, std::min(doubled, kMaxProbeInterval));
    };
    if (wanted_in_flight_ > 0) return after(last_wanted_at_, rtt_.timeout(ack_delay));
    if (eliciting_in_flight_ > 0) return after(last_eliciting_at_, rtt_.timeout(kLazyAckFactor * ack_delay));
    return kNever;
}

TimePoint Connection::poll_timeout() const {
    const TimePoint next = std::min({received_.due(), loss_time_, probe_deadline()});
    // Data that is held back waits for the pacer, or (the window is full) for an acknowledgement or the
    // probe.
    TimePoint data = is_blocked_ ? TimePoint{} : repeat_due();
    if (data == kNever) return next;
    if (!pacer_.can_send())
        data = std::max(data, pacer_.next_send(pace()));
    else if (!may_send_data())
        return next;
    return std::min(next, data);
}

void Connection::handle_timeout(TimePoint now) {
    present_ = now;
    if (loss_time_ <= now) detect_losses(now);
    if (probe_deadline() <= now) on_probe_timeout(now);
}

// Nothing was heard for too long. What is reliable is sent again without waiting for proof; the rest is given
// up.
void Connection::on_probe_timeout(TimePoint now) {
    bool probes = false;
    std::uint32_t packets = 0;
    for (std::uint64_t number = sent_.first_number(); number < sent_.end_number() && packets < 2; ++number) {
        const SentPacket& packet = *sent_.find(number);
        if (packet.state != SentPacket::State::in_flight || !packet.is_wanted) continue;
        ++packets;
        for (std::size_t i = 0; i < packet.carried_count; ++i) {
            const CarriedMessage carried = sent_.carried(packet, i);
            probes = senders_[carried.channel.value].on_probe(carried) || probes;
        }
    }
    if (!probes) {
        const std::uint64_t end = sent_.end_number();
        for (std::uint64_t number = sent_.first_number(); number < end; ++number)
            if (SentPacket* packet = sent_.find(number);
                packet != nullptr && packet->state == SentPacket::State::in_flight)
                on_packet_lost(now, number, *packet);
        sent_.forget_settled(now, three_timeouts());
    }
    probe_credit_ = probes ? 2 : 0;
    ++backoff_;
    if (backoff_ >= 2) congestion_.on_timeout();
    // The next deadline counts from here, whether or not the probe can leave at once.
    last_wanted_at_ = last_eliciting_at_ = now;
}

void Connection::prefetch() const {
    squall::prefetch(senders_.data(), std::min<std::size_t>(senders_.size() * sizeof(SendChannel), 1024));
    squall::prefetch(receivers_.data(),
                     std::min<std::size_t>(receivers_.size() * sizeof(ReceiveChannel), 512));
    sent_.prefetch();
}

void Connection::abandon() {
    for (SendChannel& channel : senders_) channel.abandon(*this);
}

void Connection::rest() {
    for (SendChannel& channel : senders_) channel.rest();
    for (ReceiveChannel& channel : receivers_) channel.rest();
    sent_.rest();
}

void Connection::on_path_changed() {
    rtt_.reset();
    congestion_ = CongestionController(context_->config.initial_rate, context_->config.minimum_rate,
                                       context_->config.maximum_rate);
    backoff_ = 0;
    ++statistics_.path_changes;
}

std::size_t Connection::send_budget(TimePoint now) const {
    Pacer pacer = pacer_;
    refill(pacer, now);
    std::int64_t budget = pacer.tokens();
    for (const SendChannel& channel : senders_) budget -= static_cast<std::int64_t>(channel.unsent_bytes());
    return static_cast<std::size_t>(std::max<std::int64_t>(0, budget));
}

ConnectionStatistics Connection::statistics() const {
    ConnectionStatistics out;
    out.packets_sent = statistics_.packets_sent;
    out.packets_received = statistics_.packets_received;
    out.packets_acked = statistics_.packets_acked;
    out.packets_lost = statistics_.packets_lost;
    out.packets_spuriously_lost = statistics_.packets_spuriously_lost;
    out.path_changes = statistics_.path_changes;
    out.sent = statistics_.sent;
    out.received = statistics_.received;
    out.rtt_smoothed = rtt_.smoothed();
    out.rtt_variation = rtt_.variation();
    out.rtt_minimum = rtt_.minimum();
    out.rtt_latest = rtt_.latest();
    out.send_rate = congestion_.rate();
    out.bytes_in_flight = congestion_.bytes_in_flight();
    for (const SendChannel& channel : senders_) out.bytes_queued += channel.unsent_bytes();
    out.packets_reordered = received_.reordered_count();
    return out;
}

ChannelStatistics Connection::statistics(ChannelId channel) const {
    ChannelStatistics out;
    senders_[channel.value].add_to(out);
    receivers_[channel.value].add_to(out);
    return out;
}

void Connection::on_settled(ChannelId channel, MessageId message, MessageFate fate) {
    context_->events.push(MessageSettled{id_, channel, message, fate});
    const bool arrived = fate == MessageFate::delivered;
    trace(arrived ? trace::EventKind::message_acked : trace::EventKind::message_lost, present_, channel,
          message.value, 0, static_cast<std::uint32_t>(fate));
}

void Connection::emit(trace::EventKind kind, TimePoint at, ChannelId channel, std::uint64_t id,
                      std::size_t bytes, std::uint32_t detail, Bytes payload) const {
    trace::Event event;
    event.at = at;
    event.kind = kind;
    event.channel = channel;
    event.connection = id_;
    event.id = id;
    event.bytes = static_cast<std::uint32_t>(bytes);
    event.detail = detail;
    event.payload = payload;
    context_->tracer.emit(event);
}

}  // namespace squall::connection
