// Trace events: every kind has a name of its own.
#include "squall/trace/event.hpp"

#include <gtest/gtest.h>

#include <set>

namespace squall::trace {
namespace {

constexpr int kKinds = static_cast<int>(EventKind::frame_received) + 1;

TEST(EventKind, HasAnOwnNameForEach) {
    std::set<std::string_view> names;
    for (int i = 0; i < kKinds; ++i) names.insert(to_string(static_cast<EventKind>(i)));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(kKinds));
    EXPECT_FALSE(names.contains("unknown"));
    EXPECT_EQ(to_string(EventKind::datagram_sent), "datagram_sent");
    EXPECT_EQ(to_string(static_cast<EventKind>(kKinds)), "unknown");
}

}  // namespace
}  // namespace squall::trace
