// Ids: kinds that do not mix, connections that do not outlive themselves; error codes with names.
#include "squall/core/ids.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>

#include "squall/core/result.hpp"

namespace squall {
namespace {

static_assert(!std::is_convertible_v<MessageId, PacketNumber> &&
              !std::is_constructible_v<PacketNumber, MessageId>);
static_assert(!std::is_convertible_v<std::uint64_t, ClientId> &&
              !std::is_convertible_v<ClientId, std::uint64_t>);

TEST(StrongId, ComparesAndHashesByValue) {
    EXPECT_LT(MessageId{1}, MessageId{2});
    EXPECT_EQ(ChannelId{3}, ChannelId{3});
    std::unordered_map<ClientId, int> names{{ClientId{7}, 1}};
    EXPECT_TRUE(names.contains(ClientId{7}));
    EXPECT_FALSE(names.contains(ClientId{8}));
}

TEST(ConnectionId, IsNoneUntilAGenerationIsGiven) {
    EXPECT_FALSE(ConnectionId{}.is_valid());
    EXPECT_FALSE((ConnectionId{5, 0}).is_valid());
    EXPECT_TRUE((ConnectionId{0, 1}).is_valid());
    EXPECT_NE((ConnectionId{5, 1}), (ConnectionId{5, 3}));
    const std::hash<ConnectionId> hash;
    EXPECT_NE(hash(ConnectionId{5, 1}), hash(ConnectionId{1, 5}));
}

TEST(ErrorCode, HasAnOwnNameForEach) {
    std::set<std::string_view> names;
    const int count = static_cast<int>(ErrorCode::unsupported) + 1;
    for (int i = 0; i < count; ++i) names.insert(to_string(static_cast<ErrorCode>(i)));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(count));
    EXPECT_FALSE(names.contains("unknown error"));
}

TEST(Result, CarriesACodeAndASentence) {
    const Result<> refused = fail(ErrorCode::too_large, "too much");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::too_large);
    EXPECT_EQ(refused.error().message, "too much");
}

}  // namespace
}  // namespace squall
