// What the answering side of functions remembers: bounded by number, bytes and age; keys by player, over
// connections.
#include "squall/remotes/served_calls.hpp"

#include <gtest/gtest.h>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

using detail::CallAnswer;
using detail::CallOp;
using detail::KeyedCalls;
using detail::OpenCall;
using detail::ServedCalls;

constexpr ConnectionId kPeer{1, 1};
constexpr ConnectionId kLater{1, 2};
constexpr TimePoint kNow{std::chrono::seconds(10)};

CallAnswer answer_of(std::size_t bytes) {
    return {CallOp::reply, nullptr, std::vector<std::byte>(bytes), true};
}
void serve(ServedCalls& calls, std::uint64_t id, std::size_t bytes, TimePoint now = kNow) {
    calls.open(now, {kPeer, id}).answer = answer_of(bytes);
    calls.keep(now, {kPeer, id});
}

TEST(ServedCalls, KeepAnswersWithinNumberBytesAndAge) {
    const FunctionOptions options{.max_kept_answers = 3, .max_kept_bytes = 1000, .keep_answers = 5s};
    ServedCalls calls(options);
    for (std::uint64_t id = 1; id <= 4; ++id) serve(calls, id, 10);
    EXPECT_EQ(calls.find({kPeer, 1}), nullptr);
    EXPECT_TRUE(calls.is_forgotten({kPeer, 1}));
    EXPECT_FALSE(calls.is_forgotten({kPeer, 2}));
    EXPECT_EQ(calls.kept_bytes(kPeer), 30U);
    serve(calls, 5, 985);
    EXPECT_NE(calls.find({kPeer, 5}), nullptr);
    EXPECT_NE(calls.find({kPeer, 4}), nullptr);
    EXPECT_EQ(calls.find({kPeer, 3}), nullptr) << "for its bytes";
    EXPECT_LE(calls.kept_bytes(kPeer), 1000U);
    // One that alone is too large pushes nobody out, and is known to have been answered.
    serve(calls, 6, 1001);
    ASSERT_NE(calls.find({kPeer, 6}), nullptr);
    EXPECT_FALSE(calls.find({kPeer, 6})->answer.is_kept);
    EXPECT_NE(calls.find({kPeer, 5}), nullptr);
    calls.drop_old(kNow + 6s, kPeer);
    EXPECT_EQ(calls.find({kPeer, 6}), nullptr);
    EXPECT_EQ(calls.kept_bytes(kPeer), 0U);
    EXPECT_EQ(calls.open_of(kPeer), 0U);
}

TEST(KeyedCalls, OutliveTheConnectionOfTheirPlayer) {
    const FunctionOptions options{.keep_answers = 5s};
    KeyedCalls keyed(options);
    const ClientId player{7};
    ASSERT_NE(keyed.begin(kNow, player, 1, {kPeer, 1}), nullptr);
    (void)keyed.answer(kNow, {kPeer, 1}, answer_of(3));
    ASSERT_NE(keyed.begin(kNow, player, 2, {kPeer, 2}), nullptr);
    keyed.on_gone(kNow, kPeer);
    ASSERT_NE(keyed.find(kNow, player, 1), nullptr);
    EXPECT_TRUE(keyed.find(kNow, player, 1)->is_answered);
    ASSERT_NE(keyed.find(kNow, player, 2), nullptr) << "its handler may still answer";
    EXPECT_EQ(keyed.find(kNow, ClientId{8}, 1), nullptr) << "another player's key is another";
    // It is asked for again, and its time does not run while somebody waits.
    keyed.wait(player, 2, {kLater, 1});
    ASSERT_NE(keyed.find(kNow + 6s, player, 2), nullptr);
    EXPECT_EQ(keyed.find(kNow + 6s, player, 1), nullptr) << "too old";
    EXPECT_EQ(keyed.answer(kNow + 6s, {kPeer, 2}, answer_of(3)), std::vector<OpenCall>({{kLater, 1}}));
    EXPECT_EQ(keyed.find(kNow + 12s, player, 2), nullptr);
}

TEST(KeyedCalls, WhoWaitedAndLeftIsForgotten) {
    const FunctionOptions options{.keep_answers = 5s};
    KeyedCalls keyed(options);
    const ClientId player{7};
    ASSERT_NE(keyed.begin(kNow, player, 1, {kPeer, 1}), nullptr);
    keyed.on_gone(kNow, kPeer);
    keyed.wait(player, 1, {kLater, 1});
    keyed.on_gone(kNow, kLater);
    ASSERT_NE(keyed.of({kPeer, 1}), nullptr);
    EXPECT_EQ(keyed.find(kNow + 6s, player, 1), nullptr) << "nobody waits, and it is too old";
    EXPECT_EQ(keyed.of({kPeer, 1}), nullptr);
    EXPECT_TRUE(keyed.answer(kNow, {kPeer, 1}, answer_of(3)).empty());
}

TEST(KeyedCalls, AreBoundedByNumberBytesOpenCallsAndPlayers) {
    const FunctionOptions options{
        .max_kept_answers = 3, .max_kept_bytes = 100, .max_kept_players = 2, .max_open_calls = 4};
    KeyedCalls keyed(options);
    const ClientId player{7};
    std::uint64_t id = 0;
    const auto run = [&](ClientId who, std::uint64_t key, std::size_t bytes) {
        const OpenCall open{kPeer, ++id};
        if (keyed.begin(kNow, who, key, open) == nullptr) return false;
        (void)keyed.answer(kNow, open, answer_of(bytes));
        return true;
    };
    for (std::uint64_t key = 1; key <= 4; ++key) EXPECT_TRUE(run(player, key, 10));
    EXPECT_EQ(keyed.find(kNow, player, 1), nullptr);
    EXPECT_TRUE(run(player, 5, 95));
    EXPECT_EQ(keyed.find(kNow, player, 4), nullptr);
    EXPECT_TRUE(run(player, 6, 101));
    EXPECT_FALSE(keyed.find(kNow, player, 6)->answer.is_kept);
    // Who leaves its calls open, again and again, has no more of them for it.
    for (std::uint32_t life = 0; life < 20; ++life) {
        const ConnectionId peer{2, life};
        for (std::uint64_t key = 1; key <= 10; ++key)
            (void)keyed.begin(kNow, ClientId{8}, 100 * life + key, {peer, key});
        keyed.on_gone(kNow, peer);
    }
    std::size_t known = 0;
    for (std::uint64_t key = 1; key <= 2000; ++key) known += keyed.find(kNow, ClientId{8}, key) ? 1U : 0U;
    EXPECT_LE(known, options.max_kept_answers);
    // A third player makes room by who was there longest ago; those with open calls stay.
    EXPECT_TRUE(run(ClientId{9}, 1, 10));
    EXPECT_EQ(keyed.players(), 2U);
    ASSERT_NE(keyed.begin(kNow, ClientId{9}, 2, {kPeer, 1000}), nullptr);
    ASSERT_NE(keyed.begin(kNow, ClientId{10}, 2, {kPeer, 1001}), nullptr);
    EXPECT_EQ(keyed.players(), 2U);
    EXPECT_EQ(keyed.begin(kNow, ClientId{11}, 2, {kPeer, 1002}), nullptr) << "both wait";
}

// --- the same over connections

class Rejoining : public ::testing::Test {
  protected:
    using Buy = RemoteFunction<Shot, Chat>;
    void SetUp() override { buy.emplace(*net.server_remotes->function<Shot, Chat>("buy", options)); }
    void join(std::uint64_t player) {
        auto& client = net.add_client();
        asks.push_back(*client.remotes->function<Shot, Chat>("buy"));
        net.connect(client, player);
        net.run(500ms);
    }
    void leave(std::size_t client) {
        net.clients[client]->remotes->disconnect(net.now, net.clients[client]->server());
        net.run(200ms);
    }
    void ask(std::size_t client, std::uint64_t key) {
        asks[client].call(net.now, net.clients[client]->server(), Shot{},
                          [this](TimePoint, const Result<Chat>& result) {
                              answers.push_back(result ? result->text : result.error().message);
                          },
                          {.idempotency_key = key});
        net.run(200ms);
    }
    FunctionOptions options{.max_kept_bytes = 200};
    RemoteNet net;
    std::optional<Buy> buy;
    std::vector<Buy> asks;
    std::vector<std::string> answers;
};

TEST_F(Rejoining, AKeyIsOneRunOfAPlayerOverConnections) {
    int runs = 0;
    buy->answer([&](const Origin&, const Shot&) -> Result<Chat> { return Chat{std::to_string(++runs)}; });
    join(100);
    ask(0, 77);
    leave(0);
    join(100);
    ask(1, 77);
    ask(1, 78);
    join(200);
    ask(2, 77);
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(answers, (std::vector<std::string>{"1", "1", "2", "3"})) << "another player's key is another";
}

TEST_F(Rejoining, ACallThatWasOpenWhenItsPlayerLeftAnswersTheOneThatIsBack) {
    std::vector<Buy::OpenCall> open;
    buy->answer_later([&](const Origin&, const Shot&, Buy::OpenCall call) { open.push_back(call); });
    join(100);
    ask(0, 77);
    ask(0, 0);
    leave(0);
    EXPECT_EQ(answers, (std::vector<std::string>(2, "buy: the peer left before it answered")));
    join(100);
    ask(1, 77);
    ASSERT_EQ(open.size(), 2U);
    EXPECT_TRUE(buy->respond(net.now, open[0], Chat{"a sword"}));
    EXPECT_FALSE(buy->respond(net.now, open[0], Chat{"a second sword"}));
    EXPECT_FALSE(buy->respond(net.now, open[1], Chat{"nobody asks"}));
    net.run(200ms);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers.back(), "a sword");
}

TEST_F(Rejoining, AnAnswerThatIsTooLargeToKeepIsSentOnceAndSaidToHaveBeen) {
    int runs = 0;
    buy->answer([&](const Origin&, const Shot&) -> Result<Chat> {
        ++runs;
        return Chat{std::string(500, 'x')};
    });
    join(100);
    ask(0, 77);
    ask(0, 77);
    EXPECT_EQ(runs, 1);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].size(), 500U);
    EXPECT_EQ(answers[1], "buy: was answered; the answer is not kept");
}

}  // namespace
}  // namespace squall::remotes::testing
