// StableHash and mix64: golden values from an implementation in Python; equal on every machine and compiler.
#include "squall/core/hash.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

namespace squall {
namespace {

TEST(Mix64, HasGoldenValues) {
    EXPECT_EQ(mix64(0), 0U);
    EXPECT_EQ(mix64(1), 0x5692161d100b05e5U);
    EXPECT_EQ(mix64(std::numeric_limits<std::uint64_t>::max()), 0xb4d055fcf2cbbd7bU);
}

TEST(StableHash, HasGoldenValuesForEveryRestOfEight) {
    EXPECT_EQ(stable_hash(""), 0xc20b748e3b1e94ebU);
    EXPECT_EQ(stable_hash("a"), 0x151056d37c6e48fcU);
    EXPECT_EQ(stable_hash("squall"), 0xb30b1840a5e894aeU);
    EXPECT_EQ(stable_hash("12345678"), 0xe942a1c2e21b75dfU);
    EXPECT_EQ(stable_hash("123456789"), 0x2d782b1bb7329034U);
}

TEST(StableHash, TellsLengthsOrderAndSplitsApart) {
    std::set<std::uint64_t> seen;
    for (std::size_t zeros = 0; zeros <= 20; ++zeros) seen.insert(stable_hash(std::string(zeros, '\0')));
    EXPECT_EQ(seen.size(), 21U);
    StableHash ab;
    ab.add("a");
    ab.add("b");
    StableHash ba;
    ba.add("b");
    ba.add("a");
    EXPECT_NE(ab.value(), ba.value());
    EXPECT_NE(ab.value(), stable_hash("ab"));
}

}  // namespace
}  // namespace squall
