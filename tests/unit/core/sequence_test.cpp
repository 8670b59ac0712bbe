// WireSequence: unwrapping against a known number, and newer-than on the circle.
#include "squall/core/sequence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <concepts>

namespace squall {
namespace {

using Short = WireSequence<std::uint16_t>;
using Tiny = WireSequence<std::uint8_t>;

static_assert(!std::totally_ordered<Short>, "sequence numbers wrap: they must have no order");

// The definition, by search: the number with these low bits nearest to the reference, ties up.
std::uint64_t nearest(std::uint8_t low, std::uint64_t reference) {
    const auto distance = [&](std::uint64_t x) { return x > reference ? x - reference : reference - x; };
    std::uint64_t best = low;
    for (std::uint64_t x = low; x <= reference + 512; x += 256)
        if (distance(x) <= distance(best)) best = x;
    return best;
}

TEST(WireSequence, UnwrapsToTheNearestNumber) {
    for (std::uint64_t reference = 0; reference < 1200; ++reference)
        for (unsigned low = 0; low < 256; ++low) {
            const auto byte = static_cast<std::uint8_t>(low);
            ASSERT_EQ(Tiny{byte}.unwrap(reference), nearest(byte, reference))
                << "low " << low << " at " << reference;
        }
}

TEST(WireSequence, UnwrapsAtBothEndsOfTheNumbers) {
    constexpr std::uint64_t last = ~std::uint64_t{0};
    EXPECT_EQ(Short::of(last).unwrap(last), last);
    EXPECT_EQ(Short{0}.unwrap(last), last - 0xffff);  // above it there is no number
    EXPECT_EQ(Short{0xffff}.unwrap(0), 0xffffU);      // below zero neither
}

TEST(WireSequence, GivesBackWhatItWasMadeOf) {
    for (const std::uint64_t full :
         {std::uint64_t{0}, std::uint64_t{65'535}, std::uint64_t{65'536}, std::uint64_t{1} << 40})
        for (const std::uint64_t behind : {0U, 1U, 1000U, 32'767U}) {
            EXPECT_EQ(Short::of(full).unwrap(full + behind), full);
            if (full < behind) continue;
            EXPECT_EQ(Short::of(full).unwrap(full - behind), full);
        }
}

TEST(WireSequence, IsNewerWithinHalfTheCircle) {
    EXPECT_TRUE(Tiny{1}.is_newer_than(Tiny{0}));
    EXPECT_TRUE(Tiny{0}.is_newer_than(Tiny{255}));
    EXPECT_TRUE(Tiny{127}.is_newer_than(Tiny{0}));
    EXPECT_FALSE(Tiny{128}.is_newer_than(Tiny{0}));
    EXPECT_FALSE(Tiny{0}.is_newer_than(Tiny{0}));
    EXPECT_FALSE(Tiny{0}.is_newer_than(Tiny{1}));
}

}  // namespace
}  // namespace squall
