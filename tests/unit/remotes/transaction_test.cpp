// Transactions: together or not at all, at both ends, in any weather; the outcome told once, with the step.
#include "squall/remotes/transaction.hpp"

#include <gtest/gtest.h>

#include "squall/remotes/middleware.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Gold {
    std::int32_t amount = 0;
    bool operator==(const Gold&) const = default;
};
struct Item {
    std::string name;
    double weight = 0;
    bool operator==(const Item&) const = default;
};

// A bag that the first client owns, and what is the server's.
struct Side {
    explicit Side(Remotes& remotes, const TransactionOptions& options = {})
        : bag(*remotes.property<Item>("bag", {.authority = Authority::owner})),
          purse(*remotes.property<Gold>("purse", {.authority = Authority::owner})),
          bank(*remotes.property<Gold>("bank")),
          stock(*remotes.property<Gold>("stock")),
          cheer(*remotes.event<Item>("cheer")),
          buy(*remotes.function<Item, Gold>("buy")),
          trades(*remotes.transactions("trades", options)) {}
    RemoteProperty<Item> bag;
    RemoteProperty<Gold> purse;
    RemoteProperty<Gold> bank;
    RemoteProperty<Gold> stock;
    RemoteEvent<Item> cheer;
    RemoteFunction<Item, Gold> buy;
    RemoteTransactions trades;
};

class Transactions : public ::testing::Test {
  protected:
    void start(std::size_t count, const TransactionOptions& options = {}) {
        server.emplace(*net.server_remotes, options);
        for (std::size_t i = 0; i < count; ++i) {
            auto& client = net.add_client();
            clients.push_back(std::make_unique<Side>(*client.remotes, options));
            net.connect(client, 100 + i);
            net.run(300ms);
        }
        ASSERT_EQ(net.server_remotes->peers().size(), count);
        server->bag.set_owner(net.peer(0));
        server->purse.set_owner(net.peer(0));
        clients[0]->bag.claim();
        clients[0]->purse.claim();
    }
    [[nodiscard]] ConnectionId to_server(std::size_t i = 0) const { return net.clients[i]->server(); }
    CommitDone keep_result() {
        return [this](TimePoint, const Committed& result) { results.push_back(result); };
    }

    RemoteNet net;
    std::optional<Side> server;
    std::vector<std::unique_ptr<Side>> clients;
    std::vector<Committed> results;
};

TEST_F(Transactions, HappenAtBothEndsAndEverybodySeesTheWhole) {
    start(2);
    std::vector<std::string> seen;
    const auto look = [&](const char* who, const Side& side) {
        return [&seen, who, &side](const auto&...) {
            seen.push_back(std::string(who) + " " + side.bag.value().name + " " +
                           std::to_string(side.purse.value().amount));
        };
    };
    server->bag.watch(look("server bag", *server));
    server->purse.watch(look("server purse", *server));
    server->cheer.listen(look("server cheer", *server));
    clients[0]->bag.watch(look("owner bag", *clients[0]));
    clients[0]->purse.watch(look("owner purse", *clients[0]));
    clients[1]->bag.watch(look("other bag", *clients[1]));
    clients[1]->purse.watch(look("other purse", *clients[1]));
    server->buy.answer([&](const Origin&, const Item& item) -> Result<Gold> {
        seen.push_back("call " + item.name);
        return Gold{7};
    });
    Transaction trade = clients[0]->trades.begin();
    std::optional<Result<Gold>> answer;
    trade.set(clients[0]->bag, Item{"sword", 1.5})
        .set(clients[0]->purse, Gold{30})
        .call(clients[0]->buy, Item{"sword", 1.5},
              [&](TimePoint, const Result<Gold>& gold) { answer = gold; })
        .fire(clients[0]->cheer, Item{"hooray", 0});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    EXPECT_EQ(trade.size(), 0U);
    EXPECT_EQ(clients[0]->bag.value(), Item{}) << "nothing before the server has accepted";
    net.run(500ms);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_TRUE(results[0]);
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ((*answer)->amount, 7);
    EXPECT_EQ(seen,
              (std::vector<std::string>{"call sword", "server cheer sword 30", "server bag sword 30",
                                        "server purse sword 30", "owner bag sword 30", "owner purse sword 30",
                                        "other bag sword 30", "other purse sword 30"}));
    EXPECT_EQ(clients[0]->trades.open(), 0U);
    EXPECT_EQ(server->trades.statistics().in.messages, 4U)
        << "two clocks, one proposal, one answer of the other";
}

// The last step fails: everything is as it was, also what handlers of the steps before it did.
TEST_F(Transactions, ThatFailLeaveNoTrace) {
    start(1);
    ASSERT_TRUE(clients[0]->bag.set(net.now, {"rope", -0.0}));
    ASSERT_TRUE(server->bank.set(net.now, {1000}));
    net.run(300ms);
    const Item before = server->bag.value();
    ASSERT_EQ(before.name, "rope");
    int changes = 0;
    server->bag.watch([&](const auto&...) { ++changes; });
    server->purse.watch([&](const auto&...) { ++changes; });
    server->bank.watch([&](const auto&...) { ++changes; });
    clients[0]->bank.watch([&](const auto&...) { ++changes; });
    (void)*net.server_remotes->subscribe(".*", [&](const Heard&) { ++changes; });
    std::vector<std::string> log;
    clients[0]->cheer.listen(
        [&](const Origin&, const Item& item) { log.push_back("client hears " + item.name); });
    server->cheer.listen([&](const Origin&, const Item& item) {
        log.push_back("server hears " + item.name);
        EXPECT_EQ(server->bag.value().name, "sword") << "handlers see the new values";
        EXPECT_TRUE(server->bank.set(net.now, {1}));
        server->cheer.fire(net.now, Item{"never sent", 0});
        EXPECT_TRUE(server->trades.undo([&] { log.push_back("undone"); }));
        Transaction inner = server->trades.begin();
        inner.fire(server->cheer, Item{});
        EXPECT_FALSE(inner.commit(net.now, net.peer(0), {}, {})) << "no transaction in a transaction";
    });
    bool throws = false;
    server->buy.answer([&](const Origin&, const Item&) -> Result<Gold> {
        if (throws) throw std::runtime_error("a secret of the server");
        return fail(ErrorCode::invalid_argument, "you have not enough");
    });
    for (int round = 0; round < 2; ++round) {
        throws = round == 1;
        Transaction trade = clients[0]->trades.begin();
        std::optional<Result<Gold>> answer;
        trade.set(clients[0]->bag, Item{"sword", 2})
            .set(clients[0]->purse, Gold{30})
            .fire(clients[0]->cheer, Item{"hooray", 0})
            .call(clients[0]->buy, Item{}, [&](TimePoint, const Result<Gold>& gold) { answer = gold; });
        ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
        net.run(500ms);
        ASSERT_EQ(results.size(), 1U);
        ASSERT_FALSE(results[0]);
        EXPECT_EQ(results[0].error().step, 3U);
        EXPECT_EQ(results[0].error().remote, "buy");
        EXPECT_EQ(results[0].error().error.message, throws ? "buy: a handler failed" : "you have not enough");
        ASSERT_TRUE(answer);
        EXPECT_FALSE(*answer);
        EXPECT_EQ(server->bag.value().name, before.name);
        EXPECT_EQ(std::bit_cast<std::uint64_t>(server->bag.value().weight),
                  std::bit_cast<std::uint64_t>(before.weight));
        EXPECT_EQ(server->purse.value(), Gold{});
        EXPECT_EQ(server->bank.value(), Gold{1000});
        EXPECT_EQ(clients[0]->bag.value().name, "rope");
        EXPECT_EQ(clients[0]->purse.value(), Gold{});
        EXPECT_EQ(log, (std::vector<std::string>{"server hears hooray", "undone"}));
        EXPECT_EQ(changes, 0);
        results.clear();
        log.clear();
    }
    EXPECT_EQ(server->bank.statistics().out.messages, 1U) << "nobody is sent what was undone";
    // And nothing is stuck.
    ASSERT_TRUE(clients[0]->bag.set(net.now, {"lamp", 1}));
    net.run(300ms);
    EXPECT_EQ(server->bag.value().name, "lamp");
}

TEST_F(Transactions, AreRefusedByTheChainsBeforeAnythingHappens) {
    start(1);
    int handled = 0;
    server->cheer.listen([&](const auto&...) { ++handled; });
    server->purse.use(Direction::inbound, validate<Gold>([](TimePoint, ConnectionId, const Gold& gold) {
                          return gold.amount >= 0;
                      }));
    Transaction trade = clients[0]->trades.begin();
    trade.fire(clients[0]->cheer, Item{}).set(clients[0]->bag, Item{"x", 1}).set(clients[0]->purse, Gold{-1});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().step, 2U);
    EXPECT_EQ(results[0].error().remote, "purse");
    EXPECT_EQ(results[0].error().error.code, ErrorCode::invalid_argument);
    EXPECT_EQ(handled, 0);
    EXPECT_EQ(server->bag.value(), Item{});
    EXPECT_EQ(server->purse.statistics().in.of(Outcome::invalid), 1U);
    EXPECT_EQ(server->trades.statistics().in.of(Outcome::invalid), 1U);
    // Who is not the owner may not set, alone or together.
    server->bag.set_owner({});
    trade.set(clients[0]->bag, Item{"y", 1});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[1].error().error.code, ErrorCode::unauthorised);
    // A chain of transactions as wholes.
    server->trades.use(Direction::inbound, [](Message& message, const Next& next) {
        return message.object<TransactionHead>()->steps > 1 ? Outcome::rate_limited : next();
    });
    trade.fire(clients[0]->cheer, Item{}).fire(clients[0]->cheer, Item{});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {}, keep_result()));
    net.run(300ms);
    ASSERT_EQ(results.size(), 3U);
    EXPECT_EQ(results[2].error().step, std::nullopt);
    EXPECT_EQ(results[2].error().error.code, ErrorCode::queue_full);
    EXPECT_EQ(handled, 0);
}

TEST_F(Transactions, OfAServerAreItsWordToManyAndAQuestionToOne) {
    start(3);
    bool refuses = true;
    clients[1]->cheer.listen([&](const auto&...) {
        if (refuses) throw std::runtime_error("no");
    });
    std::vector<std::pair<ConnectionId, Committed>> told;
    Transaction trade = server->trades.begin();
    trade.set(server->bank, Gold{5}).set(server->stock, Gold{6}).fire(server->cheer, Item{"all", 1});
    ASSERT_TRUE(
        trade.publish(net.now, Recipients::everyone(), {}, [&](TimePoint, const auto& all) { told = all; }));
    EXPECT_EQ(server->bank.value(), Gold{5}) << "its word: at once";
    net.run(500ms);
    ASSERT_EQ(told.size(), 3U);
    EXPECT_TRUE(told[0].second);
    ASSERT_FALSE(told[1].second);
    EXPECT_EQ(told[1].second.error().step, 2U);
    EXPECT_TRUE(told[2].second);
    for (const auto& client : clients)
        EXPECT_EQ(client->bank.value(), Gold{5}) << "who refused gets the values all the same";
    EXPECT_EQ(server->bank.statistics().out.messages, 0U) << "and nobody gets them twice";
    // One peer is asked: what it refuses does not happen.
    trade.set(server->bank, Gold{50}).fire(server->cheer, Item{"you", 1});
    ASSERT_TRUE(trade.commit(net.now, net.peer(1), {}, keep_result()));
    net.run(500ms);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().remote, "cheer");
    for (const auto& client : clients) EXPECT_EQ(client->bank.value(), Gold{5});
    EXPECT_EQ(server->bank.value(), Gold{5});
    refuses = false;
    trade.set(server->bank, Gold{60}).fire(server->cheer, Item{"you", 1});
    ASSERT_TRUE(trade.commit(net.now, net.peer(1), {}, keep_result()));
    // A set() after the commit stands, for all.
    ASSERT_TRUE(server->bank.set(net.now, {70}));
    net.run(500ms);
    EXPECT_TRUE(results.at(1));
    EXPECT_EQ(server->bank.value(), Gold{70});
    for (const auto& client : clients) EXPECT_EQ(client->bank.value(), Gold{70});
}

TEST_F(Transactions, ThatAreWrongAreRefusedWhereTheyAreMade) {
    start(1, {.max_steps = 3, .max_bytes = 2000, .max_open = 2});
    Side& client = *clients[0];
    const auto refusal = [&](Transaction trade, ConnectionId peer) {
        const auto done = trade.commit(net.now, peer, {}, keep_result());
        return done ? "accepted" : std::string(to_string(done.error().code)) + ": " + done.error().message;
    };
    EXPECT_NE(refusal(client.trades.begin(), to_server()).find("without a step"), std::string::npos);
    Transaction one = client.trades.begin();
    one.fire(client.cheer, Item{}).set(client.bank, Gold{1});
    EXPECT_NE(refusal(std::move(one), to_server()).find("step 1 of the transaction: bank: this side"),
              std::string::npos);
    Transaction two = client.trades.begin();
    const Item heavy{std::string(990, 'x'), 1};
    two.set(client.bag, Item{"x", 1}).fire(client.cheer, heavy).fire(client.cheer, heavy);
    EXPECT_NE(refusal(std::move(two), to_server()).find("at most 2000"), std::string::npos);
    Transaction three = client.trades.begin();
    for (int i = 0; i < 4; ++i) three.fire(client.cheer, Item{});
    EXPECT_NE(refusal(std::move(three), to_server()).find("at most 3 steps"), std::string::npos);
    Transaction four = client.trades.begin();
    four.fire(client.cheer, Item{});
    EXPECT_NE(refusal(std::move(four), ConnectionId{9, 9}).find("not ready"), std::string::npos);
    Transaction five = client.trades.begin();
    five.fire(server->cheer, Item{});
    EXPECT_NE(refusal(std::move(five), to_server()).find("another registry"), std::string::npos);
    Transaction six = client.trades.begin();
    six.fire(client.cheer, Item{});
    EXPECT_NE(six.publish(net.now, Recipients::everyone()).error().message.find("only a server"),
              std::string::npos);
    Transaction seven = server->trades.begin();
    seven.call(server->buy, Item{});
    EXPECT_NE(seven.publish(net.now, Recipients::everyone()).error().message.find("commit it"),
              std::string::npos);
    EXPECT_TRUE(results.empty()) << "what is refused at once is not told again";
    for (int i = 0; i < 3; ++i) {
        Transaction more = client.trades.begin();
        more.fire(client.cheer, Item{});
        EXPECT_EQ(refusal(std::move(more), to_server()).substr(0, 8), i < 2 ? "accepted" : "queue fu");
    }
    // What could not be sent holds nothing up.
    ASSERT_TRUE(client.bag.set(net.now, {"lamp", 1}));
    net.run(300ms);
    EXPECT_EQ(server->bag.value().name, "lamp");
    EXPECT_EQ(results.size(), 2U);
}

TEST_F(Transactions, ThatComeTooLateDoNotHappen) {
    start(1);
    int handled = 0;
    server->cheer.listen([&](const auto&...) { ++handled; });
    const auto commit = [&](Duration deadline) {
        Transaction trade = clients[0]->trades.begin();
        trade.set(clients[0]->purse, Gold{1}).fire(clients[0]->cheer, Item{});
        ASSERT_TRUE(trade.commit(net.now, to_server(), {.deadline = deadline}, keep_result()));
    };
    net.loss = percent(100);
    commit(300ms);
    net.run(600ms);
    net.loss = {};
    EXPECT_TRUE(results.empty());
    net.run(2s);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().error.code, ErrorCode::expired);
    EXPECT_EQ(handled, 0);
    EXPECT_EQ(server->purse.value(), Gold{});
    commit(300ms);
    net.run(1s);
    EXPECT_TRUE(results.at(1));
    EXPECT_EQ(handled, 1);
}

TEST_F(Transactions, OfALostPeerEndOnceAndAKeyMakesThemOne) {
    start(1);
    int handled = 0;
    server->buy.answer([&](const Origin&, const Item&) -> Result<Gold> { return Gold{++handled}; });
    const auto commit = [&](Side& side, ConnectionId peer, std::vector<std::int32_t>& answers) {
        Transaction trade = side.trades.begin();
        trade.call(side.buy, Item{},
                   [&](TimePoint, const Result<Gold>& gold) { answers.push_back(gold ? gold->amount : -1); });
        ASSERT_TRUE(trade.commit(net.now, peer, {.key = 77}, keep_result()));
    };
    std::vector<std::int32_t> answers;
    commit(*clients[0], to_server(), answers);
    net.run(25ms);  // it is there, its answer is not
    EXPECT_EQ(handled, 1);
    net.server_remotes->disconnect(net.now, net.peer(0));
    net.loss = percent(100);
    net.run(1ms);
    net.clients[0]->remotes->disconnect(net.now, to_server());
    net.run(100ms);
    net.loss = {};
    ASSERT_EQ(results.size(), 1U);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().error.code, ErrorCode::not_connected);
    EXPECT_EQ(answers, (std::vector<std::int32_t>{-1}));
    net.run(20s);
    EXPECT_EQ(results.size(), 1U) << "told once";
    // The same player is back and tries again.
    auto& again = net.add_client();
    Side side(*again.remotes);
    net.connect(again, 100);
    net.run(1s);
    commit(side, again.server(), answers);
    net.run(1s);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_TRUE(results[1]);
    EXPECT_EQ(answers, (std::vector<std::int32_t>{-1, 1})) << "the first answer";
    EXPECT_EQ(handled, 1) << "it is not done again";
    net.run(61s);
    commit(side, again.server(), answers);
    net.run(1s);
    EXPECT_EQ(handled, 2) << "forgotten after a while";
}

TEST_F(Transactions, OfASilentPeerEndAndHoldNothing) {
    start(1);
    // A peer that gets proposals and never answers: its registry is not there any more.
    ASSERT_TRUE(server->bank.set(net.now, {1}));
    net.run(300ms);
    Transaction trade = server->trades.begin();
    trade.set(server->bank, Gold{2});
    ASSERT_TRUE(trade.commit(net.now, net.peer(0), {.deadline = 1s}, keep_result()));
    // Its answers are lost, and only they: nothing that the client sends arrives.
    net.loss_from_clients = percent(100);
    net.run(4s);
    EXPECT_TRUE(results.empty());
    net.run(8s);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_FALSE(results[0]);
    EXPECT_EQ(server->bank.value(), Gold{1});
}

// Bytes of section 7.9 of the standard.
TEST_F(Transactions, HaveTheirGoldenBytes) {
    start(1);
    server->buy.answer([](const Origin&, const Item&) -> Result<Gold> { return Gold{7}; });
    struct Payloads final : trace::Sink {
        void on_event(const trace::Event& event) override {
            if (event.kind == trace::EventKind::message_sent && event.detail / 256 == 7 &&
                event.detail % 256 == 0)
                all.push_back(to_hex(event.payload));
        }
        std::vector<std::string> all;
    } payloads;
    net.clients[0]->remotes->set_trace(&payloads, 1);
    net.server_remotes->set_trace(&payloads, 1);
    Transaction trade = clients[0]->trades.begin();
    trade.set(clients[0]->purse, Gold{30}).call(clients[0]->buy, Item{"x", 0});
    ASSERT_TRUE(trade.commit(net.now, to_server(), {.deadline = 300ms}, keep_result()));
    net.run(200ms);
    server->purse.set_owner({});
    trade.set(clients[0]->purse, Gold{31});
    ASSERT_TRUE(
        trade.commit(net.now, to_server(), {.deadline = 300ms, .key = 0x0102030405060708}, keep_result()));
    net.run(200ms);
    // bag, bank, buy, cheer, purse, stock and trades are 1 to 7; 220 ms and 420 ms after they met.
    EXPECT_EQ(payloads.all, (std::vector<std::string>{"07"
                                                      "01"
                                                      "01"
                                                      "dc01"
                                                      "ac02"
                                                      "02"
                                                      "05"
                                                      "05"
                                                      "01"
                                                      "1e000080"
                                                      "03"
                                                      "0b"
                                                      "0100780000000000000000",
                                                      "07"
                                                      "03"
                                                      "01"
                                                      "04"
                                                      "07000080",
                                                      "07"
                                                      "02"
                                                      "02"
                                                      "a403"
                                                      "ac02"
                                                      "0807060504030201"
                                                      "01"
                                                      "05"
                                                      "05"
                                                      "02"
                                                      "1f000080",
                                                      "07"
                                                      "04"
                                                      "02"
                                                      "01"
                                                      "07" +
                                                          to_hex(as_bytes("refused: unauthorised"))}));
}

// Money is neither made nor lost, whatever is dropped, doubled, reordered or refused, for whoever looks.
class TransactionWeather : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(TransactionWeather, NobodyEverSeesHalf) {
    const std::uint64_t seed = GetParam();
    RemoteNet net(seed);
    net.loss = percent(15);
    net.duplicate = percent(5);
    net.jitter = 60ms;
    struct Bank {
        explicit Bank(Remotes& remotes)
            : mine(*remotes.property<Gold>("mine", {.initial = {50}, .authority = Authority::owner})),
              yours(*remotes.property<Gold>("yours", {.initial = {50}, .authority = Authority::owner})),
              left(*remotes.property<Gold>("left", {.initial = {50}})),
              right(*remotes.property<Gold>("right", {.initial = {50}})),
              check(*remotes.function<Gold, Gold>("check")),
              trades(*remotes.transactions("trades")) {}
        RemoteProperty<Gold> mine, yours, left, right;
        RemoteFunction<Gold, Gold> check;
        RemoteTransactions trades;
    };
    Bank server(*net.server_remotes);
    std::vector<std::unique_ptr<Bank>> clients;
    const auto hold_invariant = [&](Bank& bank) {
        const auto look = [&](const auto&...) {
            EXPECT_EQ(bank.mine.value().amount + bank.yours.value().amount, 100) << "seed " << seed;
            EXPECT_EQ(bank.left.value().amount + bank.right.value().amount, 100) << "seed " << seed;
        };
        bank.mine.watch(look);
        bank.yours.watch(look);
        bank.left.watch(look);
        bank.right.watch(look);
    };
    Rng rng = Rng(seed).fork("trades");
    const auto refuse_some = [&](Bank& bank) {
        bank.check.answer([&](const Origin&, const Gold& gold) -> Result<Gold> {
            if (rng.chance(percent(15))) throw std::runtime_error("no");
            if (rng.chance(percent(15))) return fail(ErrorCode::invalid_argument, "no");
            return gold;
        });
    };
    hold_invariant(server);
    refuse_some(server);
    for (std::size_t i = 0; i < 3; ++i) {
        auto& client = net.add_client();
        clients.push_back(std::make_unique<Bank>(*client.remotes));
        hold_invariant(*clients.back());
        refuse_some(*clients.back());
        net.connect(client, i + 1);
    }
    while (net.server_remotes->peers().size() < 3) net.run(100ms);
    server.mine.set_owner(*net.server_remotes->connection_of(ClientId{1}));
    server.yours.set_owner(*net.server_remotes->connection_of(ClientId{1}));
    clients[0]->mine.claim();
    clients[0]->yours.claim();
    std::size_t committed = 0;
    std::size_t told = 0;
    std::size_t accepted = 0;
    for (int i = 0; i < 120; ++i) {
        const auto amount = static_cast<std::int32_t>(rng.between(0, 100));
        const auto done = [&](TimePoint, const Committed& result) {
            ++told;
            accepted += result ? 1 : 0;
        };
        if (rng.chance(percent(50))) {
            Transaction trade = clients[0]->trades.begin();
            trade.set(clients[0]->mine, Gold{amount})
                .set(clients[0]->yours, Gold{100 - amount})
                .call(clients[0]->check, Gold{amount});
            if (trade.commit(net.now, net.clients[0]->server(), {}, done)) ++committed;
        } else {
            Transaction trade = server.trades.begin();
            trade.set(server.left, Gold{amount}).set(server.right, Gold{100 - amount});
            if (rng.chance(percent(50))) {
                ASSERT_TRUE(trade.publish(net.now, Recipients::everyone_except(net.peer(1))));
            } else {
                trade.call(server.check, Gold{amount});
                if (trade.commit(net.now, net.peer(static_cast<std::size_t>(rng.between(0, 2))), {}, done))
                    ++committed;
            }
        }
        net.run(Duration(rng.between(1'000'000, 80'000'000)));
    }
    net.loss = {};
    net.run(15s);
    EXPECT_EQ(told, committed) << "seed " << seed;
    EXPECT_GT(committed, 60U);
    EXPECT_GT(accepted, committed / 3);
    EXPECT_LT(accepted, committed);
    EXPECT_EQ(server.trades.open() + clients[0]->trades.open(), 0U);
    EXPECT_EQ(server.mine.value(), clients[0]->mine.value()) << "seed " << seed;
    for (const auto& client : clients) {
        EXPECT_EQ(client->left.value(), server.left.value()) << "seed " << seed;
        EXPECT_EQ(client->mine.value(), server.mine.value()) << "seed " << seed;
        EXPECT_EQ(client->yours.value(), server.yours.value()) << "seed " << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TransactionWeather, ::testing::Range(std::uint64_t{1}, std::uint64_t{41}));

}  // namespace
}  // namespace squall::remotes::testing
