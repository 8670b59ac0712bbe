// What the checklist asks of filters, authorisation, validation and authority, each by its own words.
#include <gtest/gtest.h>

#include <set>

#include "squall/remotes/middleware.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Purchase {
    std::uint32_t item = 0;
    std::uint32_t price = 0;
};
struct Sold {
    std::uint32_t left = 0;
};
struct Player {
    bool is_vip = false;
    std::uint32_t level = 0;
    std::uint32_t cash = 0;
};

class Shop : public ::testing::Test {
  protected:
    void connect(std::uint64_t id, const Player& player) {
        players[id] = player;
        auto& client = net.add_client();
        auto offer = *client.remotes->event<Purchase>("offer", {.mode = ChannelMode::unreliable});
        offer.listen([this, id](const Origin&, const Purchase&) { heard.insert(id); });
        net.connect(client, id);
        net.run(300ms);
    }
    std::map<std::uint64_t, Player> players;
    std::set<std::uint64_t> heard;
    RemoteNet net;
};

// F12: a predicate on the recipient decides for each; what is filtered never reaches the wire.
TEST_F(Shop, OffersGoToWhomMeetsTheRequirementAndNothingToTheOthers) {
    auto offer = *net.server_remotes->event<Purchase>("offer", {.mode = ChannelMode::unreliable});
    offer.use(Direction::outbound, [this](Message& message, const Next& next) {
        const Player& player = players.at(message.player()->value);
        const auto* purchase = message.object<Purchase>();
        const bool may = player.is_vip && player.level >= 10 && player.cash >= purchase->price;
        return may ? next() : Outcome::filtered;
    });
    connect(1, {.is_vip = true, .level = 12, .cash = 100});
    connect(2, {.is_vip = false, .level = 50, .cash = 1000});
    connect(3, {.is_vip = true, .level = 9, .cash = 1000});
    connect(4, {.is_vip = true, .level = 10, .cash = 99});
    connect(5, {.is_vip = true, .level = 10, .cash = 100});
    std::vector<std::uint64_t> before;
    const auto payload_to = [&](std::size_t n) {
        return net.server_endpoint->statistics(net.peer(n))->sent.of(ByteCause::payload);
    };
    for (std::size_t n = 0; n < 5; ++n) before.push_back(payload_to(n));
    const Fired fired = offer.fire(net.now, {7, 100});
    net.run(300ms);
    EXPECT_EQ(fired.sent, 2U);
    EXPECT_EQ(fired.stopped, 3U);
    EXPECT_EQ(heard, (std::set<std::uint64_t>{1, 5}));
    EXPECT_EQ(offer.statistics().encodings, 1U);
    for (const std::size_t n : {1U, 2U, 3U}) EXPECT_EQ(payload_to(n), before[n]) << "peer " << n;
    EXPECT_GT(payload_to(0), before[0]);
}

// F13: connections are authorised before anything is kept of them, and the refused learn why.
TEST(Authorisation, OfConnectionsKeepsNothingAndSaysWhy) {
    RemoteNet net;
    (void)*net.server_remotes->event<Sold>("sold");
    std::vector<std::uint64_t> asked;
    net.server_remotes->authorise([&](TimePoint, ConnectionId, ClientId client) -> Result<> {
        asked.push_back(client.value);
        if (client.value == 2) return fail(ErrorCode::unauthorised, "banned until Friday");
        return {};
    });
    std::size_t joined = 0;
    net.server_remotes->on_join([&](TimePoint, ConnectionId, ClientId) { ++joined; });
    std::vector<std::string> log;
    net.server_remotes->on_unauthorised([&](TimePoint, ConnectionId, ClientId client, const Error& error) {
        log.push_back(std::to_string(client.value) + ": " + error.message);
    });
    // By client: what it is told when its connection ends before it was ready.
    std::map<std::uint64_t, DisconnectReason> reasons;
    for (std::uint64_t id = 1; id <= 2; ++id) {
        auto& client = net.add_client();
        (void)*client.remotes->event<Sold>("sold");
        client.remotes->on_other([&reasons, id](TimePoint, const EndpointEvent& event) {
            if (const auto* ended = std::get_if<Disconnected>(&event)) reasons[id] = ended->reason;
        });
        net.connect(client, id);
    }
    net.run(2s);
    EXPECT_EQ(asked, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(reasons, (std::map<std::uint64_t, DisconnectReason>{{2, DisconnectReason::unauthorised}}));
    EXPECT_EQ(log, std::vector<std::string>{"2: banned until Friday"}) << "and the text stays at the server";
    EXPECT_EQ(joined, 1U);
    EXPECT_EQ(net.server_remotes->peers().size(), 1U);
    EXPECT_FALSE(net.server_remotes->connection_of(ClientId{2}).has_value()) << "no state of it";
    EXPECT_EQ(net.server_endpoint->connected_count(), 1U);
    EXPECT_EQ(net.clients[1]->endpoint->state(), ClientState::disconnected);
}

// F13, F164: each event and call has its own check at the server; a refusal is counted, costs the caller an
// error with its reason, and never reaches the handler.
TEST(Authorisation, OfEachRemoteAndValidationOfEachActionAreCounted) {
    RemoteNet net;
    auto buy = *net.server_remotes->function<Purchase, Sold>("buy");
    std::uint32_t cash = 100;
    int runs = 0;
    buy.use(Direction::inbound, authorise([&](TimePoint, ConnectionId peer) { return peer == net.peer(0); }));
    buy.use(Direction::inbound, validate<Purchase>([&](TimePoint, ConnectionId, const Purchase& purchase) {
                return purchase.price <= cash;
            }));
    buy.answer([&](const Origin&, const Purchase& purchase) -> Result<Sold> {
        ++runs;
        cash -= purchase.price;
        return Sold{cash};
    });
    std::vector<std::string> answers;
    for (std::uint64_t id = 1; id <= 2; ++id) {
        auto& client = net.add_client();
        auto ask = *client.remotes->function<Purchase, Sold>("buy");
        net.connect(client, id);
        net.run(500ms);
        for (const std::uint32_t price : {80U, 30U, 20U}) {
            ask.call(net.now, client.server(), {1, price}, [&](TimePoint, const Result<Sold>& result) {
                answers.push_back(result ? std::to_string(result->left) : result.error().message);
            });
            net.run(100ms);
        }
    }
    EXPECT_EQ(answers,
              (std::vector<std::string>{"20", "buy: refused: invalid", "0", "buy: refused: unauthorised",
                                        "buy: refused: unauthorised", "buy: refused: unauthorised"}));
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(buy.statistics().in.of(Outcome::invalid), 1U);
    EXPECT_EQ(buy.statistics().in.of(Outcome::unauthorised), 3U);
}

// F165: clients own the fields that are declared so; writes to others' are refused, and counted.
TEST(ServerAuthority, RefusesAndCountsWritesToWhatAClientDoesNotOwn) {
    RemoteNet net;
    auto score = *net.server_remotes->property<Sold>("score");
    auto aim = *net.server_remotes->property<Sold>("aim", {.authority = Authority::owner});
    std::vector<RemoteProperty<Sold>> scores;
    std::vector<RemoteProperty<Sold>> aims;
    for (std::uint64_t id = 1; id <= 2; ++id) {
        auto& client = net.add_client();
        scores.push_back(*client.remotes->property<Sold>("score"));
        aims.push_back(*client.remotes->property<Sold>("aim", {.authority = Authority::owner}));
        net.connect(client, id);
    }
    net.run(500ms);
    EXPECT_EQ(scores[0].set(net.now, {9}).error().code, ErrorCode::unauthorised)
        << "an honest client's own check";
    // The first owns `aim`; the second only says so.
    aim.set_owner(net.peer(0));
    aims[0].claim();
    ASSERT_TRUE(aims[0].set(net.now, {5}));
    net.run(500ms);
    EXPECT_EQ(aim.value().left, 5U);
    aims[1].claim();
    ASSERT_TRUE(aims[1].set(net.now, {666}));
    // And a value for `score`, in bytes that only a forger writes: number 2, version 1, a whole value.
    const std::vector<std::byte> forged{std::byte{2}, std::byte{1}, std::byte{0}, std::byte{9},
                                        std::byte{0}, std::byte{0}, std::byte{0}};
    (void)net.clients[1]->endpoint->send(net.now, net.clients[1]->server(), ChannelId{0}, forged);
    net.run(500ms);
    EXPECT_EQ(aim.value().left, 5U);
    EXPECT_EQ(score.value().left, 0U);
    EXPECT_EQ(aims[0].value().left, 5U) << "nobody else saw it";
    EXPECT_EQ(aim.statistics().in.of(Outcome::unauthorised), 1U);
    EXPECT_EQ(score.statistics().in.of(Outcome::unauthorised), 1U);
}

// Roket's "timeout & retry" middleware, here options of a call: tried again, each time later, until the
// timeout ends it; and the handler has run once at most.
TEST(TimeoutAndRetry, AsOptionsOfACallDoWhatTheMiddlewareDid) {
    RemoteNet net;
    auto buy = *net.server_remotes->function<Purchase, Sold>("buy", {.mode = ChannelMode::unreliable});
    int runs = 0;
    std::vector<TimePoint> arrived;
    net.server_remotes->use(Direction::inbound,
                            observe([&](const Message& message) { arrived.push_back(message.now); }));
    buy.answer([&](const Origin&, const Purchase&) -> Result<Sold> {
        ++runs;
        return Sold{1};
    });
    auto& client = net.add_client();
    auto ask = *client.remotes->function<Purchase, Sold>("buy", {.mode = ChannelMode::unreliable});
    net.connect(client, 1);
    net.run(500ms);
    std::vector<std::pair<Duration, bool>> answers;
    const auto call = [&](const CallOptions& options) {
        const TimePoint asked = net.now;
        ask.call(
            net.now, client.server(), {},
            [&, asked](TimePoint at, const Result<Sold>& result) {
                answers.emplace_back(at - asked, result.has_value());
            },
            options);
    };
    // Nothing arrives for 500 ms: the tries at 0, 100 and 300 ms are lost, the one at 700 ms is not.
    net.loss = percent(100);
    call({.timeout = 5s, .retries = 5, .first_retry = 100ms});
    net.run(500ms);
    net.loss = {};
    net.run(5s);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(answers[0].second);
    EXPECT_EQ(answers[0].first, 740ms);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(arrived.size(), 1U) << "and none after the answer";
    // For good: the timeout ends it, retries included.
    net.loss = percent(100);
    call({.timeout = 700ms, .retries = 50, .first_retry = 100ms});
    net.run(2s);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_FALSE(answers[1].second);
    EXPECT_EQ(answers[1].first, 700ms);
    EXPECT_EQ(ask.open_calls(), 0U);
}

}  // namespace
}  // namespace squall::remotes::testing
