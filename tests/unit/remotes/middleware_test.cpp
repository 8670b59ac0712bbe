// The middleware that ships, and the token bucket under it.
#include "squall/remotes/middleware.hpp"

#include <gtest/gtest.h>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

TEST(TokenBucket, GivesTheRateExactlyOverTime) {
    const RateLimit limit{.per_second = 7, .burst = 3};
    TokenBucket bucket;
    TimePoint now = TimePoint{1s};
    int taken = 0;
    for (int i = 0; i < 100'000; ++i) {
        taken += bucket.take(now, limit) ? 1 : 0;
        now += Duration(999'983);
    }
    // 100 seconds less 1.7 ms at 7 a second, and the burst.
    EXPECT_EQ(taken, 702);
}

TEST(TokenBucket, NeverHoldsMoreThanTheBurstAndNeverGoesBack) {
    const RateLimit limit{.per_second = 10, .burst = 5};
    TokenBucket bucket;
    EXPECT_TRUE(bucket.take(TimePoint{10s}, limit, 5));
    EXPECT_FALSE(bucket.take(TimePoint{10s}, limit));
    EXPECT_FALSE(bucket.take(TimePoint{5s}, limit)) << "time that goes back gives nothing";
    EXPECT_FALSE(bucket.take(TimePoint{10s}, limit));
    EXPECT_TRUE(bucket.take(TimePoint{10s + 100ms}, limit));
    EXPECT_FALSE(bucket.take(TimePoint{1000s}, limit, 6)) << "more than the burst";
    EXPECT_TRUE(bucket.take(TimePoint{1000s}, limit, 5));
    EXPECT_TRUE(TokenBucket().take(TimePoint{1s}, RateLimit{}, 1'000'000)) << "no limit";
}

class Shipped : public ::testing::Test {
  protected:
    Shipped() : event(*net.server_remotes->event<Shot>("shot")) {
        event.listen([this](const Origin&, const Shot& shot) { heard.push_back(shot.number); });
        for (std::size_t i = 0; i < 2; ++i) {
            auto& client = net.add_client();
            clients.push_back(*client.remotes->event<Shot>("shot"));
            net.connect(client, i + 1);
        }
        net.run(500ms);
    }
    std::size_t fire(std::size_t client, int count) {
        heard.clear();
        for (int i = 0; i < count; ++i)
            clients[client].fire(net.now, Shot{{}, 0, static_cast<std::uint32_t>(i)});
        net.run(200ms);
        return heard.size();
    }

    RemoteNet net;
    RemoteEvent<Shot> event;
    std::vector<RemoteEvent<Shot>> clients;
    std::vector<std::uint32_t> heard;
};

TEST_F(Shipped, RateLimitsHoldPerPeer) {
    event.use(Direction::inbound, limit_rate({.per_second = 1, .burst = 5}));
    EXPECT_EQ(fire(0, 20), 5U);
    EXPECT_EQ(fire(1, 4), 4U);
    EXPECT_EQ(event.statistics().in.of(Outcome::rate_limited), 15U);
    net.run(2s);
    EXPECT_EQ(fire(0, 20), 2U);
}

TEST_F(Shipped, BandwidthWarnsOnceAndIsNoOffence) {
    int warned = 0;
    event.use(Direction::inbound,
              limit_bandwidth({.per_second = 100, .burst = 100}, [&](TimePoint, ConnectionId) { ++warned; }));
    EXPECT_LT(fire(0, 500), 10U);
    EXPECT_EQ(warned, 1);
    EXPECT_EQ(net.server_remotes->peers().size(), 2U) << "nobody is cut off for it";
}

TEST_F(Shipped, AuthoriseValidateAndFilterSayWhyInTheirCounters) {
    event.use(Direction::inbound,
              authorise([this](TimePoint, ConnectionId peer) { return peer == net.peer(0); }));
    event.use(Direction::inbound,
              validate<Shot>([](TimePoint, ConnectionId, const Shot& shot) { return shot.number < 8; }));
    event.use(Direction::inbound,
              filter<Shot>([](ConnectionId, const Shot& shot) { return shot.number % 2 == 0; }));
    EXPECT_EQ(fire(0, 10), 4U);
    EXPECT_EQ(fire(1, 10), 0U);
    const Traffic& in = event.statistics().in;
    EXPECT_EQ(in.of(Outcome::invalid), 2U);
    EXPECT_EQ(in.of(Outcome::filtered), 4U);
    EXPECT_EQ(in.of(Outcome::unauthorised), 10U);
    EXPECT_EQ(in.messages, 20U);
}

TEST_F(Shipped, ObserveSeesAllAndLoseIsRepeatable) {
    std::size_t bytes = 0;
    event.use(Direction::inbound, observe([&](const Message& message) { bytes += message.bytes().size(); }));
    Rng rng(5);
    event.use(Direction::inbound,
              lose(300'000, [&] { return static_cast<std::uint32_t>(rng.between(0, 999'999)); }));
    const auto passed = fire(0, 1000);
    EXPECT_NEAR(static_cast<double>(passed), 700, 60);
    EXPECT_GT(bytes, 1000U * 10);
}

// A client that floods, lies and sends rubbish: others notice nothing, each refusal has its cause, and it is
// cut off.
TEST_F(Shipped, AHostileClientIsCutOffAndNobodyElseNotices) {
    event.use(Direction::inbound,
              validate<Shot>([](TimePoint, ConnectionId, const Shot& shot) { return shot.number < 1000; }));
    const ConnectionId hostile = net.peer(0);
    Rng rng(9);
    int good = 0;
    DisconnectReason why{};
    net.server_remotes->on_leave([&](TimePoint, ConnectionId, DisconnectReason reason) { why = reason; });
    for (int tick = 0; tick < 100; ++tick) {
        auto& endpoint = *net.clients[0]->endpoint;
        for (int i = 0; i < 20 && endpoint.state() == ClientState::connected; ++i) {
            std::vector<std::byte> rubbish(1 + static_cast<std::size_t>(rng.between(0, 60)));
            for (std::byte& b : rubbish) b = static_cast<std::byte>(rng.between(0, 255));
            (void)endpoint.send(net.now, endpoint.connection(),
                                ChannelId{static_cast<std::uint8_t>(rng.between(0, 3))}, rubbish);
        }
        good +=
            static_cast<int>(clients[1].fire(net.now, Shot{{}, 0, static_cast<std::uint32_t>(tick)}).sent);
        net.run(10ms);
    }
    net.run(500ms);
    EXPECT_EQ(good, 100);
    EXPECT_GE(heard.size(), 100U);
    EXPECT_FALSE(net.server_remotes->is_ready(hostile));
    EXPECT_EQ(why, DisconnectReason::rate_limited);
    EXPECT_EQ(net.server_remotes->peers().size(), 1U);
    const auto& strays = net.server_remotes->strays();
    EXPECT_GE(strays.of(Outcome::unknown_remote) + strays.of(Outcome::malformed) +
                  event.statistics().in.of(Outcome::malformed),
              100U);
}

}  // namespace
}  // namespace squall::remotes::testing
