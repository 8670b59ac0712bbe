// RemoteEvent: who hears what, once, under loss; targets, chains, waiting, greetings that do not fit.
#include "squall/remotes/remote_event.hpp"

#include <gtest/gtest.h>

#include "squall/trace/account.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

// A server and three clients that declare one event each way.
class Events : public ::testing::Test {
  protected:
    explicit Events(RemotesConfig config = {}) : net(1, config) {}
    void start(std::size_t clients, const EventOptions& options = {}) {
        at_server.emplace(*net.server_remotes->event<Shot>("shot", options));
        for (std::size_t i = 0; i < clients; ++i) {
            auto& client = net.add_client();
            at_clients.push_back(*client.remotes->event<Shot>("shot", options));
            heard.emplace_back();
            at_clients.back().listen(
                [this, i](const Origin&, const Shot& shot) { heard[i].push_back(shot); });
            net.connect(client, 100 + i);
        }
        net.run(1s);
        ASSERT_EQ(net.server_remotes->peers().size(), clients);
    }
    [[nodiscard]] std::vector<std::size_t> counts() const {
        std::vector<std::size_t> out;
        for (const auto& shots : heard) out.push_back(shots.size());
        return out;
    }

    RemoteNet net;
    std::optional<RemoteEvent<Shot>> at_server;
    std::vector<RemoteEvent<Shot>> at_clients;
    std::vector<std::vector<Shot>> heard;
};
using Counts = std::vector<std::size_t>;

TEST_F(Events, ReachesEveryListenerOnceWithItsArguments) {
    start(1);
    int other = 0;
    at_clients[0].listen([&](const Origin& origin, const Shot&) {
        ++other;
        EXPECT_EQ(origin.peer, net.clients[0]->server());
    });
    const Shot shot{{1.5F, -2, 3}, 7, 42};
    const Fired fired = at_server->fire(net.now, shot, net.peer(0));
    EXPECT_EQ(fired.sent, 1U);
    net.run(1s);
    ASSERT_EQ(heard[0].size(), 1U);
    EXPECT_EQ(heard[0][0], shot);
    EXPECT_EQ(other, 1);
}

TEST_F(Events, TargetsAreExactAndEncodedOnce) {
    start(4);
    const auto fire = [&](const Recipients& to) {
        for (auto& shots : heard) shots.clear();
        const auto before = at_server->statistics().encodings;
        at_server->fire(net.now, Shot{}, to);
        EXPECT_EQ(at_server->statistics().encodings, before + 1);
        net.run(200ms);
        return counts();
    };
    EXPECT_EQ(fire(Recipients::everyone()), (Counts{1, 1, 1, 1}));
    EXPECT_EQ(fire(Recipients::everyone_except(net.peer(2))), (Counts{1, 1, 0, 1}));
    EXPECT_EQ(fire(net.peer(1)), (Counts{0, 1, 0, 0}));
    const std::vector<ConnectionId> two{net.peer(0), net.peer(3)};
    EXPECT_EQ(fire(std::span<const ConnectionId>(two)), (Counts{1, 0, 0, 1}));
    PeerGroup team;
    EXPECT_TRUE(team.add(net.peer(2)));
    EXPECT_FALSE(team.add(net.peer(2)));
    EXPECT_EQ(fire(team), (Counts{0, 0, 1, 0}));
    EXPECT_TRUE(team.remove(net.peer(2)));
    EXPECT_EQ(fire(team), (Counts{0, 0, 0, 0}));
    EXPECT_EQ(fire(Recipients::player(ClientId{103})), (Counts{0, 0, 0, 1}));
}

TEST_F(Events, OrderedOnesSurviveLossInOrderAndOnce) {
    net.loss = percent(20);
    net.duplicate = percent(10);
    net.jitter = 30ms;
    start(1);
    std::vector<std::uint32_t> at;
    at_server->listen([&](const Origin&, const Shot& shot) { at.push_back(shot.number); });
    for (std::uint32_t i = 0; i < 500; ++i) {
        at_clients[0].fire(net.now, Shot{{}, 0, i});
        net.run(5ms);
    }
    net.run(5s);
    ASSERT_EQ(at.size(), 500U);
    for (std::uint32_t i = 0; i < 500; ++i) EXPECT_EQ(at[i], i);
}

TEST_F(Events, ForgottenListenersHearNothingEvenFromInside) {
    start(1);
    int first = 0;
    int second = 0;
    ListenerId id{};
    id = at_clients[0].listen([&](const Origin&, const Shot&) {
        ++first;
        EXPECT_TRUE(at_clients[0].forget(id));
        at_clients[0].listen([&](const Origin&, const Shot&) { ++second; });
    });
    at_server->fire(net.now, Shot{});
    net.run(200ms);
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 0) << "the next event is its first";
    EXPECT_FALSE(at_clients[0].forget(id));
    at_server->fire(net.now, Shot{});
    net.run(200ms);
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 1);
}

TEST_F(Events, EarlyEventsWaitForTheFirstListener) {
    start(1, {.max_early_events = 3});
    for (std::uint32_t i = 0; i < 5; ++i) at_clients[0].fire(net.now, Shot{{}, 0, i});
    net.run(200ms);
    std::vector<std::uint32_t> at;
    at_server->listen([&](const Origin&, const Shot& shot) { at.push_back(shot.number); });
    EXPECT_EQ(at, (std::vector<std::uint32_t>{2, 3, 4}));
    EXPECT_EQ(at_server->early_dropped(), 2U);
}

// F17: by peer, and bounded by bytes and age; what is dropped is counted, and told.
TEST_F(Events, EarlyOnesOfAPeerPushOutNoOthers) {
    start(2, {.max_early_events = 3});
    std::map<ConnectionId, int> dropped;
    at_server->on_early_dropped([&](TimePoint, ConnectionId peer) { ++dropped[peer]; });
    at_clients[0].fire(net.now, Shot{{}, 0, 100});
    net.run(100ms);
    for (std::uint32_t i = 0; i < 50; ++i) at_clients[1].fire(net.now, Shot{{}, 0, i});
    net.run(100ms);
    at_clients[0].fire(net.now, Shot{{}, 0, 101});
    net.run(100ms);
    EXPECT_EQ(dropped, (std::map<ConnectionId, int>{{net.peer(1), 47}}));
    std::vector<std::uint32_t> at;
    at_server->listen([&](const Origin&, const Shot& shot) { at.push_back(shot.number); });
    EXPECT_EQ(at, (std::vector<std::uint32_t>{100, 47, 48, 49, 101})) << "in the order of coming";
    EXPECT_EQ(at_server->early_dropped(), 47U);
}

TEST_F(Events, EarlyOnesAreBoundedByBytes) {
    // Ten bytes of message, and the object.
    start(1, {.early = {.max_bytes = 3 * (sizeof(Shot) + 17)}});
    for (std::uint32_t i = 0; i < 5; ++i) at_clients[0].fire(net.now, Shot{{}, 0, i});
    net.run(200ms);
    std::vector<std::uint32_t> at;
    at_server->listen([&](const Origin&, const Shot& shot) { at.push_back(shot.number); });
    EXPECT_EQ(at, (std::vector<std::uint32_t>{2, 3, 4}));
    EXPECT_EQ(at_server->early_dropped(), 2U);
}

TEST_F(Events, EarlyOnesAreBoundedByAgeAndByTheirPeersStay) {
    start(2, {.early = {.max_age = 3s}});
    int told = 0;
    at_server->on_early_dropped([&](TimePoint, ConnectionId) { ++told; });
    at_clients[0].fire(net.now, Shot{{}, 0, 1});
    net.run(2s);
    at_clients[0].fire(net.now, Shot{{}, 0, 2});
    at_clients[1].fire(net.now, Shot{{}, 0, 3});
    net.run(1500ms);
    EXPECT_EQ(at_server->early_dropped(), 1U) << "three seconds are over for the first";
    EXPECT_EQ(told, 1);
    net.server_remotes->disconnect(net.now, net.peer(1));
    net.run(500ms);
    EXPECT_EQ(at_server->early_dropped(), 2U);
    std::vector<std::uint32_t> at;
    at_server->listen([&](const Origin&, const Shot& shot) { at.push_back(shot.number); });
    EXPECT_EQ(at, (std::vector<std::uint32_t>{2}));
}

TEST_F(Events, FiredBeforeTheServerIsThereArriveAfterwards) {
    auto server_event = *net.server_remotes->event<Shot>("shot");
    std::vector<std::uint32_t> at;
    server_event.listen([&](const Origin&, const Shot& shot) { at.push_back(shot.number); });
    auto& client = net.add_client();
    auto event = *client.remotes->event<Shot>("shot");
    EXPECT_EQ(event.fire(net.now, Shot{{}, 0, 1}).waiting, 1U);
    net.connect(client, 100);
    EXPECT_EQ(event.fire(net.now, Shot{{}, 0, 2}).waiting, 1U);
    net.run(1s);
    EXPECT_EQ(event.fire(net.now, Shot{{}, 0, 3}).sent, 1U);
    net.run(1s);
    EXPECT_EQ(at, (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST_F(Events, WaitForAnAbsentPlayerWithinTheLimits) {
    start(1);
    for (std::uint32_t i = 0; i < 3; ++i)
        EXPECT_EQ(at_server->fire(net.now, Shot{{}, 0, i}, Recipients::player(ClientId{777})).waiting, 1U);
    auto& client = net.add_client();
    auto event = *client.remotes->event<Shot>("shot");
    std::vector<std::uint32_t> at;
    event.listen([&](const Origin&, const Shot& shot) { at.push_back(shot.number); });
    net.connect(client, 777);
    net.run(1s);
    EXPECT_EQ(at, (std::vector<std::uint32_t>{0, 1, 2}));
    EXPECT_TRUE(heard[0].empty());
    // Too long ago: dropped, and counted.
    at_server->fire(net.now, Shot{}, Recipients::player(ClientId{888}));
    net.run(11s);
    auto& late = net.add_client();
    auto late_event = *late.remotes->event<Shot>("shot");
    int late_heard = 0;
    late_event.listen([&](const Origin&, const Shot&) { ++late_heard; });
    net.connect(late, 888);
    net.run(1s);
    EXPECT_EQ(late_heard, 0);
    EXPECT_EQ(net.server_remotes->dropped_while_waiting(), 1U);
}

TEST_F(Events, MiddlewareFiltersRewritesAndStops) {
    start(2);
    std::vector<std::string> order;
    net.server_remotes->use(Direction::outbound, [&](Message& message, const Next& next) {
        order.push_back("registry");
        EXPECT_EQ(message.remote.name, "shot");
        return next();
    });
    at_server->use(Direction::outbound, [&](Message& message, const Next& next) {
        order.push_back("remote");
        if (message.peer == net.peer(0)) return Outcome::filtered;
        EXPECT_EQ(message.object<Chat>(), nullptr) << "another type";
        message.edit<Shot>()->weapon = 99;
        return next();
    });
    const Fired fired = at_server->fire(net.now, Shot{{}, 1, 5});
    EXPECT_EQ(fired.sent, 1U);
    EXPECT_EQ(fired.stopped, 1U);
    EXPECT_EQ(order, (std::vector<std::string>{"remote", "remote", "registry"}));
    net.run(200ms);
    EXPECT_EQ(counts(), (Counts{0, 1}));
    EXPECT_EQ(heard[1][0].weapon, 99);
    EXPECT_EQ(at_server->statistics().out.of(Outcome::filtered), 1U);
}

TEST_F(Events, InboundMiddlewareRunsRegistryFirstAndDecodesOnlyWhenAsked) {
    start(1);
    int told = 0;
    at_server->listen([&](const Origin&, const Shot& shot) {
        ++told;
        EXPECT_EQ(shot.weapon, 3);
    });
    std::vector<std::string> order;
    net.server_remotes->use(Direction::inbound, [&](Message&, const Next& next) {
        order.push_back("registry");
        return next();
    });
    at_server->use(Direction::inbound, [&](Message& message, const Next& next) {
        order.push_back("remote");
        if (message.object<Shot>()->number == 13) return Outcome::invalid;
        message.edit<Shot>()->weapon = 3;
        return next();
    });
    at_clients[0].fire(net.now, Shot{{}, 1, 1});
    at_clients[0].fire(net.now, Shot{{}, 1, 13});
    net.run(200ms);
    EXPECT_EQ(told, 1);
    EXPECT_EQ(order, (std::vector<std::string>{"registry", "remote", "registry", "remote"}));
    EXPECT_EQ(at_server->statistics().in.of(Outcome::invalid), 1U);
    EXPECT_EQ(at_server->statistics().in.messages, 2U);
}

TEST_F(Events, AThrowingListenerEndsNothingAndIsReported) {
    start(1);
    std::vector<HandlerError> errors;
    net.server_remotes->on_error([&](const HandlerError& error) { errors.push_back(error); });
    trace::Account account;
    net.server_remotes->set_trace(&account, 1);
    int told = 0;
    at_server->listen([](const Origin&, const Shot&) { throw std::runtime_error("no such weapon"); });
    at_server->listen([&](const Origin&, const Shot&) { ++told; });
    at_clients[0].fire(net.now, Shot{});
    net.run(200ms);
    EXPECT_EQ(told, 1);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].what, "no such weapon");
    EXPECT_EQ(errors[0].remote, "shot");
    EXPECT_EQ(errors[0].origin.peer, net.peer(0));
    EXPECT_EQ(at_server->statistics().in.of(Outcome::failed), 1U);
    // What a profiler shows of it.
    const auto& counted = account.inbound(at_server->remote().info().index + 1);
    EXPECT_EQ(counted.errors, 1U);
    EXPECT_EQ(counted.stopped[static_cast<std::size_t>(Outcome::failed)], 1U);
    net.server_remotes->set_trace(nullptr, 1);
}

TEST_F(Events, BadDeclarationsAreErrorsThatSayWhy) {
    auto& remotes = *net.server_remotes;
    EXPECT_TRUE(remotes.event<Shot>("shot"));
    const auto twice = remotes.event<Chat>("shot");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().message, "remote 'shot' is declared twice");
    EXPECT_FALSE(remotes.event<Chat>(""));
    EXPECT_FALSE(remotes.event<Chat>(std::string(101, 'x')));
    remotes.seal();
    const auto late = remotes.event<Chat>("chat");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().message,
              "remote 'chat': declare all remotes before the first peer and the first message");
}

struct OtherShot {
    Vector3 from;
    std::uint16_t weapon = 0;
    std::uint32_t number = 0;
};

// Declares at the client by `declare`, and gives what server and client say about the difference.
template <class Declare>
std::pair<std::string, std::string> mismatch(Declare declare) {
    RemoteNet net;
    (void)*net.server_remotes->event<Shot>("shot");
    auto& client = net.add_client();
    declare(*client.remotes);
    std::string at_server;
    std::string at_client;
    net.server_remotes->on_mismatch(
        [&](TimePoint, ConnectionId, const std::string& text) { at_server = text; });
    client.remotes->on_mismatch([&](TimePoint, ConnectionId, const std::string& text) { at_client = text; });
    net.connect(client, 5);
    net.run(3s);
    EXPECT_TRUE(net.server_remotes->peers().empty());
    EXPECT_NE(client.endpoint->state(), ClientState::connected) << "the connection ends";
    return {at_server, at_client};
}

TEST(Greeting, ThatDoesNotFitNamesTheRemoteAndTheField) {
    const auto [field_server, field_client] = mismatch([](Remotes& r) { (void)*r.event<OtherShot>("shot"); });
    EXPECT_NE(field_server.find("'shot'"), std::string::npos) << field_server;
    EXPECT_NE(field_server.find("weapon"), std::string::npos) << field_server;
    EXPECT_NE(field_client.find("weapon"), std::string::npos) << field_client;
    const auto [name_server, name_client] = mismatch([](Remotes& r) { (void)*r.event<Shot>("shoot"); });
    EXPECT_EQ(name_server, "'shoot' is declared there and not here");
    EXPECT_EQ(name_client, "'shoot' is declared here and not there");
    const auto [mode_server, mode_client] =
        mismatch([](Remotes& r) { (void)*r.event<Shot>("shot", {.mode = ChannelMode::unreliable}); });
    EXPECT_EQ(mode_server, "'shot' is reliable ordered here and unreliable there");
    EXPECT_EQ(mode_client, "'shot' is unreliable here and reliable ordered there");
    const auto [codec_server, codec_client] =
        mismatch([](Remotes& r) { (void)*r.event<Shot>("shot", {.codec = &wire::json_codec()}); });
    EXPECT_EQ(codec_server, "'shot' uses codec 1 (bits) here and 2 (json) there");
}

TEST(Greeting, AuthorisationRefusesBeforeAnythingIsKept) {
    RemoteNet net;
    (void)*net.server_remotes->event<Shot>("shot");
    net.server_remotes->authorise([](TimePoint, ConnectionId, ClientId client) -> Result<> {
        if (client.value == 13) return fail(ErrorCode::unauthorised, "not this one");
        return {};
    });
    auto& good = net.add_client();
    auto& bad = net.add_client();
    for (auto* client : {&good, &bad}) (void)*client->remotes->event<Shot>("shot");
    net.connect(good, 1);
    net.connect(bad, 13);
    net.run(2s);
    EXPECT_EQ(net.server_remotes->peers().size(), 1U);
    EXPECT_EQ(good.endpoint->state(), ClientState::connected);
    EXPECT_NE(bad.endpoint->state(), ClientState::connected);
}

TEST(Greeting, APeerThatNeverGreetsIsNotKept) {
    RemoteNet net;
    (void)*net.server_remotes->event<Shot>("shot");
    auto& client = net.add_client();
    client.is_mute = true;
    net.connect(client, 1);
    net.run(9s);
    EXPECT_EQ(client.endpoint->state(), ClientState::connected);
    EXPECT_TRUE(net.server_remotes->peers().empty());
    net.run(3s);
    EXPECT_NE(client.endpoint->state(), ClientState::connected);
}

class Flood : public Events {
  protected:
    Flood()
        : Events(
              {.messages = {.per_second = 100, .burst = 50}, .offences = {.per_second = 10, .burst = 200}}) {}
};

TEST_F(Flood, IsDroppedBeforeItIsReadAndThenCutOff) {
    start(2, {.mode = ChannelMode::unreliable});
    int told = 0;
    at_server->listen([&](const Origin& origin, const Shot&) { told += origin.peer == net.peer(0) ? 1 : 0; });
    for (int i = 0; i < 100; ++i) at_clients[0].fire(net.now, Shot{});
    net.run(100ms);
    EXPECT_GE(told, 49);
    EXPECT_LE(told, 61);
    EXPECT_EQ(net.server_remotes->peers().size(), 2U);
    for (int second = 0; second < 3; ++second) {
        for (int i = 0; i < 300; ++i) at_clients[0].fire(net.now, Shot{});
        net.run(1s);
    }
    ASSERT_EQ(net.server_remotes->peers().size(), 1U) << "the flooder was cut off, nobody else";
    EXPECT_EQ(at_clients[1].fire(net.now, Shot{}).sent, 1U);
    EXPECT_GE(net.server_remotes->strays().of(Outcome::rate_limited), 200U);
}

}  // namespace
}  // namespace squall::remotes::testing
