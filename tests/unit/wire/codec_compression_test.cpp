// Compression: only where it shrinks, always what it was, and never more than allowed out of little.
#include "squall/wire/codec_compression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/wire/codec_objects.hpp"

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;
using testing::HasSubstr;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
    return {as_bytes(text).begin(), as_bytes(text).end()};
}

TEST(Compression, GivesBackWhatItGotAndNeverGrowsByMoreThanAByte) {
    Compression compression;
    Rng rng(3);
    std::vector<std::byte> packed;
    std::vector<std::byte> plain;
    for (int i = 0; i < 2000; ++i) {
        std::vector<std::byte> bytes(rng.below(1500));
        const std::uint64_t letters = rng.below(256) + 1;
        for (auto& byte : bytes) byte = static_cast<std::byte>(rng.below(letters));
        compression.compress(bytes, packed);
        ASSERT_LE(packed.size(), bytes.size() + 1);
        ASSERT_TRUE(compression.decompress(packed, bytes.size(), plain));
        ASSERT_EQ(plain, bytes);
    }
    EXPECT_EQ(compression.statistics().messages, 2000U);
    EXPECT_GT(compression.statistics().shrunk, 100U);
    EXPECT_LT(compression.statistics().shrunk, 1990U);
    EXPECT_LT(compression.statistics().bytes_out, compression.statistics().bytes_in);
}

TEST(Compression, IsUsedOnlyWhereItShrinks) {
    Compression compression({.least_bytes = 20});
    std::vector<std::byte> packed;
    const auto dull = bytes_of(std::string(1000, 'a'));
    compression.compress(dull, packed);
    EXPECT_LT(packed.size(), 30U);
    compression.compress(Bytes(dull).first(19), packed);
    EXPECT_EQ(packed.size(), 20U);
    EXPECT_EQ(packed[0], std::byte{0});
    std::vector<std::byte> noise(1000);
    Rng rng(1);
    for (auto& byte : noise) byte = static_cast<std::byte>(rng.below(256));
    compression.compress(noise, packed);
    EXPECT_EQ(packed.size(), 1001U);
    compression.compress({}, packed);
    EXPECT_EQ(packed.size(), 1U);
    EXPECT_EQ(compression.statistics().shrunk, 1U);
}

TEST(Compression, ABombIsRefusedBeforeItsMemoryIsTaken) {
    Compression compression;
    std::vector<std::byte> packed;
    std::vector<std::byte> plain;
    compression.compress(std::vector<std::byte>(10'000'000), packed);
    ASSERT_LT(packed.size(), 2000U);
    const auto refused = compression.decompress(packed, 1'000'000, plain);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::too_large);
    EXPECT_EQ(plain.capacity(), 0U);
    // One that claims little and holds much.
    ByteReader reader(packed);
    (void)reader.read_varint();
    std::vector<std::byte> liar = {std::byte{100}};
    liar.insert(liar.end(), packed.begin() + static_cast<std::ptrdiff_t>(reader.position()), packed.end());
    EXPECT_FALSE(compression.decompress(liar, 1'000'000, plain));
    EXPECT_LE(plain.capacity(), 100U);
    // One that claims more than it holds.
    compression.compress(std::vector<std::byte>(1000), packed);
    packed[0] = std::byte{0xe9};
    const auto more = compression.decompress(packed, 1'000'000, plain);
    ASSERT_FALSE(more);
    EXPECT_THAT(more.error().message, HasSubstr("1000 bytes came out; 1001 were announced"));
}

TEST(Compression, BrokenBytesAreRefused) {
    Compression compression;
    std::vector<std::byte> packed;
    std::vector<std::byte> plain;
    EXPECT_FALSE(compression.decompress({}, 1000, plain));
    EXPECT_FALSE(compression.decompress(std::vector(12, std::byte{0xff}), 1000, plain));
    std::string text;
    for (int i = 0; i < 100; ++i) text += "value " + std::to_string(i * i) + ", ";
    const auto bytes = bytes_of(text);
    compression.compress(bytes, packed);
    ASSERT_LT(packed.size(), bytes.size());
    for (std::size_t size = 1; size < packed.size(); ++size)
        EXPECT_FALSE(compression.decompress(Bytes(packed).first(size), 100'000, plain)) << size;
    packed.push_back(std::byte{0});
    EXPECT_FALSE(compression.decompress(packed, 100'000, plain));
}

TEST(CompressedCodec, IsACodecLikeAnyOther) {
    const CompressedCodec codec(json_codec(), user_codec_id(130));
    EXPECT_EQ(codec.name(), "json-zstd");
    Rng rng(9);
    std::vector<std::byte> bytes;
    for (int i = 0; i < 200; ++i) {
        Everything object;
        RandomObject(rng).fill(view(object));
        make_utf8(view(object), rng);
        ASSERT_TRUE(codec.encode(object, bytes));
        Everything read;
        ASSERT_TRUE(codec.decode(bytes, read));
        ASSERT_TRUE(same(view(std::as_const(read)), view(std::as_const(object))));
    }
    EXPECT_LT(codec.statistics().bytes_out, codec.statistics().bytes_in * 3 / 4);
    Player player;
    player.ammo = 99;
    const auto written = codec.encode(player, bytes);
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, HasSubstr("Player.ammo"));
}

}  // namespace
