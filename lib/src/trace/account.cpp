#include "squall/trace/account.hpp"

#include <algorithm>

namespace squall::trace {
namespace {

// The transport's byte causes, whose numbers are part of message_sent.
constexpr std::uint32_t kPayload = 0;
constexpr std::uint32_t kRetransmission = 1;

constexpr HistogramConfig times(unsigned digits) {
    return {.highest_trackable = 100'000'000'000, .significant_digits = digits};
}

// netcode's packet number, which stands in the clear: as many bytes behind the first as its high half says.
std::uint64_t packet_number(Bytes datagram) {
    ByteReader reader(datagram);
    const auto prefix = reader.read<std::uint8_t>();
    return reader.read_low_bytes(std::min<std::size_t>(prefix >> 4, 8));
}

}  // namespace

Account::Account(AccountConfig config)
    : config_(config),
      round_trips_(times(config.significant_digits)),
      tick_times_(times(config.significant_digits)) {
    remotes_.resize(1);
}

const RemoteCounters& Account::outbound(std::uint32_t remote) const {
    static constexpr RemoteCounters kNone;
    return remote < remotes_.size() ? remotes_[remote].out : kNone;
}
const RemoteCounters& Account::inbound(std::uint32_t remote) const {
    static constexpr RemoteCounters kNone;
    if (remote >= remotes_.size()) return kNone;
    settle_arrivals();
    if (remote == kNoRemote) remotes_[kNoRemote].in.messages = messages_received_ - known_messages_;
    return remotes_[remote].in;
}
std::uint64_t Account::overhead_received() const {
    settle_arrivals();
    return overhead_received_;
}
const Histogram* Account::time_of(Time time, std::uint32_t remote) const {
    if (remote >= remotes_.size()) return nullptr;
    const Remote& found = remotes_[remote];
    if (time == Time::queue) {
        // Most messages leave at once. They are recorded here, all together.
        const auto& histogram = found.times[static_cast<std::size_t>(time)];
        const std::uint64_t known = found.untimed + (histogram == nullptr ? 0 : histogram->count());
        if (found.out.messages > known)
            histogram_of(Time::queue, found).record(0, found.out.messages - known);
    }
    return found.times[static_cast<std::size_t>(time)].get();
}

inline std::uint32_t Account::place_of(std::uint64_t number) {
    return number < remote_count_ ? static_cast<std::uint32_t>(number) : new_place_of(number);
}

std::uint32_t Account::new_place_of(std::uint64_t number) {
    if (number > config_.max_remotes) return kNoRemote;
    remotes_.resize(number + 1);
    remote_count_ = static_cast<std::uint32_t>(number + 1);
    return static_cast<std::uint32_t>(number);
}

inline Account::Remote& Account::remote_of(std::uint64_t number) {
    return remotes_[place_of(number)];
}

Histogram& Account::histogram_of(Time time, const Remote& remote) const {
    auto& place = remote.times[static_cast<std::size_t>(time)];
    if (place == nullptr) place = std::make_unique<Histogram>(times(config_.significant_digits));
    return *place;
}

// --- connections

Account::Connection* Account::find(std::uint32_t source, ConnectionId id) {
    if (last_source_ == nullptr || source != last_source_number_) {
        const auto place = sources_.find(source);
        if (place == sources_.end()) return nullptr;
        last_source_ = place->second.get();
        last_source_number_ = source;
    }
    const auto& connections = last_source_->connections;
    if (id.slot >= connections.size() || connections[id.slot] == nullptr) return nullptr;
    return connections[id.slot]->generation == id.generation ? connections[id.slot].get() : nullptr;
}

Account::Connection* Account::connection_of(std::uint32_t source, ConnectionId id) {
    if (Connection* const found = find(source, id)) [[likely]]
        return found;
    if (timed_connections_ >= config_.max_timed_connections) return nullptr;
    auto& its_source = sources_[source];
    if (its_source == nullptr) its_source = std::make_unique<Source>();
    last_source_ = its_source.get();
    last_source_number_ = source;
    auto& connections = its_source->connections;
    if (id.slot >= connections.size()) connections.resize(id.slot + std::size_t{1});
    auto& place = connections[id.slot];
    if (place == nullptr) {
        place = std::make_unique<Connection>();
        ++timed_connections_;
    }
    place->generation = id.generation;
    place->channels.clear();
    place->packets.fill({});
    return place.get();
}

Account::Channel& Account::channel_of(Connection& connection, ChannelId channel) {
    if (channel.value >= connection.channels.size())
        connection.channels.resize(channel.value + std::size_t{1});
    return connection.channels[channel.value];
}

// --- what leaves

void Account::on_queued(const Event& event) {
    Connection* const connection = connection_of(event.source, event.connection);
    if (connection == nullptr) return;
    Channel& channel = channel_of(*connection, event.channel);
    const std::uint32_t newest = (channel.oldest + channel.count - 1) % Channel::kRuns;
    if (channel.count != 0 && channel.runs[newest].at == event.at) return;
    if (channel.count == Channel::kRuns) {  // then the first of them seem to have waited a little less
        channel.runs[(channel.oldest + 1) % Channel::kRuns].first = channel.runs[channel.oldest].first;
        channel.oldest = (channel.oldest + 1) % Channel::kRuns;
        --channel.count;
    }
    channel.runs[(channel.oldest + channel.count) % Channel::kRuns] = {event.id, event.at};
    ++channel.count;
}

// Only noted: all of a datagram's messages are counted together, when it leaves.
inline void Account::on_sent(const Event& event) {
    const std::uint32_t remote = event.detail / 256;
    if (remote >= remote_count_ || part_count_ == kMaxParts) [[unlikely]]
        return on_sent_anew(event);
    note_part(event, remote);
}

// Of a remote that was not seen yet, or in a datagram of more messages than fit into one.
void Account::on_sent_anew(const Event& event) {
    if (part_count_ == kMaxParts) settle_parts(event.at, 0);
    note_part(event, place_of(event.detail / 256));
}

inline void Account::note_part(const Event& event, std::uint32_t remote) {
    Part& part = parts_[part_count_++];
    part.id = event.id;
    part.remote = remote;
    part.bytes = event.bytes;
    part.payload = static_cast<std::uint32_t>(event.payload.size());
    part.cause = static_cast<std::uint8_t>(event.detail % 256);
    part.channel = event.channel;
    part_bytes_ += event.bytes;
    sending_source_ = event.source;
    sending_id_ = event.connection;
}

// When a message was queued that leaves for the first time.
inline TimePoint Account::queued_at(Channel& channel, std::uint64_t id, TimePoint otherwise) {
    while (channel.count > 1 && channel.runs[(channel.oldest + 1) % Channel::kRuns].first <= id) {
        channel.oldest = (channel.oldest + 1) % Channel::kRuns;
        --channel.count;
    }
    return channel.count != 0 ? channel.runs[channel.oldest].at : otherwise;
}

// Headers are shared by bytes; what rounding leaves goes to the last.
void Account::settle_parts(TimePoint at, std::uint32_t headers) {
    Connection* const sender = connection_of(sending_source_, sending_id_);
    const std::uint64_t factor = (std::uint64_t{headers} << 20) / std::max(part_bytes_, 1U);
    Channel* channel = nullptr;  // of the part before
    ChannelId channel_id{};
    for (const Part& part : std::span(parts_).first(part_count_)) {
        Remote& remote = remotes_[part.remote];
        RemoteCounters& out = remote.out;
        const auto share = static_cast<std::uint32_t>((part.bytes * factor) >> 20);
        headers -= share;
        out.headers += share;
        if (part.cause != kPayload) [[unlikely]] {
            (part.cause == kRetransmission ? out.retransmission : out.early_repeat) += part.bytes;
            continue;
        }
        out.payload += part.payload;
        out.framing += part.bytes - part.payload;
        if (sender == nullptr) [[unlikely]] {
            ++out.messages;
            ++remote.untimed;
            continue;
        }
        if (channel == nullptr || channel_id != part.channel) {
            channel = &channel_of(*sender, part.channel);
            channel_id = part.channel;
        }
        if (part.id < channel->next_unsent) continue;  // a further fragment
        ++out.messages;
        channel->next_unsent = part.id + 1;
        const TimePoint since = queued_at(*channel, part.id, at);
        if (since != at)
            histogram_of(Time::queue, remote).record(static_cast<std::uint64_t>((at - since).count()));
    }
    if (part_count_ != 0) remotes_[parts_[part_count_ - 1].remote].out.headers += headers;
    settled_bytes_ += part_bytes_;
    part_count_ = 0;
    part_bytes_ = 0;
}

void Account::on_datagram_sent(const Event& event) {
    ++endpoint_.datagrams_sent;
    endpoint_.bytes_sent += event.bytes;
    if (part_count_ == 0) {
        endpoint_.overhead_sent[event.detail % kMaxPacketTypes] += event.bytes;
        return;
    }
    if (Connection* const sender = connection_of(sending_source_, sending_id_))
        remember_packet(*sender, event);
    settle_parts(event.at, event.bytes - std::min(part_bytes_ + settled_bytes_, event.bytes));
    settled_bytes_ = 0;
}

void Account::remember_packet(Connection& sender, const Event& event) const {
    const std::uint64_t number = packet_number(event.payload);
    Packet& packet = sender.packets[number % Connection::kPackets];
    packet.number = number;
    packet.at = event.at;
    std::size_t count = 0;
    for (const Part& part : std::span(parts_).first(part_count_)) {
        if (count != 0 && packet.remotes[count - 1] == part.remote) {
            if (packet.messages[count - 1] < 255) ++packet.messages[count - 1];
            continue;
        }
        if (count == Packet::kRemotes) break;
        packet.remotes[count] = static_cast<std::uint16_t>(part.remote);
        packet.messages[count++] = 1;
    }
    packet.remote_count = static_cast<std::uint8_t>(count);
}

void Account::on_acked(const Event& event) {
    ++endpoint_.packets_acked;
    if (event.detail != 0) round_trips_.record(std::uint64_t{event.detail} * 1000);
    Connection* const connection = find(event.source, event.connection);
    if (connection == nullptr) return;
    Packet& packet = connection->packets[event.id % Connection::kPackets];
    if (packet.number != event.id) return;
    const auto span = static_cast<std::uint64_t>((event.at - packet.at).count());
    for (std::size_t i = 0; i < packet.remote_count; ++i)
        histogram_of(Time::wire, remotes_[packet.remotes[i]]).record(span, packet.messages[i]);
    packet.number = kNoPacket;
}

void Account::on_lost(const Event& event) {
    ++endpoint_.packets_lost;
    Connection* const connection = find(event.source, event.connection);
    if (connection == nullptr) return;
    const Packet& packet = connection->packets[event.id % Connection::kPackets];
    if (packet.number != event.id) return;
    for (std::size_t i = 0; i < packet.remote_count; ++i)
        remotes_[packet.remotes[i]].out.lost += packet.messages[i];
}

// --- what arrives

inline void Account::note_arrival(const Arrival& arrival) {
    if (arrival_count_ == kMaxParts) [[unlikely]]
        share_out_arrivals(0);
    arrivals_[arrival_count_++] = arrival;
    arrival_bytes_ += arrival.bytes;
}

// Of messages that came in one frame; of the others the frames were told.
inline void Account::on_received(const Event& event) {
    ++messages_received_;
    if (event.detail == 0) return;
    note_arrival({place_of(event.detail / 256), event.bytes + event.detail % 256, event.bytes, false});
}

void Account::on_frame_received(const Event& event) {
    note_arrival({place_of(event.detail / 256), event.bytes, static_cast<std::uint32_t>(event.payload.size()),
                  event.detail % 256 != kPayload});
}

void Account::on_datagram_received(const Event& event) {
    settle_arrivals();
    arriving_bytes_ = event.bytes;
    ++endpoint_.datagrams_received;
    endpoint_.bytes_received += event.bytes;
    endpoint_.received[event.detail % kMaxPacketTypes] += event.bytes;
}

// As settle_parts(): headers are shared by bytes, what rounding leaves goes to the last.
void Account::share_out_arrivals(std::uint32_t headers) const {
    const std::uint64_t factor = (std::uint64_t{headers} << 20) / std::max(arrival_bytes_, 1U);
    for (const Arrival& arrival : std::span(arrivals_).first(arrival_count_)) {
        RemoteCounters& in = remotes_[arrival.remote].in;
        const auto share = static_cast<std::uint32_t>((arrival.bytes * factor) >> 20);
        headers -= share;
        in.headers += share;
        if (arrival.is_repeated) [[unlikely]] {
            in.retransmission += arrival.bytes;
            continue;
        }
        in.payload += arrival.payload;
        in.framing += arrival.bytes - arrival.payload;
    }
    remotes_[arrivals_[arrival_count_ - 1].remote].in.headers += headers;
    arriving_bytes_ -= std::min(arrival_bytes_, arriving_bytes_);
    arrival_bytes_ = 0;
    arrival_count_ = 0;
}

void Account::settle_arrivals() const {
    if (arrival_count_ != 0)
        share_out_arrivals(arriving_bytes_ - std::min(arrival_bytes_, arriving_bytes_));
    else
        overhead_received_ += arriving_bytes_;
    arriving_bytes_ = 0;
}

// The bytes were counted when the message arrived.
inline void Account::on_remote_received(const Event& event) {
    const std::uint32_t place = place_of(event.id);
    RemoteCounters& in = remotes_[place].in;
    if (event.detail != 0) ++in.stopped[std::min<std::size_t>(event.detail, kMaxOutcomes - 1)];
    if (place == kNoRemote) return;
    ++known_messages_;
    ++in.messages;
}

void Account::on_event(const Event& event) {
    if (event.kind == EventKind::message_sent) return on_sent(event);  // most of all
    on_another(event);
}

void Account::on_another(const Event& event) {
    switch (event.kind) {
        case EventKind::message_queued: return on_queued(event);
        case EventKind::datagram_sent: return on_datagram_sent(event);
        case EventKind::datagram_received: return on_datagram_received(event);
        case EventKind::frame_received: return on_frame_received(event);
        case EventKind::datagram_refused:
            ++refusals_.refused[event.detail % kMaxRefusalCauses];
            endpoint_.bytes_refused += event.bytes;
            return;
        case EventKind::packet_acked: return on_acked(event);
        case EventKind::packet_lost: return on_lost(event);
        case EventKind::message_received: return on_received(event);
        case EventKind::remote_received: return on_remote_received(event);
        case EventKind::remote_handled:
            histogram_of(Time::handler, remote_of(event.id)).record(event.detail);
            return;
        case EventKind::call_settled:
            histogram_of(Time::call, remote_of(event.id)).record(std::uint64_t{event.detail} * 1000);
            return;
        case EventKind::remote_failed: ++remote_of(event.id).in.errors; return;
        case EventKind::connection_connected:
            ++endpoint_.connections_opened;
            (void)connection_of(event.source, event.connection);
            return;
        case EventKind::connection_disconnected: ++endpoint_.connections_closed; return;
        case EventKind::tick:
            ++ticks_;
            tick_nanoseconds_ += std::uint64_t{event.detail} * 1000;
            tick_times_.record(std::uint64_t{event.detail} * 1000);
            return;
        case EventKind::message_sent:
        case EventKind::message_acked:
        case EventKind::message_lost:
        case EventKind::path_changed:
        case EventKind::link_verdict:
        case EventKind::mark:
        case EventKind::packet_opened:
        case EventKind::packet_sealed:
        case EventKind::token_opened: return;
    }
}

}  // namespace squall::trace
