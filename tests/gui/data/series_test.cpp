// Series: bounded memory, nothing lost of extremes and means.
#include "gui/data/series.hpp"

#include <gtest/gtest.h>

namespace squall::gui {
namespace {

TEST(Series, KeepsEverySampleUntilItIsFull) {
    Series series(64);
    for (int i = 0; i < 64; ++i) series.append(i * 10, i);
    ASSERT_EQ(series.size(), 64u);
    EXPECT_EQ(series.points()[10], (SeriesPoint{100, 10, 10, 10, 1}));
    EXPECT_EQ(series.first_time(), 0);
    EXPECT_EQ(series.last_time(), 630);
}

TEST(Series, HourOfSamplesStaysWithinCapacityAndKeepsTheSpike) {
    Series series(1024);
    std::uint64_t appended = 0;
    for (int i = 0; i < 36'000; ++i) {
        series.append(std::int64_t{i} * 100'000'000, i == 1234 ? 1000 : 5);
        ++appended;
    }
    EXPECT_LE(series.size(), 1024u);
    float greatest = 0;
    std::uint64_t samples = 0;
    for (const SeriesPoint& point : series.points()) {
        greatest = std::max(greatest, point.maximum);
        samples += point.count;
    }
    EXPECT_FLOAT_EQ(greatest, 1000);
    EXPECT_EQ(samples, appended);
    // The newest quarter is at full resolution.
    EXPECT_EQ(series.points()[series.size() - 200].count, 1u);
    EXPECT_GT(series.points()[0].count, 8u);
    // The past is at one resolution: no point holds much more than its share.
    for (const SeriesPoint& point : series.points()) EXPECT_LE(point.count, 128u);
}

TEST(Series, MeanIsWeightedBySamples) {
    Series series(16);
    for (int i = 0; i < 17; ++i) series.append(i, i < 8 ? 10 : 20);
    EXPECT_NEAR(series.mean(0, 100), (8 * 10 + 9 * 20) / 17.0, 1e-6);
    EXPECT_EQ(series.mean(200, 300), 0);
}

TEST(Series, TimesNeverGoBack) {
    Series series(16);
    series.append(100, 1);
    series.append(50, 2);
    EXPECT_EQ(series.points()[1].at, 100);
    EXPECT_EQ(series.at(99), nullptr);
    EXPECT_FLOAT_EQ(series.at(100)->mean, 2);
}

TEST(Series, RecentIsTheMeanOfTheSecondBefore) {
    Series series(64);
    EXPECT_EQ(series.recent(), 0);
    constexpr std::int64_t kTenth = 100'000'000;
    for (int i = 0; i < 20; ++i) series.append(i * kTenth, i);
    EXPECT_DOUBLE_EQ(series.recent(), 14.5);              // 10 to 19
    EXPECT_DOUBLE_EQ(series.recent(12 * kTenth), 7.5);    // 3 to 12
    EXPECT_DOUBLE_EQ(series.recent(100 * kTenth), 19.0);  // the last that was told
    EXPECT_DOUBLE_EQ(series.sum(5 * kTenth, 8 * kTenth), 18);
}

}  // namespace
}  // namespace squall::gui
