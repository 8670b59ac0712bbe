// RemoteProperty: everybody ends with the authority's value, under loss, with deltas against what was heard.
#include "squall/remotes/remote_property.hpp"

#include <gtest/gtest.h>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

class Properties : public ::testing::Test {
  protected:
    explicit Properties(std::uint64_t seed = 1) : net(seed) {}
    void declare_server(const PropertyOptions<Score>& options = {}) {
        at_server.emplace(*net.server_remotes->property<Score>("score", options));
    }
    RemoteNet::Client& join(std::uint64_t client_id, const PropertyOptions<Score>& options = {}) {
        auto& client = net.add_client();
        at_clients.push_back(*client.remotes->property<Score>("score", options));
        net.connect(client, client_id);
        return client;
    }
    static Score score(std::int32_t points, std::vector<std::string> names = {}) {
        return {points, std::move(names), {}};
    }

    RemoteNet net;
    std::optional<RemoteProperty<Score>> at_server;
    std::vector<RemoteProperty<Score>> at_clients;
};

TEST_F(Properties, ReachWatchersAndLateJoiners) {
    declare_server({.initial = score(5)});
    join(1, {.initial = score(5)});
    net.run(1s);
    EXPECT_EQ(at_clients[0].value().points, 5) << "the initial value is known at both ends";
    EXPECT_EQ(at_server->statistics().out.messages, 0U);
    std::vector<std::pair<std::int32_t, std::int32_t>> seen;
    at_clients[0].watch([&](const Origin&, const Score& before, const Score& now) {
        seen.emplace_back(before.points, now.points);
    });
    ASSERT_TRUE(at_server->set(net.now, score(6, {"ada"})));
    net.run(200ms);
    ASSERT_TRUE(at_server->edit(net.now, [](Score& s) { s.names.push_back("bob"); }));
    net.run(200ms);
    EXPECT_EQ(seen, (std::vector<std::pair<std::int32_t, std::int32_t>>{{5, 6}, {6, 6}}));
    EXPECT_EQ(at_clients[0].value(), score(6, {"ada", "bob"}));
    // Somebody who comes now has it before the first watch call.
    auto& late = net.add_client();
    at_clients.push_back(*late.remotes->property<Score>("score", {.initial = score(5)}));
    bool first = true;
    at_clients[1].watch([&](const Origin&, const Score&, const Score& now) {
        EXPECT_TRUE(!first || now == score(6, {"ada", "bob"}));
        first = false;
    });
    net.connect(late, 2);
    net.run(1s);
    EXPECT_FALSE(first);
    EXPECT_EQ(at_clients[1].value(), at_server->value());
}

TEST_F(Properties, SendWhatChangedOnly) {
    declare_server();
    join(1);
    const Score big{1, std::vector<std::string>(20, "a rather long name of a player"), {1, 2, 3}};
    net.run(1s);
    ASSERT_TRUE(at_server->set(net.now, big));
    net.run(1s);
    const auto whole = at_server->statistics().out.bytes;
    EXPECT_GE(whole, 600U);
    ASSERT_TRUE(at_server->edit(net.now, [](Score& s) { s.points = 2; }));
    net.run(1s);
    EXPECT_LE(at_server->statistics().out.bytes - whole, 10U);
    EXPECT_EQ(at_clients[0].value().points, 2);
    EXPECT_EQ(at_clients[0].value().names, big.names);
}

TEST_F(Properties, ClientsMayNotSet) {
    declare_server();
    join(1);
    net.run(1s);
    const auto refused = at_clients[0].set(net.now, score(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unauthorised);
    EXPECT_FALSE(at_clients[0].may_set());
    // A modified client claims it all the same.
    RemoteNet other;
    auto property = *other.server_remotes->property<Score>("score", {.authority = Authority::owner});
    auto& cheat = other.add_client();
    auto claimed = *cheat.remotes->property<Score>("score", {.authority = Authority::owner});
    other.connect(cheat, 1);
    other.run(1s);
    claimed.claim();
    ASSERT_TRUE(claimed.set(other.now, score(1000)));
    other.run(1s);
    EXPECT_EQ(property.value(), Score{});
    EXPECT_GE(property.statistics().in.of(Outcome::unauthorised), 1U);
}

TEST_F(Properties, TheOwnersValueGoesThroughTheServerToTheOthers) {
    const PropertyOptions<Score> options{.authority = Authority::owner};
    declare_server(options);
    join(1, options);
    net.run(1s);
    join(2, options);
    net.run(1s);
    at_server->set_owner(net.peer(0));
    at_server->use(Direction::inbound, [](Message& message, const Next& next) {
        return message.object<Score>()->points > 100 ? Outcome::invalid : next();
    });
    at_clients[0].claim();
    ASSERT_TRUE(at_clients[0].set(net.now, score(50)));
    net.run(500ms);
    EXPECT_EQ(at_server->value().points, 50);
    EXPECT_EQ(at_clients[1].value().points, 50);
    ASSERT_TRUE(at_clients[0].set(net.now, score(101)));
    net.run(500ms);
    EXPECT_EQ(at_server->value().points, 50) << "refused by the server's rule";
    EXPECT_EQ(at_clients[1].value().points, 50);
    EXPECT_EQ(at_server->statistics().in.of(Outcome::invalid), 1U);
}

TEST_F(Properties, KeepTheirInterval) {
    declare_server({.interval = 100ms});
    join(1);
    net.run(1s);
    const auto before = at_server->statistics().out.messages;
    for (int i = 1; i <= 200; ++i) {
        ASSERT_TRUE(at_server->set(net.now, score(i)));
        net.run(10ms);
    }
    const auto sent = at_server->statistics().out.messages - before;
    EXPECT_GE(sent, 19U);
    EXPECT_LE(sent, 21U);
    net.run(300ms);
    EXPECT_EQ(at_clients[0].value().points, 200);
}

TEST_F(Properties, SmallStepsArriveInTheEnd) {
    declare_server({.epsilon = 0.5});
    join(1, {.epsilon = 0.5});
    net.run(1s);
    for (int i = 1; i <= 100; ++i) {
        ASSERT_TRUE(at_server->edit(net.now, [](Score& s) { s.flag.x += 0.1F; }));
        net.run(50ms);
        EXPECT_NEAR(at_clients[0].value().flag.x, at_server->value().flag.x, 0.85) << "after step " << i;
    }
}

TEST_F(Properties, ValuesOutOfTheirRangeAreRefusedWhereTheyAreSet) {
    declare_server();
    Score bad;
    bad.names.assign(100'000, "x");
    const auto refused = at_server->set(net.now, bad);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("names"), std::string::npos) << refused.error().message;
}

// Random changes under bad weather: whatever arrives is a value that was set, in order, and the last one
// wins.
class Weather : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Weather, EverybodyEndsWithTheSameValue) {
    const std::uint64_t seed = GetParam();
    RemoteNet net(seed);
    net.loss = percent(20);
    net.duplicate = percent(5);
    net.jitter = 80ms;
    auto at_server = *net.server_remotes->property<Score>("score");
    std::vector<RemoteProperty<Score>> at_clients;
    std::vector<std::int32_t> last_seen(3, -1);
    for (std::size_t i = 0; i < 3; ++i) {
        auto& client = net.add_client();
        at_clients.push_back(*client.remotes->property<Score>("score"));
        at_clients.back().watch([&, i](const Origin&, const Score&, const Score& now) {
            EXPECT_GT(now.points, last_seen[i]) << "seed " << seed;
            last_seen[i] = now.points;
            EXPECT_EQ(now.names.size(), static_cast<std::size_t>(now.points % 7)) << "seed " << seed;
        });
        net.connect(client, i + 1);
    }
    Rng rng = Rng(seed).fork("changes");
    std::int32_t points = 0;
    for (int i = 0; i < 300; ++i) {
        ++points;
        ASSERT_TRUE(at_server.edit(net.now, [&](Score& s) {
            s.points = points;
            s.names.assign(static_cast<std::size_t>(points % 7), "player");
            if (rng.chance(percent(50))) s.flag.y = static_cast<float>(rng.between(0, 1000));
        }));
        net.run(Duration(rng.between(1'000'000, 60'000'000)));
    }
    net.loss = {};
    net.run(5s);
    for (const auto& client : at_clients) EXPECT_EQ(client.value(), at_server.value()) << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Seeds, Weather, ::testing::Range(std::uint64_t{1}, std::uint64_t{41}));

}  // namespace
}  // namespace squall::remotes::testing
