// Contracts over a connection: ids, acknowledgements, deltas, round trips, and what happens to them in bad
// weather.
#include "squall/remotes/remote_contract.hpp"

#include <gtest/gtest.h>

#include <set>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {

struct Soldier {
    float x = 0;
    float z = 0;
    std::int32_t health = 100;
    std::optional<std::string> nick{};
    std::vector<std::uint16_t> items{};
    bool operator==(const Soldier&) const = default;
};
struct OtherSoldier {
    float x = 0;
    float z = 0;
    double health = 100;
    std::optional<std::string> nick{};
    std::vector<std::uint16_t> items{};
};

}  // namespace squall::remotes::testing

template <>
inline constexpr auto squall::wire::field<&squall::remotes::testing::Soldier::health> = range(0, 100);

namespace squall::remotes::testing {
namespace {

using wire::AttributeKind;
using wire::DynamicObject;

template <class Object>
struct Heard {
    Object data;
    std::optional<MessageId> id;
    bool is_delta = false;
    ConnectionId peer{};
    std::optional<ClientId> player;
    ContractId contract;
};

// One end of one contract, and what it heard.
template <class Object>
struct End {
    End() = default;
    End(const End&) = delete;
    End& operator=(const End&) = delete;

    OnContractMessage<Object> on_message() {
        return [this](const Object& data, std::optional<MessageId> id, bool is_delta,
                      const ContractOrigin& from, const RemoteContract<Object>& contract) {
            heard.push_back({data, id, is_delta, from.peer, from.player, contract.id()});
        };
    }
    OnContractAcknowledge<Object> on_acknowledge() {
        return [this](MessageId id, const ContractOrigin& from, const RemoteContract<Object>&) {
            acknowledged.emplace_back(id, from.player);
        };
    }
    std::vector<Heard<Object>> heard;
    std::vector<std::pair<MessageId, std::optional<ClientId>>> acknowledged;
};

struct Ends {
    explicit Ends(const ContractOptions& options = {}, bool auto_acknowledge = true, std::size_t count = 1,
                  std::uint64_t seed = 1)
        : net(seed) {
        server_contract = net.server_remotes->contract<Soldier>("soldier", server.on_message(),
                                                                server.on_acknowledge(), true, options);
        for (std::size_t i = 0; i < count; ++i) {
            client.push_back(std::make_unique<End<Soldier>>());
            auto& added = net.add_client();
            client_contract.push_back(*added.remotes->contract<Soldier>(
                "soldier", client[i]->on_message(), client[i]->on_acknowledge(), auto_acknowledge, options));
        }
    }
    void connect() {
        for (std::size_t i = 0; i < client.size(); ++i) net.connect(*net.clients[i], i + 1);
        net.run(1s);
    }
    [[nodiscard]] const RemoteContract<Soldier>& at_server() const { return *server_contract; }

    RemoteNet net;
    End<Soldier> server;
    std::vector<std::unique_ptr<End<Soldier>>> client;
    Result<RemoteContract<Soldier>> server_contract = fail(ErrorCode::unsupported, "");
    std::vector<RemoteContract<Soldier>> client_contract;
};

TEST(RemoteContract, TellsObjectIdFormSenderAndContract) {
    Ends ends;
    ends.connect();
    const Soldier soldier{1, 2, 90, "ada", {7, 8}};
    ASSERT_TRUE(ends.at_server().send(ends.net.now, soldier));
    ends.net.run(100ms);
    ASSERT_EQ(ends.client[0]->heard.size(), 1U);
    const auto& heard = ends.client[0]->heard[0];
    EXPECT_EQ(heard.data, soldier);
    EXPECT_FALSE(heard.id) << "it was sent without";
    EXPECT_FALSE(heard.is_delta);
    EXPECT_EQ(heard.peer, ends.net.clients[0]->server());
    EXPECT_FALSE(heard.player) << "a client hears its server only";
    EXPECT_EQ(heard.contract, ContractId("soldier"));

    const auto sent = ends.client_contract[0].send(ends.net.now, soldier, Tracking::tracked);
    ASSERT_TRUE(sent);
    ends.net.run(100ms);
    ASSERT_EQ(ends.server.heard.size(), 1U);
    EXPECT_EQ(ends.server.heard[0].id, sent->id);
    EXPECT_EQ(ends.server.heard[0].player, ClientId{1});
}

TEST(RemoteContract, IdsAreNumbersOrNamesAndUnique) {
    RemoteNet net;
    End<Soldier> end;
    auto& remotes = *net.server_remotes;
    EXPECT_TRUE(remotes.contract<Soldier>(17U, end.on_message()));
    EXPECT_TRUE(remotes.contract<Soldier>("17", end.on_message())) << "a name that looks like a number";
    EXPECT_TRUE(remotes.contract<Soldier>("soldier"));
    EXPECT_TRUE(remotes.event<Soldier>("soldier")) << "an event is no contract";
    for (const ContractId& id : {ContractId(17U), ContractId("17"), ContractId("soldier")}) {
        const auto again = remotes.contract<Soldier>(id, end.on_message());
        ASSERT_FALSE(again);
        EXPECT_NE(again.error().message.find("declared twice"), std::string::npos) << again.error().message;
        EXPECT_FALSE(remotes.contract<Soldier>(id)) << "as a codec neither";
    }
    EXPECT_FALSE(net.add_client().remotes->contract<Soldier>("")) << "no name at all";
}

TEST(RemoteContract, WithoutHandlerItIsACodecAndNothingTravels) {
    Ends ends;
    auto& remotes = *ends.net.server_remotes;
    const auto codec = *remotes.contract<Soldier>("codec");  // the clients know nothing of it
    const auto list = *remotes.contract(5U, {{"ammo", AttributeKind::integer}});
    ends.connect();
    ASSERT_EQ(remotes.peers().size(), 1U) << "a codec is nothing that two ends must agree on";
    const std::uint64_t before = ends.net.server_endpoint->statistics().datagrams_sent;
    const auto sent = codec.send(ends.net.now, Soldier{}, Tracking::tracked);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->fired.sent + sent->fired.unsent, 0U);
    EXPECT_FALSE(sent->id);
    EXPECT_TRUE(codec.acknowledge(ends.net.now, ends.net.peer(0), MessageId{0}));
    EXPECT_EQ(codec.rtt(), 0ns);
    EXPECT_EQ(codec.rtt(ends.net.peer(0)), 0ns);
    EXPECT_EQ(ends.net.server_endpoint->statistics().datagrams_sent, before);

    std::array<std::byte, 200> buffer;
    std::array<std::byte, 200> other;
    const Soldier old{1, 2, 3, "a", {}};
    const Soldier changed{1, 5, 3, std::nullopt, {4}};
    Soldier decoded;
    ASSERT_TRUE(codec.codec().decode(*codec.codec().encode(buffer, old), decoded));
    EXPECT_EQ(decoded, old);
    EXPECT_EQ(*codec.codec().patch(old, *codec.codec().diff(other, old, changed)), changed);
    EXPECT_TRUE(list.codec().encode(buffer, DynamicObject{{"ammo", 3}}));
}

TEST(RemoteContract, AcknowledgesOnceEachAndSendsDeltasFromThenOn) {
    Ends ends;
    ends.connect();
    Soldier soldier;
    const auto first = *ends.at_server().send(ends.net.now, soldier, Tracking::tracked);
    EXPECT_EQ(first.deltas, 0U);
    ends.net.run(100ms);
    ASSERT_EQ(ends.server.acknowledged.size(), 1U);
    EXPECT_EQ(ends.server.acknowledged[0].first, first.id);
    EXPECT_EQ(ends.server.acknowledged[0].second, ClientId{1});
    soldier.z = 4;
    EXPECT_EQ(ends.at_server().send(ends.net.now, soldier, Tracking::tracked)->deltas, 1U);
    EXPECT_EQ(ends.at_server().send(ends.net.now, soldier)->deltas, 1U) << "without an id, too";
    ends.net.run(100ms);
    ASSERT_EQ(ends.client[0]->heard.size(), 3U);
    EXPECT_TRUE(ends.client[0]->heard[1].is_delta);
    EXPECT_EQ(ends.client[0]->heard[2].data, soldier);
    EXPECT_EQ(ends.server.acknowledged.size(), 2U) << "what has no id is not acknowledged";
}

TEST(RemoteContract, ManualAcknowledgementWaitsForItsUser) {
    Ends ends({}, false);
    ends.connect();
    const auto& client = ends.client_contract[0];
    const auto sent = *ends.at_server().send(ends.net.now, Soldier{}, Tracking::tracked);
    ends.net.run(500ms);
    ASSERT_EQ(ends.client[0]->heard.size(), 1U);
    EXPECT_TRUE(ends.server.acknowledged.empty());
    EXPECT_EQ(client.statistics().out.messages, 0U) << "false sends nothing";
    EXPECT_FALSE(client.acknowledge(ends.net.now, ends.net.clients[0]->server(), MessageId{9}));
    ASSERT_TRUE(client.acknowledge(ends.net.now, ends.net.clients[0]->server(), *sent.id));
    ends.net.run(100ms);
    ASSERT_EQ(ends.server.acknowledged.size(), 1U);
    EXPECT_EQ(ends.at_server().send(ends.net.now, Soldier{.x = 1})->deltas, 1U);
}

TEST(RemoteContract, ValidatesBeforeTheWire) {
    Ends ends;
    const auto early = ends.at_server().send(ends.net.now, Soldier{.health = 101});
    ASSERT_FALSE(early) << "also with nobody there";
    ends.connect();
    const std::uint64_t before = ends.at_server().statistics().out.messages;
    for (const Tracking tracking : {Tracking::untracked, Tracking::tracked}) {
        const auto sent = ends.at_server().send(ends.net.now, Soldier{.health = 101}, tracking);
        ASSERT_FALSE(sent);
        EXPECT_EQ(sent.error().code, ErrorCode::invalid_argument);
        EXPECT_NE(sent.error().message.find("health"), std::string::npos) << sent.error().message;
    }
    EXPECT_EQ(ends.at_server().statistics().out.messages, before);
    EXPECT_EQ(ends.at_server().statistics().out.of(Outcome::invalid), 3U);
    // The next one has the first id: nothing happened.
    EXPECT_EQ(ends.at_server().send(ends.net.now, Soldier{}, Tracking::tracked)->id, MessageId{0});
}

TEST(RemoteContract, AttributesMayBeAListMadeAtRunTime) {
    RemoteNet net;
    auto& client = net.add_client();
    const std::vector<wire::Attribute> attributes{
        {"ammo", AttributeKind::integer, wire::range(0, 30)},
        {"nick", AttributeKind::text},
        {"body", AttributeKind::object, {}, 0, {{"x", AttributeKind::single}, {"y", AttributeKind::single}}}};
    End<DynamicObject> server;
    End<DynamicObject> heard;
    const auto at_server =
        *net.server_remotes->contract(17U, attributes, server.on_message(), server.on_acknowledge());
    ASSERT_TRUE(client.remotes->contract(17U, attributes, heard.on_message()));
    net.connect(client, 1);
    net.run(1s);
    DynamicObject object{{"ammo", 30}, {"nick", "ada"}, {"body", DynamicObject{{"x", 1.5}, {"y", 2.0}}}};
    ASSERT_TRUE(at_server.send(net.now, object, Tracking::tracked));
    net.run(100ms);
    object.erase("nick");
    object["body"] = DynamicObject{{"x", 1.5}, {"y", 3.0}};
    ASSERT_EQ(at_server.send(net.now, object, Tracking::tracked)->deltas, 1U);
    net.run(100ms);
    ASSERT_EQ(heard.heard.size(), 2U);
    EXPECT_EQ(heard.heard[1].data, object) << "removed attributes are gone, nested ones are patched";
    EXPECT_EQ(heard.heard[1].contract, ContractId(17U));
    EXPECT_EQ(server.acknowledged.size(), 2U);
    EXPECT_FALSE(at_server.send(net.now, DynamicObject{{"amo", 1}})) << "the contract has no such attribute";
    EXPECT_FALSE(at_server.send(net.now, DynamicObject{{"ammo", 31}}));
    EXPECT_FALSE(at_server.send(net.now, DynamicObject{{"ammo", "many"}}));
    EXPECT_FALSE(net.server_remotes->contract(18U, {{"a"}, {"a"}}, server.on_message())) << "too late anyway";
    RemoteNet other;
    EXPECT_FALSE(other.server_remotes->contract(18U, {{"a"}, {"a"}}, server.on_message()));
    EXPECT_FALSE(other.server_remotes->contract(18U, std::vector<wire::Attribute>(65, {"a"})));
}

// The sum of a cluster of changes far below epsilon arrives, and a change below it sends nothing.
TEST(RemoteContract, SlowDriftArrives) {
    Ends ends;
    ends.connect();
    Soldier soldier{.x = 0.5F};
    ends.at_server().send(ends.net.now, soldier, Tracking::tracked).value();
    ends.net.run(100ms);
    for (int i = 0; i < 200; ++i) {
        soldier.x += 1e-6F;
        ends.at_server().send(ends.net.now, soldier, Tracking::tracked).value();
        ends.net.run(50ms);
        EXPECT_NEAR(ends.client[0]->heard.back().data.x, soldier.x, 1.2e-5);
    }
}

TEST(RemoteContract, MeasuresOneRoundTripAPeerOverAllContracts) {
    Ends ends({.mode = ChannelMode::unreliable});
    End<Soldier> other;
    const auto second = *ends.net.server_remotes->contract<Soldier>("other", other.on_message(), {}, true,
                                                                    {.mode = ChannelMode::unreliable});
    ASSERT_TRUE(ends.net.clients[0]->remotes->contract<Soldier>("other", other.on_message(), {}, true,
                                                                {.mode = ChannelMode::unreliable}));
    EXPECT_EQ(ends.at_server().rtt(), 0ns) << "no peer";
    ends.connect();
    const ConnectionId peer = ends.net.peer(0);
    EXPECT_EQ(ends.at_server().rtt(peer), 0ns) << "no sample";
    EXPECT_EQ(ends.at_server().rtt(ConnectionId{9, 9}), 0ns) << "nobody";
    ends.at_server().send(ends.net.now, Soldier{}).value();
    ends.net.run(200ms);
    EXPECT_EQ(ends.at_server().rtt(peer), 0ns) << "without an id there is no sample";
    ends.at_server().send(ends.net.now, Soldier{}, Tracking::tracked).value();
    ends.net.run(200ms);
    EXPECT_EQ(ends.at_server().rtt(peer), 40ms) << "the first sample as it is";
    EXPECT_EQ(second.rtt(peer), 40ms) << "whatever contract it came from";
    EXPECT_EQ(second.rtt(), 40ms);
    ends.net.delay = 45ms;
    second.send(ends.net.now, Soldier{}, Tracking::tracked).value();
    ends.net.run(200ms);
    EXPECT_EQ(ends.at_server().rtt(peer), 50ms) << "a fifth of the way from 40 to 90";
    const wire::RttAverage all = ends.net.server_remotes->contract_rtts().of(peer);
    EXPECT_EQ(all.minimum(), 40ms);
    EXPECT_EQ(all.sample_count(), 2U);
    EXPECT_GT(all.jitter(), 0ns);
    EXPECT_GT(all.standard_deviation(), 0ns);
    ends.client_contract[0].send(ends.net.now, Soldier{}, Tracking::tracked).value();
    ends.net.run(200ms);
    EXPECT_EQ(ends.client_contract[0].rtt(), 90ms);
    ends.net.server_remotes->disconnect(ends.net.now, peer);
    ends.net.run(1s);
    EXPECT_EQ(ends.at_server().rtt(peer), 0ns) << "who left is forgotten";
}

TEST(RemoteContract, RttWeightIsTheRegistrys) {
    RemoteNet net(1, {.contract_rtt_weight = {1, 2}});
    auto& client = net.add_client();
    End<Soldier> end;
    const auto contract = *net.server_remotes->contract<Soldier>("soldier", end.on_message());
    ASSERT_TRUE(client.remotes->contract<Soldier>("soldier", end.on_message()));
    net.connect(client, 1);
    net.run(1s);
    contract.send(net.now, Soldier{}, Tracking::tracked).value();
    net.run(200ms);
    net.delay = 30ms;
    contract.send(net.now, Soldier{}, Tracking::tracked).value();
    net.run(200ms);
    EXPECT_EQ(contract.rtt(), 50ms);
}

std::string mismatch_of(const std::function<void(Remotes&)>& ours,
                        const std::function<void(Remotes&)>& theirs) {
    RemoteNet net;
    auto& client = net.add_client();
    ours(*net.server_remotes);
    theirs(*client.remotes);
    std::string text;
    net.server_remotes->on_mismatch([&](TimePoint, ConnectionId, const std::string& what) { text = what; });
    net.connect(client, 1);
    net.run(3s);
    EXPECT_TRUE(net.server_remotes->peers().empty());
    return text;
}

TEST(RemoteContract, DifferentContractsAreRefusedWithTheField) {
    End<Soldier> soldier;
    End<OtherSoldier> other;
    End<DynamicObject> list;
    EXPECT_EQ(mismatch_of([&](Remotes& r) { (void)r.contract<Soldier>("s", soldier.on_message()); },
                          [&](Remotes& r) { (void)r.contract<OtherSoldier>("s", other.on_message()); }),
              "'contract:s': 'health' is 'int32 0 to 100' here and 'double' there");
    EXPECT_EQ(mismatch_of([&](Remotes& r) { (void)r.contract<Soldier>("s", soldier.on_message()); },
                          [&](Remotes& r) {
                              (void)r.contract<Soldier>("s", soldier.on_message(), {}, true,
                                                        {.baselines_max = 16});
                          }),
              "'contract:s': 'baselines' is '32 for 10000 ms' here and '16 for 10000 ms' there");
    EXPECT_EQ(mismatch_of(
                  [&](Remotes& r) {
                      (void)r.contract(7U, {{"ammo", AttributeKind::integer}, {"hp"}}, list.on_message());
                  },
                  [&](Remotes& r) {
                      (void)r.contract(7U, {{"ammo", AttributeKind::integer}, {"armor"}}, list.on_message());
                  }),
              "'contract#7': 'hp' (optional) is missing there");
    EXPECT_EQ(mismatch_of([&](Remotes& r) { (void)r.contract<Soldier>("s", soldier.on_message()); },
                          [](Remotes&) {}),
              "'contract:s' is declared here and not there");
}

TEST(RemoteContract, MiddlewareSeesRefusesAndChanges) {
    Ends ends;
    const auto& contract = ends.at_server();
    const auto& client = ends.client_contract[0];
    client.use(Direction::inbound, [](Message& message, const Next& next) {
        auto* const soldier = message.edit<Soldier>();
        if (soldier == nullptr) return Outcome::malformed;
        if (soldier->x < 0) return Outcome::filtered;
        soldier->nick = "seen";
        return next();
    });
    ends.connect();
    contract.send(ends.net.now, Soldier{.x = -1}, Tracking::tracked).value();
    ends.net.run(100ms);
    EXPECT_TRUE(ends.client[0]->heard.empty());
    EXPECT_TRUE(ends.server.acknowledged.empty()) << "what is refused is not acknowledged";
    EXPECT_EQ(client.statistics().in.of(Outcome::filtered), 1U);
    contract.send(ends.net.now, Soldier{.x = 1}, Tracking::tracked).value();
    ends.net.run(100ms);
    contract.send(ends.net.now, Soldier{.x = 2}, Tracking::tracked).value();
    ends.net.run(100ms);
    ASSERT_EQ(ends.client[0]->heard.size(), 2U);
    EXPECT_EQ(ends.client[0]->heard[1].data, (Soldier{.x = 2, .nick = "seen"}))
        << "what is told was changed, and what deltas build upon was not";
}

TEST(RemoteContract, OutboundChainWorksPerRecipient) {
    Ends ends({}, true, 2);
    ends.connect();
    const ConnectionId blind = ends.net.peer(1);
    ends.at_server().use(Direction::outbound, [&](Message& message, const Next& next) {
        EXPECT_FALSE(message.bytes().empty());
        if (message.peer == blind) message.edit<Soldier>()->x = 0;
        return message.object<Soldier>()->z > 100 ? Outcome::over_budget : next();
    });
    const auto sent = *ends.at_server().send(ends.net.now, Soldier{.x = 5}, Tracking::tracked);
    EXPECT_EQ(sent.fired.sent, 2U);
    EXPECT_EQ(ends.at_server().send(ends.net.now, Soldier{.z = 101})->fired.stopped, 2U);
    ends.net.run(100ms);
    ASSERT_EQ(ends.client[0]->heard.size(), 1U);
    ASSERT_EQ(ends.client[1]->heard.size(), 1U);
    EXPECT_EQ(ends.client[0]->heard[0].data.x, 5);
    EXPECT_EQ(ends.client[1]->heard[0].data.x, 0);
}

TEST(RemoteContract, RecipientsAreThoseOfEvents) {
    Ends ends({}, true, 3);
    const auto none = *ends.at_server().send(ends.net.now, Soldier{});
    EXPECT_EQ(none.fired.sent + none.fired.unsent, 0U);
    EXPECT_EQ(ends.client_contract[0].send(ends.net.now, Soldier{})->fired.unsent, 1U) << "no server yet";
    ends.connect();
    const auto send = [&](const Recipients& to) {
        return ends.at_server().send(ends.net.now, Soldier{}, Tracking::untracked, to)->fired;
    };
    EXPECT_EQ(send(ends.net.peer(0)).sent, 1U);
    EXPECT_EQ(send(Recipients::everyone_except(ends.net.peer(0))).sent, 2U);
    EXPECT_EQ(send(Recipients::player(ClientId{2})).sent, 1U);
    EXPECT_EQ(send(Recipients::player(ClientId{99})).unsent, 1U);
    PeerGroup team;
    team.add(ends.net.peer(0));
    team.add(ends.net.peer(2));
    EXPECT_EQ(send(team).sent, 2U);
    ends.net.run(100ms);
    EXPECT_EQ(ends.client[0]->heard.size(), 2U);
    EXPECT_EQ(ends.client[1]->heard.size(), 2U);
    EXPECT_EQ(ends.client[2]->heard.size(), 2U);
}

TEST(RemoteContract, HandlersMayThrowAndSend) {
    RemoteNet net;
    auto& client = net.add_client();
    std::vector<std::string> errors;
    net.server_remotes->on_error([&](const HandlerError& error) { errors.push_back(error.remote); });
    ASSERT_TRUE(net.server_remotes->contract<Soldier>(
        "soldier", [](const Soldier& soldier, std::optional<MessageId>, bool, const ContractOrigin& from,
                      const RemoteContract<Soldier>& contract) {
            contract.send(from.now, Soldier{.x = soldier.x + 1}, Tracking::tracked, from.peer).value();
            if (soldier.x == 7) throw std::runtime_error("seven");
        }));
    End<Soldier> end;
    const auto contract =
        *client.remotes->contract<Soldier>("soldier", end.on_message(), end.on_acknowledge());
    net.connect(client, 1);
    net.run(1s);
    contract.send(net.now, Soldier{.x = 7}, Tracking::tracked).value();
    contract.send(net.now, Soldier{.x = 8}, Tracking::tracked).value();
    net.run(200ms);
    EXPECT_EQ(errors, std::vector<std::string>{"contract:soldier"});
    ASSERT_EQ(end.heard.size(), 2U);
    EXPECT_EQ(end.heard[1].data.x, 9);
    EXPECT_EQ(end.acknowledged.size(), 2U) << "acknowledged before it was handled";
}

TEST(RemoteContract, OneAcknowledgementSpeaksForWhatCameTogether) {
    Ends ends;
    ends.connect();
    for (int i = 0; i < 10; ++i)
        ends.at_server().send(ends.net.now, Soldier{.z = static_cast<float>(i)}, Tracking::tracked).value();
    ends.net.run(200ms);
    EXPECT_EQ(ends.server.acknowledged.size(), 10U);
    EXPECT_EQ(ends.client_contract[0].statistics().out.messages, 1U);
}

TEST(RemoteContract, PeersAreIndependentAndForgotten) {
    Ends ends({}, true, 2);
    ends.connect();
    const auto& contract = ends.at_server();
    for (int i = 0; i < 100; ++i) {
        contract
            .send(ends.net.now, Soldier{.x = 1.0F * static_cast<float>(i)}, Tracking::tracked,
                  ends.net.peer(0))
            .value();
        contract
            .send(ends.net.now, Soldier{.x = -1.0F * static_cast<float>(i)}, Tracking::tracked,
                  ends.net.peer(1))
            .value();
        ends.net.run(30ms);
    }
    ASSERT_EQ(ends.client[0]->heard.size(), 100U);
    ASSERT_EQ(ends.client[1]->heard.size(), 100U);
    EXPECT_EQ(ends.client[0]->heard[99].data.x, 99);
    EXPECT_EQ(ends.client[1]->heard[99].data.x, -99);
    EXPECT_LE(contract.baselines_of(ends.net.peer(0)), 32U);
    EXPECT_GT(contract.baselines_of(ends.net.peer(0)), 0U);
    ends.net.run(25s);
    EXPECT_EQ(contract.baselines_of(ends.net.peer(0)), 0U) << "silence frees memory";
    contract.send(ends.net.now, Soldier{}, Tracking::tracked).value();
    const ConnectionId gone = ends.net.peer(0);
    ends.net.server_remotes->disconnect(ends.net.now, gone);
    ends.net.run(1s);
    EXPECT_EQ(contract.baselines_of(gone), 0U);
}

TEST(RemoteContract, ALyingPeerIsCutOffAndStoresNothing) {
    Ends ends;
    ends.connect();
    // Acknowledges what was not sent: the remote's number, then an acknowledgement of message 0.
    auto& endpoint = *ends.net.clients[0]->endpoint;
    constexpr std::array<std::byte, 6> kLie{std::byte{1}, std::byte{1}};
    for (int i = 0; i < 300; ++i) {
        (void)endpoint.send(ends.net.now, endpoint.connection(), ChannelId{3}, kLie);
        ends.net.run(1ms);
    }
    ends.net.run(1s);
    EXPECT_GE(ends.at_server().statistics().in.of(Outcome::malformed), 100U);
    EXPECT_TRUE(ends.net.server_remotes->peers().empty()) << "cut off by the offences rule";
    EXPECT_TRUE(ends.server.acknowledged.empty());
}

// Whatever the mode and the weather: what is told was sent, deltas included; each id is acknowledged at most
// once and only if it was told; with losses, too, nearly all messages are deltas; and the last state arrives.
struct Weather {
    ChannelMode mode;
    std::uint64_t loss;
    std::uint64_t duplicate;
    std::uint64_t seed;
};
class ContractWeather : public ::testing::TestWithParam<Weather> {};

TEST_P(ContractWeather, WhatIsToldWasSent) {
    const Weather weather = GetParam();
    Ends ends({.mode = weather.mode}, true, 2, weather.seed);
    ends.connect();
    ends.net.loss = percent(weather.loss);
    ends.net.duplicate = percent(weather.duplicate);
    ends.net.jitter = 60ms;
    Rng rng(weather.seed);
    std::vector<Soldier> sent;  // by x
    std::array<std::map<std::uint64_t, std::size_t>, 2> places;
    Soldier soldier;
    for (int i = 0; i < 500; ++i) {
        soldier.x = static_cast<float>(i);
        if (rng.below(2) == 0) soldier.z = static_cast<float>(rng.between(-100, 100));
        if (rng.below(4) == 0) soldier.health = static_cast<std::int32_t>(rng.below(101));
        if (rng.below(5) == 0) {
            soldier.nick = rng.below(2) == 0 ? std::optional<std::string>() : std::to_string(rng.below(1000));
        }
        if (rng.below(3) == 0) soldier.items.resize(rng.below(6), static_cast<std::uint16_t>(i));
        sent.push_back(soldier);
        for (std::size_t peer = 0; peer < 2; ++peer) {
            const auto tracking = rng.below(4) == 0 ? Tracking::untracked : Tracking::tracked;
            const auto one =
                ends.at_server().send(ends.net.now, soldier, tracking, ends.net.peer(peer)).value();
            if (one.id) places[peer].emplace(one.id->value, static_cast<std::size_t>(i));
        }
        ends.net.run(15ms);
    }
    ends.net.loss = {};
    for (int i = 0; i < 3; ++i) {
        ends.at_server().send(ends.net.now, soldier, Tracking::tracked).value();
        ends.net.run(1s);
    }
    ASSERT_EQ(ends.net.server_remotes->peers().size(), 2U);
    std::set<std::pair<std::uint64_t, std::uint64_t>> told;
    for (std::size_t peer = 0; peer < 2; ++peer) {
        for (const auto& heard : ends.client[peer]->heard) {
            ASSERT_LT(static_cast<std::size_t>(heard.data.x), sent.size());
            ASSERT_EQ(heard.data, sent[static_cast<std::size_t>(heard.data.x)]);
            if (!heard.id) continue;
            ASSERT_TRUE(told.emplace(peer + 1, heard.id->value).second) << "told twice";
            if (const auto place = places[peer].find(heard.id->value); place != places[peer].end()) {
                ASSERT_EQ(static_cast<std::size_t>(heard.data.x), place->second) << "under another's id";
            }
        }
        EXPECT_EQ(ends.client[peer]->heard.back().data, soldier);
    }
    std::set<std::pair<std::uint64_t, std::uint64_t>> acknowledged;
    for (const auto& [id, player] : ends.server.acknowledged) {
        ASSERT_TRUE(told.contains({player->value, id.value})) << "acknowledged and never told";
        ASSERT_TRUE(acknowledged.emplace(player->value, id.value).second) << "acknowledged twice";
    }
    const auto& counters = ends.at_server().counters();
    EXPECT_EQ(ends.client_contract[0].counters().malformed, 0U);
    EXPECT_EQ(counters.malformed, 0U);
    if (weather.mode == ChannelMode::unreliable) {
        EXPECT_GT(counters.deltas_sent, 50 * counters.full_sent);
        EXPECT_GT(acknowledged.size(), told.size() * 6 / 10) << "acknowledgements survive loss";
    }
    if (weather.mode == ChannelMode::reliable_ordered) {
        EXPECT_EQ(ends.client[0]->heard.size(), 503U);
    }
    EXPECT_LE(ends.at_server().baselines_of(ends.net.peer(0)), 32U);
    EXPECT_LE(ends.client_contract[0].baselines_of(ends.net.clients[0]->server()), 32U);
}

INSTANTIATE_TEST_SUITE_P(Modes, ContractWeather,
                         ::testing::Values(Weather{ChannelMode::unreliable, 0, 0, 1},
                                           Weather{ChannelMode::unreliable, 5, 5, 2},
                                           Weather{ChannelMode::unreliable, 20, 10, 3},
                                           Weather{ChannelMode::unreliable_sequenced, 20, 10, 4},
                                           Weather{ChannelMode::reliable_unordered, 20, 10, 5},
                                           Weather{ChannelMode::reliable_ordered, 0, 0, 6},
                                           Weather{ChannelMode::reliable_ordered, 20, 10, 7}));

}  // namespace
}  // namespace squall::remotes::testing
