#include "squall/runtime/recording_node.hpp"

#include <algorithm>

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
// Prefix, sequence number, connection id: what a datagram shares with its plain text.
constexpr std::size_t kMaxHeaderBytes = 17;
constexpr std::uint8_t kRemoteChannels = 4;

}  // namespace

RecordingNode::RecordingNode(Node& inner, RecordedNodeOptions options)
    : inner_(inner), options_(std::move(options)) {
    in_packet_.reserve(64);
    fresh_.plain.reserve(kMaxDatagramBytes);
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
    recording_->publish();
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

bool RecordingNode::fits(const Sealed& sealed, Bytes datagram) const {
    if (sealed.datagram_bytes != datagram.size()) return false;
    const auto prefix = std::to_integer<unsigned>(datagram[0]);
    const unsigned type = prefix & 0x0f;
    const std::size_t header = 1 + (prefix >> 4) + (type == 10 || type == 12 || type == 13 ? 8 : 0);
    const std::size_t shared = std::min({header, sealed.plain.size(), datagram.size(), kMaxHeaderBytes});
    return std::equal(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(shared),
                      sealed.plain.begin());
}

void RecordingNode::record_sent(TimePoint now, const Transmit& transmit, Bytes datagram) {
    WireRecord record;
    record.at = now;
    record.direction = Direction::outbound;
    record.local = options_.local;
    record.peer = transmit.to;
    record.wire_bytes = static_cast<std::uint32_t>(datagram.size());
    record.packet = datagram;
    const auto take = [&](const Sealed& sealed) {
        record.is_opened = true;
        record.connection = sealed.connection;
        record.sequence = sealed.sequence;
        record.packet = sealed.plain;
    };
    if (has_fresh_ && fits(fresh_, datagram)) {
        take(fresh_);
        recording_->put(record);
        return;
    }
    const auto place =
        std::ranges::find_if(waiting_, [&](const Sealed& sealed) { return fits(sealed, datagram); });
    if (place != waiting_.end()) take(*place);
    recording_->put(record);
    if (place != waiting_.end()) waiting_.erase(place);
    if (has_fresh_ && waiting_.size() < kMaxWaiting) waiting_.push_back(fresh_);
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
    Sealed sealed;
    if (is_polling_ && !has_fresh_) {
        sealed = std::move(fresh_);
    } else if (waiting_.size() >= kMaxWaiting) {
        return;
    }
    sealed.connection = event.connection.is_valid() ? event.connection : ConnectionId{};
    sealed.sequence = event.id;
    sealed.datagram_bytes = event.bytes;
    sealed.plain.assign(event.payload.begin(), event.payload.end());
    if (!is_polling_ || has_fresh_) {
        waiting_.push_back(std::move(sealed));
        return;
    }
    fresh_ = std::move(sealed);
    has_fresh_ = true;
    for (MessageRecord* message : in_packet_) message->packet = event.id;
    in_packet_.clear();
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
