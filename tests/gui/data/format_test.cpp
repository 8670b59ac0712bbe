// Numbers as text.
#include "gui/data/format.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace squall::gui {
namespace {

TEST(Format, ThreeDigitsAndAUnit) {
    EXPECT_EQ(format_value(0, Unit::bytes), "0 B");
    EXPECT_EQ(format_value(999, Unit::bytes), "999 B");
    EXPECT_EQ(format_value(1234, Unit::bytes_per_second), "1.23 kB/s");
    EXPECT_EQ(format_value(999'700, Unit::bytes), "1.00 MB");
    EXPECT_EQ(format_value(12.34, Unit::milliseconds), "12.3 ms");
    EXPECT_EQ(format_value(0.25, Unit::milliseconds), "250 µs");
    EXPECT_EQ(format_value(2500, Unit::milliseconds), "2.50 s");
    EXPECT_EQ(format_value(2.5, Unit::percent), "2.50 %");
    EXPECT_EQ(format_value(1234567, Unit::count), "1,234,567");
    EXPECT_EQ(format_value(12.5, Unit::per_second), "12.5 /s");
    EXPECT_EQ(format_value(std::nan(""), Unit::bytes), "–");
}

TEST(Format, TimesAndDurations) {
    EXPECT_EQ(format_time(12'500'000'000, 100'000'000), "0:12.5");
    EXPECT_EQ(format_time(3'723'000'000'000, 1'000'000'000), "1:02:03");
    EXPECT_EQ(format_time(-1'000'000'000, 1'000'000'000), "-0:01");
    EXPECT_EQ(format_time(1'000'050, 1'000), "0:00.001000");
    EXPECT_EQ(format_duration(850), "850 ns");
    EXPECT_EQ(format_duration(12'500), "12.5 µs");
    EXPECT_EQ(format_duration(125'000'000'000), "2 min 05 s");
    EXPECT_EQ(format_duration(7'380'000'000'000), "2 h 03 min");
}

TEST(Format, CsvQuotesWhatItMust) {
    EXPECT_EQ(csv_field("plain"), "plain");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("say \"x\""), "\"say \"\"x\"\"\"");
    EXPECT_EQ(format_plain(1.5), "1.5");
    EXPECT_EQ(format_plain(3), "3");
}

}  // namespace
}  // namespace squall::gui
