#include "squall/runtime/recording_node.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace squall {
namespace {

using recorder::ConnectionRecord;
using recorder::Direction;
using recorder::MessageRecord;
using recorder::NodeCall;
using recorder::WireRecord;
using trace::Event;
using trace::EventKind;

constexpr Duration kClockInterval = std::chrono::seconds(1);
// Sealed packets that wait to leave: a server that shuts down has ten for each connection.
constexpr std::size_t kMaxWaiting = 1'000'000;
constexpr std::uint8_t kRemoteChannels = 4;

// Whether a datagram is a packet that was sealed: by its size and by what stays in the clear.
bool fits(std::size_t sealed_bytes, Bytes plain, Bytes datagram) {
    if (sealed_bytes != datagram.size()) return false;
    const auto prefix = std::to_integer<unsigned>(datagram[0]);
    const unsigned type = prefix & 0x0f;
    const std::size_t header = 1 + (prefix >> 4) + (type == 10 || type == 12 || type == 13 ? 8 : 0);
    const std::size_t shared = std::min({header, plain.size(), datagram.size(), std::size_t{17}});
    return std::memcmp(datagram.data(), plain.data(), shared) == 0;
}

}  // namespace

RecordingNode::RecordingNode(Node& inner, RecordedNodeOptions options)
    : inner_(inner), options_(std::move(options)) {
    in_packet_.reserve(64);
}

void RecordingNode::start(TimePoint now, Recording& recording) {
    recording_ = &recording;
    next_clock_ = now;
    is_draining_ = false;
    waiting_.clear();
    for (const auto& [id, open] : open_)
        recording_->put(now,
                        ConnectionRecord{ConnectionRecord::Kind::is_open, 0, id, open.client, open.peer});
    recording_->publish();
}

void RecordingNode::stop() {
    recording_ = nullptr;
}

void RecordingNode::note(TimePoint now, const recorder::Control& control) {
    if (recording_ == nullptr) return;
    recording_->put(now, control);
    // What the present call has recorded may still change.
    if (!is_receiving_ && !is_polling_) recording_->publish();
}

void RecordingNode::input(TimePoint now, std::string_view name, Bytes data) {
    if (recording_ == nullptr) return;
    begin_call(now);
    is_draining_ = false;
    note(now, NodeCall{NodeCall::Kind::input, 0, name, data});
}

// What every call of the host begins with.
void RecordingNode::begin_call(TimePoint now) {
    if (is_draining_) {
        recording_->put(now, NodeCall{NodeCall::Kind::drain_ended, polls_, {}, {}});
        is_draining_ = false;
    }
    if (now < next_clock_ || !options_.realtime) return;
    recording_->put(now, recorder::ClockSnapshot{options_.realtime()});
    next_clock_ = now + kClockInterval;
}

void RecordingNode::end_call() {
    is_draining_ = true;
    polls_ = 0;
    recording_->publish();
}

void RecordingNode::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    if (recording_ == nullptr) return inner_.receive(now, from, datagram);
    begin_call(now);
    // The node decrypts in place; what it refuses is recorded as it came.
    const std::size_t kept = std::min(datagram.size(), raw_.size());
    std::copy_n(datagram.begin(), kept, raw_.begin());
    is_receiving_ = true;
    is_recorded_ = is_refused_ = false;
    cause_ = 0;
    received_ = nullptr;
    received_packet_ = 0;
    received_at_ = now;
    received_from_ = from;
    received_bytes_ = static_cast<std::uint32_t>(datagram.size());
    inner_.receive(now, from, datagram);
    if (!is_recorded_) record_received(Bytes(raw_).first(kept));
    is_receiving_ = false;
    drain_at_ = now;
    end_call();
}

void RecordingNode::handle_timeout(TimePoint now) {
    if (recording_ == nullptr) return inner_.handle_timeout(now);
    begin_call(now);
    recording_->put(now, NodeCall{NodeCall::Kind::timeout, 0, {}, {}});
    inner_.handle_timeout(now);
    drain_at_ = now;
    end_call();
}

std::optional<Transmit> RecordingNode::poll_transmit(TimePoint now, MutableBytes buffer) {
    if (recording_ == nullptr) return inner_.poll_transmit(now, buffer);
    if (!is_draining_ || now != drain_at_) {
        begin_call(now);
        recording_->put(now, NodeCall{NodeCall::Kind::drain, 0, {}, {}});
        drain_at_ = now;
        is_draining_ = true;
        polls_ = 0;
    }
    is_polling_ = true;
    has_fresh_ = false;
    in_packet_.clear();
    const auto transmit = inner_.poll_transmit(now, buffer);
    is_polling_ = false;
    ++polls_;
    if (transmit) {
        record_sent(now, *transmit, buffer.first(transmit->size));
    } else {
        if (has_fresh_) keep_fresh();
        is_draining_ = false;
    }
    recording_->publish();
    return transmit;
}

// As it was on the wire: nothing could open it.
void RecordingNode::record_received(Bytes datagram) {
    WireRecord record;
    record.at = received_at_;
    record.direction = Direction::inbound;
    record.is_refused = is_refused_;
    record.cause = cause_;
    record.local = options_.local;
    record.peer = received_from_;
    record.wire_bytes = received_bytes_;
    record.packet = datagram;
    recording_->put(record);
}

void RecordingNode::record_sent(TimePoint now, const Transmit& transmit, Bytes datagram) {
    if (has_fresh_ && fits(fresh_bytes_, Bytes(fresh_header_).first(fresh_header_bytes_), datagram)) {
        if (fresh_record_ != nullptr) fresh_record_->peer = transmit.to;
        return;
    }
    if (has_fresh_) keep_fresh();
    WireRecord record;
    record.at = now;
    record.direction = Direction::outbound;
    record.local = options_.local;
    record.peer = transmit.to;
    record.wire_bytes = static_cast<std::uint32_t>(datagram.size());
    record.packet = datagram;
    const auto place = std::ranges::find_if(
        waiting_, [&](const Sealed& sealed) { return fits(sealed.datagram_bytes, sealed.plain, datagram); });
    if (place == waiting_.end()) {
        recording_->put(record);
        return;
    }
    record.is_opened = true;
    record.connection = place->connection;
    record.sequence = place->sequence;
    record.packet = place->plain;
    recording_->put(record);
    waiting_.erase(place);
}

// Nearly always this is what the call gives: so it is recorded at once, and whom it goes to is told then.
void RecordingNode::put_fresh(const Event& event) {
    WireRecord record;
    record.at = drain_at_;
    record.direction = Direction::outbound;
    record.is_opened = true;
    record.connection = event.connection.is_valid() ? event.connection : ConnectionId{};
    record.local = options_.local;
    record.sequence = event.id;
    record.wire_bytes = event.bytes;
    record.packet = event.payload;
    fresh_record_ = recording_->put(record);
    fresh_bytes_ = event.bytes;
    fresh_header_bytes_ = std::min(event.payload.size(), fresh_header_.size());
    std::copy_n(event.payload.begin(), fresh_header_bytes_, fresh_header_.begin());
    has_fresh_ = true;
}

void RecordingNode::keep_fresh() {
    has_fresh_ = false;
    if (fresh_record_ == nullptr) return;
    const Bytes plain = fresh_record_->packet;
    if (waiting_.size() < kMaxWaiting)
        waiting_.push_back({fresh_record_->connection,
                            fresh_record_->sequence,
                            fresh_record_->wire_bytes,
                            {plain.begin(), plain.end()}});
    recording_->withdraw(*std::exchange(fresh_record_, nullptr));
}

void RecordingNode::on_event(const Event& event) {
    if (event.kind == EventKind::connection_connected || event.kind == EventKind::connection_disconnected ||
        event.kind == EventKind::path_changed)
        return on_connection(event);
    if (recording_ == nullptr) return;
    switch (event.kind) {
        case EventKind::packet_opened:
        case EventKind::token_opened: return on_opened(event);
        case EventKind::packet_sealed: return on_sealed(event);
        case EventKind::datagram_refused: return on_refused(event);
        case EventKind::message_sent:
        case EventKind::message_received: return on_message(event);
        case EventKind::packet_acked:
            if (event.detail == 0) return;
            [[fallthrough]];
        case EventKind::packet_lost:
            recording_->put(event.at,
                            recorder::PacketFate{event.kind == EventKind::packet_lost, event.connection,
                                                 event.id, event.bytes, event.detail});
            return;
        case EventKind::message_lost:
            recording_->put(event.at,
                            recorder::MessageFateRecord{true, event.connection, event.channel, event.id,
                                                        static_cast<std::uint8_t>(event.detail)});
            return;
        case EventKind::remote_received:
            if (event.detail == 0) return;  // it passed
            recording_->put(event.at, recorder::RemoteOutcome{event.connection, event.id, event.detail});
            return;
        case EventKind::tick: recording_->put(event.at, recorder::TickMark{event.id, event.detail}); return;
        case EventKind::mark: recording_->put(event.at, recorder::Mark{as_text(event.payload)}); return;
        default: return;  // told by other records, or not of a node
    }
}

void RecordingNode::on_opened(const Event& event) {
    // A datagram holds one packet; what is opened besides it is inside of that.
    if (!is_receiving_ || is_recorded_) return;
    is_recorded_ = true;
    received_packet_ = event.id;
    WireRecord record;
    record.at = received_at_;
    record.direction = Direction::inbound;
    record.is_opened = true;
    record.is_refused = is_refused_;
    record.cause = cause_;
    record.connection = event.connection.is_valid() ? event.connection : ConnectionId{};
    record.local = options_.local;
    record.peer = received_from_;
    record.sequence = event.id;
    record.wire_bytes = received_bytes_;
    record.packet = event.payload;
    received_ = recording_->put(record);
}

void RecordingNode::on_refused(const Event& event) {
    if (!is_receiving_) return;
    is_refused_ = true;
    cause_ = static_cast<std::uint8_t>(event.detail);
    if (received_ == nullptr) return;
    received_->is_refused = true;
    received_->cause = cause_;
}

void RecordingNode::on_sealed(const Event& event) {
    if (is_polling_ && !has_fresh_) {
        for (MessageRecord* message : in_packet_) message->packet = event.id;
        in_packet_.clear();
        return put_fresh(event);
    }
    if (waiting_.size() >= kMaxWaiting) return;
    waiting_.push_back({event.connection.is_valid() ? event.connection : ConnectionId{},
                        event.id,
                        event.bytes,
                        {event.payload.begin(), event.payload.end()}});
}

std::uint8_t RecordingNode::mode_of(ChannelId channel) const {
    return channel.value < options_.channels.size()
               ? static_cast<std::uint8_t>(options_.channels[channel.value].mode)
               : MessageRecord::kUnknownMode;
}

// A message of a remote begins with its number.
std::uint16_t RecordingNode::remote_of(ChannelId channel, Bytes message) const {
    if (!options_.has_remotes || channel.value >= kRemoteChannels) return 0;
    ByteReader reader(message);
    const std::uint64_t number = reader.read_varint();
    return reader.ok() && number <= 0xffff ? static_cast<std::uint16_t>(number) : std::uint16_t{0};
}

void RecordingNode::on_message(const Event& event) {
    const bool is_sent = event.kind == EventKind::message_sent;
    MessageRecord record;
    record.at = event.at;
    record.direction = is_sent ? Direction::outbound : Direction::inbound;
    record.channel = event.channel;
    record.mode = mode_of(event.channel);
    record.connection = event.connection;
    record.message = event.id;
    record.message_bytes = static_cast<std::uint32_t>(event.payload.size());
    record.payload = event.payload;
    if (!is_sent) {
        record.remote = remote_of(event.channel, event.payload);
        record.packet = received_packet_;
        recording_->put(record);
        return;
    }
    record.cause = static_cast<std::uint8_t>(event.detail & 0xff);
    record.remote = static_cast<std::uint16_t>(event.detail >> 8);
    record.wire_bytes = event.bytes;
    MessageRecord* const copy = recording_->put(record);
    if (copy != nullptr && is_polling_) in_packet_.push_back(copy);
}

void RecordingNode::on_connection(const Event& event) {
    ConnectionRecord record;
    record.connection = event.connection;
    record.client = ClientId{event.id};
    record.peer = is_receiving_ ? received_from_ : Address{};
    if (event.kind == EventKind::connection_disconnected) {
        record.kind = ConnectionRecord::Kind::closed;
        record.reason = static_cast<std::uint8_t>(event.detail);
        record.peer = {};
        open_.erase(event.connection);
    } else {
        if (event.kind == EventKind::path_changed) record.kind = ConnectionRecord::Kind::path_changed;
        open_[event.connection] = {record.client, record.peer};
    }
    if (recording_ != nullptr) recording_->put(event.at, record);
}

}  // namespace squall
