// RemoteFunction: answers both ways, errors, deadlines, repetition under loss with one run of the handler.
#include "squall/remotes/remote_function.hpp"

#include <gtest/gtest.h>

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

class Functions : public ::testing::Test {
  protected:
    void start(std::size_t clients, const FunctionOptions& options = {}) {
        at_server.emplace(*net.server_remotes->function<Question, Reply>("double", options));
        for (std::size_t i = 0; i < clients; ++i) {
            auto& client = net.add_client();
            at_clients.push_back(*client.remotes->function<Question, Reply>("double", options));
            net.connect(client, 100 + i);
        }
        net.run(1s);
        ASSERT_EQ(net.server_remotes->peers().size(), clients);
    }
    void answer_at_server() {
        at_server->answer([this](const Origin&, const Question& question) -> Result<Reply> {
            ++runs;
            ++runs_of[question.number];
            if (question.number < 0) return fail(ErrorCode::invalid_argument, "only what is positive");
            return Reply{std::int64_t{question.number} * 2};
        });
    }
    CallId ask(std::int32_t number, const CallOptions& options = {}) {
        return at_clients[0].call(
            net.now, net.clients[0]->server(), Question{number},
            [this](TimePoint at, const Result<Reply>& result) { answers.emplace_back(at, result); }, options);
    }

    RemoteNet net;
    std::optional<Doubling> at_server;
    std::vector<Doubling> at_clients;
    std::vector<std::pair<TimePoint, Result<Reply>>> answers;
    int runs = 0;
    std::map<std::int32_t, int> runs_of;  // by question
};

TEST_F(Functions, GiveAnswersAndErrorsInBothDirections) {
    start(1);
    answer_at_server();
    ask(21);
    ask(-1);
    EXPECT_TRUE(answers.empty());
    net.run(1s);
    ASSERT_EQ(answers.size(), 2U);
    ASSERT_TRUE(answers[0].second);
    EXPECT_EQ(answers[0].second->number, 42);
    ASSERT_FALSE(answers[1].second);
    EXPECT_EQ(answers[1].second.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(answers[1].second.error().message, "only what is positive");
    // The server asks the client.
    at_clients[0].answer([](const Origin&, const Question&) -> Result<Reply> { return Reply{7}; });
    std::int64_t got = 0;
    at_server->call(net.now, net.peer(0), Question{},
                    [&](TimePoint, const Result<Reply>& result) { got = result->number; });
    net.run(1s);
    EXPECT_EQ(got, 7);
    EXPECT_EQ(at_server->open_calls() + at_clients[0].open_calls(), 0U);
}

TEST_F(Functions, AThousandCallsMayBeOpen) {
    start(1);
    std::vector<Doubling::OpenCall> open;
    at_server->answer_later(
        [&](const Origin&, const Question&, Doubling::OpenCall call) { open.push_back(call); });
    for (int i = 0; i < 1000; ++i) ask(i);
    net.run(1s);
    ASSERT_EQ(open.size(), 1000U);
    for (std::size_t i = open.size(); i-- > 0;)
        EXPECT_TRUE(at_server->respond(net.now, open[i], Reply{static_cast<std::int64_t>(i)}));
    EXPECT_FALSE(at_server->respond(net.now, open[0], Reply{})) << "it is answered";
    net.run(1s);
    ASSERT_EQ(answers.size(), 1000U);
    for (const auto& [at, result] : answers) EXPECT_TRUE(result);
}

TEST_F(Functions, TooManyOpenCallsAreRefused) {
    start(1, {.max_open_calls = 3});
    at_server->answer_later([](const Origin&, const Question&, Doubling::OpenCall) {});
    for (int i = 0; i < 5; ++i) ask(i);
    net.run(1s);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].second.error().code, ErrorCode::queue_full);
}

TEST_F(Functions, SilenceEndsInExpiredAtTheTimeout) {
    start(1);
    at_server->answer_later([](const Origin&, const Question&, Doubling::OpenCall) {});
    const TimePoint asked = net.now;
    ask(1, {.timeout = 700ms});
    net.run(2s);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].second.error().code, ErrorCode::expired);
    EXPECT_EQ(answers[0].first - asked, 700ms);
}

TEST_F(Functions, RetriesOverALossyChannelRunTheHandlerAtMostOnce) {
    net.loss = percent(30);
    net.duplicate = percent(20);
    net.jitter = 50ms;
    start(1, {.mode = ChannelMode::unreliable});
    answer_at_server();
    for (int i = 0; i < 300; ++i) {
        ask(i, {.timeout = 60s, .retries = 12, .first_retry = 100ms});
        net.run(10ms);
    }
    net.run(65s);
    EXPECT_EQ(answers.size(), 300U);
    std::size_t good = 0;
    for (const auto& [at, result] : answers) good += result ? 1U : 0U;
    EXPECT_GE(good, 297U);  // ten tries fail together once in a thousand
    EXPECT_GE(runs_of.size(), 297U);
    for (const auto& [question, times] : runs_of) EXPECT_EQ(times, 1) << "question " << question;
}

TEST_F(Functions, OneKeyIsOneRun) {
    start(1);
    answer_at_server();
    ask(5, {.idempotency_key = 77});
    net.run(500ms);
    ask(6, {.idempotency_key = 77});
    ask(6, {.idempotency_key = 78});
    net.run(500ms);
    EXPECT_EQ(runs, 2);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[1].second->number, 10) << "the first call's answer";
    EXPECT_EQ(answers[2].second->number, 12);
    // Also while the first is still open.
    std::vector<Doubling::OpenCall> open;
    at_server->answer_later(
        [&](const Origin&, const Question&, Doubling::OpenCall call) { open.push_back(call); });
    ask(1, {.idempotency_key = 79});
    ask(1, {.idempotency_key = 79});
    net.run(500ms);
    ASSERT_EQ(open.size(), 1U);
    EXPECT_TRUE(at_server->respond(net.now, open[0], Reply{9}));
    net.run(500ms);
    ASSERT_EQ(answers.size(), 5U);
    EXPECT_EQ(answers[4].second->number, 9);
}

TEST_F(Functions, CancelledCallsAreNotAnswered) {
    start(1);
    std::vector<Doubling::OpenCall> open;
    at_server->answer_later(
        [&](const Origin&, const Question&, Doubling::OpenCall call) { open.push_back(call); });
    const CallId id = ask(1);
    net.run(200ms);
    EXPECT_TRUE(at_clients[0].cancel(net.now, id));
    EXPECT_FALSE(at_clients[0].cancel(net.now, id));
    net.run(200ms);
    const auto before = at_server->statistics().out.messages;
    EXPECT_TRUE(at_server->respond(net.now, open.at(0), Reply{}));
    EXPECT_EQ(at_server->statistics().out.messages, before);
    net.run(10s);
    EXPECT_TRUE(answers.empty());
}

TEST_F(Functions, CallsOfAPeerThatLeavesEnd) {
    start(1);
    at_server->answer_later([](const Origin&, const Question&, Doubling::OpenCall) {});
    ask(1);
    net.run(200ms);
    net.server_remotes->disconnect(net.now, net.peer(0));
    net.run(500ms);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].second.error().code, ErrorCode::not_connected);
}

TEST_F(Functions, RefusedAndFailedCallsAreToldSo) {
    start(1);
    int reported = 0;
    net.server_remotes->on_error(
        [&](const HandlerError& error) { reported += error.what == "boom" ? 1 : 0; });
    at_server->answer(
        [](const Origin&, const Question&) -> Result<Reply> { throw std::runtime_error("boom"); });
    at_server->use(Direction::inbound, [](Message& message, const Next& next) {
        return message.object<Question>()->number == 13 ? Outcome::unauthorised : next();
    });
    ask(13);
    ask(1);
    net.run(500ms);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].second.error().message, "double: refused: unauthorised");
    EXPECT_EQ(answers[1].second.error().message, "double: refused: failed")
        << "and no word of what was thrown";
    EXPECT_EQ(reported, 1);
    EXPECT_EQ(at_server->statistics().in.of(Outcome::unauthorised), 1U);
}

TEST_F(Functions, NobodyConnectedOrNobodyAnswering) {
    start(1);
    ask(1);
    net.run(200ms);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].second.error().code, ErrorCode::unsupported);
    at_clients[0].call(
        net.now, ConnectionId{9, 9}, Question{},
        [this](TimePoint at, const Result<Reply>& result) { answers.emplace_back(at, result); });
    EXPECT_EQ(answers.size(), 1U) << "never inside call()";
    net.run(1ms);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[1].second.error().code, ErrorCode::not_connected);
}

TEST_F(Functions, AskingAGroupGathersOneResultAMember) {
    start(3);
    at_clients[0].answer([](const Origin&, const Question&) -> Result<Reply> { return Reply{1}; });
    at_clients[1].answer_later([](const Origin&, const Question&, Doubling::OpenCall) {});
    at_clients[2].answer([](const Origin&, const Question&) -> Result<Reply> { return Reply{3}; });
    Doubling::Results results;
    const TimePoint asked = net.now;
    TimePoint told{};
    at_server->call_all(net.now, net.server_remotes->peers(), Question{},
                        [&](TimePoint at, const Doubling::Results& all) {
                            told = at;
                            results = all;
                        },
                        {.timeout = 1s});
    net.run(3s);
    ASSERT_EQ(results.size(), 3U);
    EXPECT_EQ(told - asked, 1s);
    EXPECT_EQ(results[0].second->number, 1);
    EXPECT_EQ(results[1].second.error().code, ErrorCode::expired);
    EXPECT_EQ(results[2].second->number, 3);
}

// F4: who is silent ends in its timeout, and delays nobody.
TEST_F(Functions, MembersOfAGroupAreToldAsTheyAnswer) {
    start(3);
    at_clients[0].answer([](const Origin&, const Question&) -> Result<Reply> { return Reply{1}; });
    at_clients[1].answer_later([](const Origin&, const Question&, Doubling::OpenCall) {});
    at_clients[2].answer(
        [](const Origin&, const Question&) -> Result<Reply> { return fail(ErrorCode::queue_full, "busy"); });
    std::vector<std::pair<ConnectionId, Duration>> told;
    std::optional<Duration> all_told;
    int thrown = 0;
    net.server_remotes->on_error([&](const HandlerError&) { ++thrown; });
    const TimePoint asked = net.now;
    at_server->call_all(
        net.now, net.server_remotes->peers(), Question{},
        [&](TimePoint at, const Doubling::Results& all) {
            all_told = at - asked;
            EXPECT_EQ(all.size(), 3U);
        },
        {.timeout = 1s},
        [&](TimePoint at, ConnectionId peer, const Result<Reply>& result) {
            told.emplace_back(peer, at - asked);
            EXPECT_EQ(result.has_value(), peer == net.peer(0));
            if (peer == net.peer(0)) throw std::runtime_error("hurts nobody");
        });
    net.run(100ms);
    ASSERT_EQ(told.size(), 2U) << "after one round trip";
    for (const auto& [peer, after] : told) {
        EXPECT_NE(peer, net.peer(1));
        EXPECT_LE(after, 2 * net.delay + 1ms);
    }
    EXPECT_EQ(thrown, 1);
    EXPECT_FALSE(all_told);
    net.run(2s);
    ASSERT_EQ(told.size(), 3U);
    EXPECT_EQ(told[2], std::pair(net.peer(1), Duration(1s)));
    EXPECT_EQ(all_told, Duration(1s));
}

}  // namespace
}  // namespace squall::remotes::testing
