// Snapshots as bits: round trips of random views, exact sizes, golden bytes, and every kind of damage.
#include "arena/snapshot_codec.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "unit/arena/random_view.hpp"

namespace squall::arena {
namespace {

constexpr SnapshotFormat kFormat{20'001, 300};

SnapshotHeader header_for(const View& view, std::uint32_t distance) {
    SnapshotHeader header;
    header.number = {77};
    header.tick = {0xfffe};
    header.echo = WireSequence<std::uint16_t>{12};
    header.baseline_distance = distance;
    header.checksum = view_checksum(view);
    return header;
}

TEST(SnapshotCodec, RoundTripsRandomViewsAgainstRandomBaselines) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        Rng rng(seed);
        View before;
        for (int i = 0; i < 10; ++i) before = next_view(rng, before, kFormat, 40);
        const View after = next_view(rng, before, kFormat, 40);
        const bool full = rng.below(4) == 0;
        const View baseline = full ? View{} : before;
        std::array<std::byte, kMaxSnapshotBytes> buffer;
        const auto encoded =
            encode_snapshot(buffer, header_for(after, full ? 0 : 3), baseline, after, kFormat);
        ASSERT_TRUE(encoded) << "seed " << seed;

        const auto reader = SnapshotReader::open(encoded->bytes, kFormat);
        ASSERT_TRUE(reader);
        EXPECT_EQ(reader->header().number.value, 77);
        EXPECT_EQ(reader->header().tick.value, 0xfffe);
        EXPECT_EQ(reader->header().echo->value, 12);
        EXPECT_EQ(reader->header().baseline_distance, full ? 0U : 3U);
        View read;
        View scratch;
        const auto result = reader->read(baseline, read, scratch);
        ASSERT_TRUE(result) << result.error().message << ", seed " << seed;
        ASSERT_EQ(read, after) << "seed " << seed;
    }
}

TEST(SnapshotCodec, SizesAreExact) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        Rng rng(seed);
        View before;
        for (int i = 0; i < 6; ++i) before = next_view(rng, before, kFormat, 40);
        const View after = next_view(rng, before, kFormat, 40);
        std::array<std::byte, kMaxSnapshotBytes> buffer;
        const SnapshotHeader header = header_for(after, 1);
        const auto encoded = encode_snapshot(buffer, header, before, after, kFormat);
        std::size_t bits = header_bits(header);
        for (const EntityState& state : after) {
            const auto base =
                std::find_if(before.begin(), before.end(), [&](auto& b) { return b.id == state.id; });
            if (base == before.end())
                bits += entered_bits(state, kFormat);
            else
                bits += *base == state ? 1 : changed_bits(*base, state, kFormat);
        }
        for (const EntityState& base : before)
            if (std::none_of(after.begin(), after.end(), [&](auto& s) { return s.id == base.id; }))
                bits += kRemovedBits;
        ASSERT_EQ(encoded->bytes.size(), (bits + 7) / 8) << "seed " << seed;
    }
}

TEST(SnapshotCodec, HasTheBytesThatItAlwaysHad) {
    const View before = {{100, 200, 3, 7, 64, 90, 1, true, false, false},
                         {5, 5, 9, 0, 0, 100, 0, false, false, false},
                         {19'990, 0, 20, 1, 1, 1, 1, false, false, false}};
    const View after = {{110, 190, 3, 7, 65, 90, 1, true, false, false},
                        {300, 400, 12, 2, 8, 50, 2, false, true, true},
                        {4, 0, 20, 1, 1, 1, 1, false, false, false}};
    std::array<std::byte, kMaxSnapshotBytes> buffer;
    const auto encoded = encode_snapshot(buffer, header_for(after, 2), before, after, kFormat);
    ASSERT_TRUE(encoded);
    EXPECT_EQ(encoded->updates, 4U);
    EXPECT_EQ(to_hex(encoded->bytes), "4d00feff190084eef9f0ce00062c01c800824c0b00146d06b97c08");
}

TEST(SnapshotCodec, RefusesEveryTruncationAndEveryFlippedBitOrNoticesIt) {
    Rng rng(5);
    View before;
    for (int i = 0; i < 12; ++i) before = next_view(rng, before, kFormat, 40);
    const View after = next_view(rng, before, kFormat, 40);
    std::array<std::byte, kMaxSnapshotBytes> buffer;
    const auto encoded = encode_snapshot(buffer, header_for(after, 1), before, after, kFormat);
    ASSERT_TRUE(encoded);
    View read;
    View scratch;
    for (std::size_t cut = 0; cut < encoded->bytes.size(); ++cut) {
        const std::vector<std::byte> part(encoded->bytes.begin(),
                                          encoded->bytes.begin() + static_cast<std::ptrdiff_t>(cut));
        const auto reader = SnapshotReader::open(part, kFormat);
        EXPECT_FALSE(reader && reader->read(before, read, scratch)) << cut;
    }
    for (std::size_t bit = 0; bit < encoded->bytes.size() * 8; ++bit) {
        std::vector<std::byte> damaged(encoded->bytes.begin(), encoded->bytes.end());
        damaged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        const auto reader = SnapshotReader::open(damaged, kFormat);
        if (!reader || reader->header().baseline_distance != 1) continue;
        // Number, tick and echo are the transport's to protect; all else is under the checksum.
        if (reader->read(before, read, scratch)) {
            EXPECT_LT(bit, 49U);
        }
    }
}

TEST(SnapshotCodec, NoticesAWrongBaseline) {
    Rng rng(9);
    View before;
    for (int i = 0; i < 12; ++i) before = next_view(rng, before, kFormat, 40);
    const View after = next_view(rng, before, kFormat, 40);
    std::array<std::byte, kMaxSnapshotBytes> buffer;
    const auto encoded = encode_snapshot(buffer, header_for(after, 1), before, after, kFormat);
    View other = before;
    other.front().score ^= 1;
    View read;
    View scratch;
    const auto reader = SnapshotReader::open(encoded->bytes, kFormat);
    const auto result = reader->read(other, read, scratch);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::malformed);
}

TEST(SnapshotCodec, SurvivesRandomBytes) {
    Rng rng(1);
    View baseline;
    for (int i = 0; i < 12; ++i) baseline = next_view(rng, baseline, kFormat, 40);
    View read;
    View scratch;
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::byte> bytes(rng.below(200));
        for (auto& byte : bytes) byte = static_cast<std::byte>(rng.below(256));
        const auto reader = SnapshotReader::open(bytes, kFormat);
        if (reader) {
            EXPECT_FALSE(reader->read(baseline, read, scratch));
        }
    }
}

TEST(SnapshotCodec, DoesNotWriteWhatIsOutOfRangeOrTooLong) {
    std::array<std::byte, kMaxSnapshotBytes> buffer;
    EntityState state;
    state.id = 299;
    state.health = 101;
    View view = {state};
    EXPECT_FALSE(encode_snapshot(buffer, header_for(view, 0), {}, view, kFormat));
    view[0].health = 100;
    EXPECT_TRUE(encode_snapshot(buffer, header_for(view, 0), {}, view, kFormat));
    EXPECT_FALSE(encode_snapshot(MutableBytes(buffer).first(12), header_for(view, 0), {}, view, kFormat));
    view[0].id = 300;
    EXPECT_FALSE(encode_snapshot(buffer, header_for(view, 0), {}, view, kFormat));
}

}  // namespace
}  // namespace squall::arena
