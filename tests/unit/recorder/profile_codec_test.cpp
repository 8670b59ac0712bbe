// Frames to bytes and back: golden bytes of each type, round trips, every cut and every flipped byte, limits,
// numbers of a newer version.
#include "squall/recorder/profile_codec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "unit/recorder/profile_samples.hpp"

namespace squall::recorder {
namespace {

std::vector<std::byte> encoded(const ProfileFrame& frame) {
    std::vector<std::byte> out;
    const auto result = encode(frame, out);
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
    return out;
}
std::string hex_of(const ProfileFrame& frame) {
    return to_hex(encoded(frame));
}
Result<std::optional<ProfileFrame>> decoded(Bytes bytes) {
    const auto raw = parse_envelope(bytes);
    if (!raw || !*raw) return fail(ErrorCode::malformed, "no envelope");
    return decode(**raw);
}

TEST(ProfileCodec, GoldenBytes) {
    const auto frames = one_of_each();
    const std::vector<std::string> golden = {
        "7d000000010000000181010c6172656e612073657276657203302e349221098080d0e2c6bfce972f0673656372657402"
        "056576656e740866756e6374696f6e010a756e72656c6961626c6502067061737365640001077061796c6f6164010772"
        "6571756573740109746f6f5f736d616c6c01046e6f6e6501087374616e64617264",
        "0d000000020000001e030204c801320203",
        "2100000003000000020006286e6f6e652900000000ac02046368617401030462697473d00f",
        "1b0000000400000009010102034d0e3132372e302e302e313a343030300205",
        "530000000500010080a8d6b907070302830806d80402000f0ad00f28a4030f0f0ad00f28a40302000001818080809820"
        "d00f125080c2d72f01ac0203818080809820d00f125080c2d72f8240c03e788080808008040128",
        "14000000060000000901010401c0843d032802030124e807",
        "120000000700000003010901020304010263f80a01ab",
        "2300000008000000090107706c617965727301020564656c61790435306d73046c6f7373023225",
        "0b0000000900000009010468657265",
        "280000000a00000009080000c9420000a041020102030000c03f000000c00200000000000000004040010102",
        "140000000b00000006046d61726b010474657874036e6f77",
        "0d0000000c0000000601066d61726b6564",
        "060000000d0000000811",
        "070000000e000000081109",
    };
    ASSERT_EQ(frames.size(), golden.size());
    for (std::size_t i = 0; i < frames.size(); ++i)
        EXPECT_EQ(hex_of(frames[i]), golden[i]) << to_string(type_of(frames[i]));
}

TEST(ProfileCodec, ReadsBackEachType) {
    for (const ProfileFrame& frame : one_of_each()) {
        const auto bytes = encoded(frame);
        const auto back = decoded(bytes);
        ASSERT_TRUE(back.has_value()) << back.error().message;
        ASSERT_TRUE(back->has_value());
        EXPECT_TRUE(**back == frame) << to_string(type_of(frame));
        EXPECT_EQ(hex_of(**back), to_hex(bytes));
    }
}

TEST(ProfileCodec, RefusesEveryCut) {
    for (const ProfileFrame& frame : one_of_each()) {
        const auto bytes = encoded(frame);
        const auto whole = parse_envelope(bytes).value().value();
        for (std::size_t size = 0; size < whole.payload.size(); ++size) {
            const auto back = decode({whole.type, whole.flags, whole.payload.first(size)});
            ASSERT_FALSE(back.has_value()) << to_string(type_of(frame)) << " cut to " << size;
            EXPECT_EQ(back.error().code, ErrorCode::malformed);
        }
    }
}

TEST(ProfileCodec, WhatSurvivesAFlippedByteCanBeWrittenAgain) {
    for (const ProfileFrame& frame : one_of_each()) {
        auto bytes = encoded(frame);
        for (std::size_t i = kFrameEnvelopeBytes; i < bytes.size(); ++i) {
            for (const int bit : {1, 0x80}) {
                bytes[i] ^= static_cast<std::byte>(bit);
                const auto back = decoded(bytes);
                if (back) {
                    std::vector<std::byte> again;
                    EXPECT_TRUE(encode(**back, again).has_value());
                }
                bytes[i] ^= static_cast<std::byte>(bit);
            }
        }
    }
}

TEST(ProfileCodec, PassesOverWhatANewerVersionAdds) {
    for (const ProfileFrame& frame : one_of_each()) {
        auto bytes = encoded(frame);
        auto raw = parse_envelope(bytes).value().value();
        std::vector<std::byte> longer(raw.payload.begin(), raw.payload.end());
        longer.push_back(std::byte{0xff});
        const auto back = decode({raw.type, raw.flags, longer});
        ASSERT_TRUE(back.has_value() && back->has_value());
        EXPECT_TRUE(**back == frame);
    }
    const auto unknown = decode({999, 0, {}});
    ASSERT_TRUE(unknown.has_value());
    EXPECT_FALSE(unknown->has_value());
}

TEST(ProfileCodec, PassesOverCountersThatItDoesNotKnow) {
    // at, sequence; one remote: key 2 (remote 1, inbound), mask of number 0 and 63; both 1; no connections;
    // no counters.
    std::vector<std::byte> payload(64);
    ByteWriter writer(payload);
    writer.write_varint(0);
    writer.write_varint(1);
    writer.write_varint(1);
    writer.write_varint(2);
    writer.write_varint((std::uint64_t{1} << 63) | 1);
    for (const std::uint64_t number : {2, 4, 0, 0, 0, 0}) writer.write_varint(number);
    const auto back = decode({5, 1, writer.written()});
    ASSERT_TRUE(back.has_value()) << back.error().message;
    const auto& stats = std::get<Stats>(**back);
    ASSERT_EQ(stats.remotes.size(), 1u);
    EXPECT_EQ(stats.remotes[0].remote, 1u);
    EXPECT_EQ(stats.remotes[0].counters, (trace::RemoteCounters{.messages = 1}));
    EXPECT_TRUE(stats.is_keyframe);
}

TEST(ProfileCodec, WritesNothingOfAFrameThatIsRefused) {
    const std::string long_text(kMaxTextBytes + 1, 'x');
    Stats disordered = sample_stats();
    std::swap(disordered.remotes[0], disordered.remotes[1]);
    Stats twice = sample_stats();
    twice.connections[1] = twice.connections[0];
    const std::vector<std::pair<ProfileFrame, ErrorCode>> refused = {
        {Note{.text = long_text}, ErrorCode::too_large},
        {Subscribe{.rate_hz = 0}, ErrorCode::invalid_argument},
        {Subscribe{.rate_hz = 61}, ErrorCode::invalid_argument},
        {Dictionary{{{2, "b"}, {1, "a"}}}, ErrorCode::invalid_argument},
        {disordered, ErrorCode::invalid_argument},
        {twice, ErrorCode::invalid_argument},
        {World{.side = std::numeric_limits<float>::infinity()}, ErrorCode::invalid_argument},
        {Histograms{{}, {{.counts = {{5, 1}, {5, 1}}}}}, ErrorCode::invalid_argument},
        {Samples{0, {Sample{.payload = std::vector<std::byte>(kMaxSamplePayload + 1)}}},
         ErrorCode::too_large},
        {Samples{0, std::vector<Sample>(2000, Sample{.payload = std::vector<std::byte>(1000)})},
         ErrorCode::too_large},
    };
    for (const auto& [frame, code] : refused) {
        std::vector<std::byte> out(3);
        const auto result = encode(frame, out);
        ASSERT_FALSE(result.has_value()) << to_string(type_of(frame));
        EXPECT_EQ(result.error().code, code) << result.error().message;
        EXPECT_EQ(out.size(), 3u);
    }
}

TEST(ProfileCodec, DoesNotBelieveACount) {
    // A histogram frame that speaks of 300,000 entries and has none.
    std::vector<std::byte> payload(8);
    ByteWriter writer(payload);
    writer.write_varint(0);
    writer.write_varint(300'000);
    const auto back = decode({6, 0, writer.written()});
    ASSERT_FALSE(back.has_value());
    EXPECT_NE(back.error().message.find("histograms"), std::string::npos) << back.error().message;
}

TEST(ProfileCodec, ASteadyFrameIsSmall) {
    // 500 remotes in both directions that each grew a little.
    Stats stats;
    for (std::uint32_t id = 1; id <= 500; ++id) {
        for (const auto direction : {Direction::inbound, Direction::outbound})
            stats.remotes.push_back(
                {id, direction, {.messages = 6, .payload = 600, .framing = 24, .headers = 90}});
    }
    EXPECT_LT(encoded(stats).size(), 11'000u);
}

}  // namespace
}  // namespace squall::recorder
