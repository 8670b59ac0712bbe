// The small messages: round trips, golden bytes, refusals, random bytes.
#include "arena/arena_protocol.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "squall/core/rng.hpp"

namespace squall::arena {
namespace {

using Buffer = std::array<std::byte, kMaxSmallMessageBytes>;

TEST(ArenaProtocol, MessagesRoundTrip) {
    Buffer buffer;
    const PlayerInput input{200, 3, true, false};
    PlayerInput input_read;
    ASSERT_TRUE(read_message(write_message(buffer, input), input_read));
    EXPECT_EQ(input_read, input);

    const Welcome welcome{kArenaVersion, 17, 300, 50'000, 3200, 20, 123'456'789, -5, true};
    Welcome welcome_read;
    const Bytes welcome_bytes = write_message(buffer, welcome);
    ASSERT_TRUE(read_message(welcome_bytes, welcome_read));
    EXPECT_EQ(welcome_read, welcome);
    EventKind kind{};
    ASSERT_TRUE(read_kind(welcome_bytes, kind));
    EXPECT_EQ(kind, EventKind::welcome);

    ChatMessage chat_read;
    ASSERT_TRUE(read_message(write_message(buffer, ChatMessage{5, 1'000'000'000'000, "hello"}), chat_read));
    EXPECT_EQ(chat_read.text, "hello");
    EXPECT_EQ(chat_read.planned_at, 1'000'000'000'000);

    const ItemReply reply{0xffff'ffff, ItemResult::not_alive, 65'535};
    ItemReply reply_read;
    ASSERT_TRUE(read_message(write_message(buffer, reply), reply_read));
    EXPECT_EQ(reply_read, reply);
    const ItemRequest request{9, kItemCount - 1};
    ItemRequest request_read;
    ASSERT_TRUE(read_message(write_message(buffer, request), request_read));
    EXPECT_EQ(request_read, request);
}

TEST(ArenaProtocol, HaveTheBytesThatTheyAlwaysHad) {
    Buffer buffer;
    EXPECT_EQ(to_hex(write_message(buffer, PlayerInput{200, 3, true, false})), "c807");
    EXPECT_EQ(to_hex(write_message(buffer, ItemRequest{0x01020304, 5})), "0403020105");
    EXPECT_EQ(to_hex(write_message(buffer, ChatMessage{5, 1, "hi"})), "0b000200000000000000046869");
}

TEST(ArenaProtocol, RefusesWhatIsOutOfRange) {
    Buffer buffer;
    EXPECT_TRUE(write_message(buffer, PlayerInput{0, 4, false, false}).empty());
    EXPECT_TRUE(write_message(buffer, ItemRequest{0, kItemCount}).empty());
    const std::string long_text(kMaxChatBytes + 1, 'x');
    EXPECT_TRUE(write_message(buffer, ChatMessage{0, 0, long_text}).empty());
    Welcome welcome{kArenaVersion, 300, 300, 50'000, 3200, 20, 0, 0, false};
    EXPECT_TRUE(write_message(buffer, welcome).empty());
    ItemRequest request;
    EXPECT_FALSE(read_message(*from_hex("0403020106"), request));    // no such item
    EXPECT_FALSE(read_message(*from_hex("040302010500"), request));  // a byte too many
    EXPECT_FALSE(read_message(*from_hex("040302010d"), request));    // padding that is not zero
    EXPECT_FALSE(read_message(*from_hex("04030201"), request));
    EXPECT_FALSE(read_message({}, request));
}

TEST(ArenaProtocol, SurvivesRandomBytes) {
    Rng rng(3);
    for (int round = 0; round < 50'000; ++round) {
        std::vector<std::byte> bytes(rng.below(40));
        for (auto& byte : bytes) byte = static_cast<std::byte>(rng.below(256));
        PlayerInput input;
        if (read_message(bytes, input)) {
            EXPECT_LE(input.speed, kMaxSpeed);
        }
        Welcome welcome;
        if (read_message(bytes, welcome)) {
            EXPECT_LT(welcome.player, welcome.player_limit);
        }
        ChatMessage chat;
        if (read_message(bytes, chat)) {
            EXPECT_LE(chat.text.size(), kMaxChatBytes);
        }
        ItemRequest request;
        if (read_message(bytes, request)) {
            EXPECT_LT(request.item, kItemCount);
        }
        ItemReply reply;
        (void)read_message(bytes, reply);
    }
}

}  // namespace
}  // namespace squall::arena
