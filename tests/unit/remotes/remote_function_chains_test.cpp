// What chains see of functions: requests, requests that come again, and answers, in both directions.
#include <gtest/gtest.h>

#include <set>

#include "squall/remotes/middleware.hpp"
#include "squall/remotes/profile.hpp"
#include "squall/remotes/record_ring.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Question {
    std::int32_t number = 0;
};
struct Reply {
    std::int64_t number = 0;
};
using Doubling = RemoteFunction<Question, Reply>;

class CallChains : public ::testing::Test {
  protected:
    void start(const FunctionOptions& options = {}) {
        at_server.emplace(*net.server_remotes->function<Question, Reply>("double", options));
        client = &net.add_client();
        at_client.emplace(*client->remotes->function<Question, Reply>("double", options));
        net.connect(*client, 100);
        net.run(1s);
        ASSERT_EQ(net.server_remotes->peers().size(), 1U);
        for (const Doubling& side : {*at_server, *at_client})
            side.answer([this](const Origin&, const Question& question) -> Result<Reply> {
                ++runs[question.number];
                if (question.number < 0) return fail(ErrorCode::invalid_argument, "only what is positive");
                return Reply{std::int64_t{question.number} * 2};
            });
    }
    auto take() {
        return [this](TimePoint, const Result<Reply>& result) { answers.push_back(result); };
    }
    void ask(std::int32_t number, const CallOptions& options = {}) {
        at_client->call(net.now, client->server(), Question{number}, take(), options);
    }
    void ask_client(std::int32_t number) { at_server->call(net.now, net.peer(0), Question{number}, take()); }
    // The client's request of this number once more, as it was.
    void repeat(std::uint64_t id, std::int32_t number, std::uint64_t key = 0) {
        std::vector<std::byte> frame;
        detail::write_call_head(
            frame, 0, {key == 0 ? detail::CallOp::request : detail::CallOp::keyed_request, id, key});
        std::array<std::byte, 16> buffer{};
        const auto body = *wire::encode(buffer, Question{number});
        frame.insert(frame.end(), body.begin(), body.end());
        send_raw(*client->endpoint, client->server(), frame);
    }
    void send_raw(Endpoint& from, ConnectionId to, Bytes frame) {
        ASSERT_TRUE(from.send(net.now, to,
                              ChannelId{static_cast<std::uint8_t>(ChannelMode::reliable_unordered)}, frame));
    }

    RemoteNet net;
    RemoteNet::Client* client = nullptr;
    std::optional<Doubling> at_server;
    std::optional<Doubling> at_client;
    std::vector<Result<Reply>> answers;
    std::map<std::int32_t, int> runs;  // by question
};

// --- requests that come again

TEST_F(CallChains, ARepeatPassesTheLimitsLikeAnyOtherMessageBeforeItIsAnsweredAgain) {
    LimitCounts counts;
    start();
    at_server->use(Direction::inbound, limit_rate({.per_second = 1, .burst = 4}, {.counts = &counts}));
    ask(21);
    net.run(100ms);
    ASSERT_EQ(answers.size(), 1U);
    const auto before = at_server->statistics().out.messages;
    for (int i = 0; i < 50; ++i) repeat(1, 21);
    net.run(100ms);
    EXPECT_EQ(counts.within, 4U) << "the call, and three repeats";
    EXPECT_EQ(counts.dropped, 47U);
    EXPECT_EQ(at_server->statistics().in.of(Outcome::rate_limited), 47U);
    EXPECT_EQ(at_server->statistics().out.messages - before, 3U) << "a refused repeat draws nothing";
    EXPECT_EQ(runs[21], 1);
    // It is still kept.
    net.run(1s);
    repeat(1, 21);
    net.run(100ms);
    EXPECT_EQ(at_server->statistics().out.messages - before, 4U);
}

TEST_F(CallChains, ARepeatIsAnOffenceOfItsCauseAndEndsInBeingCutOff) {
    bool may = true;
    start();
    at_server->use(Direction::inbound, authorise([&](TimePoint, ConnectionId) { return may; }));
    ask(1);
    net.run(100ms);
    may = false;
    const auto before = at_server->statistics().out.messages;
    for (int i = 0; i < 50; ++i) repeat(1, 1);
    net.run(100ms);
    EXPECT_EQ(at_server->statistics().in.of(Outcome::unauthorised), 50U);
    EXPECT_EQ(at_server->statistics().out.messages, before);
    EXPECT_EQ(net.server_remotes->peers().size(), 1U);
    for (int i = 0; i < 70; ++i) repeat(1, 1);
    net.run(500ms);
    EXPECT_TRUE(net.server_remotes->peers().empty());
}

TEST_F(CallChains, ACallThatWasRefusedIsAsMuchAnOffenceWhenItComesAgain) {
    start();
    at_server->use(Direction::inbound, validate<Question>([](TimePoint, ConnectionId, const Question& q) {
                       return q.number < 10;
                   }));
    ask(13);
    net.run(100ms);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(at_server->statistics().in.of(Outcome::invalid), 1U);
    for (int i = 0; i < 20; ++i) repeat(1, 13);
    net.run(100ms);
    EXPECT_EQ(at_server->statistics().in.of(Outcome::invalid), 21U);
}

// Of calls that are open, that are forgotten, and that have the key of another.
TEST_F(CallChains, RepeatsOfAllKindsPassTheChain) {
    start({.max_kept_answers = 2});
    std::size_t repeats = 0;
    std::size_t all = 0;
    at_server->use(Direction::inbound, observe([&](const Message& message) {
                       ++all;
                       repeats += message.is_repeat() ? 1 : 0;
                   }));
    for (int i = 1; i <= 4; ++i) ask(i, {.idempotency_key = i == 4 ? 9U : 0U});
    net.run(100ms);
    EXPECT_EQ(all, 4U);
    EXPECT_EQ(repeats, 0U);
    repeat(1, 1);  // forgotten
    net.run(100ms);
    EXPECT_EQ(repeats, 1U);
    ask(4, {.idempotency_key = 9});
    net.run(100ms);
    EXPECT_EQ(repeats, 2U);
    at_server->answer_later([](const Origin&, const Question&, Doubling::OpenCall) {});
    ask(6);
    net.run(100ms);
    EXPECT_EQ(repeats, 2U);
    repeat(6, 6);
    net.run(100ms);
    EXPECT_EQ(repeats, 3U);
    EXPECT_EQ(all, 8U);
}

// F5 beside F20: retries cost a token each, and where the limit leaves room for them no call is lost by it;
// rules of the game are asked once a call, so that a purchase is not refused for having happened.
TEST_F(CallChains, HonestRetriesUnderLossWorkWithinALimitAndWithRulesThatChangeWithTheCall) {
    net.loss = percent(30);
    net.duplicate = percent(20);
    net.jitter = 50ms;
    start({.mode = ChannelMode::unreliable});
    LimitCounts counts;
    at_server->use(Direction::inbound, limit_rate({.per_second = 200, .burst = 50}, {.counts = &counts}));
    at_server->use(Direction::inbound,
                   validate<Question>([this](TimePoint, ConnectionId, const Question& question) {
                       return runs[question.number] == 0;
                   }));
    for (int i = 0; i < 300; ++i) {
        ask(i, {.timeout = 60s, .retries = 12, .first_retry = 100ms});
        net.run(50ms);
    }
    net.run(65s);
    ASSERT_EQ(answers.size(), 300U);
    std::size_t good = 0;
    for (const auto& result : answers) good += result ? 1U : 0U;
    EXPECT_GE(good, 297U);
    EXPECT_GT(counts.within, 400U) << "each retry is a message";
    EXPECT_EQ(at_server->statistics().in.of(Outcome::invalid), 0U);
    for (int i = 0; i < 300; ++i) EXPECT_LE(runs[i], 1) << "question " << i;
}

// A limit that is too tight for the retries refuses some of them, which ends no call: a later one is
// answered.
TEST_F(CallChains, ARefusedRepeatEndsNoCall) {
    start({.mode = ChannelMode::unreliable});
    at_server->use(Direction::inbound, limit_rate({.per_second = 2, .burst = 1}));
    std::vector<Doubling::OpenCall> open;
    at_server->answer_later(
        [&](const Origin&, const Question&, Doubling::OpenCall call) { open.push_back(call); });
    ask(1, {.timeout = 20s, .retries = 6, .first_retry = 50ms});
    net.run(100ms);
    ASSERT_EQ(open.size(), 1U);
    net.loss = percent(100);
    EXPECT_TRUE(at_server->respond(net.now, open[0], Reply{5}));
    net.run(1ms);
    net.loss = {};
    net.run(10s);
    EXPECT_GT(at_server->statistics().in.of(Outcome::rate_limited), 0U);
    ASSERT_EQ(answers.size(), 1U);
    ASSERT_TRUE(answers[0]) << answers[0].error().message;
    EXPECT_EQ(answers[0]->number, 5);
}

// --- answers, in both directions

TEST_F(CallChains, AnswersOfClientsAreValidatedAtTheServer) {
    start();
    int bad = 0;
    at_server->use(Direction::inbound, validate<Reply>([](TimePoint, ConnectionId, const Reply& reply) {
                       return reply.number < 100;
                   }));
    at_server->use(Direction::inbound, validate<Question>([&](TimePoint, ConnectionId, const Question&) {
                       ++bad;
                       return true;
                   }));
    ask_client(21);
    ask_client(70);
    ask_client(-1);
    net.run(200ms);
    ASSERT_EQ(answers.size(), 3U);
    ASSERT_TRUE(answers[0]);
    EXPECT_EQ(answers[0]->number, 42);
    ASSERT_FALSE(answers[1]);
    EXPECT_EQ(answers[1].error().code, ErrorCode::unauthorised);
    EXPECT_EQ(answers[1].error().message, "double: the answer was refused: invalid");
    ASSERT_FALSE(answers[2]);
    EXPECT_EQ(answers[2].error().message, "only what is positive") << "errors are no replies";
    EXPECT_EQ(at_server->statistics().in.of(Outcome::invalid), 1U);
    EXPECT_EQ(bad, 0) << "what is asked of requests is not asked of answers";
    EXPECT_EQ(at_server->open_calls(), 0U);
    // And requests still are what they were.
    ask(4);
    net.run(100ms);
    EXPECT_EQ(bad, 1);
    EXPECT_EQ(answers.back()->number, 8);
}

TEST_F(CallChains, AnswersAreCountedByLimitsAndAnOffence) {
    start();
    at_server->use(Direction::inbound, limit_rate({.per_second = 1, .burst = 10}));
    for (int i = 0; i < 15; ++i) ask_client(i);
    net.run(200ms);
    ASSERT_EQ(answers.size(), 15U);
    std::size_t good = 0;
    for (const auto& result : answers) good += result ? 1U : 0U;
    EXPECT_EQ(good, 10U);
    EXPECT_EQ(at_server->statistics().in.of(Outcome::rate_limited), 5U);
    EXPECT_EQ(answers.back().error().message, "double: the answer was refused: rate limited");
    // Answers that nobody asked for pass the limits as well, and cut off who sends them.
    std::vector<std::byte> frame;
    detail::write_call_head(frame, 0, {detail::CallOp::reply, 12345, 0});
    frame.resize(frame.size() + 8);
    for (int i = 0; i < 200; ++i) send_raw(*client->endpoint, client->server(), frame);
    net.run(500ms);
    EXPECT_TRUE(net.server_remotes->peers().empty());
}

TEST_F(CallChains, AnAnswerThatTheCalleesChainStopsEndsTheCallInAnError) {
    start();
    at_server->use(Direction::outbound,
                   filter<Reply>([](ConnectionId, const Reply& reply) { return reply.number != 26; }));
    at_server->use(Direction::outbound, [](Message& message, const Next& next) {
        if (Reply* const reply = message.edit<Reply>()) reply->number += 1000;
        if (Error* const error = message.edit<Error>()) error->message += ", here";
        return next();
    });
    ask(13);
    ask(21);
    ask(-1);
    net.run(200ms);
    ASSERT_EQ(answers.size(), 3U);
    ASSERT_FALSE(answers[0]);
    EXPECT_EQ(answers[0].error().code, ErrorCode::unauthorised);
    EXPECT_EQ(answers[0].error().message, "double: the answer was stopped before it was sent: filtered");
    EXPECT_EQ(at_server->statistics().out.of(Outcome::filtered), 1U);
    ASSERT_TRUE(answers[1]);
    EXPECT_EQ(answers[1]->number, 1042);
    EXPECT_EQ(answers[2].error().message, "only what is positive, here");
    // Sent again it is edited again, from what the handler said.
    const auto before = at_server->statistics().out.messages;
    repeat(2, 21);
    net.run(100ms);
    EXPECT_EQ(at_server->statistics().out.messages, before + 1);
    EXPECT_EQ(answers.size(), 3U);
}

TEST_F(CallChains, AnswersAreSeenByProfilesRecordingsAndSubscriptions) {
    start();
    Duration reading{};
    Profile profile([&] { return reading += 1us; });
    RecordRing ring;
    net.server_remotes->use(Direction::outbound, profile.end());
    at_server->use(Direction::outbound, profile.whole());
    client->remotes->use(Direction::inbound, ring.middleware());
    std::vector<std::string> heard;
    ASSERT_TRUE(client->remotes->subscribe("double", [&](const Heard& what) {
        if (const auto* const reply = what.value<Reply>())
            heard.push_back((what.is_reply ? "reply " : "request ") + std::to_string(reply->number));
    }));
    ask(21);
    net.run(100ms);
    const auto* const entry = profile.find("double", Direction::outbound);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->messages, 1U);
    std::size_t recorded = 0;
    ring.read([&](const MessageRecord& record, Bytes bytes) {
        ++recorded;
        EXPECT_EQ(record.kind, RemoteKind::function);
        EXPECT_FALSE(bytes.empty());
    });
    EXPECT_EQ(recorded, 1U);
    EXPECT_EQ(heard, std::vector<std::string>{"reply 42"});
}

TEST_F(CallChains, AWrongTypeInARuleRefusesEverythingRatherThanNothing) {
    start();
    at_client->use(Direction::inbound,
                   validate<Shot>([](TimePoint, ConnectionId, const Shot&) { return true; }));
    ask(21);
    net.run(100ms);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_FALSE(answers[0]);
}

// --- F3: everything about errors and many calls, from the server to a client

TEST_F(CallChains, TheServersCallsEndInTypedErrorsToo) {
    start();
    ask_client(-1);
    net.run(100ms);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(answers[0].error().message, "only what is positive");
    at_client->answer(
        [](const Origin&, const Question&) -> Result<Reply> { throw std::runtime_error("boom"); });
    ask_client(1);
    net.run(100ms);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[1].error().code, ErrorCode::unauthorised);
    EXPECT_EQ(answers[1].error().message, "double: refused: failed") << "without the exception's text";
    at_client->answer_later([](const Origin&, const Question&, Doubling::OpenCall) {});
    at_server->call(net.now, net.peer(0), Question{}, take(), {.timeout = 300ms});
    net.run(1s);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[2].error().code, ErrorCode::expired);
    ask_client(1);
    net.run(100ms);
    client->remotes->disconnect(net.now, client->server());
    net.run(500ms);
    ASSERT_EQ(answers.size(), 4U);
    EXPECT_EQ(answers[3].error().code, ErrorCode::not_connected);
}

TEST_F(CallChains, TheServerMayHaveAThousandCallsOpenToAClient) {
    start();
    std::vector<Doubling::OpenCall> open;
    at_client->answer_later(
        [&](const Origin&, const Question&, Doubling::OpenCall call) { open.push_back(call); });
    for (int i = 0; i < 1000; ++i) ask_client(i);
    net.run(2s);
    ASSERT_EQ(open.size(), 1000U);
    EXPECT_EQ(at_server->open_calls(), 1000U);
    for (std::size_t i = open.size(); i-- > 0;)
        EXPECT_TRUE(at_client->respond(net.now, open[i], Reply{static_cast<std::int64_t>(open[i].id)}));
    net.run(2s);
    ASSERT_EQ(answers.size(), 1000U);
    std::set<std::int64_t> numbers;
    for (const auto& result : answers) {
        ASSERT_TRUE(result);
        numbers.insert(result->number);
    }
    EXPECT_EQ(numbers.size(), 1000U);
}

}  // namespace
}  // namespace squall::remotes::testing
