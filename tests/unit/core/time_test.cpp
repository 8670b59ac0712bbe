// Time: a clock that nobody can read, and wall time as a value.
#include "squall/core/time.hpp"

#include <gtest/gtest.h>

namespace squall {
namespace {

using namespace std::chrono_literals;

template <class Clock>
concept Readable = requires { Clock::now(); };
static_assert(!Readable<Timeline>, "reading the time inside the library must not compile");

TEST(WallClockAnchor, CountsWholeSecondsFromItsMoment) {
    const TimePoint start{5s};
    const WallClockAnchor anchor{start, UnixSeconds{1000}};
    EXPECT_EQ(anchor.unix_seconds(start).value, 1000U);
    EXPECT_EQ(anchor.unix_seconds(start + 999ms).value, 1000U);
    EXPECT_EQ(anchor.unix_seconds(start + 1s).value, 1001U);
    EXPECT_EQ(anchor.unix_seconds(start - 3s).value, 1000U);  // never before its moment
}

TEST(Time, KnowsNeverAsLaterThanAll) {
    EXPECT_GT(kNever, TimePoint{} + 24h * 365 * 200);
    EXPECT_DOUBLE_EQ(to_milliseconds(1500us), 1.5);
    EXPECT_DOUBLE_EQ(to_seconds(1500ms), 1.5);
}

}  // namespace
}  // namespace squall
