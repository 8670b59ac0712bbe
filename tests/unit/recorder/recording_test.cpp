// The encoder and the reader of recordings against each other, and the reader against files that are no
// recordings or damaged ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "squall/recorder/profile_codec.hpp"
#include "unit/recorder/turn_around.hpp"

namespace squall::recorder {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

// What a reader gives for these bytes, fed in pieces of this size.
struct Outcome {
    std::vector<WireRecord> datagrams;  // their bytes point into the file
    std::vector<MessageRecord> messages;
    std::vector<std::pair<TimePoint, std::string>> controls;  // type, and body in hexadecimal
    std::vector<std::string> packets;
    Facts facts;
    std::optional<Problem> problem;
    ReaderCounts counts;
    bool at_end = false;
    std::size_t most_buffered = 0;
};

Outcome read_all(Bytes file, std::size_t piece = 1 << 20) {
    Outcome out;
    RecordingReader reader;
    const auto drain = [&] {
        while (const auto record = reader.next()) {
            out.facts = reader.facts();
            if (const auto* datagram = std::get_if<WireRecord>(&*record)) {
                out.datagrams.push_back(*datagram);
                out.packets.push_back(to_hex(datagram->packet));
            }
            if (const auto* message = std::get_if<MessageRecord>(&*record)) {
                out.messages.push_back(*message);
                out.packets.push_back(to_hex(message->payload));
            }
            if (const auto* control = std::get_if<ControlRecord>(&*record)) {
                out.controls.emplace_back(
                    control->at, std::string(to_string(control->type)) + " " + to_hex(control->body));
                (void)decode(*control);
            }
        }
        out.most_buffered = std::max(out.most_buffered, reader.buffered());
    };
    for (std::size_t at = 0; at < file.size(); at += piece) {
        reader.feed(file.subspan(at, std::min(piece, file.size() - at)));
        drain();
    }
    reader.finish();
    drain();
    out.problem = reader.problem();
    out.counts = reader.counts();
    out.at_end = reader.is_at_end();
    return out;
}

TEST(Recording, GivesBackEveryRecordAsItWas) {
    const auto file = sample_file();
    RecordingReader reader;
    reader.feed(file);
    reader.finish();
    std::size_t datagrams = 0;
    std::size_t messages = 0;
    std::size_t controls = 0;
    while (const auto record = reader.next()) {
        if (const auto* datagram = std::get_if<WireRecord>(&*record)) {
            EXPECT_TRUE(same(*datagram, sample().datagrams.at(datagrams++)));
        } else if (const auto* message = std::get_if<MessageRecord>(&*record)) {
            EXPECT_TRUE(same(*message, sample().messages.at(messages++)));
        } else {
            const auto& control = std::get<ControlRecord>(*record);
            const auto decoded = decode(control);
            ASSERT_TRUE(decoded) << decoded.error().message;
            if (control.type == RecordType::facts || control.type == RecordType::end) continue;
            const auto& [at, expected] = sample().controls.at(controls++);
            EXPECT_EQ(control.at, at);
            EXPECT_TRUE(same(*decoded, expected)) << to_string(control.type);
        }
    }
    EXPECT_EQ(datagrams, sample().datagrams.size());
    EXPECT_EQ(messages, sample().messages.size());
    EXPECT_EQ(controls, sample().controls.size());
    EXPECT_TRUE(reader.is_at_end());
    EXPECT_FALSE(reader.problem());
    EXPECT_EQ(find_fact(reader.facts(), "quote"), "a \"b\"\n\\ \x01 \xc3\xa9");
    EXPECT_EQ(reader.clock().realtime_ns, kClock.realtime_ns);
    EXPECT_EQ(reader.clock().at, kClock.at);
    EXPECT_EQ(reader.counts().dropped, 6U);
    EXPECT_EQ(reader.counts().bytes, file.size());
}

TEST(Recording, EndSaysWhatWasRecorded) {
    const auto file = sample_file();
    RecordingReader reader;
    reader.feed(file);
    reader.finish();
    std::optional<RecordingEnd> end;
    while (const auto record = reader.next())
        if (const auto* control = std::get_if<ControlRecord>(&*record))
            if (control->type == RecordType::end) end = std::get<RecordingEnd>(decode(*control).value());
    ASSERT_TRUE(end);
    EXPECT_EQ(end->datagrams, 3U);
    EXPECT_EQ(end->messages, 2U);
    EXPECT_EQ(end->dropped, 6U);
    EXPECT_EQ(end->bytes_received, 27U + 18U);
    EXPECT_EQ(end->bytes_sent, 27U);
}

TEST(Recording, PiecesOfAnySizeGiveTheSame) {
    const auto file = sample_file();
    const Outcome whole = read_all(file);
    for (const std::size_t piece : {1, 3, 7, 64, 1000}) {
        const Outcome pieces = read_all(file, piece);
        EXPECT_TRUE(pieces.at_end);
        EXPECT_EQ(pieces.packets, whole.packets);
        EXPECT_EQ(pieces.controls, whole.controls);
    }
}

TEST(Recording, OtherByteOrderReadsTheSame) {
    const auto file = sample_file();
    const auto turned = turn_around(file);
    ASSERT_NE(file, turned);
    const Outcome whole = read_all(file);
    const Outcome other = read_all(turned);
    EXPECT_FALSE(other.problem) << other.problem->message;
    EXPECT_EQ(other.packets, whole.packets);
    EXPECT_EQ(other.controls, whole.controls);
    EXPECT_EQ(other.facts, whole.facts);
    EXPECT_EQ(other.counts.dropped, whole.counts.dropped);
    ASSERT_EQ(other.datagrams.size(), whole.datagrams.size());
    EXPECT_EQ(other.datagrams[0].sequence, whole.datagrams[0].sequence);
    EXPECT_EQ(other.datagrams[0].connection, whole.datagrams[0].connection);
    EXPECT_EQ(other.datagrams[0].at, whole.datagrams[0].at);
}

TEST(Recording, CutAnywhereKeepsWhatIsWhole) {
    const auto file = sample_file();
    const Outcome whole = read_all(file);
    std::size_t records = 0;
    for (std::size_t size = 1; size < file.size(); ++size) {
        const Outcome cut = read_all(Bytes(file).first(size));
        const std::size_t now = cut.packets.size() + cut.controls.size();
        EXPECT_GE(now, records) << size;
        records = now;
        EXPECT_TRUE(std::equal(cut.packets.begin(), cut.packets.end(), whole.packets.begin()));
        EXPECT_TRUE(std::equal(cut.controls.begin(), cut.controls.end(), whole.controls.begin()));
        if (cut.problem && size >= 4) {
            EXPECT_EQ(cut.problem->kind, ProblemKind::cut) << size << ": " << cut.problem->message;
            EXPECT_LT(cut.problem->offset, size);
            EXPECT_EQ(cut.counts.bytes, cut.problem->offset);
        }
    }
}

TEST(Recording, EmptyAndForeignFilesAreNamed) {
    EXPECT_EQ(read_all({}).problem->kind, ProblemKind::empty);
    const auto problem_of = [](std::initializer_list<unsigned> first) {
        auto bytes = bytes_of(first);
        bytes.resize(200);
        const Outcome outcome = read_all(bytes);
        EXPECT_EQ(outcome.problem->kind, ProblemKind::foreign);
        EXPECT_EQ(outcome.problem->offset, 0U);
        return outcome.problem->message;
    };
    EXPECT_THAT(problem_of({0xd4, 0xc3, 0xb2, 0xa1}), HasSubstr("an old pcap file"));
    EXPECT_THAT(problem_of({0x1f, 0x8b, 8, 0}), HasSubstr("gzip"));
    EXPECT_THAT(problem_of({0x28, 0xb5, 0x2f, 0xfd}), HasSubstr("zstd"));
    EXPECT_THAT(problem_of({'h', 'e', 'l', 'l'}),
                HasSubstr("begins with 68656c6c, where pcapng has 0a0d0d0a"));
    EXPECT_EQ(read_all(bytes_of({0x50, 0x4b})).problem->kind, ProblemKind::foreign);
}

TEST(Recording, PcapngOfOthersWithoutAPacketIsForeignToo) {
    pcapng::BlockWriter out;
    out.begin(pcapng::BlockType::section_header);
    out.u32(pcapng::kByteOrderMagic), out.u16(1), out.u16(0), out.u64(~std::uint64_t{0});
    out.end();
    const Outcome outcome = read_all(out.written());
    ASSERT_TRUE(outcome.problem);
    EXPECT_EQ(outcome.problem->kind, ProblemKind::foreign);
    EXPECT_THAT(outcome.problem->message, HasSubstr("ends without the facts"));
}

TEST(Recording, PcapngOfOthersIsForeign) {
    pcapng::BlockWriter out;
    out.begin(pcapng::BlockType::section_header);
    out.u32(pcapng::kByteOrderMagic), out.u16(1), out.u16(0), out.u64(~std::uint64_t{0});
    out.end();
    out.begin(pcapng::BlockType::interface_description);
    out.u16(1), out.u16(0), out.u32(65536);
    out.end();
    out.begin(pcapng::BlockType::enhanced_packet);
    out.u32(0), out.u32(1), out.u32(2), out.u32(4), out.u32(4), out.u32(0);
    out.end();
    const Outcome outcome = read_all(out.written());
    ASSERT_TRUE(outcome.problem);
    EXPECT_EQ(outcome.problem->kind, ProblemKind::foreign);
    EXPECT_THAT(outcome.problem->message, HasSubstr("pcapng, but not a recording of Squall"));
}

// Tools that write pcapng anew keep the packets but not custom options.
TEST(Recording, ReadsWithoutCustomOptions) {
    pcapng::BlockWriter out;
    const auto file = sample_file();
    for (std::size_t at = 0; at < file.size();) {
        pcapng::Reader header(Bytes(file).subspan(at), false);
        const auto type = static_cast<pcapng::BlockType>(header.u32());
        const std::size_t size = header.u32();
        Bytes body = Bytes(file).subspan(at + 8, size - 12);
        at += size;
        if (type == pcapng::BlockType::section_header) body = body.first(16);
        if (type == pcapng::BlockType::enhanced_packet) {
            pcapng::Reader reader(body, false);
            reader.skip(12);
            const std::uint32_t captured = reader.u32();
            reader.skip(4 + pcapng::padded(captured));
            const std::size_t options = body.size() - reader.remaining();
            out.begin(type);
            out.bytes(body.first(options));
            pcapng::Reader rest(body.subspan(options), false);
            while (const auto option = pcapng::next_option(rest))
                if (option->code < 2988) out.option_bytes(option->code, option->value);
            out.end_options();
            out.end();
            continue;
        }
        out.begin(type);
        out.bytes(body);
        out.end();
    }
    const Outcome outcome = read_all(out.written());
    EXPECT_FALSE(outcome.problem) << outcome.problem->message;
    ASSERT_EQ(outcome.datagrams.size(), 3U);
    EXPECT_TRUE(outcome.datagrams[0].is_opened);
    EXPECT_FALSE(outcome.datagrams[1].is_opened);
    EXPECT_EQ(outcome.datagrams[0].at, sample().datagrams[0].at);
    EXPECT_EQ(find_fact(outcome.facts, "seed"), "42");
}

TEST(Recording, DamageIsNamedWithItsPlace) {
    const auto good = sample_file();
    // Offsets of blocks.
    std::vector<std::size_t> blocks;
    for (std::size_t at = 0; at < good.size();) {
        blocks.push_back(at);
        pcapng::Reader reader(Bytes(good).subspan(at + 4), false);
        at += reader.u32();
    }
    const auto damaged = [&](std::size_t block, std::size_t at, unsigned value) {
        auto file = good;
        file[blocks[block] + at] = static_cast<std::byte>(value);
        const Outcome outcome = read_all(file);
        EXPECT_TRUE(outcome.problem);
        EXPECT_EQ(outcome.problem->offset, blocks[block]);
        EXPECT_EQ(outcome.problem->kind, ProblemKind::corrupted);
        return outcome.problem->message;
    };
    EXPECT_THAT(damaged(0, 8, 0), HasSubstr("byte-order magic"));
    EXPECT_THAT(damaged(1, 4, 3), HasSubstr("multiple of 4"));
    EXPECT_THAT(damaged(2, 7, 0x7f), HasSubstr("at most 2097152"));
    EXPECT_THAT(damaged(3, 4, 20), HasSubstr("a block says that it has length 20 in its front"));
    // Behind two facts records, the first datagram: of an interface that there is not, longer than its block,
    // without IP.
    EXPECT_THAT(damaged(6, 8, 9), HasSubstr("interface 9; the section has 3"));
    EXPECT_THAT(damaged(6, 21, 0xff), HasSubstr("does not fit into its block"));
    EXPECT_THAT(damaged(6, 28, 0), HasSubstr("IPv4 or IPv6"));
    EXPECT_THAT(damaged(6, 28 + 25, 0xff), HasSubstr("is recorded with"));
}

TEST(Recording, WithoutPayloadKeepsHeadersAndLengths) {
    const Outcome outcome = read_all(sample_file({.payload = false}));
    ASSERT_FALSE(outcome.problem) << outcome.problem->message;
    EXPECT_EQ(outcome.packets.at(0), "253412");
    EXPECT_EQ(outcome.packets.at(1), "05");
    EXPECT_TRUE(outcome.datagrams[0].is_payload_cut);
    EXPECT_EQ(outcome.datagrams[0].wire_bytes, 27U);
    EXPECT_EQ(outcome.messages[0].message_bytes, 5U);
    EXPECT_EQ(outcome.messages[0].payload.size(), 0U);
    EXPECT_EQ(find_fact(outcome.facts, "recording.payload"), "left out");
}

TEST(Recording, AnonymizeReplacesTheSameByTheSame) {
    const Outcome outcome = read_all(sample_file({.anonymize = true}));
    ASSERT_FALSE(outcome.problem) << outcome.problem->message;
    EXPECT_EQ(outcome.datagrams[0].local, Address::ipv4(10, 0, 0, 1, 40'000));
    EXPECT_EQ(outcome.datagrams[0].peer, Address::ipv4(10, 0, 0, 2, 51'000));
    EXPECT_EQ(outcome.datagrams[2].peer, outcome.datagrams[0].peer);
    EXPECT_EQ(outcome.datagrams[1].peer.family(), Address::Family::ipv6);
    EXPECT_NE(outcome.datagrams[1].peer, sample().datagrams[1].peer);
    const auto file = sample_file({.anonymize = true});
    const std::string text(as_text(file));
    EXPECT_EQ(text.find("client-4d"), std::string::npos);  // 77
    EXPECT_NE(text.find("client-1"), std::string::npos);
    EXPECT_NE(std::string(as_text(sample_file())).find("client-4d"), std::string::npos);
}

TEST(Recording, AnonymizesConnectionRequests) {
    std::vector<std::byte> request(1078);
    ByteWriter token(MutableBytes(request).subspan(54));
    token.write(std::uint64_t{0xabcdef});
    token.write(std::uint32_t{15});
    token.write(std::uint32_t{1});
    token.write(std::uint8_t{1});
    token.write_bytes(bytes_of({203, 0, 113, 5}));
    token.write(std::uint16_t{40'000});
    token.write_bytes(std::vector<std::byte>(64, std::byte{0x11}));
    token.write_bytes(std::vector<std::byte>(256, std::byte{0x22}));
    Anonymiser anonymiser;
    auto changed = request;
    anonymiser.request(changed);
    ByteReader reader(Bytes(changed).subspan(54));
    EXPECT_EQ(reader.read<std::uint64_t>(), 1U);
    reader.skip(9);
    EXPECT_EQ(to_hex(reader.read_bytes(4)), "0a000001");
    EXPECT_EQ(reader.read<std::uint16_t>(), 40'000U);
    EXPECT_EQ(std::to_integer<int>(reader.read_bytes(64)[0]), 0x11);
    const Bytes user_data = reader.read_bytes(256);
    EXPECT_TRUE(std::ranges::all_of(user_data, [](std::byte b) { return b == std::byte{0}; }));
    // A count that lies does not lead out of the request.
    ByteWriter(MutableBytes(request).subspan(54 + 12)).write(std::uint32_t{0xffffffff});
    anonymiser.request(request);
}

TEST(Recording, AnonymizesProfileFrames) {
    ConnectionChange change;
    change.is_open = true;
    change.connection = kConnection;
    change.client_id = 77;
    change.address = "198.51.100.7:51000";
    std::vector<std::byte> frame;
    ASSERT_TRUE(encode(ProfileFrame(change), frame));
    auto encoder = RecordingEncoder::make(sample_facts(), kClock, {.anonymize = true}).value();
    encoder.begin_file(kStart);
    encoder.add(kStart, FrameRecord{frame});
    RecordingReader reader;
    reader.feed(encoder.pending());
    std::optional<ConnectionChange> read;
    while (const auto record = reader.next()) {
        const auto& control = std::get<ControlRecord>(*record);
        if (control.type != RecordType::profile_frame) continue;
        const auto raw = parse_envelope(control.body).value().value();
        read = std::get<ConnectionChange>(decode(raw).value().value());
    }
    ASSERT_TRUE(read);
    EXPECT_EQ(read->client_id, 1U);
    EXPECT_EQ(read->address, "10.0.0.1:51000");
    EXPECT_EQ(read->connection, kConnection);
}

TEST(Recording, FurtherFilesStandAlone) {
    auto encoder = RecordingEncoder::make(sample_facts(), kClock).value();
    encoder.begin_file(kStart);
    encoder.add(kStart, ConnectionRecord{ConnectionRecord::Kind::opened, 0, kConnection, {77}, kPlayer});
    encoder.add(kStart, ConnectionRecord{ConnectionRecord::Kind::opened, 0, {4, 1}, {78}, kPlayer});
    encoder.add(kStart, ConnectionRecord{ConnectionRecord::Kind::closed, 3, {4, 1}, {78}, {}});
    encoder.end_file(kStart + 1s, RecordingEnd::Kind::continued);
    encoder.clear_pending();
    EXPECT_GT(encoder.file_bytes(), 0U);
    encoder.begin_file(kStart + 1s);
    const std::vector<std::byte> second(encoder.pending().begin(), encoder.pending().end());
    EXPECT_EQ(encoder.file_bytes(), second.size());
    RecordingReader reader;
    reader.feed(second);
    std::vector<ConnectionRecord> open;
    while (const auto record = reader.next())
        if (const auto* control = std::get_if<ControlRecord>(&*record))
            if (control->type == RecordType::connection)
                open.push_back(std::get<ConnectionRecord>(decode(*control).value()));
    ASSERT_EQ(open.size(), 1U);
    EXPECT_EQ(open[0].kind, ConnectionRecord::Kind::is_open);
    EXPECT_EQ(open[0].connection, kConnection);
    EXPECT_EQ(open[0].peer, kPlayer);
    EXPECT_EQ(find_fact(reader.facts(), "seed"), "42");
    EXPECT_EQ(find_fact(reader.facts(), "session.part"), "2");
}

TEST(Recording, MemoryStaysBounded) {
    auto encoder = RecordingEncoder::make(sample_facts(), kClock).value();
    encoder.begin_file(kStart);
    RecordingReader reader;
    std::uint64_t records = 0;
    std::size_t most = 0;
    for (int i = 0; i < 2000; ++i) {
        for (int k = 0; k < 50; ++k) encoder.add(sample().datagrams[0]);
        reader.feed(encoder.pending());
        encoder.clear_pending();
        while (reader.next()) ++records;
        most = std::max(most, reader.buffered());
    }
    EXPECT_EQ(records, 100'002U);
    EXPECT_LT(most, 200U);
    EXPECT_GT(encoder.file_bytes(), 10'000'000U);
}

// Offsets need more than 32 bits, and memory does not grow.
TEST(Recording, ReadsMoreThanFourGigabytes) {
    auto encoder = RecordingEncoder::make(sample_facts(), kClock).value();
    encoder.begin_file(kStart);
    RecordingReader reader;
    reader.feed(encoder.pending());
    while (reader.next()) continue;
    encoder.clear_pending();
    const std::vector<std::byte> frame(1'000'000);
    encoder.add(kStart, FrameRecord{frame});
    const std::vector<std::byte> again(encoder.pending().begin(), encoder.pending().end());
    std::uint64_t records = 0;
    for (int i = 0; i < 4400; ++i) {
        reader.feed(again);
        while (reader.next()) ++records;
        ASSERT_LE(reader.buffered(), again.size());
    }
    EXPECT_EQ(records, 4400U);
    reader.feed(Bytes(again).first(100));
    reader.finish();
    EXPECT_FALSE(reader.next());
    ASSERT_TRUE(reader.problem());
    EXPECT_EQ(reader.problem()->kind, ProblemKind::cut);
    EXPECT_GT(reader.problem()->offset, std::uint64_t{4'400'000'000});
    EXPECT_EQ(reader.counts().bytes, reader.problem()->offset);
}

TEST(Recording, UnknownControlRecordsAreGivenButNotDecoded) {
    ControlRecord record{kStart, static_cast<RecordType>(0x77), 1, {}};
    EXPECT_EQ(decode(record).error().code, ErrorCode::unsupported);
    record = {kStart, RecordType::tick, 9, {}};
    EXPECT_THAT(decode(record).error().message, HasSubstr("version 9"));
    const auto many = bytes_of({1, 2, 3, 4});
    record = {kStart, RecordType::tick, 1, many};
    EXPECT_THAT(decode(record).error().message, HasSubstr("2 bytes too many"));
    record = {kStart, RecordType::node_call, 1, Bytes(many).subspan(3).first(0)};
    EXPECT_EQ(decode(record).error().code, ErrorCode::malformed);
}

TEST(Facts, LimitsAndMistakes) {
    Facts facts{{"a", std::string(40'000, 'x')}};
    EXPECT_EQ(to_json(facts).error().code, ErrorCode::too_large);
    facts = {{"a", "\xff"}};
    EXPECT_EQ(to_json(facts).error().code, ErrorCode::malformed);
    facts.clear();
    for (int i = 0; i < 10; ++i) facts[std::string(1, static_cast<char>('a' + i))] = std::string(20'000, 'x');
    const auto json = to_json(facts).value();
    EXPECT_GT(json.size(), 3U);
    Facts again;
    for (const auto& object : json) {
        EXPECT_LT(object.size(), 61'500U);
        ASSERT_TRUE(add_json(again, object));
    }
    EXPECT_EQ(again, facts);
    EXPECT_EQ(to_json({}).value(), std::vector<std::string>{"{}"});
    for (const std::string_view wrong :
         {"", "[]", "{\"a\":1}", "{\"a\":\"b\"", "{\"a\":\"b\"} x", "{\"a\":\"\\q\"}", "{\"a\":\"\\u12\"}",
          "{\"a\":\"\\ud800\"}", "{\"a\":\"\x80\"}", "{\"a\":\"\n\"}", "{\"a\"}"}) {
        EXPECT_EQ(add_json(again, wrong).error().code, ErrorCode::malformed) << wrong;
    }
    Facts other;
    ASSERT_TRUE(add_json(other, " { \"a\" : \"\\u00e9\\ud83d\\ude00\\n\" , \"b\":\"\" } "));
    EXPECT_EQ(other["a"], "\xc3\xa9\xf0\x9f\x98\x80\n");
}

}  // namespace
}  // namespace squall::recorder
