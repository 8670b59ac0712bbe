// A small recording with a record of every kind, for tests: what is in it, and its bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "squall/recorder/recording_encoder.hpp"
#include "squall/recorder/recording_reader.hpp"

namespace squall::recorder::testing {

inline constexpr TimePoint kStart{Duration(5'000'000'000)};
inline constexpr ClockAnchor kClock{kStart, 1'700'000'000'123'456'789};
inline constexpr Address kServer = Address::ipv4(192, 0, 2, 1, 40'000);
inline constexpr Address kPlayer = Address::ipv4(198, 51, 100, 7, 51'000);
inline constexpr Address kServer6 =
    Address::ipv6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 40'000);
inline constexpr Address kPlayer6 =
    Address::ipv6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}, 51'001);
inline constexpr ConnectionId kConnection{3, 7};

inline Facts sample_facts() {
    return {{"session.title", "a sample"},
            {"seed", "42"},
            {"build.version", "1.0"},
            {"quote", "a \"b\"\n\\ \x01 \xc3\xa9"}};
}

inline std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
    std::vector<std::byte> out;
    for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
    return out;
}

// An opened payload packet: prefix (sequence of two bytes, type 5), sequence 0x1234, flags 0, one message
// "abc" with number 5 on channel 3.
inline const std::vector<std::byte>& opened_packet() {
    static const auto packet = bytes_of({0x25, 0x34, 0x12, 0x00, 0x23, 0x05, 0x00, 0x03, 'a', 'b', 'c'});
    return packet;
}

struct Sample {
    std::vector<WireRecord> datagrams;
    std::vector<MessageRecord> messages;
    std::vector<std::pair<TimePoint, Control>> controls;
};

inline const Sample& sample() {
    static const auto raw = bytes_of({0x05, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17});
    static const auto frame = bytes_of({8, 0, 0, 0, 1, 0, 0, 0, 9, 9, 9, 9});
    static const auto data = bytes_of({1, 2, 3, 4, 5});
    static const Sample all = [] {
        using namespace std::chrono_literals;
        Sample out;
        WireRecord in;
        in.at = kStart + 1ms;
        in.is_opened = true;
        in.connection = kConnection;
        in.local = kServer;
        in.peer = kPlayer;
        in.sequence = 0x1234;
        in.wire_bytes = static_cast<std::uint32_t>(opened_packet().size() + 16);
        in.packet = opened_packet();
        out.datagrams.push_back(in);
        WireRecord refused;
        refused.at = kStart + 2ms;
        refused.is_refused = true;
        refused.cause = 14;
        refused.local = kServer6;
        refused.peer = kPlayer6;
        refused.wire_bytes = 18;
        refused.packet = raw;
        out.datagrams.push_back(refused);
        WireRecord sent = in;
        sent.at = kStart + 3ms;
        sent.direction = Direction::outbound;
        sent.sequence = ~std::uint64_t{0};
        out.datagrams.push_back(sent);
        MessageRecord message;
        message.at = kStart + 1ms;
        message.direction = Direction::outbound;
        message.channel = {3};
        message.mode = 2;
        message.cause = 1;
        message.remote = 12;
        message.connection = kConnection;
        message.message = 5;
        message.packet = 0x1234;
        message.wire_bytes = 8;
        message.message_bytes = 5;
        message.payload = data;
        out.messages.push_back(message);
        message.direction = Direction::inbound;
        message.remote = 0;
        message.payload = {};
        message.message_bytes = 0;
        out.messages.push_back(message);
        using Kind = NodeCall::Kind;
        const auto add = [&](Duration after, const Control& control) {
            out.controls.emplace_back(kStart + after, control);
        };
        add(4ms, NodeCall{Kind::timeout, 0, {}, {}});
        add(4ms, NodeCall{Kind::drain, 0, {}, {}});
        add(4ms, NodeCall{Kind::drain_ended, 300, {}, {}});
        add(5ms, NodeCall{Kind::input, 0, "shut_down", data});
        add(5ms, ConnectionRecord{ConnectionRecord::Kind::opened, 0, kConnection, {77}, kPlayer});
        add(6ms, ConnectionRecord{ConnectionRecord::Kind::path_changed, 0, kConnection, {77}, kPlayer6});
        add(6ms, TickMark{1000, 512});
        add(7ms, Mark{"lag here"});
        add(7ms, StateHash{1000, 0x0123456789abcdef});
        add(8ms, ClockSnapshot{1'700'000'000'123'456'999});
        add(8ms, Dropped{1, 2, 3});
        add(9ms, FrameRecord{frame});
        add(9ms, EntropyDraw{data});
        add(9ms, PacketFate{false, kConnection, 17, 400, 25'000});
        add(9ms, PacketFate{true, kConnection, 18, 300, 0});
        add(9ms, MessageFateRecord{true, kConnection, {2}, 9, 1});
        add(9ms, RemoteOutcome{kConnection, 12, 3});
        add(9ms, Secret{"server", data});
        add(10ms, ConnectionRecord{ConnectionRecord::Kind::closed, 3, kConnection, {77}, {}});
        return out;
    }();
    return all;
}

// Its bytes.
inline std::vector<std::byte> sample_file(EncoderOptions options = {}) {
    auto encoder = RecordingEncoder::make(sample_facts(), kClock, options).value();
    encoder.begin_file(kStart);
    for (const auto& record : sample().datagrams) encoder.add(record);
    for (const auto& record : sample().messages) encoder.add(record);
    for (const auto& [at, control] : sample().controls) encoder.add(at, control);
    encoder.end_file(kStart + std::chrono::milliseconds(1500), RecordingEnd::Kind::finished);
    return {encoder.pending().begin(), encoder.pending().end()};
}

// Whether two records of the same kind say the same.
inline bool same(Bytes a, Bytes b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}
inline bool same(const WireRecord& a, const WireRecord& b) {
    return a.at == b.at && a.direction == b.direction && a.is_opened == b.is_opened &&
           a.is_refused == b.is_refused && a.is_payload_cut == b.is_payload_cut && a.cause == b.cause &&
           a.connection == b.connection && a.local == b.local && a.peer == b.peer &&
           a.sequence == b.sequence && a.wire_bytes == b.wire_bytes && same(a.packet, b.packet);
}
inline bool same(const MessageRecord& a, const MessageRecord& b) {
    return a.at == b.at && a.direction == b.direction && a.channel == b.channel && a.mode == b.mode &&
           a.cause == b.cause && a.remote == b.remote && a.connection == b.connection &&
           a.message == b.message && a.packet == b.packet && a.wire_bytes == b.wire_bytes &&
           a.message_bytes == b.message_bytes && same(a.payload, b.payload);
}
// Two control records say the same if their bodies are the same.
inline bool same(const Control& a, const Control& b) {
    std::vector<std::byte> one(encoded_size_max(a));
    std::vector<std::byte> other(encoded_size_max(b));
    return type_of(a) == type_of(b) && same(encode(a, one), encode(b, other));
}

}  // namespace squall::recorder::testing
