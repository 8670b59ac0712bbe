// The envelope: golden bytes, a stream in pieces of every size, lengths that lie.
#include "squall/recorder/frame.hpp"

#include <gtest/gtest.h>

#include <string>

namespace squall::recorder {
namespace {

std::vector<std::byte> bytes_of(std::string_view hex) {
    return from_hex(hex).value();
}

TEST(ParseEnvelope, ReadsLengthTypeAndFlagsLittleEndian) {
    const auto bytes = bytes_of("060000000b000201aabbff");
    const auto frame = parse_envelope(bytes);
    ASSERT_TRUE(frame.has_value());
    ASSERT_TRUE(frame->has_value());
    EXPECT_EQ((**frame).type, 11);
    EXPECT_EQ((**frame).flags, 0x0102);
    EXPECT_EQ(to_hex((**frame).payload), "aabb");
}

TEST(ParseEnvelope, WaitsForTheRest) {
    const auto whole = bytes_of("060000000b000201aabb");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto frame = parse_envelope(Bytes(whole).first(size));
        ASSERT_TRUE(frame.has_value()) << size;
        EXPECT_FALSE(frame->has_value()) << size;
    }
}

TEST(ParseEnvelope, RefusesWhatIsShorterThanItself) {
    const auto bytes = bytes_of("03000000");
    const auto frame = parse_envelope(bytes);
    ASSERT_FALSE(frame.has_value());
    EXPECT_EQ(frame.error().code, ErrorCode::malformed);
}

TEST(ParseEnvelope, AllowsExactlyOneMebibyte) {
    std::vector<std::byte> whole(kMaxFrameBytes);
    ByteWriter(whole).write(static_cast<std::uint32_t>(kMaxFrameBytes - 4));
    const auto largest = parse_envelope(whole);
    ASSERT_TRUE(largest.has_value() && largest->has_value());
    ByteWriter(whole).write(static_cast<std::uint32_t>(kMaxFrameBytes - 3));
    const auto larger = parse_envelope(whole);
    ASSERT_FALSE(larger.has_value());
    EXPECT_EQ(larger.error().code, ErrorCode::too_large);
}

TEST(FrameReader, GivesTheSameFramesInPiecesOfAnySize) {
    const auto stream = bytes_of(
        "0400000001000000"
        "0700000002000000aabbcc"
        "050000000300ffff99");
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        FrameReader reader;
        std::string seen;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            reader.feed(Bytes(stream).subspan(at, std::min(piece, stream.size() - at)));
            for (auto frame = reader.next();; frame = reader.next()) {
                ASSERT_TRUE(frame.has_value());
                if (!*frame) break;
                seen += std::to_string((**frame).type) + ":" + to_hex((**frame).payload) + " ";
            }
        }
        EXPECT_EQ(seen, "1: 2:aabbcc 3:99 ") << piece;
        EXPECT_EQ(reader.consumed(), stream.size());
        EXPECT_EQ(reader.buffered(), 0u);
    }
}

TEST(FrameReader, RefusesAGigabyteAtOnceAndForGood) {
    FrameReader reader;
    reader.feed(bytes_of("0000004001000000"));
    const auto first = reader.next();
    ASSERT_FALSE(first.has_value());
    EXPECT_EQ(first.error().code, ErrorCode::too_large);
    reader.feed(bytes_of("0400000001000000"));
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_EQ(reader.buffered(), 0u);
}

TEST(FrameReader, HasALimitOfItsOwnForWhoIsNotTrusted) {
    FrameReader reader(64);
    reader.feed(bytes_of("3d00000001000000"));
    const auto frame = reader.next();
    ASSERT_FALSE(frame.has_value());
    EXPECT_EQ(frame.error().message, "a frame of 65 bytes; at most 64 are allowed");
}

}  // namespace
}  // namespace squall::recorder
