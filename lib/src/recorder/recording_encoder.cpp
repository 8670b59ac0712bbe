#include "squall/recorder/recording_encoder.hpp"

#include <fmt/format.h>

#include "recorder/ip_header.hpp"
#include "recorder/netcode_layout.hpp"
#include "recorder/record_layout.hpp"
#include "squall/recorder/profile_codec.hpp"

namespace squall::recorder {
namespace {

using pcapng::BlockType;
using pcapng::LinkType;

constexpr Duration kStatisticsInterval = std::chrono::seconds(1);
constexpr std::uint8_t kNanoseconds = 9;
constexpr std::uint32_t kFlagsInbound = 1;
constexpr std::uint32_t kFlagsOutbound = 2;

// Names stand in a Name Resolution Block for addresses that tell players apart, and not for the one that all
// share on this machine.
bool is_worth_a_name(const Address& address) {
    if (!address.is_valid() || address.is_any()) return false;
    if (address.family() == Address::Family::ipv4) return address.bytes()[0] != 127;
    return address.with_port(0) != Address::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0);
}

std::string_view text_or(std::string_view text, std::string_view otherwise) {
    return text.empty() ? otherwise : text;
}

}  // namespace

RecordingEncoder::RecordingEncoder(std::vector<std::string> facts, std::string title, std::string application,
                                   ClockAnchor clock, EncoderOptions options)
    : facts_(std::move(facts)),
      title_(std::move(title)),
      application_(std::move(application)),
      clock_(clock),
      options_(options),
      anonymiser_(options.anonymize ? std::make_unique<Anonymiser>() : nullptr) {}

Result<RecordingEncoder> RecordingEncoder::make(const Facts& facts, ClockAnchor clock,
                                                EncoderOptions options) {
    if (clock.realtime_ns < 0)
        return fail(ErrorCode::invalid_argument, "a recording's wall clock lies before 1970");
    Facts all = facts;
    all["recording.schema"] = "1";
    all["recording.payload"] = options.payload ? "whole" : "left out";
    all["recording.addresses"] = options.anonymize ? "replaced" : "as they were";
    all["clock.realtime_ns"] = fmt::format("{}", clock.realtime_ns);
    all["clock.timeline_ns"] = fmt::format("{}", clock.at.time_since_epoch().count());
    auto json = to_json(all);
    if (!json) return std::unexpected(json.error());
    std::string title =
        fmt::format("Squall recording: {}", text_or(find_fact(facts, "session.title"), "a session"));
    std::string application = fmt::format("Squall {}", find_fact(facts, "build.version"));
    return RecordingEncoder(std::move(*json), std::move(title), std::move(application), clock, options);
}

std::uint64_t RecordingEncoder::wall_ns(TimePoint at) const {
    const std::int64_t wall = clock_.realtime_ns + (at - clock_.at).count();
    return wall < 0 ? 0 : static_cast<std::uint64_t>(wall);
}

void RecordingEncoder::clear_pending() {
    written_bytes_ += out_.size();
    out_.clear();
}

void RecordingEncoder::begin_file(TimePoint at) {
    clear_pending();
    written_bytes_ = 0;
    recorded_ = {};
    dropped_ = {};
    ++files_;
    section_header();
    interfaces();
    named_.clear();
    // As records too: tools that write pcapng anew do not keep custom options.
    for (const auto& json : facts_) add(at, FactsText{json});
    add(at, FactsText{part()});
    for (const auto& [type, frame] : kept_frames_) control_block(at, RecordType::profile_frame, frame);
    for (auto& [id, change] : open_) {
        ConnectionRecord again = change;
        again.kind = ConnectionRecord::Kind::is_open;
        name_peer(again);
        scratch_.resize(std::max(scratch_.size(), encoded_size_max(again)));
        control_block(at, RecordType::connection, encode(again, scratch_));
    }
    statistics_at_ = at + kStatisticsInterval;
}

// The fact that differs between the files of a session.
std::string RecordingEncoder::part() const {
    return fmt::format("{{\"session.part\":\"{}\"}}", files_);
}

void RecordingEncoder::section_header() {
    out_.begin(BlockType::section_header);
    out_.u32(pcapng::kByteOrderMagic);
    out_.u16(1), out_.u16(0);
    out_.u64(~std::uint64_t{0});  // nobody knows how long the section will be
    out_.option_text(pcapng::option::kComment,
                     files_ > 1 ? fmt::format("{} (file {})", title_, files_) : title_);
    out_.option_text(pcapng::option::kApplication, application_);
    for (const auto& json : facts_) out_.option_custom(pcapng::option::kCustomText, as_bytes(json));
    out_.option_custom(pcapng::option::kCustomText, as_bytes(part()));
    out_.end_options();
    out_.end();
}

void RecordingEncoder::interfaces() {
    struct Interface {
        LinkType link;
        std::string_view name;
    };
    static constexpr std::array<Interface, kInterfaces> kInterfaceList{
        {{LinkType::raw_ip, "wire"}, {LinkType::user0, "msg"}, {LinkType::user1, "ctl"}}};
    for (const auto& [link, name] : kInterfaceList) {
        out_.begin(BlockType::interface_description);
        out_.u16(static_cast<std::uint16_t>(link)), out_.u16(0);
        out_.u32(0);  // packets of any length
        out_.option_text(pcapng::option::kInterfaceName, name);
        constexpr std::array kResolution{std::byte{kNanoseconds}};
        out_.option_bytes(pcapng::option::kTimeResolution, kResolution);
        out_.end_options();
        out_.end();
    }
}

void RecordingEncoder::begin_packet(std::uint32_t interface, TimePoint at, std::size_t captured,
                                    std::size_t original) {
    statistics_if_due(at);
    ++recorded_[interface];
    const std::uint64_t wall = wall_ns(at);
    out_.begin(BlockType::enhanced_packet);
    out_.u32(interface);
    out_.u32(static_cast<std::uint32_t>(wall >> 32));
    out_.u32(static_cast<std::uint32_t>(wall));
    out_.u32(static_cast<std::uint32_t>(captured));
    out_.u32(static_cast<std::uint32_t>(original));
}

void RecordingEncoder::add(const WireRecord& record) {
    const bool is_sent = record.direction == Direction::outbound;
    Address local = record.local;
    Address peer = record.peer;
    Bytes packet = record.packet;
    if (anonymiser_) {
        local = anonymiser_->address(local);
        peer = anonymiser_->address(peer);
        if (record.is_opened && packet.size() == netcode::kRequestBytes) {
            scratch_.assign(packet.begin(), packet.end());
            anonymiser_->request(scratch_);
            packet = scratch_;
        }
    }
    const bool is_cut = record.is_payload_cut || !options_.payload;
    if (is_cut) packet = packet.first(netcode::header_bytes(packet));
    std::array<std::byte, kMaxIpHeaderBytes> headers;
    const std::size_t header_bytes =
        write_headers({is_sent ? local : peer, is_sent ? peer : local, record.wire_bytes,
                       record.is_opened ? PacketForm::opened : PacketForm::as_on_wire, 0},
                      headers);
    begin_packet(kWireInterface, record.at, header_bytes + packet.size(), header_bytes + record.wire_bytes);
    out_.bytes(Bytes(headers).first(header_bytes));
    out_.bytes(packet);
    out_.pad();
    out_.option_u32(pcapng::option::kPacketFlags, is_sent ? kFlagsOutbound : kFlagsInbound);
    out_.option_u64(pcapng::option::kPacketId, record.sequence);
    std::array<std::byte, kWireOptionBytes> about;
    ByteWriter writer(about);
    writer.write(static_cast<std::uint8_t>(RecordType::datagram));
    writer.write(kRecordVersion);
    writer.write(static_cast<std::uint8_t>((record.is_opened ? kWireOpened : 0) |
                                           (record.is_refused ? kWireRefused : 0) |
                                           (is_cut ? kWirePayloadCut : 0)));
    writer.write(record.cause);
    writer.write(record.connection.slot);
    writer.write(record.connection.generation);
    out_.option_custom(pcapng::option::kCustomBytes, about);
    out_.end_options();
    out_.end();
    ++totals_.datagrams;
    (is_sent ? totals_.bytes_sent : totals_.bytes_received) += record.wire_bytes;
}

void RecordingEncoder::add(const MessageRecord& record) {
    const bool is_sent = record.direction == Direction::outbound;
    const Bytes payload = options_.payload ? record.payload : Bytes{};
    std::array<std::byte, kMessageHeadBytes> head;
    ByteWriter writer(head);
    writer.write(
        static_cast<std::uint8_t>(is_sent ? RecordType::message_sent : RecordType::message_received));
    writer.write(kRecordVersion);
    writer.write(record.channel.value);
    writer.write(record.mode);
    writer.write(record.cause);
    writer.write(std::uint8_t{0});
    writer.write(record.remote);
    writer.write(record.connection.slot);
    writer.write(record.connection.generation);
    writer.write(record.message);
    writer.write(record.packet);
    writer.write(record.wire_bytes);
    writer.write(record.message_bytes);
    begin_packet(kMessageInterface, record.at, head.size() + payload.size(),
                 head.size() + record.message_bytes);
    out_.bytes(head);
    out_.bytes(payload);
    out_.pad();
    out_.option_u32(pcapng::option::kPacketFlags, is_sent ? kFlagsOutbound : kFlagsInbound);
    out_.end_options();
    out_.end();
    ++totals_.messages;
}

void RecordingEncoder::add(TimePoint at, const Control& control) {
    std::vector<std::byte> body(encoded_size_max(control));
    add({at, type_of(control), kRecordVersion, encode(control, body)});
}

void RecordingEncoder::add(const ControlRecord& record) {
    Bytes body = record.body;
    std::vector<std::byte> changed;
    if (record.type == RecordType::profile_frame) {
        body = keep_frame(record.body, changed);
    } else if (record.type == RecordType::connection || record.type == RecordType::dropped) {
        auto control = decode(record);
        if (!control) return;
        if (auto* change = std::get_if<ConnectionRecord>(&*control)) {
            if (anonymiser_) {
                change->client = anonymiser_->client(change->client);
                change->peer = anonymiser_->address(change->peer);
            }
            note_connection(record.at, *change);
            changed.resize(encoded_size_max(*control));
            body = encode(*control, changed);
        }
        if (const auto* dropped = std::get_if<Dropped>(&*control)) {
            dropped_[kWireInterface] += dropped->datagrams;
            dropped_[kMessageInterface] += dropped->messages;
            dropped_[kControlInterface] += dropped->controls;
            totals_.dropped += dropped->total();
        }
    }
    control_block(record.at, record.type, body);
    ++totals_.controls;
}

// Takes out of a frame what was not to be recorded, and keeps what a further file begins with.
Bytes RecordingEncoder::keep_frame(Bytes frame, std::vector<std::byte>& changed) {
    const auto raw = parse_envelope(frame);
    if (!raw || !*raw) return frame;
    const auto type = static_cast<FrameType>((*raw)->type);
    const bool hides = (anonymiser_ && type == FrameType::connection_change) ||
                       (!options_.payload && type == FrameType::samples);
    if (hides) {
        auto decoded = decode(**raw);
        if (!decoded || !*decoded) return {};
        if (auto* change = std::get_if<ConnectionChange>(&**decoded)) {
            change->client_id = anonymiser_->client(ClientId{change->client_id}).value;
            const auto address = Address::parse(change->address);
            change->address = address ? to_string(anonymiser_->address(*address)) : std::string();
        }
        if (auto* samples = std::get_if<Samples>(&**decoded))
            for (auto& sample : samples->samples) sample.payload.clear();
        if (!encode(**decoded, changed)) return {};
        frame = changed;
    }
    if (type == FrameType::hello || type == FrameType::dictionary)
        kept_frames_[(*raw)->type].assign(frame.begin(), frame.end());
    return frame;
}

void RecordingEncoder::control_block(TimePoint at, RecordType type, Bytes body) {
    begin_packet(kControlInterface, at, kControlHeadBytes + body.size(), kControlHeadBytes + body.size());
    out_.bytes(std::array{static_cast<std::byte>(type), std::byte{kRecordVersion}});
    out_.bytes(body);
    out_.end();
}

void RecordingEncoder::end_file(TimePoint at, RecordingEnd::Kind kind) {
    RecordingEnd end = totals_;
    end.kind = kind;
    add(at, end);
    statistics(at);
}

// One a second for each interface: what was recorded and what was dropped, and a place from which a reader
// that seeks can go on.
void RecordingEncoder::statistics_if_due(TimePoint at) {
    if (!statistics_at_ || at < *statistics_at_) return;
    statistics(at);
    const auto behind = (at - *statistics_at_) / kStatisticsInterval;
    *statistics_at_ += kStatisticsInterval * (behind + 1);
}

void RecordingEncoder::statistics(TimePoint at) {
    const std::uint64_t wall = wall_ns(at);
    for (std::uint32_t interface = 0; interface < kInterfaces; ++interface) {
        out_.begin(BlockType::interface_statistics);
        out_.u32(interface);
        out_.u32(static_cast<std::uint32_t>(wall >> 32));
        out_.u32(static_cast<std::uint32_t>(wall));
        out_.option_u64(pcapng::option::kPacketsReceived, recorded_[interface]);
        out_.option_u64(pcapng::option::kPacketsDropped, dropped_[interface]);
        out_.end_options();
        out_.end();
    }
}

void RecordingEncoder::note_connection(TimePoint, const ConnectionRecord& change) {
    if (change.kind == ConnectionRecord::Kind::closed) {
        open_.erase(change.connection);
        return;
    }
    auto [place, is_new] = open_.try_emplace(change.connection, change);
    if (!is_new && change.peer.is_valid()) place->second.peer = change.peer;
    name_peer(change);
}

void RecordingEncoder::name_peer(const ConnectionRecord& change) {
    const Address address = change.peer.with_port(0);
    if (!is_worth_a_name(address) || !named_.try_emplace(address, change.client).second) return;
    const std::string name = fmt::format("client-{:x}", change.client.value);
    const bool v4 = address.family() == Address::Family::ipv4;
    const std::size_t size = v4 ? 4 : 16;
    out_.begin(BlockType::name_resolution);
    out_.u16(v4 ? 1 : 2), out_.u16(static_cast<std::uint16_t>(size + name.size() + 1));
    out_.bytes(as_bytes({reinterpret_cast<const char*>(address.bytes().data()), size}));
    out_.bytes(as_bytes(name));
    out_.zeros(1);
    out_.pad();
    out_.u32(0);  // the end of the names
    out_.end();
}

}  // namespace squall::recorder
