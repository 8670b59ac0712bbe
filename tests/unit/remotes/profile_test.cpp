// The profile: what each remote took, by a stopwatch that the test moves.
#include "squall/remotes/profile.hpp"

#include <gtest/gtest.h>

#include "squall/remotes/middleware.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

TEST(Profile, KeepsChainAndHandlerApartAndHandlersThatFireInsideToo) {
    RemoteNet net;
    Duration watch{0};
    Profile profile([&] { return watch; });
    net.server_remotes->use(Direction::inbound, profile.whole());
    net.server_remotes->use(Direction::outbound, profile.end());
    auto shot = *net.server_remotes->event<Shot>("shot");
    auto echo = *net.server_remotes->event<Chat>("echo");
    shot.use(Direction::inbound, [&](Message&, const Next& next) {
        watch += 10us;
        return next();
    });
    shot.use(Direction::inbound, profile.end());
    echo.use(Direction::outbound, profile.whole());
    echo.use(Direction::outbound, [&](Message&, const Next& next) {
        watch += 3us;
        return next();
    });
    shot.listen([&](const Origin& origin, const Shot& value) {
        watch += 100us;
        if (value.weapon == 9) echo.fire(origin.now, Chat{"hit"}, origin.peer);
    });
    auto& client = net.add_client();
    auto at_client = *client.remotes->event<Shot>("shot");
    (void)*client.remotes->event<Chat>("echo");
    net.connect(client, 1);
    net.run(500ms);
    for (int i = 0; i < 50; ++i) at_client.fire(net.now, Shot{.weapon = static_cast<std::uint8_t>(i % 10)});
    net.run(500ms);

    const ProfileEntry* const in = profile.find("shot", Direction::inbound);
    ASSERT_NE(in, nullptr);
    EXPECT_EQ(in->messages, 50U);
    EXPECT_EQ(in->stopped, 0U);
    EXPECT_EQ(in->chain.count(), 50U);
    EXPECT_EQ(in->chain.min(), 10'000U);
    EXPECT_EQ(in->chain.max(), 10'000U) << "what the handler fired is no part of the chain";
    EXPECT_EQ(in->handler.min(), 100'000U);
    EXPECT_EQ(in->handler.max(), 103'000U) << "it is of the handler";
    const ProfileEntry* const out = profile.find("echo", Direction::outbound);
    ASSERT_NE(out, nullptr);
    EXPECT_EQ(out->messages, 5U);
    EXPECT_EQ(out->chain.max(), 3'000U);
    EXPECT_EQ(out->handler.max(), 0U);
    EXPECT_EQ(profile.entries().size(), 2U);
    const std::string text = profile.to_text();
    EXPECT_LT(text.find("shot"), text.find("echo")) << "the costliest first:\n" << text;
}

TEST(Profile, CountsWhatTheChainStopsAndTheBytes) {
    RemoteNet net;
    Profile profile([] { return Duration{0}; });
    net.server_remotes->use(Direction::inbound, profile.whole());
    auto chat = *net.server_remotes->event<Chat>("chat");
    chat.use(Direction::inbound, limit_rate({.per_second = 1, .burst = 3}));
    auto& client = net.add_client();
    auto at_client = *client.remotes->event<Chat>("chat");
    net.connect(client, 1);
    net.run(500ms);
    for (int i = 0; i < 10; ++i) at_client.fire(net.now, Chat{"1234567"});
    net.run(500ms);
    const ProfileEntry* const in = profile.find("chat", Direction::inbound);
    ASSERT_NE(in, nullptr);
    EXPECT_EQ(in->messages, 10U);
    EXPECT_EQ(in->stopped, 7U);
    EXPECT_EQ(in->bytes, 90U);
    EXPECT_EQ(profile.find("chat", Direction::outbound), nullptr);
}

}  // namespace
}  // namespace squall::remotes::testing
