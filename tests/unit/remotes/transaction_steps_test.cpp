// Steps of transactions beyond properties, events and calls that are answered at once: objects of tables,
// messages of contracts, and calls that are answered later. All or nothing, whatever comes between.
#include <gtest/gtest.h>

#include "squall/remotes/middleware.hpp"
#include "squall/remotes/transaction.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Health {
    std::int32_t points = 0;
    bool operator==(const Health&) const = default;
};
struct Gold {
    std::int32_t amount = 0;
    bool operator==(const Gold&) const = default;
};
struct State {
    std::int32_t phase = 0;
    std::string name;
    bool operator==(const State&) const = default;
};

constexpr ObjectId kOrc{17};
constexpr ObjectId kElf{18};

struct Side {
    explicit Side(Remotes& remotes, bool streamed = false, const TransactionOptions& options = {})
        : health(*remotes.table<Health>("health", {.streamed = streamed})),
          bank(*remotes.property<Gold>("bank")),
          purse(*remotes.property<Gold>("purse", {.authority = Authority::owner})),
          ask(*remotes.function<Gold, Gold>("ask")),
          also(*remotes.function<Gold, Gold>("also")),
          trades(*remotes.transactions("trades", options)) {
        state.emplace(*remotes.contract<State>("state", [this](const State& one, std::optional<MessageId> id,
                                                               bool is_delta, const auto&, const auto&) {
            EXPECT_FALSE(id);
            EXPECT_FALSE(is_delta);
            states.push_back(one);
            if (throws) throw std::runtime_error("no");
        }));
    }
    RemoteTable<Health> health;
    RemoteProperty<Gold> bank;
    RemoteProperty<Gold> purse;
    RemoteFunction<Gold, Gold> ask;
    RemoteFunction<Gold, Gold> also;
    RemoteTransactions trades;
    std::optional<RemoteContract<State>> state;
    std::vector<State> states;
    bool throws = false;
};

class Steps : public ::testing::Test {
  protected:
    void start(std::size_t count, bool streamed = false, const TransactionOptions& options = {}) {
        server.emplace(*net.server_remotes, streamed, options);
        for (std::size_t i = 0; i < count; ++i) {
            auto& client = net.add_client();
            clients.push_back(std::make_unique<Side>(*client.remotes, streamed, options));
            net.connect(client, 100 + i);
            net.run(300ms);
        }
        ASSERT_EQ(net.server_remotes->peers().size(), count);
        server->purse.set_owner(net.peer(0));
        clients[0]->purse.claim();
    }
    [[nodiscard]] ConnectionId to_server() const { return net.clients[0]->server(); }
    CommitDone keep_result() {
        return [this](TimePoint, const Committed& result) { results.push_back(result); };
    }
    PublishDone keep_results() {
        return [this](TimePoint, const auto& all) {
            for (const auto& [peer, result] : all) results.push_back(result);
        };
    }
    [[nodiscard]] static std::int32_t points(const Side& side, ObjectId object) {
        const Health* const health = side.health.find(object);
        return health == nullptr ? -1 : health->points;
    }

    RemoteNet net;
    std::optional<Side> server;
    std::vector<std::unique_ptr<Side>> clients;
    std::vector<Committed> results;
};

// --- tables

TEST_F(Steps, OfTablesBeginChangeAndEndObjectsTogether) {
    start(2);
    ASSERT_TRUE(server->health.spawn(net.now, kOrc, {100}));
    net.run(300ms);
    std::vector<std::string> seen;
    const auto look = [&](const auto&...) {
        seen.push_back(std::to_string(points(*clients[0], kOrc)) + " " +
                       std::to_string(points(*clients[0], kElf)) + " " +
                       std::to_string(clients[0]->bank.value().amount));
    };
    clients[0]->health.watch(look);
    clients[0]->bank.watch(look);
    Transaction spell = server->trades.begin();
    spell.set(server->health, kOrc, Health{70})
        .set(server->health, kElf, Health{5})
        .set(server->bank, Gold{9});
    ASSERT_TRUE(spell.publish(net.now, Recipients::everyone(), {}, keep_results()));
    EXPECT_EQ(points(*server, kElf), 5) << "at once at the server";
    net.run(300ms);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_TRUE(results[0] && results[1]);
    EXPECT_EQ(seen, std::vector<std::string>(3, "70 5 9")) << "every watcher sees all of it";
    for (const auto& client : clients) EXPECT_EQ(points(*client, kElf), 5);
    const std::uint64_t messages = server->health.statistics().out.messages;
    net.run(1s);
    EXPECT_EQ(server->health.statistics().out.messages, messages) << "and it is not sent again";

    // What follows builds upon it.
    ASSERT_TRUE(server->health.set(net.now, kElf, {6}));
    net.run(300ms);
    EXPECT_EQ(points(*clients[1], kElf), 6);
    Transaction end = server->trades.begin();
    end.forget(server->health, kOrc).forget(server->health, kElf);
    const std::uint64_t before_end = server->health.statistics().out.messages;
    ASSERT_TRUE(end.publish(net.now, Recipients::everyone()));
    net.run(1s);
    EXPECT_EQ(server->health.statistics().out.messages, before_end) << "the end came with the transaction";
    EXPECT_EQ(clients[0]->health.size() + clients[1]->health.size() + server->health.size(), 0U);
    ASSERT_TRUE(server->health.spawn(net.now, kOrc, {3}));
    net.run(300ms);
    EXPECT_EQ(points(*clients[1], kOrc), 3);
}

TEST_F(Steps, OfTablesComeInNoOtherWayUntilTheyAreAnswered) {
    start(1);
    ASSERT_TRUE(server->health.spawn(net.now, kOrc, {100}));
    net.run(300ms);
    std::vector<std::int32_t> seen;
    clients[0]->health.watch([&](const Origin&, ObjectId, const Health*, const Health* now) {
        seen.push_back(now ? now->points : -1);
    });
    Transaction spell = server->trades.begin();
    spell.set(server->health, kOrc, Health{70});
    ASSERT_TRUE(spell.publish(net.now, Recipients::everyone()));
    ASSERT_TRUE(server->health.set(net.now, kOrc, {71}));
    net.run(15ms);  // before anything can arrive
    ASSERT_TRUE(server->health.forget(net.now, kOrc));
    net.run(500ms);
    EXPECT_EQ(seen, (std::vector<std::int32_t>{70, -1}));
    EXPECT_EQ(clients[0]->health.size(), 0U);
}

TEST_F(Steps, OfTablesThatARecipientRefusesReachItInTheUsualWay) {
    start(2);
    ASSERT_TRUE(server->health.spawn(net.now, kOrc, {100}));
    net.run(300ms);
    clients[0]->bank.use(Direction::inbound, [](Message&, const Next&) { return Outcome::invalid; });
    Transaction spell = server->trades.begin();
    spell.set(server->health, kOrc, Health{70})
        .set(server->health, kElf, Health{5})
        .set(server->bank, Gold{9});
    ASSERT_TRUE(spell.publish(net.now, Recipients::everyone(), {}, keep_results()));
    net.run(25ms);
    EXPECT_EQ(points(*clients[0], kOrc), 100) << "refused: nothing of it";
    EXPECT_EQ(points(*clients[0], kElf), -1);
    net.run(500ms);
    ASSERT_EQ(results.size(), 2U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().remote, "bank");
    EXPECT_EQ(results[0].error().step, 2U);
    EXPECT_TRUE(results[1]);
    for (const auto& client : clients) {
        EXPECT_EQ(points(*client, kOrc), 70);
        EXPECT_EQ(points(*client, kElf), 5);
    }
}

TEST_F(Steps, OfTablesThatAreCommittedHappenWhenTheClientAgrees) {
    start(2);
    ASSERT_TRUE(server->health.spawn(net.now, kOrc, {100}));
    net.run(300ms);
    clients[0]->ask.answer([&](const Origin&, const Gold& gold) -> Result<Gold> {
        EXPECT_EQ(points(*clients[0], kElf), 5) << "a handler sees the whole";
        if (gold.amount < 0) return fail(ErrorCode::unsupported, "not that");
        return Gold{gold.amount + 1};
    });
    const auto commit = [&](std::int32_t amount) {
        Transaction spell = server->trades.begin();
        spell.set(server->health, kOrc, Health{70})
            .set(server->health, kElf, Health{5})
            .call(server->ask, Gold{amount});
        ASSERT_TRUE(spell.commit(net.now, net.peer(0), {}, keep_result()));
        net.run(500ms);
    };
    commit(-1);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().step, 2U);
    for (const Side* side : {&*server, clients[0].get(), clients[1].get()}) {
        EXPECT_EQ(points(*side, kOrc), 100) << "nowhere";
        EXPECT_EQ(points(*side, kElf), -1);
    }
    commit(1);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_TRUE(results[1]);
    for (const Side* side : {&*server, clients[0].get(), clients[1].get()}) {
        EXPECT_EQ(points(*side, kOrc), 70) << "everywhere";
        EXPECT_EQ(points(*side, kElf), 5);
    }
    ASSERT_TRUE(server->health.set(net.now, kElf, {8}));
    net.run(300ms);
    EXPECT_EQ(points(*clients[0], kElf), 8);
}

TEST_F(Steps, OfStreamedTablesSayNothingOfWhatIsNotLoaded) {
    start(2, true);
    ASSERT_TRUE(clients[0]->health.loaded(net.now, kOrc));
    net.run(300ms);
    Transaction spell = server->trades.begin();
    spell.set(server->health, kOrc, Health{70}).set(server->bank, Gold{9});
    ASSERT_TRUE(spell.publish(net.now, Recipients::everyone(), {}, keep_results()));
    net.run(300ms);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_TRUE(results[0] && results[1]);
    EXPECT_EQ(points(*clients[0], kOrc), 70);
    EXPECT_EQ(points(*clients[1], kOrc), -1);
    EXPECT_EQ(clients[1]->bank.value(), Gold{9});
    ASSERT_TRUE(clients[1]->health.loaded(net.now, kOrc));
    net.run(300ms);
    EXPECT_EQ(points(*clients[1], kOrc), 70);
}

TEST_F(Steps, OfTablesAreCheckedWhenTheyAreMade) {
    start(1);
    const auto error_of = [&](Transaction& one) {
        const auto done = one.publish(net.now, Recipients::everyone());
        return done ? std::string() : done.error().message;
    };
    Transaction twice = server->trades.begin();
    twice.set(server->health, kOrc, Health{1}).set(server->health, kOrc, Health{2});
    EXPECT_EQ(error_of(twice), "step 1 of the transaction: 'health' has a step for 17 already");
    Transaction nobody = server->trades.begin();
    nobody.forget(server->health, kOrc);
    EXPECT_EQ(error_of(nobody), "step 0 of the transaction: health: there is no object 17");
    Transaction at_client = clients[0]->trades.begin();
    at_client.set(clients[0]->health, kOrc, Health{1});
    const auto refused = at_client.commit(net.now, to_server(), {}, keep_result());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unauthorised);
}

TEST_F(Steps, OfTablesFromAClientAreRefused) {
    start(1);
    // A client that says it nevertheless: remote `health` is the fourth by name (also, ask, bank,
    // contract:state, health, purse, trades: the fifth, and trades the seventh).
    const std::vector<unsigned> numbers{7, 1, 1, 0, 0x90, 0x4e, 1, 5, 5, 1, 0, 1, 17, 9};
    std::vector<std::byte> frame;
    for (const unsigned number : numbers) frame.push_back(static_cast<std::byte>(number));
    ASSERT_TRUE(net.clients[0]->endpoint->send(net.now, to_server(), ChannelId{3}, frame));
    net.run(300ms);
    EXPECT_EQ(server->health.statistics().in.of(Outcome::unauthorised), 1U);
    EXPECT_EQ(server->health.size(), 0U);
}

class TableStepsWeather : public ::testing::TestWithParam<std::uint64_t> {};

// Two objects and a property that always change together: nobody ever sees them differ.
TEST_P(TableStepsWeather, NobodyEverSeesHalf) {
    const std::uint64_t seed = GetParam();
    RemoteNet net(seed);
    net.loss = percent(20);
    net.duplicate = percent(5);
    net.jitter = 60ms;
    Side server(*net.server_remotes);
    std::vector<std::unique_ptr<Side>> clients;
    for (std::uint64_t i = 0; i < 2; ++i) {
        auto& client = net.add_client();
        clients.push_back(std::make_unique<Side>(*client.remotes));
        Side& side = *clients.back();
        const auto look = [&side, seed](const auto&...) {
            const Health* const orc = side.health.find(kOrc);
            const Health* const elf = side.health.find(kElf);
            ASSERT_EQ(orc == nullptr, elf == nullptr) << "seed " << seed;
            if (orc != nullptr) {
                ASSERT_EQ(*orc, *elf) << "seed " << seed;
            }
        };
        side.health.watch(look);
        net.connect(client, i + 1);
    }
    net.run(3s);
    ASSERT_EQ(net.server_remotes->peers().size(), 2U) << "seed " << seed;
    Rng rng = Rng(seed).fork("changes");
    bool is_there = false;
    for (std::int32_t i = 1; i <= 60; ++i) {
        Transaction spell = server.trades.begin();
        if (is_there && rng.chance(percent(20))) {
            spell.forget(server.health, kOrc).forget(server.health, kElf);
            is_there = false;
        } else {
            spell.set(server.health, kOrc, Health{i}).set(server.health, kElf, Health{i});
            is_there = true;
        }
        ASSERT_TRUE(spell.publish(net.now, Recipients::everyone())) << "seed " << seed;
        net.run(Duration(rng.between(1'000'000, 90'000'000)));
    }
    net.loss = {};
    net.run(10s);
    for (const auto& client : clients) {
        EXPECT_EQ(client->health.size(), server.health.size()) << "seed " << seed;
        const Health* const there = client->health.find(kOrc);
        const Health* const here = server.health.find(kOrc);
        ASSERT_EQ(there == nullptr, here == nullptr) << "seed " << seed;
        if (here != nullptr) {
            EXPECT_EQ(*there, *here) << "seed " << seed;
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Seeds, TableStepsWeather, ::testing::Range(std::uint64_t{1}, std::uint64_t{31}));

// --- contracts

TEST_F(Steps, OfContractsAreToldOrNot) {
    start(1);
    const State kState{3, "battle"};
    Transaction good = clients[0]->trades.begin();
    good.set(clients[0]->purse, Gold{4}).send(*clients[0]->state, kState);
    ASSERT_TRUE(good.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_TRUE(results[0]);
    EXPECT_EQ(server->states, std::vector<State>{kState});
    EXPECT_EQ(server->purse.value(), Gold{4});

    server->throws = true;
    Transaction bad = clients[0]->trades.begin();
    bad.set(clients[0]->purse, Gold{5}).send(*clients[0]->state, kState);
    ASSERT_TRUE(bad.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_EQ(results.size(), 2U);
    ASSERT_FALSE(results[1]);
    EXPECT_EQ(results[1].error().remote, "contract:state");
    EXPECT_EQ(server->purse.value(), Gold{4}) << "rolled back";
    EXPECT_EQ(clients[0]->purse.value(), Gold{4});

    // A chain may stop it, before anything happens.
    server->throws = false;
    server->state->use(Direction::inbound, [](Message& message, const Next& next) {
        return message.object<State>()->phase == 3 ? Outcome::invalid : next();
    });
    Transaction stopped = clients[0]->trades.begin();
    stopped.set(clients[0]->purse, Gold{5}).send(*clients[0]->state, kState);
    ASSERT_TRUE(stopped.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_EQ(results.size(), 3U);
    ASSERT_FALSE(results[2]);
    EXPECT_EQ(results[2].error().step, 1U);
    EXPECT_EQ(server->states.size(), 2U);
}

// --- calls that are answered later

using Waiting = std::optional<RemoteFunction<Gold, Gold>::OpenCall>;

TEST_F(Steps, OfCallsThatAreAnsweredLaterHappenWhenAllHaveAnswered) {
    start(1);
    Waiting first;
    Waiting second;
    server->ask.answer_later([&](const Origin&, const Gold&, auto call) { first = call; });
    server->also.answer_later([&](const Origin&, const Gold&, auto call) { second = call; });
    std::vector<std::int32_t> answers;
    const auto note = [&](TimePoint, const Result<Gold>& gold) {
        answers.push_back(gold ? gold->amount : -1);
    };
    Transaction trade = clients[0]->trades.begin();
    trade.set(clients[0]->purse, Gold{4})
        .call(clients[0]->ask, Gold{1}, note)
        .call(clients[0]->also, Gold{2}, note);
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(server->purse.value(), Gold{0}) << "nothing yet";
    EXPECT_TRUE(server->also.respond(net.now, *second, Gold{20}));
    EXPECT_FALSE(server->also.respond(net.now, *second, Gold{21})) << "once";
    net.run(300ms);
    EXPECT_EQ(server->purse.value(), Gold{0});
    EXPECT_TRUE(results.empty());
    EXPECT_TRUE(server->ask.respond(net.now, *first, Gold{10}));
    net.run(300ms);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_TRUE(results[0]);
    EXPECT_EQ(server->purse.value(), Gold{4});
    EXPECT_EQ(clients[0]->purse.value(), Gold{4});
    EXPECT_EQ(answers, (std::vector<std::int32_t>{10, 20})) << "in the order of the steps";
}

TEST_F(Steps, OfCallsThatAreRefusedLaterLeaveNoTrace) {
    start(1);
    Waiting first;
    std::vector<std::string> undone;
    server->ask.answer_later([&](const Origin&, const Gold&, auto call) {
        first = call;
        EXPECT_TRUE(server->trades.undo([&] { undone.push_back("ask"); }));
        EXPECT_TRUE(server->trades.undo([&] { undone.push_back("ask, last"); }));
    });
    Waiting second;
    server->also.answer_later([&](const Origin&, const Gold&, auto call) { second = call; });
    Transaction trade = clients[0]->trades.begin();
    trade.set(clients[0]->purse, Gold{4}).call(clients[0]->ask, Gold{1}).call(clients[0]->also, Gold{1});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(server->trades.undo([] {})) << "nothing is under way here";
    EXPECT_TRUE(server->also.respond(net.now, *second, fail(ErrorCode::unsupported, "no stock")));
    net.run(300ms);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().step, 2U);
    EXPECT_EQ(results[0].error().error.message, "no stock");
    EXPECT_EQ(undone, (std::vector<std::string>{"ask, last", "ask"}));
    EXPECT_FALSE(server->ask.respond(net.now, *first, Gold{1})) << "nobody waits any more";
    EXPECT_EQ(server->purse.value(), Gold{0});
    EXPECT_EQ(clients[0]->purse.value(), Gold{0});
}

TEST_F(Steps, OfCallsThatNobodyAnswersEndWithTheDeadline) {
    start(1);
    Waiting call;
    int undone = 0;
    server->ask.answer_later([&](const Origin&, const Gold&, auto open) {
        call = open;
        (void)server->trades.undo([&] { ++undone; });
    });
    Transaction trade = clients[0]->trades.begin();
    trade.set(clients[0]->purse, Gold{4}).call(clients[0]->ask, Gold{1});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {.deadline = 1s}, keep_result()));
    net.run(900ms);
    EXPECT_TRUE(results.empty());
    net.run(200ms);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().error.code, ErrorCode::expired);
    EXPECT_EQ(results[0].error().step, 1U);
    EXPECT_EQ(undone, 1);
    EXPECT_FALSE(server->ask.respond(net.now, *call, Gold{1}));
    EXPECT_EQ(server->purse.value(), Gold{0});
}

TEST_F(Steps, OfCallsEndWhenTheirPeerLeaves) {
    start(1);
    Waiting call;
    int undone = 0;
    server->ask.answer_later([&](const Origin&, const Gold&, auto open) {
        call = open;
        (void)server->trades.undo([&] { ++undone; });
    });
    Transaction trade = clients[0]->trades.begin();
    trade.call(clients[0]->ask, Gold{1});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    net.clients[0]->remotes->disconnect(net.now, to_server());
    net.run(1s);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_FALSE(results[0]);
    EXPECT_EQ(undone, 1);
    EXPECT_FALSE(server->ask.respond(net.now, *call, Gold{1}));
}

TEST_F(Steps, OfCallsMayBeAnsweredAtOnceAndFailLater) {
    start(1);
    int undone = 0;
    server->ask.answer_later([&](const Origin&, const Gold&, auto call) {
        (void)server->trades.undo([&] { ++undone; });
        EXPECT_TRUE(server->ask.respond(net.now, call, Gold{1}));
    });
    server->also.answer([&](const Origin&, const Gold&) -> Result<Gold> {
        EXPECT_EQ(server->purse.value(), Gold{4}) << "who answers at once sees the values";
        return fail(ErrorCode::unsupported, "no");
    });
    Transaction trade = clients[0]->trades.begin();
    trade.set(clients[0]->purse, Gold{4}).call(clients[0]->ask, Gold{1}).call(clients[0]->also, Gold{1});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().step, 2U);
    EXPECT_EQ(undone, 1);
    EXPECT_EQ(server->purse.value(), Gold{0});
}

TEST_F(Steps, OfCallsWhoseHandlerThrowsAreRefused) {
    start(1);
    server->ask.answer_later(
        [&](const Origin&, const Gold&, auto) -> void { throw std::runtime_error("broken"); });
    Transaction trade = clients[0]->trades.begin();
    trade.set(clients[0]->purse, Gold{4}).call(clients[0]->ask, Gold{1});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().error.message, "ask: a handler failed");
    EXPECT_EQ(server->purse.value(), Gold{0});
}

TEST_F(Steps, ThatWaitedAreLookedAtAgain) {
    start(2);
    Waiting call;
    server->ask.answer_later([&](const Origin&, const Gold&, auto open) { call = open; });
    Transaction trade = clients[0]->trades.begin();
    trade.set(clients[0]->purse, Gold{4}).call(clients[0]->ask, Gold{1});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    server->purse.set_owner(net.peer(1));  // it is not this client's any more
    EXPECT_TRUE(server->ask.respond(net.now, *call, Gold{1}));
    net.run(300ms);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().step, 0U);
    EXPECT_EQ(results[0].error().error.code, ErrorCode::unauthorised);
    EXPECT_EQ(server->purse.value(), Gold{0});
}

TEST_F(Steps, ThatWaitAreBoundedAndAKeyIsOneTransaction) {
    start(1, false, {.max_open = 3});
    std::vector<RemoteFunction<Gold, Gold>::OpenCall> calls;
    server->ask.answer_later([&](const Origin&, const Gold&, auto open) { calls.push_back(open); });
    const auto commit = [&](std::uint64_t key) {
        Transaction trade = clients[0]->trades.begin();
        trade.call(clients[0]->ask, Gold{1});
        ASSERT_TRUE(trade.commit(net.now, to_server(), {.key = key}, keep_result()));
        net.run(100ms);
    };
    commit(7);
    commit(7);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().error.message, "trades: one with this key is under way");
    EXPECT_EQ(calls.size(), 1U);
    EXPECT_TRUE(server->ask.respond(net.now, calls[0], Gold{5}));
    net.run(300ms);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_TRUE(results[1]);
    commit(7);
    ASSERT_EQ(results.size(), 3U);
    EXPECT_TRUE(results[2]) << "the first outcome";
    EXPECT_EQ(calls.size(), 1U) << "and it is not done again";
}

TEST_F(Steps, ThatWaitAreBoundedAgainstAPeerThatCountsForItself) {
    start(1, false, {.max_open = 3});
    int asked = 0;
    server->ask.answer_later([&](const Origin&, const Gold&, auto) { ++asked; });
    // ask is remote 2, trades 7: proposals with one call each, whose request is the number 0 in bits.
    for (unsigned id = 1; id <= 5; ++id) {
        std::vector<std::byte> frame;
        for (const unsigned number : {7U, 1U, id, 0U, 0x90U, 0x4eU, 1U, 2U, 4U, 0U, 0U, 0U, 0U})
            frame.push_back(static_cast<std::byte>(number));
        ASSERT_TRUE(net.clients[0]->endpoint->send(net.now, to_server(), ChannelId{3}, frame));
    }
    net.run(50ms);
    EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace squall::remotes::testing
