// The receiving half of Connection: packets and acknowledgements from the peer. Nothing of a refused packet
// has any effect.
#include <algorithm>

#include "transport/connection/connection.hpp"

namespace squall::connection {

Connection::Outcome Connection::on_packet(TimePoint now, std::uint64_t number, Bytes payload,
                                          std::size_t datagram_bytes) {
    present_ = now;
    ByteReader reader(payload);
    const auto flags = reader.read<std::uint8_t>();
    if (!reader.ok() || (flags & ~kKnownFlags) != 0) return Outcome::malformed;
    AckFrame ack;
    std::uint64_t largest = 0;
    const bool has_ack = (flags & kFlagAck) != 0;
    if (has_ack && (!ack.parse(reader) || !check_ack(ack, largest))) return Outcome::malformed;
    const std::size_t head_bytes = reader.position();
    const Bytes frames = payload.subspan(head_bytes);
    bool has_messages = false;
    if (const Outcome outcome = check_frames(frames, has_messages); outcome != Outcome::accepted)
        return outcome;

    ++statistics_.packets_received;
    statistics_.received.add(ByteCause::protection, datagram_bytes - payload.size());
    statistics_.received.add(ByteCause::packet_header, 1);
    statistics_.received.add(ByteCause::acknowledgement, head_bytes - 1);
    const auto need = !has_messages                   ? AckTracker::Need::none
                      : (flags & kFlagAckWanted) != 0 ? AckTracker::Need::soon
                                                      : AckTracker::Need::later;
    received_.on_packet(now, number, need, context_->config.max_ack_delay);
    if (has_ack) on_ack(now, ack, largest);
    take_in_frames(now, frames);
    return Outcome::accepted;
}

// Looks at every frame before anything is changed.
Connection::Outcome Connection::check_frames(Bytes frames, bool& has_messages) {
    for (bool second_try = false;; second_try = true) {
        std::size_t needed = 0;
        bool is_late = false;
        FrameReader reader(frames);
        for (MessageFrame frame; reader.next(frame);) {
            has_messages = true;
            if (!has_channel(frame.channel)) return Outcome::malformed;
            switch (receivers_[frame.channel.value].check(frame, needed)) {
                case ReceiveChannel::Check::fits: break;
                case ReceiveChannel::Check::late: is_late = true; break;
                case ReceiveChannel::Check::violation: return Outcome::malformed;
            }
        }
        if (!reader.ok()) return Outcome::malformed;
        if (is_late) return Outcome::over_limit;
        if (needed == 0 || stored_bytes_ + needed <= context_->config.max_reassembly_bytes)
            return Outcome::accepted;
        if (second_try) return Outcome::over_limit;
        for (ReceiveChannel& channel : receivers_) channel.give_up_partials(stored_bytes_);
    }
}

void Connection::take_in_frames(TimePoint, Bytes frames) {
    FrameReader reader(frames);
    std::size_t message_bytes = 0;
    std::size_t framing = 0;
    for (MessageFrame frame; reader.next(frame);) {
        ReceiveChannel& channel = receivers_[frame.channel.value];
        const std::uint64_t duplicates = channel.duplicate_bytes();
        framing_at_hand_ = reader.framing_bytes() - framing;
        framing = reader.framing_bytes();
        is_frame_told_ = false;
        channel.take_in(frame, context_->pool, stored_bytes_, *this);
        // What came again was a repetition; which kind, only its sender knows.
        const std::uint64_t repeated = channel.duplicate_bytes() - duplicates;
        statistics_.received.add(ByteCause::retransmission, repeated);
        message_bytes += frame.bytes.size() - repeated;
        if (context_->tracer.sink != nullptr && !is_frame_told_)
            tell_frame(frame, repeated > 0 ? ByteCause::retransmission : ByteCause::payload);
    }
    statistics_.received.add(ByteCause::payload, message_bytes);
    statistics_.received.add(ByteCause::framing, reader.framing_bytes());
    statistics_.received.add(ByteCause::padding, reader.padding_bytes());
}

// What became no message at once: whose it is and what it took stand in an event of their own.
void Connection::tell_frame(const MessageFrame& frame, ByteCause cause) {
    std::uint16_t tag = 0;
    if (!frame.is_fragment) {
        tag = context_->tracer.tag_of(frame.channel, frame.bytes);
    } else if (frame.index == 0) {
        tag = context_->tracer.tag_of(frame.channel, frame.bytes);
        if (fragment_tags_ == nullptr) fragment_tags_ = std::make_unique<FragmentTags>();
        fragment_tags_->remember(frame.channel, frame.id.value, tag);
    } else if (fragment_tags_ != nullptr) {
        tag = fragment_tags_->find(frame.channel, frame.id.value);
    }
    trace(trace::EventKind::frame_received, present_, frame.channel,
          receivers_[frame.channel.value].unwrap(frame), frame.bytes.size() + framing_at_hand_,
          static_cast<std::uint32_t>(cause) + 256U * tag, frame.bytes);
}

// An acknowledgement of what was never sent is a lie or a bug.
bool Connection::check_ack(const AckFrame& ack, std::uint64_t& largest) const {
    if (statistics_.packets_sent == 0) return false;
    largest = ack.largest.unwrap(largest_sent_);
    return largest <= largest_sent_;
}

void Connection::on_ack(TimePoint now, const AckFrame& ack, std::uint64_t largest) {
    largest_acked_ = has_acked_ ? std::max(largest_acked_, largest) : largest;
    has_acked_ = true;
    bool any = false;
    const auto acknowledge = [&](std::uint64_t number, bool is_largest) {
        SentPacket* packet = sent_.find(number);
        if (packet == nullptr || packet->state == SentPacket::State::none ||
            packet->state == SentPacket::State::acked)
            return;
        Duration sample{0};
        if (is_largest) {
            const Duration elapsed = now - packet->sent_at;
            const Duration delay = static_cast<std::int64_t>(ack.delay_units) * kAckDelayUnit;
            sample = elapsed > delay ? elapsed - delay : elapsed;
            rtt_.observe(now, sample);
        }
        on_packet_acked(now, number, *packet, sample);
        any = true;
    };
    acknowledge(largest, true);
    for (std::size_t i = 0; i < ack.mask_bytes; ++i) {
        for (unsigned byte = ack.mask[i]; byte != 0; byte &= byte - 1) {
            const auto distance =
                static_cast<std::uint64_t>(8 * i) + static_cast<unsigned>(__builtin_ctz(byte)) + 1;
            if (distance <= largest) acknowledge(largest - distance, false);
        }
    }
    if (!any) return;
    backoff_ = 0;
    detect_losses(now);
    sent_.forget_settled(now, three_timeouts());
}

void Connection::on_packet_acked(TimePoint now, std::uint64_t number, SentPacket& packet, Duration sample) {
    if (packet.state == SentPacket::State::lost) {
        on_spurious_loss(number, packet);
    } else {
        leave_flight(packet, false);
        if (packet.is_eliciting) congestion_.on_acked(now, packet.bytes, sample, rtt_.minimum());
    }
    packet.state = SentPacket::State::acked;
    ++statistics_.packets_acked;
    if (packet.told_any) received_.on_ack_heard(packet.told_largest, packet.told_epoch);
    for (std::size_t i = 0; i < packet.carried_count; ++i) {
        const CarriedMessage carried = sent_.carried(packet, i);
        senders_[carried.channel.value].on_acked(now, carried, *this);
    }
    trace(trace::EventKind::packet_acked, now, ChannelId{}, number, packet.bytes,
          static_cast<std::uint32_t>(sample / std::chrono::microseconds(1)));
}

// It was only late: be more patient with this path.
void Connection::on_spurious_loss(std::uint64_t number, const SentPacket& packet) {
    constexpr std::uint32_t kMostPatient = 64;
    const std::uint64_t distance = largest_acked_ - std::min(number, largest_acked_);
    reorder_threshold_ =
        std::min(kMostPatient,
                 std::max(reorder_threshold_,
                          static_cast<std::uint32_t>(std::min<std::uint64_t>(distance + 1, kMostPatient))));
    if (packet.is_eliciting) {
        ++statistics_.packets_spuriously_lost;
        congestion_.on_spurious_loss(packet.bytes);
    }
}

void Connection::leave_flight(const SentPacket& packet, bool lost) {
    if (packet.is_eliciting) {
        --eliciting_in_flight_;
        loss_per_million_ += ((lost ? 1'000'000 : 0) - loss_per_million_) / 128;
    }
    if (packet.is_wanted) --wanted_in_flight_;
}

// RFC 9002 section 6.1: lost is what is older than an acknowledged packet by a few numbers or by more than a
// round trip.
void Connection::detect_losses(TimePoint now) {
    loss_time_ = kNever;
    if (!has_acked_) return;
    scan_from_ = std::max(scan_from_, sent_.first_number());
    const Duration round_trip = std::max(rtt_.smoothed(), rtt_.latest());
    const Duration patience =
        std::max<Duration>(round_trip + round_trip / 8 + rtt_.variation(), std::chrono::milliseconds(2));
    bool at_front = true;
    const std::uint64_t end = std::min(largest_acked_, sent_.end_number());
    for (std::uint64_t number = scan_from_; number < end; ++number) {
        SentPacket& packet = *sent_.find(number);
        if (packet.state == SentPacket::State::in_flight) {
            if (number + reorder_threshold_ <= largest_acked_ || packet.sent_at + patience <= now) {
                on_packet_lost(now, number, packet);
            } else {
                loss_time_ = std::min(loss_time_, packet.sent_at + patience);
                at_front = false;
            }
        }
        if (at_front) scan_from_ = number + 1;
    }
}

void Connection::on_packet_lost(TimePoint now, std::uint64_t number, SentPacket& packet) {
    packet.state = SentPacket::State::lost;
    leave_flight(packet, true);
    if (packet.is_eliciting) {
        ++statistics_.packets_lost;
        congestion_.on_lost(packet.bytes);
        trace(trace::EventKind::packet_lost, now, ChannelId{}, number, packet.bytes, 0);
    }
    for (std::size_t i = 0; i < packet.carried_count; ++i) {
        const CarriedMessage carried = sent_.carried(packet, i);
        senders_[carried.channel.value].on_lost(carried, *this);
    }
}

void Connection::on_message(ChannelId channel, MessageId message, Bytes bytes) {
    context_->events.push(MessageReceived{id_, channel, message, bytes});
    if (context_->tracer.sink == nullptr) return;
    is_frame_told_ = true;
    emit(trace::EventKind::message_received, present_, channel, message.value, bytes.size(),
         static_cast<std::uint32_t>(framing_at_hand_) + 256U * context_->tracer.tag_of(channel, bytes),
         bytes);
}

void Connection::on_stored_message(ChannelId channel, MessageId message, PooledBytes bytes) {
    const Bytes held = context_->events.hold(std::move(bytes));
    context_->events.push(MessageReceived{id_, channel, message, held});
    trace(trace::EventKind::message_received, present_, channel, message.value, held.size(), 0, held);
}

}  // namespace squall::connection
