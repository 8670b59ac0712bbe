#include "inspect/recording_summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "squall/recorder/profile_codec.hpp"

namespace squall::loadgen {
namespace {

using recorder::Direction;
using recorder::MessageRecord;
using recorder::WireRecord;

// Ids that are remembered of each channel, to tell what comes again.
constexpr std::size_t kRememberedIds = 8192;
constexpr std::uint64_t kFragmentsPerMessage = 8192;
constexpr std::uint8_t kRemoteChannels = 4;

std::size_t index_of(Direction direction) {
    return direction == Direction::outbound ? 1 : 0;
}

// The number with these low 16 bits that is nearest to the newest.
std::uint64_t unwrapped(std::uint16_t low, std::uint64_t newest) {
    const auto distance = static_cast<std::int16_t>(static_cast<std::uint16_t>(low - newest));
    if (distance < 0 && newest < static_cast<std::uint64_t>(-distance)) return low;
    return newest + static_cast<std::uint64_t>(static_cast<std::int64_t>(distance));
}

}  // namespace

SecondRow& RecordingSummary::second_of(TimePoint at) {
    const auto second = std::max<std::int64_t>(0, (at - first()) / std::chrono::seconds(1));
    return seconds_[static_cast<std::uint64_t>(second)];
}

bool RecordingSummary::passes(TimePoint at, ConnectionId connection,
                              std::optional<Direction> direction) const {
    const Duration since = at - first();
    if (filter_.from && since < *filter_.from) return false;
    if (filter_.to && since >= *filter_.to) return false;
    if (filter_.direction && direction && *direction != *filter_.direction) return false;
    if (filter_.slot && connection.is_valid() && connection.slot != *filter_.slot) return false;
    if (filter_.slot && !connection.is_valid()) return false;
    if (!filter_.client) return true;
    const auto row = connections_.find(connection);
    return row != connections_.end() && row->second.client == *filter_.client;
}

bool RecordingSummary::add(const recorder::Record& record) {
    bool counts = true;
    std::visit(
        [&](const auto& specific) {
            if (!first_) first_ = specific.at;
            newest_ = std::max(newest_, specific.at);
            on(specific);
            using T = std::decay_t<decltype(specific)>;
            if constexpr (std::is_same_v<T, recorder::ControlRecord>)
                counts = !filter_.direction && !filter_.slot && !filter_.client &&
                         passes(specific.at, {}, std::nullopt);
            else
                counts = passes(specific.at, specific.connection, specific.direction);
        },
        record);
    return counts;
}

void RecordingSummary::on(const WireRecord& record) {
    ++wires_;
    if (!passes(record.at, record.connection, record.direction)) return;
    const std::size_t direction = index_of(record.direction);
    ++totals_.datagrams[direction];
    totals_.bytes[direction] += record.wire_bytes;
    SecondRow& second = second_of(record.at);
    ++second.datagrams[direction];
    second.bytes[direction] += record.wire_bytes;
    if (record.is_refused) {
        ++totals_.refused;
        ++second.refused;
    }
    if (record.connection.is_valid()) {
        ConnectionRow& row = connections_[record.connection];
        ++row.datagrams[direction];
        row.bytes[direction] += record.wire_bytes;
        if (!row.peer.is_valid()) row.peer = record.peer;
    }
    take_apart(record, totals_.shares[direction]);
}

void RecordingSummary::take_apart(const WireRecord& record, ByteShares& shares) {
    if (!record.is_opened || record.is_refused) {
        shares.unread += record.wire_bytes;
        return;
    }
    const bool is_whole = recorder::parse_packet(record.packet, view_);
    if (view_.type != 5 && view_.type != 10) {
        shares.control += record.wire_bytes;
        return;
    }
    if (record.is_payload_cut || !is_whole || !view_.has_payload) {
        shares.unread += record.wire_bytes;
        return;
    }
    if (view_.frames.empty()) {
        shares.alone += record.wire_bytes;
        return;
    }
    const std::size_t direction = index_of(record.direction);
    const std::size_t tag = record.wire_bytes - record.packet.size();
    const std::size_t protection = view_.header_bytes + tag;
    const std::size_t header = 1 + view_.ack_bytes + view_.padding_bytes;
    shares.protection += protection;
    shares.header += header;
    parts_.clear();
    std::size_t framed = 0;
    for (const auto& frame : view_.frames) {
        Seen& seen = seen_[{record.connection, static_cast<std::uint8_t>(direction), frame.channel.value}];
        const std::uint64_t id = unwrapped(frame.message, seen.newest);
        seen.newest = std::max(seen.newest, id);
        const std::uint16_t number = remote_of(frame, seen, id);
        const bool is_new = seen.ids.insert(id * kFragmentsPerMessage + frame.fragment).second;
        if (seen.ids.size() > kRememberedIds) seen.ids.erase(seen.ids.begin());
        const std::size_t size = frame.header_bytes + frame.bytes.size();
        framed += size;
        parts_.push_back({number, size});
        RemoteRow& row = remotes_[number][direction];
        if (!is_new) {
            row.repeated += size;
            shares.repeated += size;
            continue;
        }
        row.payload += frame.bytes.size();
        row.framing += frame.header_bytes;
        shares.payload += frame.bytes.size();
        shares.framing += frame.header_bytes;
        if (frame.fragment != 0) continue;
        ++row.messages;
        row.message_bytes += frame.message_bytes;
    }
    // Headers and protection are shared by what was in the packet, by size; the last one takes what is left.
    std::size_t left = protection + header;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const std::size_t share =
            i + 1 == parts_.size() ? left : (protection + header) * parts_[i].bytes / framed;
        remotes_[parts_[i].remote][direction].share += share;
        left -= share;
    }
}

// A message of a remote begins with its number; of one in fragments the first fragment does.
std::uint16_t RecordingSummary::remote_of(const recorder::FrameView& frame, Seen& seen,
                                          std::uint64_t id) const {
    if (!has_remotes_ || frame.channel.value >= kRemoteChannels) return 0;
    if (frame.fragment != 0) {
        const auto known = seen.remotes.find(id);
        return known == seen.remotes.end() ? std::uint16_t{0} : known->second;
    }
    ByteReader reader(frame.bytes);
    const std::uint64_t number = reader.read_varint();
    if (!reader.ok() || number > 0xffff) return 0;
    if (frame.fragment_count > 1) {
        seen.remotes[id] = static_cast<std::uint16_t>(number);
        if (seen.remotes.size() > 256) seen.remotes.erase(seen.remotes.begin());
    }
    return static_cast<std::uint16_t>(number);
}

void RecordingSummary::on(const MessageRecord& record) {
    if (!passes(record.at, record.connection, record.direction)) return;
    const std::size_t direction = index_of(record.direction);
    ++totals_.messages[direction];
    has_remotes_ = has_remotes_ || record.remote != 0;
    ++second_of(record.at).messages[direction];
}

void RecordingSummary::on(const recorder::ControlRecord& record) {
    const auto decoded = recorder::decode(record);
    if (!decoded) return;
    if (const auto* change = std::get_if<recorder::ConnectionRecord>(&*decoded))
        return on_connection(record.at, *change);
    if (const auto* frame = std::get_if<recorder::FrameRecord>(&*decoded)) {
        const auto raw = recorder::parse_envelope(frame->frame);
        if (!raw || !*raw) return;
        const auto whole = recorder::decode(**raw);
        if (whole && *whole) on_frame(**whole);
        return;
    }
    if (const auto* end = std::get_if<recorder::RecordingEnd>(&*decoded)) {
        end_ = *end;
        return;
    }
    ConnectionId connection{};
    if (const auto* fate = std::get_if<recorder::PacketFate>(&*decoded)) connection = fate->connection;
    if (!passes(record.at, connection, std::nullopt)) return;
    if (const auto* fate = std::get_if<recorder::PacketFate>(&*decoded)) {
        ConnectionRow& row = connections_[fate->connection];
        SecondRow& second = second_of(record.at);
        if (fate->is_lost) {
            ++row.lost, ++second.lost, ++totals_.lost;
            return;
        }
        ++row.acked, ++second.rtt_samples;
        row.rtt_sum_us += fate->rtt_us;
        second.rtt_sum_us += fate->rtt_us;
        row.rtt_min_us = std::min(row.rtt_min_us, fate->rtt_us);
        row.rtt_max_us = std::max(row.rtt_max_us, fate->rtt_us);
        totals_.rtt_us.record(fate->rtt_us);
    }
    if (const auto* tick = std::get_if<recorder::TickMark>(&*decoded)) {
        ++totals_.ticks;
        SecondRow& second = second_of(record.at);
        ++second.ticks;
        second.tick_us_max = std::max<std::uint64_t>(second.tick_us_max, tick->duration_us);
        totals_.tick_us.record(tick->duration_us);
    }
    if (const auto* dropped = std::get_if<recorder::Dropped>(&*decoded)) {
        totals_.dropped += dropped->total();
        second_of(record.at).dropped += dropped->total();
    }
    if (std::get_if<recorder::Mark>(&*decoded) != nullptr) ++totals_.marks;
}

void RecordingSummary::on_connection(TimePoint at, const recorder::ConnectionRecord& change) {
    using Kind = recorder::ConnectionRecord::Kind;
    ConnectionRow& row = connections_[change.connection];
    row.client = change.client;
    if (change.peer.is_valid()) row.peer = change.peer;
    if (change.kind == Kind::opened || (change.kind == Kind::is_open && !row.opened)) row.opened = at;
    if (change.kind != Kind::closed) return;
    row.closed = at;
    row.reason = change.reason;
}

std::optional<RecordingSummary::Told> RecordingSummary::told() const {
    if (!is_told_whole_) return std::nullopt;
    const auto& endpoint = profile_.stats().endpoint;
    return Told{endpoint.bytes_received, endpoint.bytes_sent};
}

void RecordingSummary::on_frame(const recorder::ProfileFrame& frame) {
    ++frames_;
    if (const auto* stats = std::get_if<recorder::Stats>(&frame)) {
        const bool is_first = profile_.stats().sequence == 0;
        profile_.apply(*stats);
        const auto& endpoint = profile_.stats().endpoint;
        if (is_first)
            is_told_whole_ =
                endpoint.bytes_received <= totals_.bytes[0] && endpoint.bytes_sent <= totals_.bytes[1];
        return;
    }
    if (const auto* conditions = std::get_if<recorder::Conditions>(&frame)) profile_.apply(*conditions);
    if (const auto* note = std::get_if<recorder::Note>(&frame))
        if (note->kind == recorder::NoteKind::mark) ++totals_.marks;
    const auto* dictionary = std::get_if<recorder::Dictionary>(&frame);
    if (dictionary == nullptr) return;
    // Number 0 stands for messages of no remote.
    has_remotes_ =
        std::ranges::any_of(dictionary->remotes, [](const auto& remote) { return remote.id != 0; });
    for (const auto& remote : dictionary->remotes)
        if (remote.id <= 0xffff) names_[static_cast<std::uint16_t>(remote.id)] = remote.name;
}

std::string RecordingSummary::remote_name(std::uint16_t number) const {
    if (number == 0) return std::string(trace::kNoRemoteName);
    const auto name = names_.find(number);
    return name == names_.end() ? fmt::format("#{}", number) : name->second;
}

}  // namespace squall::loadgen
