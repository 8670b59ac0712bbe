#include "squall/recorder/recording_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "recorder/ip_header.hpp"
#include "recorder/record_layout.hpp"
#include "squall/recorder/pcapng.hpp"

namespace squall::recorder {
namespace {

constexpr std::uint32_t kOther = ~std::uint32_t{0};
constexpr std::size_t kSmallestBlock = pcapng::kBlockOverhead;
// A recording has three a section; more than this is no recording.
constexpr std::size_t kMaxInterfaces = 1024;

bool starts_with(Bytes bytes, std::initializer_list<unsigned> magic) {
    std::size_t i = 0;
    for (const unsigned value : magic) {
        if (i >= bytes.size() || std::to_integer<unsigned>(bytes[i]) != value) return false;
        ++i;
    }
    return true;
}

// What a file is that does not begin as pcapng does.
std::string_view guess(Bytes bytes) {
    if (starts_with(bytes, {0xd4, 0xc3, 0xb2, 0xa1}) || starts_with(bytes, {0xa1, 0xb2, 0xc3, 0xd4}) ||
        starts_with(bytes, {0x4d, 0x3c, 0xb2, 0xa1}) || starts_with(bytes, {0xa1, 0xb2, 0x3c, 0x4d}))
        return "an old pcap file (a recording is pcapng)";
    if (starts_with(bytes, {0x1f, 0x8b})) return "compressed by gzip (unpack it first)";
    if (starts_with(bytes, {0x28, 0xb5, 0x2f, 0xfd})) return "compressed by zstd (unpack it first)";
    if (starts_with(bytes, {0x04, 0x22, 0x4d, 0x18}))
        return "compressed by lz4 (unpack it first, with lz4 -d; gzip and zstd are read as they are)";
    if (starts_with(bytes, {0x89, 'M', 'C', 'A', 'P'})) return "an MCAP file";
    if (starts_with(bytes, {'S', 'Q', 'L', 'i', 't', 'e'})) return "an SQLite database";
    if (starts_with(bytes, {'{'}) || starts_with(bytes, {'['})) return "JSON, by the look of it";
    return "something else";
}

std::optional<std::int64_t> number_of(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

}  // namespace

std::string_view to_string(ProblemKind kind) {
    switch (kind) {
        case ProblemKind::empty: return "empty";
        case ProblemKind::foreign: return "foreign";
        case ProblemKind::corrupted: return "corrupted";
        case ProblemKind::cut: return "cut";
    }
    return "unknown";
}

std::nullopt_t RecordingReader::complain(ProblemKind kind, std::string message) {
    if (!problem_) problem_ = Problem{kind, offset_, std::move(message)};
    return std::nullopt;
}

void RecordingReader::feed(Bytes piece) {
    if (problem_) return;
    begin_ += last_size_;
    offset_ += std::exchange(last_size_, 0);
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
    buffer_.insert(buffer_.end(), piece.begin(), piece.end());
}

void RecordingReader::finish() {
    finished_ = true;
}

bool RecordingReader::check_first_bytes(Bytes bytes) {
    if (starts_with(bytes, {0x0a, 0x0d, 0x0d, 0x0a})) return true;
    const std::size_t shown = std::min<std::size_t>(bytes.size(), 4);
    complain(ProblemKind::foreign,
             fmt::format("not a recording: the file begins with {}, where pcapng has 0a0d0d0a; this is {}",
                         to_hex(bytes.first(shown)), guess(bytes)));
    return false;
}

// The size of the block that begins here, once eight bytes (of a section header twelve) are there.
std::optional<std::uint32_t> RecordingReader::block_size(Bytes bytes) {
    pcapng::Reader type_reader(bytes, big_endian_);
    const std::uint32_t type = type_reader.u32();
    if (type == static_cast<std::uint32_t>(pcapng::BlockType::section_header)) {
        if (bytes.size() < 12) return std::nullopt;
        if (starts_with(bytes.subspan(8), {0x4d, 0x3c, 0x2b, 0x1a})) {
            big_endian_ = false;
        } else if (starts_with(bytes.subspan(8), {0x1a, 0x2b, 0x3c, 0x4d})) {
            big_endian_ = true;
        } else {
            return complain(
                ProblemKind::corrupted,
                fmt::format("the byte-order magic of the section header is {}; it should be 4d3c2b1a "
                            "or 1a2b3c4d",
                            to_hex(bytes.subspan(8, 4))));
        }
    }
    pcapng::Reader reader(bytes, big_endian_);
    reader.skip(4);
    const std::uint32_t size = reader.u32();
    if (size < kSmallestBlock || size % 4 != 0)
        return complain(
            ProblemKind::corrupted,
            fmt::format("the block of type 0x{:x} has length {}; it should be a multiple of 4, and {} "
                        "at least",
                        type, size, kSmallestBlock));
    if (size > kMaxBlockBytes)
        return complain(
            ProblemKind::corrupted,
            fmt::format("the block of type 0x{:x} has length {}; in a recording it has at most {}", type,
                        size, kMaxBlockBytes));
    return size;
}

std::optional<RecordingReader::Block> RecordingReader::next_block() {
    begin_ += last_size_;
    offset_ += std::exchange(last_size_, 0);
    const Bytes bytes = Bytes(buffer_).subspan(begin_);
    if (offset_ == 0 && !bytes.empty() && (bytes.size() >= 4 || finished_) && !check_first_bytes(bytes))
        return std::nullopt;
    if (offset_ == 0 && bytes.empty() && finished_)
        return complain(ProblemKind::empty, "the file is empty; a recording begins with a section header");
    if (bytes.empty() && finished_ && !has_clock_)
        return complain(
            ProblemKind::foreign,
            "pcapng, but not a recording of Squall: it ends without the facts of one (option 2988 "
            "of enterprise 32473 in the section header, or a 'facts' record)");
    std::optional<std::uint32_t> size;
    if (bytes.size() >= 8) size = block_size(bytes);
    if (problem_) return std::nullopt;
    if (!size || bytes.size() < *size) {
        if (finished_ && !bytes.empty())
            complain(ProblemKind::cut,
                     fmt::format("the file ends {} bytes into a block{}; what is before that is whole",
                                 bytes.size(), size ? fmt::format(" of {}", *size) : std::string()));
        return std::nullopt;
    }
    pcapng::Reader trailer(bytes.subspan(*size - 4, 4), big_endian_);
    if (const std::uint32_t again = trailer.u32(); again != *size)
        return complain(ProblemKind::corrupted,
                        fmt::format("a block says that it has length {} in its front and {} at its end; they "
                                    "should be equal",
                                    *size, again));
    pcapng::Reader header(bytes, big_endian_);
    last_size_ = *size;
    ++counts_.blocks;
    counts_.bytes += *size;
    return Block{header.u32(), bytes.subspan(8, *size - kSmallestBlock)};
}

std::optional<Record> RecordingReader::next() {
    while (!problem_) {
        const auto block = next_block();
        if (!block) return std::nullopt;
        const auto type = static_cast<pcapng::BlockType>(block->type);
        if (type == pcapng::BlockType::section_header) {
            read_section(block->body);
        } else if (!in_section_) {
            complain(ProblemKind::corrupted, "a block stands before any section header");
        } else if (type == pcapng::BlockType::interface_description) {
            read_interface(block->body);
        } else if (type == pcapng::BlockType::interface_statistics) {
            read_statistics(block->body);
        } else if (type == pcapng::BlockType::enhanced_packet) {
            record_offset_ = offset_;
            if (auto record = read_packet(block->body)) return record;
        } else if (type != pcapng::BlockType::name_resolution) {
            ++counts_.skipped_blocks;
        }
    }
    return std::nullopt;
}

void RecordingReader::read_section(Bytes body) {
    pcapng::Reader reader(body, big_endian_);
    reader.skip(4);
    const std::uint16_t major = reader.u16();
    reader.skip(10);
    if (!reader.ok() || major != 1) {
        complain(ProblemKind::corrupted,
                 fmt::format("the section header has {} bytes and version {}; 16 and version 1 are needed",
                             body.size(), major));
        return;
    }
    in_section_ = true;
    has_clock_ = false;
    interfaces_.clear();
    facts_.clear();
    while (const auto option = pcapng::next_option(reader)) {
        if (option->code != pcapng::option::kCustomText) continue;
        const auto value = pcapng::custom_value(*option, big_endian_);
        if (value && !take_facts(as_text(*value))) return;
    }
    if (!reader.ok()) complain(ProblemKind::corrupted, "an option of the section header is longer than it");
}

bool RecordingReader::take_facts(std::string_view json) {
    if (auto added = add_json(facts_, json); !added) {
        complain(ProblemKind::corrupted, added.error().message);
        return false;
    }
    const auto schema = find_fact(facts_, "recording.schema");
    if (!schema.empty() && schema != "1") {
        complain(
            ProblemKind::foreign,
            fmt::format("this recording is of schema {}; this build reads schema 1", schema.substr(0, 20)));
        return false;
    }
    const auto wall = number_of(find_fact(facts_, "clock.realtime_ns"));
    const auto at = number_of(find_fact(facts_, "clock.timeline_ns"));
    if (!wall || !at) return true;
    has_clock_ = true;
    clock_ = {TimePoint(Duration(*at)), *wall};
    return true;
}

void RecordingReader::read_interface(Bytes body) {
    pcapng::Reader reader(body, big_endian_);
    const std::uint16_t link = reader.u16();
    reader.skip(6);
    Interface interface;
    std::string_view name;
    while (const auto option = pcapng::next_option(reader)) {
        if (option->code == pcapng::option::kInterfaceName) name = as_text(option->value);
        if (option->code != pcapng::option::kTimeResolution || option->value.size() != 1) continue;
        const auto resolution = std::to_integer<unsigned>(option->value[0]);
        if (resolution > 9) {
            complain(ProblemKind::corrupted,
                     fmt::format("interface '{}' has a time resolution of {}; 10^-9 s is the finest that a "
                                 "recording has",
                                 name.substr(0, 40), resolution));
            return;
        }
        interface.ticks_per_second = 1;
        for (unsigned i = 0; i < resolution; ++i) interface.ticks_per_second *= 10;
    }
    if (!reader.ok() || interfaces_.size() >= kMaxInterfaces) {
        complain(ProblemKind::corrupted, reader.ok()
                                             ? "too many interfaces; a recording has three"
                                             : "an interface description is too short for its options");
        return;
    }
    const auto is = [&](pcapng::LinkType wanted, std::string_view called) {
        return link == static_cast<std::uint16_t>(wanted) && name == called;
    };
    interface.kind = is(pcapng::LinkType::raw_ip, "wire") ? kWireInterface
                     : is(pcapng::LinkType::user0, "msg") ? kMessageInterface
                     : is(pcapng::LinkType::user1, "ctl") ? kControlInterface
                                                          : kOther;
    interfaces_.push_back(interface);
}

void RecordingReader::read_statistics(Bytes body) {
    pcapng::Reader reader(body, big_endian_);
    const std::uint32_t interface = reader.u32();
    reader.skip(8);
    if (!reader.ok() || interface >= interfaces_.size()) {
        complain(ProblemKind::corrupted, fmt::format("statistics of interface {}, of {} that there are",
                                                     interface, interfaces_.size()));
        return;
    }
    while (const auto option = pcapng::next_option(reader)) {
        if (option->code != pcapng::option::kPacketsDropped || option->value.size() != 8) continue;
        pcapng::Reader value(option->value, big_endian_);
        const std::uint64_t dropped = value.u64();
        // Counted from the beginning of the file.
        if (dropped > interfaces_[interface].dropped)
            counts_.dropped += dropped - interfaces_[interface].dropped;
        interfaces_[interface].dropped = dropped;
    }
}

std::optional<Record> RecordingReader::read_packet(Bytes body) {
    pcapng::Reader reader(body, big_endian_);
    const std::uint32_t interface = reader.u32();
    const std::uint64_t high = reader.u32();
    const std::uint64_t ticks = (high << 32) | reader.u32();
    const std::uint32_t captured = reader.u32();
    const std::uint32_t original = reader.u32();
    const Bytes packet = reader.bytes(captured);
    reader.skip(std::min(pcapng::padded(captured) - captured, reader.remaining()));
    if (!reader.ok())
        return complain(ProblemKind::corrupted,
                        fmt::format("a packet of {} bytes does not fit into its block of {}", captured,
                                    body.size() + kSmallestBlock));
    if (interface >= interfaces_.size())
        return complain(ProblemKind::corrupted, fmt::format("a packet is of interface {}; the section has {}",
                                                            interface, interfaces_.size()));
    const Interface& about = interfaces_[interface];
    if (about.kind == kOther) {
        ++counts_.skipped_blocks;
        if (!has_clock_)
            complain(ProblemKind::foreign,
                     "pcapng, but not a recording of Squall: its section header has no facts (option 2988 of "
                     "enterprise 32473), and its interfaces are not 'wire', 'msg' and 'ctl'");
        return std::nullopt;
    }
    if (about.kind == kControlInterface && !has_clock_ && packet.size() > kControlHeadBytes &&
        packet[0] == static_cast<std::byte>(RecordType::facts)) {
        if (!take_facts(as_text(packet.subspan(kControlHeadBytes)))) return std::nullopt;
    }
    if (!has_clock_)
        return complain(
            ProblemKind::foreign,
            "pcapng, but without the facts of a recording (option 2988 of enterprise 32473 in the "
            "section header, or a 'facts' record before any other)");
    const std::uint64_t per_tick = 1'000'000'000 / about.ticks_per_second;
    // Unsigned, as a damaged time may be anything.
    const std::uint64_t wall = ticks * per_tick;
    const std::uint64_t since = static_cast<std::uint64_t>(clock_.at.time_since_epoch().count()) + wall -
                                static_cast<std::uint64_t>(clock_.realtime_ns);
    const TimePoint at{Duration(static_cast<std::int64_t>(since))};
    if (about.kind == kMessageInterface) return read_message(packet, at);
    if (about.kind == kControlInterface) return read_control(packet, at);
    return read_datagram(packet, original, reader.bytes(reader.remaining()), at);
}

std::optional<Record> RecordingReader::read_datagram(Bytes packet, std::size_t original, Bytes options,
                                                     TimePoint at) {
    const auto headers = parse_headers(packet);
    if (!headers)
        return complain(
            ProblemKind::corrupted,
            "a datagram's packet does not begin with an IPv4 or IPv6 header without options and a UDP "
            "header");
    WireRecord out;
    out.at = at;
    out.is_opened = headers->form == PacketForm::opened;
    out.wire_bytes = headers->payload_bytes;
    out.packet = packet.subspan(headers->header_bytes);
    out.is_payload_cut = false;
    std::uint32_t direction = 0;
    pcapng::Reader reader(options, big_endian_);
    while (const auto option = pcapng::next_option(reader)) {
        pcapng::Reader value(option->value, big_endian_);
        if (option->code == pcapng::option::kPacketFlags) direction = value.u32() & 3;
        if (option->code == pcapng::option::kPacketId) out.sequence = value.u64();
        if (option->code != pcapng::option::kCustomBytes) continue;
        const auto about = pcapng::custom_value(*option, big_endian_);
        if (!about || about->size() < kWireOptionBytes) continue;
        ByteReader fields(*about);
        const auto type = fields.read<std::uint8_t>();
        const auto version = fields.read<std::uint8_t>();
        if (type != static_cast<std::uint8_t>(RecordType::datagram) || version != kRecordVersion) continue;
        const auto flags = fields.read<std::uint8_t>();
        out.is_opened = (flags & kWireOpened) != 0;
        out.is_refused = (flags & kWireRefused) != 0;
        out.is_payload_cut = (flags & kWirePayloadCut) != 0;
        out.cause = fields.read<std::uint8_t>();
        out.connection.slot = fields.read<std::uint32_t>();
        out.connection.generation = fields.read<std::uint32_t>();
    }
    if (!reader.ok() || direction < 1 || direction > 2)
        return complain(ProblemKind::corrupted,
                        "a datagram's options end early, or do not say whether it was received or sent");
    if (original != headers->header_bytes + out.wire_bytes || out.packet.size() > out.wire_bytes)
        return complain(
            ProblemKind::corrupted,
            fmt::format("a datagram of {} bytes in its UDP header is recorded with {} of {} bytes; {} "
                        "is the number of its headers and itself",
                        out.wire_bytes, packet.size(), original, headers->header_bytes + out.wire_bytes));
    out.direction = direction == 2 ? Direction::outbound : Direction::inbound;
    const bool is_sent = out.direction == Direction::outbound;
    out.local = is_sent ? headers->from : headers->to;
    out.peer = is_sent ? headers->to : headers->from;
    ++counts_.datagrams;
    return out;
}

std::optional<Record> RecordingReader::read_message(Bytes packet, TimePoint at) {
    ByteReader reader(packet);
    const auto type = reader.read<std::uint8_t>();
    const auto version = reader.read<std::uint8_t>();
    const bool is_sent = type == static_cast<std::uint8_t>(RecordType::message_sent);
    if (reader.ok() && version > kRecordVersion) {
        ++counts_.skipped_blocks;
        return std::nullopt;
    }
    MessageRecord out;
    out.at = at;
    out.direction = is_sent ? Direction::outbound : Direction::inbound;
    out.channel.value = reader.read<std::uint8_t>();
    out.mode = reader.read<std::uint8_t>();
    out.cause = reader.read<std::uint8_t>();
    reader.skip(1);
    out.remote = reader.read<std::uint16_t>();
    out.connection.slot = reader.read<std::uint32_t>();
    out.connection.generation = reader.read<std::uint32_t>();
    out.message = reader.read<std::uint64_t>();
    out.packet = reader.read<std::uint64_t>();
    out.wire_bytes = reader.read<std::uint32_t>();
    out.message_bytes = reader.read<std::uint32_t>();
    out.payload = reader.read_bytes(reader.remaining());
    const bool is_received = type == static_cast<std::uint8_t>(RecordType::message_received);
    if (!reader.ok() || (!is_sent && !is_received) || out.payload.size() > out.message_bytes)
        return complain(
            ProblemKind::corrupted,
            fmt::format("a message record of type 0x{:02x} with {} bytes; types 0x10 and 0x11 have a "
                        "head of {} bytes, and no more than the message behind it",
                        type, packet.size(), kMessageHeadBytes));
    ++counts_.messages;
    return out;
}

std::optional<Record> RecordingReader::read_control(Bytes packet, TimePoint at) {
    if (packet.size() < kControlHeadBytes)
        return complain(ProblemKind::corrupted, "a control record without its type and version");
    ControlRecord out;
    out.at = at;
    out.type = static_cast<RecordType>(packet[0]);
    out.version = std::to_integer<std::uint8_t>(packet[1]);
    out.body = packet.subspan(kControlHeadBytes);
    ++counts_.controls;
    return out;
}

}  // namespace squall::recorder
