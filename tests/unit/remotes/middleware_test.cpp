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

TEST_F(Shipped, LimitsDropWarnOrKickWithExactCounts) {
    LimitCounts counts;
    int told = 0;
    const auto policy = [&](Overflow overflow) {
        return LimitPolicy{
            .overflow = overflow, .on_over = [&](TimePoint, ConnectionId) { ++told; }, .counts = &counts};
    };
    LimitCounts warned;
    event.use(Direction::inbound,
              limit_rate({.per_second = 1, .burst = 2}, {.overflow = Overflow::warn, .counts = &warned}));
    event.use(Direction::inbound, limit_rate({.per_second = 1, .burst = 5}, policy(Overflow::drop)));
    event.use(Direction::inbound,
              limit_bandwidth({.per_second = 1, .burst = 4 * 17}, policy(Overflow::kick)));
    EXPECT_EQ(fire(0, 4), 4U) << "17 bytes each";
    EXPECT_EQ(warned.within, 2U);
    EXPECT_EQ(warned.warned, 2U);
    EXPECT_EQ(warned.dropped, 0U);
    EXPECT_EQ(counts.within, 8U) << "of two limits";
    EXPECT_EQ(net.server_remotes->peers().size(), 2U);
    EXPECT_EQ(fire(0, 1), 0U) << "the fifth is too many bytes";
    EXPECT_EQ(counts.kicked, 1U);
    EXPECT_EQ(counts.dropped, 1U);
    EXPECT_EQ(told, 1);
    EXPECT_EQ(net.server_remotes->peers().size(), 1U);
    EXPECT_EQ(event.statistics().in.of(Outcome::over_budget), 1U);
}

TEST_F(Shipped, OfAPeerThatIsCutOffNothingMoreIsHandled) {
    event.use(Direction::inbound, limit_rate({.per_second = 1, .burst = 5}, {.overflow = Overflow::kick}));
    EXPECT_EQ(fire(0, 20), 5U);
    EXPECT_EQ(event.statistics().in.of(Outcome::rate_limited), 1U);
    EXPECT_EQ(net.server_remotes->dropped_after_end(), 14U);
    EXPECT_EQ(net.server_remotes->peers().size(), 1U);
}

TEST_F(Shipped, ConditionsByPhaseAndByPeer) {
    bool is_running = false;
    event.use(Direction::inbound, only_while([&](const Message&) { return is_running; }));
    event.use(Direction::inbound, drop_for([this](ConnectionId peer) { return peer == net.peer(1); }));
    EXPECT_EQ(fire(0, 3), 0U);
    is_running = true;
    EXPECT_EQ(fire(0, 3), 3U);
    EXPECT_EQ(fire(1, 3), 0U);
    EXPECT_EQ(event.statistics().in.of(Outcome::filtered), 6U);
    EXPECT_EQ(net.server_remotes->peers().size(), 2U) << "no offence";
}

TEST_F(Shipped, DelayHoldsEventsBothWaysInOrderAndForgetsWhoLeft) {
    std::vector<std::pair<TimePoint, std::uint32_t>> at;
    event.listen([&](const Origin& origin, const Shot& shot) { at.emplace_back(origin.now, shot.number); });
    event.use(Direction::inbound, delay(70ms));
    int after = 0;
    event.use(Direction::inbound, observe([&](const Message& message) {
                  ++after;
                  EXPECT_EQ(message.bytes().size(), 17U) << "held bytes are there still";
              }));
    clients[0].use(Direction::outbound, [](Message& message, const Next& next) {
        message.edit<Shot>()->weapon = 3;
        return next();
    });
    clients[0].use(Direction::outbound, delay(30ms));
    const TimePoint fired = net.now;
    const Fired result = clients[0].fire(net.now, Shot{.number = 1});
    EXPECT_EQ(result.waiting, 1U);
    clients[0].fire(net.now, Shot{.number = 2});
    net.run(119ms);
    EXPECT_TRUE(at.empty());
    net.run(2ms);
    ASSERT_EQ(at.size(), 2U) << "30 ms there, 20 ms on the way, 70 ms here";
    EXPECT_EQ(at[0].first - fired, 120ms);
    EXPECT_EQ(at[1].second, 2U);
    EXPECT_EQ(event.statistics().in.of(Outcome::held), 2U);
    EXPECT_EQ(event.statistics().in.messages, 2U);
    clients[0].fire(net.now, Shot{.number = 3});
    net.run(80ms);
    EXPECT_EQ(event.statistics().in.of(Outcome::held), 3U);
    net.clients[0]->remotes->disconnect(net.now, net.clients[0]->server());
    net.run(1s);
    EXPECT_EQ(after, 2) << "who leaves takes what was held along";
}

TEST_F(Shipped, WhatIsHeldIsBoundedAndRefusedLaterCountsToo) {
    event.use(Direction::inbound, delay(100ms));
    event.use(Direction::inbound,
              validate<Shot>([](TimePoint, ConnectionId, const Shot& shot) { return shot.number < 10; }));
    EXPECT_EQ(fire(0, 12), 10U);
    EXPECT_EQ(event.statistics().in.of(Outcome::invalid), 2U) << "as an offence, though late";
    RemoteNet small;
    auto bounded = *small.server_remotes->event<Shot>("shot", {.max_held = 4});
    bounded.use(Direction::inbound, delay(1s));
    auto& client = small.add_client();
    auto sender = *client.remotes->event<Shot>("shot");
    small.connect(client, 1);
    small.run(500ms);
    for (int i = 0; i < 10; ++i) sender.fire(small.now, Shot{});
    small.run(200ms);
    EXPECT_EQ(bounded.statistics().in.of(Outcome::held), 4U);
    EXPECT_EQ(bounded.statistics().in.of(Outcome::over_budget), 6U);
}

// What is fired between two drains leaves in one datagram without any middleware; batch() is for longer.
TEST_F(Shipped, TheTransportBatchesATickAndBatchSeveral) {
    const auto datagrams = [&] {  // keep-alives not counted
        return net.clients[0]->endpoint->statistics(net.clients[0]->server())->packets_sent;
    };
    net.run(2s);
    const auto before = datagrams();
    for (int i = 0; i < 20; ++i) clients[0].fire(net.now, Shot{});
    net.run(1ms);
    EXPECT_EQ(datagrams() - before, 1U) << "20 events of a tick";

    clients[0].use(Direction::outbound, batch(100ms));
    net.run(1s - (net.now.time_since_epoch() % 1s) + 5ms);
    heard.clear();
    std::vector<TimePoint> at;
    event.listen([&](const Origin& origin, const Shot&) { at.push_back(origin.now); });
    for (int tick = 0; tick < 9; ++tick) {
        clients[0].fire(net.now, Shot{.number = static_cast<std::uint32_t>(tick)});
        net.run(10ms);
    }
    EXPECT_TRUE(heard.empty());
    net.run(30ms);
    EXPECT_EQ(heard, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(at.front(), at.back());
    EXPECT_EQ((at.front().time_since_epoch() - 20ms) % 100ms, Duration{0});
}

struct Sighting {
    std::uint32_t thing = 0;
    float x = 0;
};

TEST(Interest, HasHysteresisPerPeerAndThing) {
    RemoteNet net;
    auto seen = *net.server_remotes->event<Sighting>("seen");
    float eye = 0;
    seen.use(Direction::outbound, interest<Sighting>([](const Sighting& s) { return std::uint64_t{s.thing}; },
                                                     [&](ConnectionId peer, const Sighting& s) {
                                                         return std::abs(static_cast<double>(s.x) -
                                                                         (peer == net.peer(0) ? eye : 1000));
                                                     },
                                                     {.enter = 10, .leave = 15, .max_seen = 2}));
    std::vector<std::uint32_t> heard;
    for (std::uint64_t i = 0; i < 2; ++i) {
        auto& client = net.add_client();
        auto event = *client.remotes->event<Sighting>("seen");
        event.listen([&heard, i](const Origin&, const Sighting& s) {
            if (i == 0) heard.push_back(s.thing);
        });
        net.connect(client, i + 1);
    }
    net.run(500ms);
    const auto show = [&](std::uint32_t thing, float x) {
        return seen.fire(net.now, Sighting{thing, x}).sent;
    };
    EXPECT_EQ(show(1, 12), 0U) << "never seen, and beyond `enter`";
    EXPECT_EQ(show(1, 9), 1U);
    EXPECT_EQ(show(1, 14), 1U) << "stays until `leave`";
    EXPECT_EQ(show(1, 16), 0U);
    EXPECT_EQ(show(1, 14), 0U) << "gone is gone";
    EXPECT_EQ(show(1, 1001), 1U) << "the other peer stands there";
    EXPECT_EQ(show(1, 5) + show(2, 5) + show(3, 5), 3U);
    EXPECT_EQ(show(3, 12), 0U) << "two are remembered: for the third `enter` alone counts";
    EXPECT_EQ(show(2, 12), 1U);
    net.run(200ms);
    EXPECT_EQ(heard, (std::vector<std::uint32_t>{1, 1, 1, 2, 3, 2}));
    EXPECT_EQ(seen.statistics().out.of(Outcome::filtered), 15U);
}

// The order that middleware.hpp and the page promise.
TEST(Order, InboundRegistryThenRemoteThenHandlerOutboundTheOtherWayRound) {
    RemoteNet net;
    std::string log;
    const auto mark = [&](const char* before, const char* after) {
        return [&log, before, after](Message&, const Next& next) {
            log += before;
            const Outcome outcome = next();
            log += after;
            return outcome;
        };
    };
    auto event = *net.server_remotes->event<Shot>("shot");
    event.use(Direction::inbound, mark("c", "C"));
    net.server_remotes->use(Direction::inbound, mark("a", "A"));
    net.server_remotes->use(Direction::inbound, mark("b", "B"));
    event.use(Direction::inbound, mark("d", "D"));
    net.server_remotes->use(Direction::outbound, mark("y", "Y"));
    event.use(Direction::outbound, mark("w", "W"));
    event.use(Direction::outbound, mark("x", "X"));
    net.server_remotes->use(Direction::outbound, mark("z", "Z"));
    event.listen([&](const Origin& origin, const Shot&) {
        log += "!";
        event.fire(origin.now, Shot{}, origin.peer);
    });
    auto& client = net.add_client();
    auto at_client = *client.remotes->event<Shot>("shot");
    net.connect(client, 1);
    net.run(500ms);
    at_client.fire(net.now, Shot{});
    net.run(100ms);
    EXPECT_EQ(log, "abcd!wxyzZYXWDCBA");
}

TEST(Order, FloodLimitsComeBeforeTheChainAndLimitsBeforeDecoding) {
    RemoteNet net(1, {.messages = {.per_second = 1, .burst = 8}});
    auto event = *net.server_remotes->event<Shot>("shot");
    int seen = 0;
    net.server_remotes->use(Direction::inbound, observe([&](const Message&) { ++seen; }));
    event.use(Direction::inbound, limit_rate({.per_second = 1, .burst = 3}));
    auto& client = net.add_client();
    (void)*client.remotes->event<Shot>("shot");
    net.connect(client, 1);
    net.run(500ms);
    // Well framed, but no object: whoever decodes them says `malformed`.
    for (int i = 0; i < 20; ++i)
        (void)client.endpoint->send(net.now, client.server(),
                                    ChannelId{static_cast<std::uint8_t>(ChannelMode::reliable_ordered)},
                                    std::vector<std::byte>{std::byte{1}, std::byte{0xff}});
    net.run(500ms);
    EXPECT_EQ(net.server_remotes->strays().of(Outcome::rate_limited), 13U)
        << "8 were allowed, the greeting one of them";
    EXPECT_EQ(seen, 7);
    EXPECT_EQ(event.statistics().in.of(Outcome::rate_limited), 4U);
    EXPECT_EQ(event.statistics().in.of(Outcome::malformed), 3U) << "only these were decoded";
}

TEST(Throwing, AMiddlewareThatThrowsIsReportedAndEndsNothing) {
    RemoteNet net;
    auto event = *net.server_remotes->event<Shot>("shot");
    std::vector<HandlerError> errors;
    net.server_remotes->on_error([&](const HandlerError& error) { errors.push_back(error); });
    int heard = 0;
    event.listen([&](const Origin&, const Shot&) { ++heard; });
    event.use(Direction::inbound, [](Message& message, const Next& next) {
        if (message.object<Shot>()->number == 1) throw std::runtime_error("broken rule");
        return next();
    });
    event.use(Direction::outbound, [](Message&, const Next&) -> Outcome { throw 7; });
    auto& client = net.add_client();
    auto at_client = *client.remotes->event<Shot>("shot");
    net.connect(client, 42);
    net.run(500ms);
    for (std::uint32_t i = 0; i < 3; ++i) at_client.fire(net.now, Shot{.number = i});
    net.run(100ms);
    EXPECT_EQ(heard, 2);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].what, "broken rule");
    EXPECT_EQ(errors[0].remote, "shot");
    EXPECT_EQ(errors[0].player, ClientId{42});
    EXPECT_EQ(errors[0].bytes, 17U);
    EXPECT_EQ(event.statistics().in.of(Outcome::failed), 1U);
    EXPECT_EQ(event.fire(net.now, Shot{}).stopped, 1U);
    EXPECT_EQ(errors.size(), 2U);
    EXPECT_EQ(event.statistics().out.of(Outcome::failed), 1U);
}

// Who may do what is known by player, not only by connection.
TEST(Player, IsKnownToMiddlewareAtTheServer) {
    RemoteNet net;
    auto event = *net.server_remotes->event<Shot>("shot");
    std::optional<ClientId> at_server;
    std::optional<ClientId> at_client{ClientId{1}};
    event.use(Direction::inbound, observe([&](const Message& message) { at_server = message.player(); }));
    auto& client = net.add_client();
    auto sender = *client.remotes->event<Shot>("shot");
    sender.use(Direction::outbound, observe([&](const Message& message) { at_client = message.player(); }));
    net.connect(client, 4711);
    net.run(500ms);
    sender.fire(net.now, Shot{});
    net.run(100ms);
    EXPECT_EQ(at_server, ClientId{4711});
    EXPECT_FALSE(at_client.has_value());
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
