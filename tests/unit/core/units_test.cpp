// Units: text to quantity and back, exact or an error that says what would be right.
#include "squall/core/units.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "squall/core/rng.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ParsesEveryUnitAndSums) {
    EXPECT_EQ(parse_duration("250ms"), Duration(250ms));
    EXPECT_EQ(parse_duration("1.5s"), Duration(1500ms));
    EXPECT_EQ(parse_duration("50us"), Duration(50us));
    EXPECT_EQ(parse_duration("10ns"), Duration(10ns));
    EXPECT_EQ(parse_duration("2m"), Duration(2min));
    EXPECT_EQ(parse_duration("1h"), Duration(1h));
    EXPECT_EQ(parse_duration("1m30s"), Duration(90s));
    EXPECT_EQ(parse_duration("0s"), Duration(0));
}

TEST(Duration, RefusesAndSaysWhatWouldBeRight) {
    for (const auto* text : {"", "5", "ms", "5 ms", "-5ms", "5parsecs", "1..5s", "5ms,", "0.5ns", "1e3s",
                             "300000000h", "1000000000000000000000s", "9223372036854775807ns1ns"}) {
        const auto parsed = parse_duration(text);
        ASSERT_FALSE(parsed.has_value()) << text << " was read as " << to_string(*parsed);
        EXPECT_EQ(parsed.error().code, ErrorCode::malformed);
        EXPECT_NE(parsed.error().message.find("write for instance"), std::string::npos)
            << parsed.error().message;
    }
    EXPECT_EQ(parse_duration("5").error().message,
              "'5' is not a duration: the unit is missing; write for instance \"250ms\", \"1.5s\" or \"2m\" "
              "(units ns, us, ms, s, m, h)");
    EXPECT_NE(parse_duration("0.5ns").error().message.find("whole number of nanoseconds"), std::string::npos);
}

TEST(Duration, PrintsWhatItReadsBack) {
    EXPECT_EQ(to_string(Duration(0)), "0s");
    EXPECT_EQ(to_string(Duration(1500ms)), "1.5s");
    EXPECT_EQ(to_string(Duration(250ms)), "250ms");
    EXPECT_EQ(to_string(Duration(90s)), "90s");
    EXPECT_EQ(to_string(Duration(1001ns)), "1.001us");
    EXPECT_EQ(to_string(Duration(-5ms)), "-5ms");
    EXPECT_EQ(to_string(Duration::min()), "-9223372036.854775808s");
    Rng rng(4);
    for (int i = 0; i < 1000; ++i) {
        const Duration d{static_cast<std::int64_t>(rng.next() >> (1 + rng.below(60)))};
        ASSERT_EQ(parse_duration(to_string(d)), d) << to_string(d);
    }
}

TEST(Ratio, ParsesPercentExactly) {
    EXPECT_EQ(parse_ratio("5%"), (Ratio{1, 20}));
    EXPECT_EQ(parse_ratio("0.25%"), (Ratio{1, 400}));
    EXPECT_EQ(parse_ratio("33.3333333%"), (Ratio{333333333, 1000000000}));
    EXPECT_TRUE(parse_ratio("0%")->is_zero());
    EXPECT_TRUE(parse_ratio("100%")->is_one());
    for (const auto* text : {"", "5", "%", "101%", "-1%", "5 %", "5%%", "0.0000000001%", "abc%"})
        EXPECT_FALSE(parse_ratio(text).has_value()) << text;
    EXPECT_EQ(to_string(*parse_ratio("0.25%")), "0.25%");
    EXPECT_EQ(to_string(percent(100)), "100%");
    EXPECT_DOUBLE_EQ(percent(25).value(), 0.25);
}

TEST(DataRate, ParsesDecimalPrefixes) {
    EXPECT_EQ(parse_data_rate("800bit")->bits_per_second, 800U);
    EXPECT_EQ(parse_data_rate("64kbit")->bits_per_second, 64'000U);
    EXPECT_EQ(parse_data_rate("1.5mbit")->bits_per_second, 1'500'000U);
    EXPECT_EQ(parse_data_rate("1gbit")->bits_per_second, 1'000'000'000U);
    for (const auto* text : {"", "8", "8Mbit", "8mb", "0.5bit", "8 mbit", "-8mbit", "99999999999gbit"})
        EXPECT_FALSE(parse_data_rate(text).has_value()) << text;
    for (const auto* text : {"1.5mbit", "800bit", "64kbit", "2gbit"})
        EXPECT_EQ(to_string(*parse_data_rate(text)), text);
}

TEST(DataRate, TakesTheTimeThatItTakes) {
    EXPECT_EQ(megabits_per_second(8).time_to_send(1000), Duration(1ms));
    EXPECT_EQ(DataRate{3}.time_to_send(1), Duration(2'666'666'667));  // rounded up
    EXPECT_EQ(megabits_per_second(8).bytes_in(1ms), 1000U);
    EXPECT_EQ(megabits_per_second(8).bytes_in(Duration(-1)), 0U);
    EXPECT_EQ(DataRate{8'000'000'000}.bytes_in(Duration(24h)),
              86'400'000'000'000U);  // needs more than 64 bits on the way
}

TEST(DataSize, ParsesBothKindsOfPrefix) {
    EXPECT_EQ(parse_data_size("1200B"), 1200U);
    EXPECT_EQ(parse_data_size("10kB"), 10'000U);
    EXPECT_EQ(parse_data_size("64KiB"), 65'536U);
    EXPECT_EQ(parse_data_size("1.5MiB"), 1'572'864U);
    for (const auto* text : {"", "5", "5KB", "5kb", "1.5B", "-5B", "5 B"})
        EXPECT_FALSE(parse_data_size(text).has_value()) << text;
}

}  // namespace
}  // namespace squall
