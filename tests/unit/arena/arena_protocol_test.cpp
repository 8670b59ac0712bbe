// What travels between arena's server and clients: golden bytes, refusals, random bytes, declarations that
// fit.
#include "arena/arena_protocol.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "arena/arena_remotes.hpp"
#include "squall/core/rng.hpp"

namespace squall::arena {
namespace {

template <class T>
std::string hex(const T& value) {
    std::vector<std::byte> out;
    return wire::bits_codec().encode(value, out) ? to_hex(out) : "refused";
}
template <class T>
bool reads(std::string_view text, T& value) {
    return wire::bits_codec().decode(*from_hex(text), value).has_value();
}

TEST(ArenaProtocol, HasTheBytesThatItAlwaysHad) {
    EXPECT_EQ(hex(PlayerInput{200, 3, true, false}), "c807");
    EXPECT_EQ(hex(ItemRequest{5}), "05");
    EXPECT_EQ(hex(ItemReply{ItemResult::not_alive, 65'535}), "ffff03");
    EXPECT_EQ(hex(SnapshotMessage{{std::byte{7}, std::byte{8}}}), "02000708");
    EXPECT_EQ(hex(ChatMessage{5, 1, "hi"}), "05000100000000000080026869");
}

TEST(ArenaProtocol, ASnapshotHasInFrontWhatItsBudgetTakesOff) {
    SnapshotMessage snapshot{std::vector<std::byte>(kMaxSnapshotBytes)};
    std::vector<std::byte> out;
    ASSERT_TRUE(wire::bits_codec().encode(snapshot, out));
    EXPECT_EQ(out.size() + 1, kMaxSnapshotBytes + kSnapshotHeadBytes);
    EXPECT_EQ(arena_transport().channels[0].max_message_bytes, kMaxSnapshotBytes + kSnapshotHeadBytes);
    snapshot.bytes.emplace_back();
    EXPECT_FALSE(wire::bits_codec().encode(snapshot, out));
}

TEST(ArenaProtocol, RefusesWhatIsOutOfRange) {
    EXPECT_EQ(hex(PlayerInput{0, 4, false, false}), "refused");
    EXPECT_EQ(hex(ItemRequest{kItemCount}), "refused");
    EXPECT_EQ(hex(ChatMessage{0, 0, std::string(kMaxChatBytes + 1, 'x')}), "refused");
    EXPECT_EQ(hex(Welcome{.player_limit = 0}), "refused");
    EXPECT_EQ(hex(Welcome{.tick_rate = kMaxTickRate + 1}), "refused");
    ItemRequest request;
    EXPECT_FALSE(reads("06", request));    // no such item
    EXPECT_FALSE(reads("0500", request));  // a byte too many
    EXPECT_FALSE(reads("0d", request));    // padding that is not zero
    EXPECT_FALSE(reads("", request));
    PlayerInput input;
    EXPECT_FALSE(reads("c8", input));
}

template <class T>
bool survives(Bytes bytes) {
    T value;
    if (!wire::bits_codec().decode(bytes, value)) return true;
    std::vector<std::byte> again;
    T back;
    return wire::bits_codec().encode(value, again).has_value() &&
           wire::bits_codec().decode(again, back).has_value() && back == value;
}

TEST(ArenaProtocol, SurvivesRandomBytes) {
    Rng rng(3);
    for (int round = 0; round < 50'000; ++round) {
        std::vector<std::byte> bytes(rng.below(40));
        for (auto& byte : bytes) byte = static_cast<std::byte>(rng.below(256));
        ASSERT_TRUE(survives<PlayerInput>(bytes));
        ASSERT_TRUE(survives<Welcome>(bytes));
        ASSERT_TRUE(survives<SnapshotMessage>(bytes));
        ASSERT_TRUE(survives<ChatMessage>(bytes));
        ASSERT_TRUE(survives<ItemRequest>(bytes));
        ASSERT_TRUE(survives<ItemReply>(bytes));
    }
}

}  // namespace
}  // namespace squall::arena
