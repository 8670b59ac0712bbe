#include "transport/connection/send_channel.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::connection {

Result<MessageId> SendChannel::queue(TimePoint now, BytePool& pool, Bytes message, const SendOptions& options,
                                     SettlementSink& fates) {
    if (message.empty())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("an empty message on channel '{}': 1 byte or more is needed", config_->name));
    if (message.size() > config_->max_message_bytes)
        return fail(ErrorCode::too_large,
                    fmt::format("a message of {} bytes on channel '{}': its max_message_bytes is {}",
                                message.size(), config_->name, config_->max_message_bytes));
    if (reliable()) {
        if (queued_bytes_ + message.size() > config_->max_queued_bytes)
            return fail(
                ErrorCode::queue_full,
                fmt::format("channel '{}' has {} of {} bytes queued or under way: no room for {} more now",
                            config_->name, queued_bytes_, config_->max_queued_bytes, message.size()));
    } else {
        make_room(now, message.size(), fates);
    }
    OutgoingMessage& out = messages_.extend();
    out.bytes = pool.copy_of(message);
    out.size = static_cast<std::uint32_t>(message.size());
    out.queued_at = now;
    out.notify = options.notify;
    out.tag = options.tag;
    if (is_fragmented(out)) {
        const std::size_t count =
            (message.size() + limits_->max_fragment_bytes - 1) / limits_->max_fragment_bytes;
        out.fragments = std::make_unique<FragmentProgress>(count);
    }
    queued_bytes_ += message.size();
    unsent_bytes_ += message.size();
    ++statistics_.messages_queued;
    statistics_.bytes_queued += message.size();
    return MessageId{end() - 1};
}

// Unreliable channels never refuse: newer messages push older waiting ones out.
void SendChannel::make_room(TimePoint now, std::size_t size, SettlementSink& fates) {
    drop_old(now, fates);
    const bool supersede = config_->mode == ChannelMode::unreliable_sequenced;
    while (next_unsent_ < end()) {
        OutgoingMessage& oldest = messages_[next_unsent_ - base_];
        const bool is_superseded = supersede && oldest.queued_at < now && next_fragment_ == 0;
        if (!is_superseded && queued_bytes_ + size <= config_->max_queued_bytes) return;
        const std::uint64_t id = next_unsent_;
        skip_unsent(oldest);
        settle(id, oldest, is_superseded ? MessageFate::superseded : MessageFate::dropped_by_budget, fates);
    }
}

void SendChannel::drop_old(TimePoint now, SettlementSink& fates) {
    if (reliable()) return;
    while (next_unsent_ < end() && next_fragment_ == 0) {
        OutgoingMessage& oldest = messages_[next_unsent_ - base_];
        if (now - oldest.queued_at <= config_->lifetime) return;
        const std::uint64_t id = next_unsent_;
        skip_unsent(oldest);
        settle(id, oldest, MessageFate::dropped_by_budget, fates);
    }
}

// The oldest unsent message will not be sent (or not any further).
void SendChannel::skip_unsent(OutgoingMessage& message) {
    unsent_bytes_ -= message.size;
    ++next_unsent_;
    next_fragment_ = 0;
}

// Keeps the front of the candidates to a message that is open and was sent exactly so often.
void SendChannel::prune(RingBuffer<std::uint64_t>& candidates, std::uint8_t transmissions) {
    while (!candidates.empty()) {
        const OutgoingMessage* message = find(candidates.front());
        if (message != nullptr && !message->is_settled && message->transmissions == transmissions) return;
        candidates.pop_front();
    }
}

std::size_t SendChannel::write(PacketWriter& out, std::size_t allowance, SettlementSink& fates) {
    const std::size_t before = out.bytes.size();
    drop_old(out.now, fates);
    const auto left = [&] { return allowance - std::min(allowance, out.bytes.size() - before); };
    bool progress = write_resends(out, allowance);
    while (progress && left() > 0 && can_send_new()) {
        const bool fragmented = is_fragmented(messages_[next_unsent_ - base_]);
        progress = fragmented ? write_new_fragments(out, left()) : write_new_run(out, left());
    }
    prune(repeats_, 1);
    return out.bytes.size() - before;
}

// True if all resends were written, so that new messages may follow.
bool SendChannel::write_resends(PacketWriter& out, std::size_t allowance) {
    const std::size_t before = out.bytes.size();
    while (!resends_.empty()) {
        const Resend resend = resends_.front();
        OutgoingMessage* message = find(resend.id);
        const bool obsolete = message == nullptr || message->is_settled ||
                              (message->fragments && message->fragments->acked[resend.fragment]);
        if (!obsolete) {
            if (out.bytes.size() - before >= allowance) return false;
            if (message->fragments) {
                if (fragment_bytes(*message, resend.fragment) > out.bytes.remaining()) return false;
                write_fragment(out, resend.id, *message, resend.fragment, true);
            } else {
                if (kFrameHeadBytes + varint_size(message->size) + message->size > out.bytes.remaining())
                    return false;
                write_run(out, resend.id, 1, ByteCause::retransmission);
            }
            ++statistics_.retransmissions;
        }
        resends_.pop_front();
    }
    return true;
}

// The oldest message that the redundancy of this channel repeats beside the next new one.
std::uint64_t SendChannel::first_redundant() const {
    std::uint64_t first = next_unsent_;
    while (first > base_ && next_unsent_ - first < config_->redundancy) {
        const OutgoingMessage& previous = messages_[first - 1 - base_];
        if (previous.is_settled || previous.bytes.size() == 0 || previous.fragments) break;
        --first;
    }
    return first;
}

// How many of the messages first ... last - 1 fit as one run into so many bytes; at most 255, none of them
// fragmented.
std::size_t SendChannel::count_run(std::uint64_t first, std::uint64_t last, std::size_t space) const {
    std::size_t used = kFrameHeadBytes + 1;
    std::size_t count = 0;
    for (std::uint64_t id = first; id < last && count < 255; ++id) {
        const OutgoingMessage& message = messages_[id - base_];
        if (message.is_settled || is_fragmented(message)) break;
        const std::size_t cost = varint_size(message.size) + message.size;
        // A run of one has no count byte.
        if (used + cost > space + (count == 0 ? 1 : 0)) break;
        used += cost;
        ++count;
    }
    return count;
}

bool SendChannel::write_new_run(PacketWriter& out, std::size_t allowance) {
    const std::uint64_t last = reliable() ? std::min(end(), base_ + kReliableWindow) : end();
    const std::uint64_t redundant = first_redundant();
    // Repeats first, so that a sequenced receiver takes all of them; but the new message must fit behind
    // them.
    for (std::uint64_t first = redundant; first < next_unsent_; ++first) {
        const std::size_t count = count_run(first, next_unsent_ + 1, out.bytes.remaining());
        if (first + count <= next_unsent_) continue;
        const std::size_t repeats = next_unsent_ - first;
        write_run(out, first, repeats, ByteCause::early_repeat);
        statistics_.early_repeats += repeats;
        break;
    }
    // The allowance is a share, not a wall: at least one message goes, whatever its size.
    const std::size_t space = std::min(out.bytes.remaining(), allowance);
    std::size_t count = count_run(next_unsent_, last, space);
    if (count == 0) count = count_run(next_unsent_, next_unsent_ + 1, out.bytes.remaining());
    if (count == 0) return false;
    const std::uint64_t first = next_unsent_;
    write_run(out, first, count, ByteCause::payload);
    for (std::uint64_t id = first; id < first + count; ++id) finish_sending(messages_[id - base_]);
    return true;
}

void SendChannel::write_run(PacketWriter& out, std::uint64_t first, std::size_t count, ByteCause cause) {
    const std::size_t before = out.bytes.size();
    std::size_t message_bytes = 0;
    out.bytes.write(frame_head(count == 1 ? FrameType::message : FrameType::messages, id_));
    out.bytes.write(static_cast<std::uint16_t>(first));
    if (count > 1) out.bytes.write(static_cast<std::uint8_t>(count));
    std::size_t accounted = before;  // the head of the frame belongs to its first message
    for (std::uint64_t id = first; id < first + count; ++id) {
        OutgoingMessage& message = messages_[id - base_];
        out.bytes.write_varint(message.size);
        out.bytes.write_bytes(message.bytes.bytes());
        out.trace_sent(id_, id, message.tag, cause,
                       out.bytes.size() - std::exchange(accounted, out.bytes.size()), message.bytes.bytes());
        message_bytes += message.size;
        if (message.copies < 255) ++message.copies;
        note_sent(out, id, message);
        out.carry(id_, id, 0, reliable());
    }
    const std::size_t written = out.bytes.size() - before;
    if (cause == ByteCause::payload) {
        out.ledger.add(ByteCause::payload, message_bytes);
        out.ledger.add(ByteCause::framing, written - message_bytes);
    } else {
        out.ledger.add(cause, written);
    }
}

void SendChannel::note_sent(PacketWriter& out, std::uint64_t id, OutgoingMessage& message) {
    message.sent_at = out.now;
    if (message.transmissions < 255) ++message.transmissions;
    if (message.transmissions == 1 && reliable() && !message.fragments &&
        message.size <= kMaxEarlyRepeatBytes)
        repeats_.push_back(id);
}

void SendChannel::finish_sending(OutgoingMessage& message) {
    ++statistics_.messages_sent;
    skip_unsent(message);
    if (reliable()) return;
    if (config_->redundancy > 0 && !message.fragments) {
        release_old_bytes();
        return;
    }
    queued_bytes_ -= message.bytes.size();
    message.bytes.reset();
}

// Beyond the redundancy's reach a message's bytes are needed no more.
void SendChannel::release_old_bytes() {
    if (next_unsent_ <= base_ + config_->redundancy) return;
    OutgoingMessage& old = messages_[next_unsent_ - config_->redundancy - 1 - base_];
    queued_bytes_ -= old.bytes.size();
    old.bytes.reset();
}

std::size_t SendChannel::fragment_bytes(const OutgoingMessage& message, std::size_t index) const {
    const std::size_t count = message.fragments->count();
    return kFrameHeadBytes + varint_size(index) + varint_size(count) + varint_size(message.size) +
           fragment_span(message.size, count, index).size;
}

bool SendChannel::write_new_fragments(PacketWriter& out, std::size_t allowance) {
    const std::uint64_t id = next_unsent_;
    OutgoingMessage& message = messages_[id - base_];
    const std::size_t before = out.bytes.size();
    while (next_fragment_ < message.fragments->count()) {
        if (out.bytes.size() - before >= allowance) return true;
        if (fragment_bytes(message, next_fragment_) > out.bytes.remaining()) return false;
        write_fragment(out, id, message, next_fragment_, false);
        ++next_fragment_;
    }
    finish_sending(message);
    return true;
}

void SendChannel::write_fragment(PacketWriter& out, std::uint64_t id, OutgoingMessage& message,
                                 std::size_t index, bool again) {
    FragmentProgress& fragments = *message.fragments;
    const FragmentSpan span = fragment_span(message.size, fragments.count(), index);
    const std::size_t before = out.bytes.size();
    out.bytes.write(frame_head(FrameType::fragment, id_));
    out.bytes.write(static_cast<std::uint16_t>(id));
    out.bytes.write_varint(index);
    out.bytes.write_varint(fragments.count());
    out.bytes.write_varint(message.size);
    out.bytes.write_bytes(message.bytes.bytes().subspan(span.offset, span.size));
    const std::size_t written = out.bytes.size() - before;
    out.trace_sent(id_, id, message.tag, again ? ByteCause::retransmission : ByteCause::payload, written,
                   message.bytes.bytes().subspan(span.offset, span.size));
    out.ledger.add(again ? ByteCause::retransmission : ByteCause::payload, again ? written : span.size);
    if (!again) out.ledger.add(ByteCause::framing, written - span.size);
    if (fragments.copies[index] < 255) ++fragments.copies[index];
    note_sent(out, id, message);
    out.carry(id_, id, index, reliable());
}

void SendChannel::write_repeats(PacketWriter& out, bool is_lossy) {
    // Second repeats first: what was repeated in this packet cannot be due again in it, and the order on the
    // wire stays.
    for (prune(second_repeats_, 2); !second_repeats_.empty(); prune(second_repeats_, 2)) {
        const std::uint64_t id = second_repeats_.front();
        if (messages_[id - base_].sent_at >= out.now) break;
        const auto cost = static_cast<std::int64_t>(messages_[id - base_].size + kFrameHeadBytes + 2);
        // One chance each: a repeat that comes late is worth little.
        if (is_lossy && second_repeat_credit_ >= cost && write_repeat(out, id)) second_repeat_credit_ -= cost;
        second_repeats_.pop_front();
    }
    for (prune(repeats_, 1); !repeats_.empty(); prune(repeats_, 1)) {
        const std::uint64_t id = repeats_.front();
        if (messages_[id - base_].sent_at >= out.now)
            return;  // sent just now: the next packet is not a second chance
        if (!write_repeat(out, id)) return;
        constexpr std::int64_t kMostCredit = 1024;
        second_repeat_credit_ = std::min(
            kMostCredit, second_repeat_credit_ + static_cast<std::int64_t>(messages_[id - base_].size) / 2);
        second_repeats_.push_back(id);
    }
}

bool SendChannel::write_repeat(PacketWriter& out, std::uint64_t id) {
    const OutgoingMessage& message = messages_[id - base_];
    const std::size_t cost = kFrameHeadBytes + varint_size(message.size) + message.size;
    if (cost > std::min(out.repeat_bytes_left, out.bytes.remaining())) return false;
    out.repeat_bytes_left -= cost;
    write_run(out, id, 1, ByteCause::early_repeat);
    ++statistics_.early_repeats;
    return true;
}

std::uint64_t SendChannel::full_id(std::uint32_t low) const {
    return WireSequence<std::uint32_t>{low}.unwrap(next_unsent_);
}

void SendChannel::on_acked(TimePoint, CarriedMessage carried, SettlementSink& fates) {
    const std::uint64_t id = full_id(carried.id_low);
    OutgoingMessage* message = find(id);
    if (message == nullptr || message->is_settled) return;
    if (message->fragments) {
        FragmentProgress& fragments = *message->fragments;
        if (fragments.acked[carried.fragment]) return;
        fragments.acked[carried.fragment] = true;
        if (++fragments.acked_count < fragments.count()) return;
    }
    settle(id, *message, MessageFate::delivered, fates);
}

void SendChannel::on_lost(CarriedMessage carried, SettlementSink& fates) {
    const std::uint64_t id = full_id(carried.id_low);
    OutgoingMessage* message = find(id);
    if (message == nullptr || message->is_settled) return;
    std::uint8_t& copies =
        message->fragments ? message->fragments->copies[carried.fragment] : message->copies;
    if (message->fragments && message->fragments->acked[carried.fragment]) return;
    if (copies > 0) --copies;
    if (copies > 0) return;  // another packet under way carries it too
    if (reliable()) {
        resends_.push_back({id, carried.fragment});
        return;
    }
    if (id == next_unsent_) {  // a large message, not even sent whole: the rest would be of no use
        skip_unsent(*message);
    }
    settle(id, *message, MessageFate::lost, fates);
}

bool SendChannel::on_probe(CarriedMessage carried) {
    const std::uint64_t id = full_id(carried.id_low);
    const OutgoingMessage* message = find(id);
    if (!reliable() || message == nullptr || message->is_settled) return false;
    if (message->fragments && message->fragments->acked[carried.fragment]) return false;
    if (resends_.empty() || resends_.back().id != id || resends_.back().fragment != carried.fragment)
        resends_.push_back({id, carried.fragment});
    return true;
}

void SendChannel::settle(std::uint64_t id, OutgoingMessage& message, MessageFate fate,
                         SettlementSink& fates) {
    switch (fate) {
        case MessageFate::delivered: ++statistics_.messages_delivered; break;
        case MessageFate::lost: ++statistics_.messages_lost; break;
        case MessageFate::superseded: ++statistics_.messages_superseded; break;
        case MessageFate::dropped_by_budget: ++statistics_.messages_dropped; break;
        case MessageFate::connection_ended: break;
    }
    message.is_settled = true;
    queued_bytes_ -= message.bytes.size();
    message.bytes.reset();
    message.fragments.reset();
    if (message.notify) fates.on_settled(id_, MessageId{id}, fate);
    while (!messages_.empty() && messages_.front().is_settled && base_ < next_unsent_) {
        messages_.pop_front();
        ++base_;
    }
    prune(repeats_, 1);
}

void SendChannel::add_to(ChannelStatistics& statistics) const {
    statistics.messages_queued += statistics_.messages_queued;
    statistics.messages_sent += statistics_.messages_sent;
    statistics.messages_delivered += statistics_.messages_delivered;
    statistics.messages_lost += statistics_.messages_lost;
    statistics.messages_superseded += statistics_.messages_superseded;
    statistics.messages_dropped += statistics_.messages_dropped;
    statistics.bytes_queued += statistics_.bytes_queued;
    statistics.retransmissions += statistics_.retransmissions;
    statistics.early_repeats += statistics_.early_repeats;
}

void SendChannel::rest() {
    if (messages_.empty()) forget_repeats();
    messages_.shrink();
    resends_.shrink();
    repeats_.shrink();
    second_repeats_.shrink();
}

void SendChannel::abandon(SettlementSink& fates) {
    next_unsent_ = end();
    for (std::uint64_t id = base_; id < end(); ++id) {
        OutgoingMessage& message = messages_[id - base_];
        if (message.is_settled) continue;
        message.is_settled = true;
        if (message.notify) fates.on_settled(id_, MessageId{id}, MessageFate::connection_ended);
    }
    messages_.clear();
    base_ = next_unsent_;
    resends_.clear();
    forget_repeats();
    queued_bytes_ = unsent_bytes_ = 0;
}

}  // namespace squall::connection
