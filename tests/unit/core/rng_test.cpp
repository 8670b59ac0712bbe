// Rng: the stream is xoshiro256++ seeded by SplitMix64, the same numbers on every compiler. The expected
// values come from an implementation of the papers in Python, not from this library.
#include "squall/core/rng.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>

#include "squall/core/entropy.hpp"

namespace squall {
namespace {

TEST(Rng, DrawsTheReferenceStream) {
    const std::array<std::uint64_t, 4> of_zero = {0x53175d61490b23df, 0x61da6f3dc380d507, 0x5c0fdf91ec9a7bfc,
                                                  0x02eebf8c3bbe5e1a};
    const std::array<std::uint64_t, 4> of_seven = {0x0e2c1a002aae913d, 0x2c0fc8ddfa4e9e14, 0xb7b311b3b0d45872,
                                                   0x6d5d9f6a6318013c};
    Rng zero(0);
    Rng seven(7);
    for (const auto expected : of_zero) EXPECT_EQ(zero.next(), expected);
    for (const auto expected : of_seven) EXPECT_EQ(seven.next(), expected);
    EXPECT_EQ(seven.seed(), 7U);
}

TEST(Rng, ForksByLabelToTheReferenceStream) {
    EXPECT_EQ(Rng(7).fork("link a->b/loss").seed(), 0xb0ebdf75f558a5ddU);
    EXPECT_EQ(Rng(7).fork("link a->b/loss").next(), 0xb8c9a037674f4064U);
    EXPECT_EQ(Rng(7).fork("client", 3).next(), 0x867710deca3d92a2U);
}

TEST(Rng, ForksDependOnNoDrawAndNoOtherFork) {
    Rng drawn(7);
    for (int i = 0; i < 100; ++i) drawn.next();
    (void)drawn.fork("another");
    EXPECT_EQ(drawn.fork("loss").next(), Rng(7).fork("loss").next());
    EXPECT_NE(Rng(7).fork("loss").next(), Rng(7).fork("delay").next());
    EXPECT_NE(Rng(7).fork("loss").next(), Rng(8).fork("loss").next());
    EXPECT_NE(Rng(7).fork("client", 1).next(), Rng(7).fork("client", 2).next());
}

TEST(Rng, BoundedDrawsAreTheReferenceOnes) {
    Rng dice(42);
    for (const std::uint64_t expected : {4, 1, 5, 4, 4, 3, 0, 3, 1, 5, 3, 5})
        EXPECT_EQ(dice.below(6), expected);
    // A bound for which a quarter of all raw draws must be rejected.
    Rng wide(42);
    for (const std::uint64_t expected :
         {11265958957490425463U, 4410907598498523564U, 10978180682012118998U, 8136376425801098973U})
        EXPECT_EQ(wide.below(std::uint64_t{3} << 62), expected);
}

TEST(Rng, BelowReachesEveryValueEvenly) {
    Rng rng(1);
    std::array<int, 10> hits{};
    for (int i = 0; i < 100'000; ++i) ++hits[rng.below(10)];
    for (const int count : hits) {
        EXPECT_GT(count,
                  9'600);  // more than four standard deviations (95) away from 10,000 would be a defect
        EXPECT_LT(count, 10'400);
    }
}

TEST(Rng, BetweenIncludesBothEndsAndTheWholeRange) {
    Rng rng(3);
    bool low = false;
    bool high = false;
    for (int i = 0; i < 1000; ++i) {
        const auto value = rng.between(-2, 2);
        ASSERT_GE(value, -2);
        ASSERT_LE(value, 2);
        low = low || value == -2;
        high = high || value == 2;
    }
    EXPECT_TRUE(low);
    EXPECT_TRUE(high);
    EXPECT_EQ(rng.between(5, 5), 5);
    // All 2^64 values: one raw draw.
    using Limits = std::numeric_limits<std::int64_t>;
    Rng raw(9);
    Rng whole(9);
    EXPECT_EQ(static_cast<std::uint64_t>(whole.between(Limits::min(), Limits::max())),
              raw.next() + (std::uint64_t{1} << 63));
}

TEST(Rng, ChanceIsExactAtTheEndsAndDrawsNothingThere) {
    Rng rng(11);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(rng.chance(percent(0)));
        EXPECT_TRUE(rng.chance(percent(100)));
    }
    EXPECT_EQ(rng.next(), Rng(11).next());
    int hits = 0;
    for (int i = 0; i < 100'000; ++i) hits += rng.chance(percent(20)) ? 1 : 0;
    EXPECT_NEAR(hits, 20'000, 500);  // four standard deviations
}

TEST(SeededEntropy, RepeatsAndFillsEveryByte) {
    SeededEntropy entropy(Rng(5));
    EXPECT_EQ(to_hex(entropy.bytes<20>()), "1efc47f3ca02c24ae6c5a1f61e4b879c3ff4a675");
    SeededEntropy same(Rng(5));
    EXPECT_EQ(same.u64(), 0x4ac202caf347fc1eU);
}

}  // namespace
}  // namespace squall
