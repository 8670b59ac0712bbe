// MessagePack and Protobuf by the byte: other forms of the same that must be read, and what each refusal
// says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "squall/wire/codec.hpp"
#include "unit/wire/codec_objects.hpp"

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;
using testing::HasSubstr;

namespace {

// From hexadecimal digits, blanks between them.
std::vector<std::byte> bytes_of(std::string hex) {
    std::erase(hex, ' ');
    const auto bytes = from_hex(hex);
    EXPECT_TRUE(bytes) << hex;
    return bytes.value_or(std::vector<std::byte>{});
}
template <class T>
std::string outcome(const Codec& codec, const std::string& hex, T& object) {
    const auto done = codec.decode(bytes_of(hex), object);
    return done ? "read" : done.error().message;
}
template <class T>
std::string outcome(const Codec& codec, const std::string& hex) {
    T object{};
    return outcome(codec, hex, object);
}
template <class T>
std::string hex_of(const Codec& codec, const T& object) {
    std::vector<std::byte> bytes;
    const auto written = codec.encode(object, bytes);
    return written ? to_hex(bytes) : written.error().message;
}

TEST(MessagePackCodec, WritesTheShortestForm) {
    EXPECT_EQ(hex_of(message_pack_codec(), VersionOne{5, "hi"}), "9205a26869");
    EXPECT_EQ(hex_of(message_pack_codec(), VersionOne{-33, ""}), "92d0dfa0");
    EXPECT_EQ(hex_of(message_pack_named_codec(), VersionOne{5, "hi"}), "82a16105a162a26869");
}

TEST(MessagePackCodec, ReadsEveryFormOfANumberAndBothShapes) {
    VersionOne read;
    for (const auto* five : {"05", "cc05", "cd0005", "ce00000005", "cf0000000000000005", "d005", "d10005",
                             "d200000005", "d30000000000000005"}) {
        read = {};
        EXPECT_EQ(outcome(message_pack_codec(), std::string("92") + five + "a0", read), "read") << five;
        EXPECT_EQ(read.a, 5);
    }
    EXPECT_EQ(outcome(message_pack_codec(), "dc0002 07 d90161", read), "read");
    EXPECT_EQ(read, (VersionOne{7, "a"}));
    EXPECT_EQ(outcome(message_pack_codec(), "82 a162 a162 a161 09", read), "read");
    EXPECT_EQ(read, (VersionOne{9, "b"}));
    EXPECT_EQ(outcome(message_pack_named_codec(), "92 08 a0", read), "read");
    EXPECT_EQ(read.a, 8);
}

TEST(MessagePackCodec, MinusZeroKeepsItsSign) {
    Walk read{1};
    EXPECT_EQ(hex_of(message_pack_codec(), Walk{-0.0F}), "91ca80000000");
    EXPECT_EQ(outcome(message_pack_codec(), "91ca80000000", read), "read");
    EXPECT_TRUE(std::signbit(read.speed));
    EXPECT_EQ(hex_of(message_pack_codec(), Walk{3}), "9103");
}

TEST(MessagePackCodec, RefusalsNameTheField) {
    const Codec& codec = message_pack_codec();
    EXPECT_THAT(outcome<VersionOne>(codec, ""),
                HasSubstr("message-pack: VersionOne: the bytes end too early"));
    EXPECT_THAT(outcome<VersionOne>(codec, "92 c1 00"),
                HasSubstr("VersionOne.a: the bytes end too early, or are not"));
    EXPECT_THAT(outcome<VersionOne>(codec, "92 05 05"),
                HasSubstr("VersionOne.b: got an integer; it must be"));
    EXPECT_THAT(outcome<VersionOne>(codec, "92 c0 a0"), HasSubstr("VersionOne.a: got nil"));
    EXPECT_THAT(outcome<VersionOne>(codec, "92 ca3f800000 a0"),
                HasSubstr("VersionOne.a: got a floating point"));
    EXPECT_THAT(outcome<VersionOne>(codec, "92 ce80000000 a0"),
                HasSubstr("VersionOne.a: 2147483648; it must be"));
    EXPECT_THAT(outcome<VersionOne>(codec, "05"), HasSubstr("VersionOne: got an integer"));
    EXPECT_THAT(outcome<VersionOne>(codec, "92 05 a0 00"), HasSubstr("it ends at byte 3, and more follows"));
    EXPECT_THAT(outcome<VersionOne>(codec, "82 a161 05 a161 06"),
                HasSubstr("VersionOne.a: the field is there twice"));
    EXPECT_THAT(outcome<VersionOne>(codec, "81 05 06"), HasSubstr("a field's name must be a text"));
    EXPECT_THAT(outcome<Shoot>(codec, "92 09 05"), HasSubstr("Shoot.weapon: 9"));
    EXPECT_THAT(outcome<Nested>(codec, "95 90 90 c0 80 92 03 a0"),
                HasSubstr("Nested.value: no number of an alternative; there are 3"));
    EXPECT_THAT(outcome<Nested>(codec, "95 90 90 c0 80 93 00 00 00"),
                HasSubstr("Nested.value: got an array"));
    EXPECT_THAT(outcome<Nested>(codec, "92 90 92 01 02"), HasSubstr("Nested.twice: got an array"));
}

TEST(MessagePackCodec, LengthsThatTheBytesCannotHoldAreRefusedBeforeMemoryIsTaken) {
    const Codec& codec = message_pack_codec();
    EXPECT_THAT(outcome<Nested>(codec, "91 ddffffffff"), HasSubstr("Nested.rows: the bytes end too early"));
    EXPECT_THAT(outcome<VersionOne>(codec, "92 05 dbffffffff 61"),
                HasSubstr("VersionOne.b: the bytes end too early"));
    EXPECT_THAT(outcome<VersionOne>(codec, "ddffffffff"), HasSubstr("VersionOne: the bytes end"));
    EXPECT_THAT(outcome<VersionOne>(codec, "dfffffffff"), HasSubstr("VersionOne: the bytes end"));
}

TEST(MessagePackCodec, WhatIsUnknownIsPassedOverButNotEndlesslyDeep) {
    VersionOne read;
    EXPECT_EQ(outcome(message_pack_codec(),
                      "98 05 a0 c0 c3 92 01 91 02 81 a0 c7 01 00 ff d4 05 06 cb3ff0000000000000", read),
              "read");
    EXPECT_EQ(read.a, 5);
    std::string deep;
    for (int i = 0; i < 62; ++i) deep += "91";
    EXPECT_EQ(outcome(message_pack_codec(), "93 05 a0" + deep + "c0", read), "read");
    for (int i = 0; i < 100'000; ++i) deep += "91";
    EXPECT_THAT(outcome(message_pack_codec(), "93 05 a0" + deep + "c0", read),
                HasSubstr("message-pack: VersionOne"));
}

TEST(ProtobufCodec, WritesWhatTheFormatSays) {
    EXPECT_EQ(hex_of(protobuf_codec(), VersionOne{5, "hi"}), "080a12026869");
    EXPECT_EQ(hex_of(protobuf_codec(), VersionOne{-1, ""}), "08011200");
    EXPECT_EQ(hex_of(protobuf_codec(), Walk{1.5F}), "0d0000c03f");
    EXPECT_EQ(hex_of(protobuf_codec(), Empty{}), "");
}

TEST(ProtobufCodec, ReadsLongVarintsAnyOrderAndTheLastOfTwo) {
    VersionOne read;
    EXPECT_EQ(outcome(protobuf_codec(), "12 01 62 08 8a80808000", read), "read");
    EXPECT_EQ(read, (VersionOne{5, "b"}));
    EXPECT_EQ(outcome(protobuf_codec(), "08 02 08 04", read), "read");
    EXPECT_EQ(read.a, 2);
    EXPECT_EQ(read.b, "b") << "what is missing stays as it is";
}

TEST(ProtobufCodec, RefusalsNameTheField) {
    const Codec& codec = protobuf_codec();
    EXPECT_THAT(outcome<VersionOne>(codec, "08"), HasSubstr("protobuf: VersionOne: the bytes end too early"));
    EXPECT_THAT(outcome<VersionOne>(codec, "08 ffffffffffffffffff02"), HasSubstr("not protobuf"));
    EXPECT_THAT(outcome<VersionOne>(codec, "00 00"), HasSubstr("not protobuf"));
    EXPECT_THAT(outcome<VersionOne>(codec, "0e"), HasSubstr("not protobuf"));
    EXPECT_THAT(outcome<VersionOne>(codec, "12 05 61"), HasSubstr("not protobuf"));
    EXPECT_THAT(outcome<VersionOne>(codec, "0a 00"),
                HasSubstr("VersionOne.a: got wire type 2; it must be 0"));
    EXPECT_THAT(outcome<VersionOne>(codec, "12 01 ff"), HasSubstr("VersionOne.b: the text is not UTF-8"));
    EXPECT_THAT(outcome<VersionOne>(codec, "08 8080808020"), HasSubstr("VersionOne.a: 4294967296"));
    EXPECT_THAT(outcome<Shoot>(codec, "08 09"), HasSubstr("Shoot.weapon: 9"));
    EXPECT_THAT(outcome<Shoot>(codec, "08 ffffffffffffffffff01"), HasSubstr("Shoot.weapon: -1"));
    EXPECT_THAT(outcome<Everything>(codec, "62 02 01 02"),
                HasSubstr("Everything.slots: 2 elements; there must be 3"));
    EXPECT_THAT(outcome<Everything>(codec, "62 04 01 02 03 04"), HasSubstr("Everything.slots: 4 elements"));
    EXPECT_THAT(outcome<Everything>(codec, "7a 00"),
                HasSubstr("Everything.action: none of its alternatives"));
    EXPECT_THAT(outcome<Everything>(codec, "6a 03 0a 01 61 6a 03 0a 01 61"),
                HasSubstr("Everything.scores{key}: the key is there already"));
}

TEST(ProtobufCodec, GroupsArePassedOverButNotEndlesslyDeep) {
    VersionOne read;
    EXPECT_EQ(outcome(protobuf_codec(), "1b 23 08 05 24 1c 08 06", read), "read");
    EXPECT_EQ(read.a, 3);
    EXPECT_THAT(outcome(protobuf_codec(), "1b 24", read), HasSubstr("not protobuf"));
    EXPECT_THAT(outcome(protobuf_codec(), "1b", read), HasSubstr("not protobuf"));
    EXPECT_THAT(outcome(protobuf_codec(), "1c", read), HasSubstr("not protobuf"));
    std::string deep;
    for (int i = 0; i < 65; ++i) deep += "1b";
    for (int i = 0; i < 65; ++i) deep += "1c";
    EXPECT_THAT(outcome(protobuf_codec(), deep, read), HasSubstr("not protobuf"));
}

TEST(ProtobufCodec, OnlyStructsHaveAProtoFile) {
    const auto text = proto_text<VersionOne>("game");
    ASSERT_TRUE(text);
    EXPECT_THAT(*text, HasSubstr("package game;\n\nmessage VersionOne {\n  optional sint32 a = 1;\n  "
                                 "optional string b = 2;\n}\n"));
    const auto refused = proto_text(describe<std::vector<std::int32_t>>(), "game");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
}

}  // namespace
