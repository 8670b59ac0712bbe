// Golden bytes of lib/STANDARD.md section 5, and what a reader must refuse.
#include "transport/connection/packet_format.hpp"

#include <gtest/gtest.h>

#include "squall/core/rng.hpp"
#include "squall/transport/channel.hpp"

namespace squall::connection {
namespace {

std::vector<std::byte> hex(std::string_view text) {
    return *from_hex(text);
}

TEST(PacketFormat, AckGoldenBytes) {
    AckFrame ack;
    ack.largest.value = 0x1234;
    ack.delay_units = 300;
    ack.mask_bytes = 2;
    ack.mask = {0x81, 0x01};
    std::array<std::byte, 64> buffer;
    ByteWriter writer(buffer);
    ack.serialize_to(writer);
    EXPECT_EQ(to_hex(writer.written()), "3412ac02028101");
    AckFrame read;
    ByteReader reader(writer.written());
    ASSERT_TRUE(read.parse(reader));
    EXPECT_EQ(read.largest.value, 0x1234);
    EXPECT_EQ(read.delay_units, 300U);
    EXPECT_EQ(read.mask_bytes, 2);
    EXPECT_EQ(read.mask[0], 0x81);
}

TEST(PacketFormat, AckRefusesALongMaskAndAnEndlessDelay) {
    for (const char* bytes : {"3412002100", "3412", "341200", "3412ffffffff0f00",
                              "34128000"
                              "00"}) {
        AckFrame ack;
        const auto data = hex(bytes);
        ByteReader reader(data);
        EXPECT_FALSE(ack.parse(reader)) << bytes;
    }
}

TEST(PacketFormat, FramesGoldenBytes) {
    // message on channel 3, id 5, "abc"; two messages on channel 1 from id 65535 on; fragment 1 of 2 of a
    // 5-byte message; padding
    const auto bytes =
        hex("23"
            "0500"
            "03"
            "616263"
            "41"
            "ffff"
            "02"
            "01"
            "78"
            "02"
            "7979"
            "62"
            "0700"
            "01"
            "02"
            "05"
            "6465"
            "000000");
    FrameReader reader(bytes);
    MessageFrame frame;
    ASSERT_TRUE(reader.next(frame));
    EXPECT_EQ(frame.channel, ChannelId{3});
    EXPECT_EQ(frame.id.value, 5);
    EXPECT_EQ(as_text(frame.bytes), "abc");
    ASSERT_TRUE(reader.next(frame));
    EXPECT_EQ(frame.channel, ChannelId{1});
    EXPECT_EQ(frame.id.value, 65535);
    EXPECT_EQ(as_text(frame.bytes), "x");
    ASSERT_TRUE(reader.next(frame));
    EXPECT_EQ(frame.id.value, 0);
    EXPECT_EQ(as_text(frame.bytes), "yy");
    ASSERT_TRUE(reader.next(frame));
    EXPECT_TRUE(frame.is_fragment);
    EXPECT_EQ(frame.index, 1U);
    EXPECT_EQ(frame.count, 2U);
    EXPECT_EQ(frame.total, 5U);
    EXPECT_EQ(as_text(frame.bytes), "de");
    EXPECT_FALSE(reader.next(frame));
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(reader.padding_bytes(), 3U);
    EXPECT_EQ(reader.framing_bytes() + 3 + 1 + 2 + 2 + 3, bytes.size());
}

TEST(PacketFormat, RefusesWhatNoWriterWrites) {
    for (const char* bytes : {"23", "2305", "230500", "23050004616263",  // truncated
                              "23050000",                                // empty message
                              "43050001"
                              "0161",  // a run of one
                              "4305000201"
                              "61",  // a run that ends early
                              "6305000002"
                              "01"
                              "61",  // two fragments of one byte
                              "630500010105"
                              "61",  // one fragment
                              "630500020205"
                              "61",                             // index beyond the count
                              "0001",                           // padding that is not zero
                              "05", "ff", "80", "a0", "c0"}) {  // unknown types
        const auto data = hex(bytes);
        FrameReader reader(data);
        MessageFrame frame;
        while (reader.next(frame)) {
        }
        EXPECT_FALSE(reader.ok()) << bytes;
    }
}

TEST(PacketFormat, FragmentsCoverAMessageExactlyOnce) {
    Rng rng(9);
    for (int i = 0; i < 2000; ++i) {
        const std::size_t total = 2 + rng.below(100000);
        const std::size_t count = 2 + rng.below(std::min<std::size_t>(total - 1, 300));
        std::size_t covered = 0;
        for (std::size_t index = 0; index < count; ++index) {
            const FragmentSpan span = fragment_span(total, count, index);
            EXPECT_EQ(span.offset, covered);
            covered += span.size;
        }
        EXPECT_EQ(covered, total);
    }
}

TEST(PacketFormat, ANewMessageFitsBesideTheLongestAck) {
    for (const std::size_t datagram : {256, 508, 1200, 1225}) {
        const PacketLimits limits = limits_for(datagram);
        EXPECT_LE(1 + kMaxAckBytes + kFrameHeadBytes + 2 + limits.max_whole_bytes, limits.max_payload_bytes);
        EXPECT_LE(1 + kMaxAckBytes + kMaxFragmentHeadBytes + limits.max_fragment_bytes,
                  limits.max_payload_bytes);
        EXPECT_LE(limits.max_payload_bytes + 33, std::max<std::size_t>(datagram, 1233));
        // The largest message needs no more fragments than the format allows.
        EXPECT_LE(kMaxMessageBytes / limits.max_fragment_bytes + 1, kMaxFragments);
    }
}

}  // namespace
}  // namespace squall::connection
