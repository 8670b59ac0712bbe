// Subscriptions by pattern: existing and later names, in linear time, with clear errors.
#include "squall/remotes/subscription.hpp"

#include <gtest/gtest.h>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

TEST(NamePattern, FitsWholeNames) {
    const auto pattern = NamePattern::make("Player(HP|MaxHP)Changed");
    ASSERT_TRUE(pattern);
    EXPECT_TRUE(pattern->matches("PlayerHPChanged"));
    EXPECT_TRUE(pattern->matches("PlayerMaxHPChanged"));
    EXPECT_FALSE(pattern->matches("PlayerMPChanged"));
    EXPECT_FALSE(pattern->matches("PlayerHPChangedNow"));
    EXPECT_FALSE(pattern->matches("APlayerHPChanged"));
}

TEST(NamePattern, SaysWhatIsWrong) {
    const std::vector<std::pair<std::string, std::string>> bad{{"", "1 to 1000"},
                                                               {std::string(1001, 'a'), "1 to 1000"},
                                                               {"Player(HP", "missing )"},
                                                               {"[z-a]", "z-a"},
                                                               {"a**", "**"},
                                                               {"(a)\\1", "\\1"},
                                                               {"(?=a)", "(?="},
                                                               {"((a{1000}){1000}){1000}", "repetition"}};
    for (const auto& [text, why] : bad) {
        const auto made = NamePattern::make(text);
        ASSERT_FALSE(made) << text;
        EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
        EXPECT_NE(made.error().message.find(why), std::string::npos) << made.error().message;
    }
}

// Each of these takes a backtracking engine longer than the universe is old.
TEST(NamePattern, TakesLinearTimeWhateverThePattern) {
    const std::string name(100, 'a');
    for (const char* const text : {"(a+)+$b", "(a|a)*b", "(a|aa)+b", "(.*)*x", "((a*)*)*b", "(a?){50}a{50}b",
                                   "(.*a){20}b", "([a-z]+)*!", "^(([a-z])+.)+[A-Z]([a-z])+$"}) {
        const auto made = NamePattern::make(text);
        ASSERT_TRUE(made) << text;
        for (int i = 0; i < 100; ++i) EXPECT_FALSE(made->matches(name)) << text;
    }
}

TEST(Subscriptions, HearExistingAndLaterNamesOfEveryKind) {
    RemoteNet net;
    auto& client = net.add_client();
    std::vector<std::string> heard;
    const auto subscribe = [&](std::string_view pattern) {
        return client.remotes->subscribe(pattern, [&](const Heard& what) {
            std::string text = what.remote.name;
            if (const auto* const shot = what.value<Shot>()) text += " shot " + std::to_string(shot->number);
            if (const auto* const score = what.value<Score>())
                text += " points " + std::to_string(score->points);
            if (const auto* const chat = what.value<Chat>()) text += " says " + chat->text;
            heard.push_back(text);
        });
    };
    (void)*client.remotes->event<Shot>("PlayerHPChanged");
    ASSERT_TRUE(subscribe("Player(HP|MaxHP|Score|Ask)Changed"));
    EXPECT_FALSE(subscribe("Player("));
    (void)*client.remotes->event<Shot>("PlayerMaxHPChanged");
    (void)*client.remotes->event<Shot>("PlayerMPChanged");
    (void)*client.remotes->property<Score>("PlayerScoreChanged");
    client.remotes->function<Chat, Chat>("PlayerAskChanged")
        ->answer([](const Origin&, const Chat& chat) -> Result<Chat> { return chat; });
    auto hp = *net.server_remotes->event<Shot>("PlayerHPChanged");
    auto max = *net.server_remotes->event<Shot>("PlayerMaxHPChanged");
    auto mp = *net.server_remotes->event<Shot>("PlayerMPChanged");
    auto score = *net.server_remotes->property<Score>("PlayerScoreChanged");
    auto ask = *net.server_remotes->function<Chat, Chat>("PlayerAskChanged");
    net.connect(client, 1);
    net.run(1s);
    hp.fire(net.now, Shot{{}, 0, 1});
    mp.fire(net.now, Shot{{}, 0, 2});
    max.fire(net.now, Shot{{}, 0, 3});
    net.run(100ms);
    ASSERT_TRUE(score.set(net.now, {4, {}, {}}));
    net.run(100ms);
    ask.call(net.now, net.peer(0), Chat{"hi"}, [](TimePoint, const Result<Chat>&) {});
    net.run(100ms);
    EXPECT_EQ(heard, (std::vector<std::string>{"PlayerHPChanged shot 1", "PlayerMaxHPChanged shot 3",
                                               "PlayerScoreChanged points 4", "PlayerAskChanged says hi"}));
}

TEST(Subscriptions, HearEarlyEventsAndEndFromInside) {
    RemoteNet net;
    auto& client = net.add_client();
    (void)*client.remotes->event<Shot>("shot");
    auto at_server = *net.server_remotes->event<Shot>("shot");
    net.connect(client, 1);
    net.run(1s);
    at_server.fire(net.now, Shot{{}, 0, 7});
    net.run(100ms);
    std::vector<std::uint32_t> first;
    std::vector<std::uint32_t> second;
    std::optional<SubscriptionId> id;
    id = *client.remotes->subscribe("s.*", [&](const Heard& what) {
        first.push_back(what.value<Shot>()->number);
        if (!id) return;
        EXPECT_TRUE(client.remotes->unsubscribe(*id));
        EXPECT_TRUE(client.remotes->subscribe(
            ".*", [&](const Heard& more) { second.push_back(more.value<Shot>()->number); }));
    });
    EXPECT_EQ(first, (std::vector<std::uint32_t>{7})) << "what came before it";
    at_server.fire(net.now, Shot{{}, 0, 8});
    at_server.fire(net.now, Shot{{}, 0, 9});
    net.run(100ms);
    EXPECT_EQ(first, (std::vector<std::uint32_t>{7, 8}));
    EXPECT_EQ(second, (std::vector<std::uint32_t>{9}));
    EXPECT_FALSE(client.remotes->unsubscribe(*id));
}

TEST(Subscriptions, ThatThrowHurtNobody) {
    RemoteNet net;
    auto& client = net.add_client();
    (void)*client.remotes->event<Shot>("shot");
    auto at_server = *net.server_remotes->event<Shot>("shot");
    int heard = 0;
    std::vector<std::string> errors;
    client.remotes->on_error(
        [&](const HandlerError& error) { errors.push_back(error.remote + ": " + error.what); });
    (void)*client.remotes->subscribe("shot", [&](const Heard&) { throw std::runtime_error("no"); });
    (void)*client.remotes->subscribe("shot", [&](const Heard&) { ++heard; });
    net.connect(client, 1);
    net.run(1s);
    at_server.fire(net.now, Shot{});
    net.run(100ms);
    EXPECT_EQ(heard, 1);
    EXPECT_EQ(errors, (std::vector<std::string>{"shot: no"}));
}

}  // namespace
}  // namespace squall::remotes::testing
