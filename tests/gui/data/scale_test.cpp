// The maths of charts: pixel to time and back, steps of axes, columns of pixels.
#include "gui/data/scale.hpp"

#include <gtest/gtest.h>

namespace squall::gui {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(TimeScale, PixelsAndTimesAreInverse) {
    const TimeScale scale({5 * kSecond, 65 * kSecond}, 80, 600);
    EXPECT_DOUBLE_EQ(scale.x_of(5 * kSecond), 80);
    EXPECT_DOUBLE_EQ(scale.x_of(65 * kSecond), 680);
    EXPECT_EQ(scale.time_at(380), 35 * kSecond);
    for (double x = 80; x <= 680; x += 7.5) EXPECT_NEAR(scale.x_of(scale.time_at(x)), x, 1e-6);
}

TEST(TimeScale, ZoomKeepsTheTimeUnderThePointer) {
    const TimeScale scale({0, 60 * kSecond}, 0, 600);
    const TimeRange closer = scale.zoomed(150, 0.5);
    EXPECT_EQ(closer.length(), 30 * kSecond);
    EXPECT_NEAR(TimeScale(closer, 0, 600).x_of(15 * kSecond), 150, 1e-6);
}

TEST(TimeScale, ZoomStopsAtTheShortestRange) {
    const TimeScale scale({0, 20'000}, 0, 600);
    EXPECT_EQ(scale.zoomed(0, 1e-9).length(), TimeScale::kShortest);
    EXPECT_EQ(TimeScale({7, 3}, 0, 0).range().length(), TimeScale::kShortest);
}

TEST(TimeScale, PanMovesTheContentWithThePointer) {
    const TimeScale scale({10 * kSecond, 20 * kSecond}, 0, 100);
    EXPECT_EQ(scale.panned(10), (TimeRange{9 * kSecond, 19 * kSecond}));
}

TEST(TimeRange, IsKeptWithinItsLimits) {
    EXPECT_EQ(kept_within({-5, 5}, {0, 100}), (TimeRange{0, 10}));
    EXPECT_EQ(kept_within({95, 105}, {0, 100}), (TimeRange{90, 100}));
    EXPECT_EQ(kept_within({-5, 205}, {0, 100}), (TimeRange{0, 100}));
    EXPECT_EQ(kept_within({20, 30}, {0, 100}), (TimeRange{20, 30}));
}

TEST(ValueScale, TopIsHighAndBottomIsLow) {
    const ValueScale scale(0, 50, 10, 100);
    EXPECT_DOUBLE_EQ(scale.y_of(50), 10);
    EXPECT_DOUBLE_EQ(scale.y_of(0), 110);
    EXPECT_DOUBLE_EQ(scale.value_at(60), 25);
}

TEST(RoundStep, IsOneTwoOrFiveTimesAPowerOfTen) {
    EXPECT_DOUBLE_EQ(round_step(100, 4), 50);
    EXPECT_DOUBLE_EQ(round_step(70, 4), 20);
    EXPECT_DOUBLE_EQ(round_step(0.3, 4), 0.1);
    EXPECT_DOUBLE_EQ(round_step(0, 4), 1);
    EXPECT_DOUBLE_EQ(round_top(73, 4), 80);
    EXPECT_DOUBLE_EQ(round_top(0, 4), 1);
}

TEST(TimeTicks, LieInTheRangeOnWholeSteps) {
    EXPECT_EQ(time_ticks({kSecond / 2, 4 * kSecond}, 5),
              (std::vector<std::int64_t>{kSecond, 2 * kSecond, 3 * kSecond}));
    for (const std::int64_t tick : time_ticks({0, 3600 * kSecond}, 8)) EXPECT_EQ(tick % (600 * kSecond), 0);
    EXPECT_LE(time_ticks({0, 7777 * kSecond}, 6).size(), 7u);
    EXPECT_TRUE(time_ticks({5, 5}, 6).empty());
}

std::vector<SeriesPoint> points_at(std::initializer_list<std::pair<std::int64_t, float>> samples) {
    std::vector<SeriesPoint> points;
    for (const auto& [at, value] : samples) points.push_back({at, value, value, value, 1});
    return points;
}

TEST(Columns, HoldTheExtremesOfTheirPoints) {
    const auto points = points_at({{0, 3}, {1, 9}, {9, 1}, {10, 4}, {19, 4}});
    std::vector<Column> columns;
    reduce_to_columns(points, {0, 20}, 2, columns);
    ASSERT_EQ(columns.size(), 2u);
    EXPECT_FLOAT_EQ(columns[0].low, 1);
    EXPECT_FLOAT_EQ(columns[0].high, 9);
    EXPECT_FLOAT_EQ(columns[1].low, 4);
    EXPECT_FLOAT_EQ(columns[1].high, 4);
}

TEST(Columns, BetweenPointsTheValueHolds) {
    const auto points = points_at({{0, 3}, {30, 7}});
    std::vector<Column> columns;
    reduce_to_columns(points, {0, 60}, 6, columns);
    EXPECT_TRUE(columns[1].used);
    EXPECT_FLOAT_EQ(columns[2].high, 3);
    EXPECT_FLOAT_EQ(columns[3].high, 7);
    EXPECT_FALSE(columns[4].used) << "after the last point nothing is known";
}

TEST(Columns, APointBeforeTheRangeReachesIntoIt) {
    const auto points = points_at({{0, 3}, {100, 7}});
    std::vector<Column> columns;
    reduce_to_columns(points, {40, 60}, 4, columns);
    EXPECT_TRUE(columns[0].used);
    EXPECT_FLOAT_EQ(columns[3].high, 3);
    reduce_to_columns(points, {-60, -40}, 4, columns);
    EXPECT_FALSE(columns[0].used);
}

}  // namespace
}  // namespace squall::gui
