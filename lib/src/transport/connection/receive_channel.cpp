#include "transport/connection/receive_channel.hpp"

#include <cstring>

#include "transport/connection/send_channel.hpp"

namespace squall::connection {

ReceiveChannel::Check ReceiveChannel::check(const MessageFrame& frame, std::size_t& needed) const {
    if (frame.total > config_->max_message_bytes) return Check::violation;
    const std::uint64_t id = unwrap(frame);
    if (reliable() && id >= floor_ + kReliableWindow) return Check::violation;
    if (is_old(id)) return Check::fits;  // a duplicate: nothing to store
    if (const auto partial = partials_.empty() ? partials_.end() : partials_.find(id);
        partial != partials_.end()) {
        const Partial& known = partial->second;
        const bool same =
            frame.is_fragment && known.present.size() == frame.count && known.bytes.size() == frame.total;
        return same ? Check::fits : Check::violation;
    }
    if (frame.is_fragment) {
        if (!reliable() && id < partial_floor_) return Check::late;
        needed += frame.total;
    } else if (config_->mode == ChannelMode::reliable_ordered && id != floor_) {
        needed += frame.total;
    }
    return Check::fits;
}

// True if the message was delivered before, or is no longer wanted.
bool ReceiveChannel::is_old(std::uint64_t id) const {
    switch (config_->mode) {
        case ChannelMode::unreliable: return config_->redundancy > 0 && in_window(id);
        case ChannelMode::unreliable_sequenced: return has_any_ && id <= newest_;
        case ChannelMode::reliable_unordered: return id < floor_ || in_window(id);
        case ChannelMode::reliable_ordered:
            return id < floor_ || (id - floor_ < waiting_.size() && waiting_[id - floor_].present);
    }
    return false;
}

bool ReceiveChannel::in_window(std::uint64_t id) const {
    if (config_->mode == ChannelMode::reliable_unordered)
        return delivered_ != nullptr && (((*delivered_)[id / 64 % 16] >> (id % 64)) & 1) != 0;
    if (!has_any_ || id > newest_) return false;
    return newest_ - id >= 64 || ((recent_ >> (newest_ - id)) & 1) != 0;
}

void ReceiveChannel::mark_delivered(std::uint64_t id) {
    if (config_->mode == ChannelMode::reliable_unordered) {
        if (delivered_ == nullptr) delivered_ = std::make_unique<std::array<std::uint64_t, 16>>();
        auto& words = *delivered_;
        words[id / 64 % 16] |= std::uint64_t{1} << (id % 64);
        while (((words[floor_ / 64 % 16] >> (floor_ % 64)) & 1) != 0) {
            words[floor_ / 64 % 16] &= ~(std::uint64_t{1} << (floor_ % 64));
            ++floor_;
        }
        return;
    }
    if (!has_any_ || id > newest_) {
        const std::uint64_t step = has_any_ ? id - newest_ : 64;
        recent_ = step >= 64 ? 0 : recent_ << step;
        newest_ = id;
        has_any_ = true;
    }
    if (newest_ - id < 64) recent_ |= std::uint64_t{1} << (newest_ - id);
}

void ReceiveChannel::take_in(const MessageFrame& frame, BytePool& pool, std::size_t& stored_bytes,
                             MessageSink& sink) {
    const std::uint64_t id = unwrap(frame);
    if (is_old(id)) {
        // A sequenced message that never came before is stale; everything else was seen.
        if (config_->mode == ChannelMode::unreliable_sequenced && !in_window(id)) {
            ++stale_;
            return;
        }
        ++duplicates_;
        duplicate_bytes_ += frame.bytes.size();
        return;
    }
    if (reliable() && id > newest_) newest_ = id;
    if (frame.is_fragment)
        on_fragment(id, frame, pool, stored_bytes, sink);
    else
        on_whole(id, frame, pool, stored_bytes, sink);
}

void ReceiveChannel::on_whole(std::uint64_t id, const MessageFrame& frame, BytePool& pool,
                              std::size_t& stored_bytes, MessageSink& sink) {
    drop_partial(id, stored_bytes);
    if (config_->mode != ChannelMode::reliable_ordered) {
        mark_delivered(id);
        count_delivery(frame.bytes.size());
        sink.on_message(id_, MessageId{id}, frame.bytes);
        return;
    }
    if (id == floor_) {
        count_delivery(frame.bytes.size());
        sink.on_message(id_, MessageId{id}, frame.bytes);
        if (!waiting_.empty()) waiting_.pop_front();
        ++floor_;
        deliver_in_order(stored_bytes, sink);
        return;
    }
    stored_bytes += frame.bytes.size();
    wait_for_turn(id, pool.copy_of(frame.bytes));
}

void ReceiveChannel::wait_for_turn(std::uint64_t id, PooledBytes bytes) {
    while (waiting_.size() <= id - floor_) waiting_.push_back(Waiting{});
    waiting_[id - floor_].bytes = std::move(bytes);
    waiting_[id - floor_].present = true;
}

void ReceiveChannel::deliver_in_order(std::size_t& stored_bytes, MessageSink& sink) {
    while (!waiting_.empty() && waiting_.front().present) {
        PooledBytes bytes = std::move(waiting_.front().bytes);
        stored_bytes -= bytes.size();
        count_delivery(bytes.size());
        waiting_.pop_front();
        sink.on_stored_message(id_, MessageId{floor_++}, std::move(bytes));
    }
}

void ReceiveChannel::on_fragment(std::uint64_t id, const MessageFrame& frame, BytePool& pool,
                                 std::size_t& stored_bytes, MessageSink& sink) {
    auto place = partials_.find(id);
    if (place == partials_.end()) {
        if (!reliable() && partials_.size() >= kMaxUnreliablePartials) evict_oldest_partial(stored_bytes);
        Partial partial;
        partial.bytes = pool.allocate(frame.total);
        partial.present.resize(frame.count);
        partial.missing = frame.count;
        stored_bytes += frame.total;
        place = partials_.emplace(id, std::move(partial)).first;
    }
    Partial& partial = place->second;
    // The second condition is a packet that contradicts itself: its frames were checked against the state
    // before it.
    if (partial.present.size() != frame.count || partial.bytes.size() != frame.total ||
        partial.present[frame.index]) {
        ++duplicates_;
        duplicate_bytes_ += frame.bytes.size();
        return;
    }
    partial.present[frame.index] = true;
    const FragmentSpan span = fragment_span(frame.total, frame.count, frame.index);
    std::memcpy(partial.bytes.bytes().data() + span.offset, frame.bytes.data(), span.size);
    if (--partial.missing > 0) return;

    PooledBytes bytes = std::move(partial.bytes);
    partials_.erase(place);
    if (config_->mode == ChannelMode::reliable_ordered) {
        wait_for_turn(id, std::move(bytes));
        deliver_in_order(stored_bytes, sink);
        return;
    }
    stored_bytes -= bytes.size();
    mark_delivered(id);
    count_delivery(bytes.size());
    // A newer sequenced message makes unfinished older ones worthless.
    while (config_->mode == ChannelMode::unreliable_sequenced && !partials_.empty() &&
           partials_.begin()->first < id)
        evict_oldest_partial(stored_bytes);
    sink.on_stored_message(id_, MessageId{id}, std::move(bytes));
}

void ReceiveChannel::evict_oldest_partial(std::size_t& stored_bytes) {
    const auto oldest = partials_.begin();
    stored_bytes -= oldest->second.bytes.size();
    partial_floor_ = oldest->first + 1;
    partials_.erase(oldest);
    ++stale_;
}

// A message came both whole and in fragments: no correct sender does that, but nothing may be left behind.
void ReceiveChannel::drop_partial(std::uint64_t id, std::size_t& stored_bytes) {
    if (partials_.empty()) return;
    const auto place = partials_.find(id);
    if (place == partials_.end()) return;
    stored_bytes -= place->second.bytes.size();
    partials_.erase(place);
}

void ReceiveChannel::give_up_partials(std::size_t& stored_bytes) {
    while (!reliable() && !partials_.empty()) evict_oldest_partial(stored_bytes);
}

void ReceiveChannel::add_to(ChannelStatistics& statistics) const {
    statistics.messages_received = messages_received_;
    statistics.bytes_received = bytes_received_;
    statistics.duplicates_received = duplicates_;
    statistics.stale_received = stale_;
}

}  // namespace squall::connection
