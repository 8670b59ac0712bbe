// ByteWriter and ByteReader: little-endian, bounded, sticky failure; varints; hexadecimal text.
#include "squall/core/bytes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>

namespace squall {
namespace {

TEST(ByteWriter, WritesLittleEndian) {
    std::array<std::byte, 15> buffer{};
    ByteWriter writer(buffer);
    writer.write(std::uint8_t{0x01});
    writer.write(std::uint16_t{0x0203});
    writer.write(std::uint32_t{0x04050607});
    writer.write(std::int64_t{-2});
    EXPECT_TRUE(writer.ok());
    EXPECT_EQ(to_hex(writer.written()), "01030207060504feffffffffffffff");
    EXPECT_EQ(writer.remaining(), 0U);
}

TEST(ByteWriter, DoesNotDoAWriteThatDoesNotFit) {
    std::array<std::byte, 4> buffer{};
    ByteWriter writer(buffer);
    writer.write(std::uint16_t{0xffff});
    writer.write(std::uint32_t{0});
    EXPECT_FALSE(writer.ok());
    EXPECT_EQ(writer.size(), 2U);
    writer.write(std::uint8_t{1});  // would fit, but the failure sticks
    EXPECT_FALSE(writer.ok());
    EXPECT_EQ(to_hex(buffer), "ffff0000");
}

TEST(ByteWriter, WritesAVarintWholeOrNotAtAll) {
    std::array<std::byte, 2> buffer{};
    ByteWriter writer(buffer);
    writer.write_varint(1U << 14);  // three bytes
    EXPECT_FALSE(writer.ok());
    EXPECT_EQ(writer.size(), 0U);
    EXPECT_EQ(to_hex(buffer), "0000");
}

TEST(ByteWriter, TakesEmptyBuffersAndEmptyWrites) {
    ByteWriter writer(MutableBytes{});
    writer.write_bytes({});
    writer.write_zeros(0);
    writer.write_low_bytes(0, 0);
    EXPECT_TRUE(writer.ok());
    writer.write_zeros(1);
    EXPECT_FALSE(writer.ok());
}

TEST(ByteReader, ReadsBackWhatWasWritten) {
    std::array<std::byte, 64> buffer{};
    ByteWriter writer(buffer);
    writer.write(std::numeric_limits<std::int16_t>::min());
    writer.write_low_bytes(0x123456, 3);
    writer.write_varint(300);
    writer.write_bytes(as_bytes("storm"));
    writer.write_zeros(2);
    ByteReader reader(writer.written());
    EXPECT_EQ(reader.read<std::int16_t>(), std::numeric_limits<std::int16_t>::min());
    EXPECT_EQ(reader.read_low_bytes(3), 0x123456U);
    EXPECT_EQ(reader.read_varint(), 300U);
    EXPECT_EQ(as_text(reader.read_bytes(5)), "storm");
    EXPECT_FALSE(reader.at_end());
    reader.skip(2);
    EXPECT_TRUE(reader.at_end());
}

TEST(ByteReader, FailsPastTheEndAndStaysFailed) {
    const auto bytes = *from_hex("0102");
    ByteReader reader(bytes);
    EXPECT_EQ(reader.read<std::uint32_t>(), 0U);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.read<std::uint8_t>(), 0U);
    EXPECT_FALSE(reader.at_end());
    ByteReader viewer(bytes);
    EXPECT_TRUE(viewer.read_bytes(3).empty());
    EXPECT_FALSE(viewer.ok());
    ByteReader huge(bytes);
    huge.skip(std::numeric_limits<std::size_t>::max());
    EXPECT_FALSE(huge.ok());
}

TEST(Varint, RoundTripsAtEveryLength) {
    for (unsigned shift = 0; shift < 64; ++shift)
        for (const std::uint64_t value :
             {std::uint64_t{1} << shift, (std::uint64_t{1} << shift) - 1, ~std::uint64_t{0} >> shift}) {
            std::array<std::byte, 10> buffer{};
            ByteWriter writer(buffer);
            writer.write_varint(value);
            ASSERT_TRUE(writer.ok());
            EXPECT_EQ(writer.size(), varint_size(value));
            ByteReader reader(writer.written());
            EXPECT_EQ(reader.read_varint(), value);
            EXPECT_TRUE(reader.at_end());
        }
    EXPECT_EQ(varint_size(127), 1U);
    EXPECT_EQ(varint_size(128), 2U);
    EXPECT_EQ(varint_size(~std::uint64_t{0}), 10U);
}

TEST(Varint, RefusesEveryEncodingButTheShortest) {
    for (const auto* hex : {"", "80", "8000", "ff00", "80808000",            // cut short, and not minimal
                            "ffffffffffffffffff02", "ffffffffffffffffff7f",  // above 2^64 - 1
                            "ffffffffffffffffff81", "ffffffffffffffffffff01"}) {  // longer than ten bytes
        const auto bytes = *from_hex(hex);
        ByteReader reader(bytes);
        EXPECT_EQ(reader.read_varint(), 0U) << hex;
        EXPECT_FALSE(reader.ok()) << hex;
    }
}

TEST(Hex, RoundTripsAndRefuses) {
    EXPECT_EQ(to_hex(*from_hex("00ff10Ab")), "00ff10ab");
    EXPECT_EQ(to_hex({}), "");
    EXPECT_TRUE(from_hex("")->empty());
    for (const auto* text : {"0", "0g", "0x", " 00", "00 "}) EXPECT_FALSE(from_hex(text).has_value()) << text;
}

}  // namespace
}  // namespace squall
