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
    return remote < remotes_.size() ? remotes_[remote].in : kNone;
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

Account::Remote& Account::remote_of(std::uint64_t number) {
    if (number < remotes_.size()) return remotes_[number];
    if (number > config_.max_remotes) return remotes_[kNoRemote];
    remotes_.resize(number + 1);
    return remotes_[number];
}

Histogram& Account::histogram_of(Time time, const Remote& remote) const {
    auto& place = remote.times[static_cast<std::size_t>(time)];
    if (place == nullptr) place = std::make_unique<Histogram>(times(config_.significant_digits));
    return *place;
}

// --- connections

Account::Connection* Account::find(const Event& event) {
    if (last_source_ == nullptr || event.source != last_source_number_) {
        const auto place = sources_.find(event.source);
        if (place == sources_.end()) return nullptr;
        last_source_ = place->second.get();
        last_source_number_ = event.source;
    }
    const auto& connections = last_source_->connections;
    const std::uint32_t slot = event.connection.slot;
    if (slot >= connections.size() || connections[slot] == nullptr) return nullptr;
    return connections[slot]->generation == event.connection.generation ? connections[slot].get() : nullptr;
}

Account::Connection* Account::connection_of(const Event& event) {
    if (Connection* const found = find(event)) return found;
    if (timed_connections_ >= config_.max_timed_connections) return nullptr;
    auto& source = sources_[event.source];
    if (source == nullptr) source = std::make_unique<Source>();
    last_source_ = source.get();
    last_source_number_ = event.source;
    auto& connections = source->connections;
    if (event.connection.slot >= connections.size()) connections.resize(event.connection.slot + 1);
    auto& place = connections[event.connection.slot];
    if (place == nullptr) {
        place = std::make_unique<Connection>();
        ++timed_connections_;
    }
    place->generation = event.connection.generation;
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
    Connection* const connection = connection_of(event);
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

// The same for all messages of a datagram.
Account::Connection* Account::sender_of(const Event& event) {
    if (part_count_ != 0 && event.connection == sending_id_ && event.source == sending_source_)
        return sending_;
    sending_id_ = event.connection;
    sending_source_ = event.source;
    return sending_ = connection_of(event);
}

void Account::on_sent(const Event& event) {
    const std::uint32_t cause = event.detail % 256;
    const std::uint32_t tag = event.detail / 256;
    const std::uint32_t number = tag <= config_.max_remotes ? tag : kNoRemote;
    Remote& remote = remote_of(number);
    RemoteCounters& out = remote.out;
    bool is_first = false;
    TimePoint queued_at = event.at;
    Connection* const sender = sender_of(event);
    if (cause == kPayload) {
        out.payload += event.payload.size();
        out.framing += event.bytes - event.payload.size();
        is_first = true;
        if (sender == nullptr) {
            ++remote.untimed;
        } else {
            Channel& channel = channel_of(*sender, event.channel);
            is_first = event.id >= channel.next_unsent;  // not a further fragment
            if (is_first) {
                channel.next_unsent = event.id + 1;
                while (channel.count > 1 &&
                       channel.runs[(channel.oldest + 1) % Channel::kRuns].first <= event.id) {
                    channel.oldest = (channel.oldest + 1) % Channel::kRuns;
                    --channel.count;
                }
                if (channel.count != 0) queued_at = channel.runs[channel.oldest].at;
            }
        }
        out.messages += is_first ? 1 : 0;
    } else {
        (cause == kRetransmission ? out.retransmission : out.early_repeat) += event.bytes;
    }
    part_bytes_ += event.bytes;
    if (part_count_ != 0) {
        Part& last = parts_[part_count_ - 1];
        if ((last.remote == number && last.queued_at == queued_at) || part_count_ == kMaxParts) {
            last.bytes += event.bytes;
            ++last.messages;
            last.first_messages += is_first ? 1 : 0;
            return;
        }
    }
    parts_[part_count_++] = {number, event.bytes, 1, is_first ? 1U : 0U, queued_at};
}

void Account::on_datagram_sent(const Event& event) {
    ++endpoint_.datagrams_sent;
    endpoint_.bytes_sent += event.bytes;
    if (part_count_ == 0) {
        endpoint_.overhead_sent[event.detail % kMaxPacketTypes] += event.bytes;
        return;
    }
    // Headers by bytes; what rounding leaves goes to the last.
    std::uint32_t headers = event.bytes - std::min(part_bytes_, event.bytes);
    const std::uint64_t factor = (std::uint64_t{headers} << 20) / part_bytes_;
    for (std::size_t i = 0; i < part_count_; ++i) {
        const Part& part = parts_[i];
        const auto share =
            i + 1 == part_count_ ? headers : static_cast<std::uint32_t>((part.bytes * factor) >> 20);
        headers -= share;
        Remote& remote = remotes_[part.remote];
        remote.out.headers += share;
        if (sending_ != nullptr && part.first_messages != 0 && part.queued_at != event.at) {
            histogram_of(Time::queue, remote)
                .record(static_cast<std::uint64_t>((event.at - part.queued_at).count()), part.first_messages);
        }
    }
    if (sending_ != nullptr) remember_packet(event);
    part_count_ = 0;
    part_bytes_ = 0;
    sending_ = nullptr;
}

void Account::remember_packet(const Event& event) {
    const std::uint64_t number = packet_number(event.payload);
    Packet& packet = sending_->packets[number % Connection::kPackets];
    packet.number = number;
    packet.at = event.at;
    packet.remote_count = 0;
    for (std::size_t i = 0; i < part_count_ && packet.remote_count < Packet::kRemotes; ++i) {
        packet.remotes[packet.remote_count] = static_cast<std::uint16_t>(parts_[i].remote);
        packet.messages[packet.remote_count] = static_cast<std::uint8_t>(std::min(parts_[i].messages, 255U));
        ++packet.remote_count;
    }
}

void Account::on_acked(const Event& event) {
    ++endpoint_.packets_acked;
    if (event.detail != 0) round_trips_.record(std::uint64_t{event.detail} * 1000);
    Connection* const connection = find(event);
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
    Connection* const connection = find(event);
    if (connection == nullptr) return;
    const Packet& packet = connection->packets[event.id % Connection::kPackets];
    if (packet.number != event.id) return;
    for (std::size_t i = 0; i < packet.remote_count; ++i)
        remotes_[packet.remotes[i]].out.lost += packet.messages[i];
}

// --- what arrives

// Whose it is the registry says later, if it has such a remote.
void Account::on_received(const Event& event) {
    RemoteCounters& in = remotes_[kNoRemote].in;
    ++in.messages;
    in.payload += event.bytes;
    payload_received_ += event.bytes;
}

void Account::on_remote_received(const Event& event) {
    Remote& remote = remote_of(event.id);
    RemoteCounters& unknown = remotes_[kNoRemote].in;
    --unknown.messages;
    unknown.payload -= event.bytes;
    ++remote.in.messages;
    remote.in.payload += event.bytes;
    if (event.detail != 0) ++remote.in.stopped[std::min<std::size_t>(event.detail, kMaxOutcomes - 1)];
}

void Account::on_event(const Event& event) {
    switch (event.kind) {
        case EventKind::message_queued: return on_queued(event);
        case EventKind::message_sent: return on_sent(event);
        case EventKind::datagram_sent: return on_datagram_sent(event);
        case EventKind::datagram_received:
            ++endpoint_.datagrams_received;
            endpoint_.bytes_received += event.bytes;
            endpoint_.received[event.detail % kMaxPacketTypes] += event.bytes;
            return;
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
        case EventKind::connection_connected:
            ++endpoint_.connections_opened;
            (void)connection_of(event);
            return;
        case EventKind::connection_disconnected: ++endpoint_.connections_closed; return;
        case EventKind::tick:
            ++ticks_;
            tick_nanoseconds_ += std::uint64_t{event.detail} * 1000;
            tick_times_.record(std::uint64_t{event.detail} * 1000);
            return;
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
