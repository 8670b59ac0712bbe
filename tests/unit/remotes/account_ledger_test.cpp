// The account against what is counted elsewhere: the registry, the transport's ledger, the socket and the
// network itself, in any weather.
#include <gtest/gtest.h>

#include "squall/trace/account.hpp"
#include "support/counting_new.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

using trace::Account;

struct Question {
    std::int32_t number = 0;
};

struct Side {
    explicit Side(Remotes& remotes)
        : shot(*remotes.event<Shot>("shot", {.mode = ChannelMode::unreliable})),
          chat(*remotes.event<Chat>("chat")),
          ask(*remotes.function<Question, Question>("ask")),
          score(*remotes.property<Score>("score")) {}
    RemoteEvent<Shot> shot;
    RemoteEvent<Chat> chat;
    RemoteFunction<Question, Question> ask;
    RemoteProperty<Score> score;
};

void expect_sum_is_the_socket(const Account& account, const EndpointStatistics& socket) {
    std::uint64_t sent = 0;
    std::uint64_t received = account.overhead_received();
    for (std::uint32_t remote = 0; remote < account.remote_count(); ++remote) {
        sent += account.outbound(remote).on_wire();
        received += account.inbound(remote).on_wire();
    }
    for (const std::uint64_t bytes : account.endpoint().overhead_sent) sent += bytes;
    EXPECT_EQ(sent, socket.bytes_sent);
    EXPECT_EQ(account.endpoint().bytes_sent, socket.bytes_sent);
    EXPECT_EQ(account.endpoint().datagrams_sent, socket.datagrams_sent);
    EXPECT_EQ(received, socket.bytes_received);
    EXPECT_EQ(account.endpoint().datagrams_received, socket.datagrams_received);
}

void expect_agrees_with_registry(const Account& account, const Remotes& remotes) {
    std::uint64_t checked = 0;
    for (const Remote* const remote : remotes.remotes()) {
        const std::uint32_t number = remote->info().index + 1;
        const RemoteStatistics& registry = remote->statistics();
        const trace::RemoteCounters& out = account.outbound(number);
        EXPECT_EQ(out.payload, registry.on_wire.of(ByteCause::payload)) << remote->info().name;
        EXPECT_EQ(out.framing, registry.on_wire.of(ByteCause::framing)) << remote->info().name;
        EXPECT_EQ(out.retransmission, registry.on_wire.of(ByteCause::retransmission)) << remote->info().name;
        EXPECT_EQ(out.early_repeat, registry.on_wire.of(ByteCause::early_repeat)) << remote->info().name;
        EXPECT_EQ(out.messages, registry.out.messages) << remote->info().name;
        EXPECT_EQ(account.inbound(number).messages, registry.in.messages) << remote->info().name;
        EXPECT_EQ(account.inbound(number).payload, registry.in.bytes) << remote->info().name;
        checked += registry.out.messages + registry.in.messages;
    }
    EXPECT_GT(checked, 400U);
}

class AccountLedger : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(AccountLedger, AddsUpToTheSocketAndAgreesWithEverybody) {
    RemoteNet net(7);
    net.loss = percent(GetParam());
    net.delay = 25ms;
    auto& client = net.add_client();
    const Side at_server(*net.server_remotes);
    const Side at_client(*client.remotes);
    at_server.ask.answer(
        [](const Origin&, const Question& question) -> Result<Question> { return question; });
    Account server;
    Account player;
    net.server_remotes->set_trace(&server, 3);
    client.remotes->set_trace(&player, 4);
    Duration clock{0};
    net.server_remotes->set_stopwatch([&clock] { return clock += 500ns; });
    net.connect(client, 1);
    Rng rng(3);
    for (int i = 0; i < 400; ++i) {
        at_server.shot.fire(net.now, Shot{});
        if (i % 5 == 0)
            at_server.chat.fire(net.now,
                                Chat{std::string(static_cast<std::size_t>(rng.between(0, 3000)), 'x')});
        if (i % 3 == 0) {
            ASSERT_TRUE(at_server.score.edit(net.now, [&](Score& score) { ++score.points; }));
        }
        at_client.ask.call(net.now, client.server(), Question{i}, [](TimePoint, const Result<Question>&) {});
        net.run(20ms);
    }
    net.run(2s);
    ASSERT_EQ(net.server_remotes->peers().size(), 1U);

    expect_sum_is_the_socket(server, net.server_endpoint->statistics());
    expect_sum_is_the_socket(player, client.endpoint->statistics());
    expect_agrees_with_registry(server, *net.server_remotes);
    expect_agrees_with_registry(player, *client.remotes);

    // What arrived of messages at the client is what its transport calls payload.
    const auto received = client.endpoint->statistics(client.server());
    std::uint64_t payload = 0;
    for (std::uint32_t remote = 0; remote < player.remote_count(); ++remote)
        payload += player.inbound(remote).payload;
    EXPECT_EQ(payload, received->received.of(ByteCause::payload));

    // The network's truth: no delay but its own, and what left and did not arrive was lost.
    const auto& round_trips = server.round_trips();
    EXPECT_NEAR(static_cast<double>(round_trips.min()), 50e6, 0.07 * 50e6);
    EXPECT_NEAR(static_cast<double>(round_trips.value_at_percentile(percent(50))), 50e6, 0.07 * 50e6);
    const std::uint64_t truth =
        net.server_endpoint->statistics().datagrams_sent - client.endpoint->statistics().datagrams_received;
    const auto sent = net.server_endpoint->statistics(net.peer(0));
    EXPECT_EQ(server.endpoint().packets_lost, sent->packets_lost);
    EXPECT_LE(sent->packets_lost - sent->packets_spuriously_lost, truth);
    EXPECT_GE(static_cast<double>(sent->packets_lost - sent->packets_spuriously_lost),
              0.7 * static_cast<double>(truth));
    std::uint64_t lost_messages = 0;
    for (std::uint32_t remote = 0; remote < server.remote_count(); ++remote)
        lost_messages += server.outbound(remote).lost;
    EXPECT_EQ(lost_messages > 0, GetParam() > 0);
}

TEST_P(AccountLedger, SplitsTheTimeOfAMessage) {
    RemoteNet net(9);
    net.loss = percent(GetParam());
    net.delay = 25ms;
    auto& client = net.add_client();
    const Side at_server(*net.server_remotes);
    const Side at_client(*client.remotes);
    at_server.ask.answer(
        [](const Origin&, const Question& question) -> Result<Question> { return question; });
    Account server;
    Account player;
    net.server_remotes->set_trace(&server, 3);
    client.remotes->set_trace(&player, 4);
    Duration clock{0};
    net.server_remotes->set_stopwatch([&clock] { return clock += 500ns; });
    net.connect(client, 1);
    net.run(300ms);
    for (int i = 0; i < 100; ++i) {
        at_client.ask.call(net.now, client.server(), Question{i}, [](TimePoint, const Result<Question>&) {});
        net.run(20ms);
    }
    net.run(3s);
    const std::uint32_t ask = net.server_remotes->find("ask")->info().index + 1;
    const auto median = [&](const Account& account, Account::Time time) {
        const auto* const histogram = account.time_of(time, ask);
        return histogram == nullptr ? std::uint64_t{0} : histogram->value_at_percentile(percent(50));
    };
    EXPECT_NEAR(static_cast<double>(median(player, Account::Time::call)), 50e6, 4e6);
    EXPECT_EQ(player.time_of(Account::Time::call, ask)->count(), 100U);
    EXPECT_EQ(median(server, Account::Time::handler), 500U);
    EXPECT_GE(median(player, Account::Time::wire), 50'000'000U);
    EXPECT_LT(median(player, Account::Time::wire), 110'000'000U) << "at most a late ack more";
    EXPECT_EQ(server.time_of(Account::Time::call, ask), nullptr);
}

INSTANTIATE_TEST_SUITE_P(LossInPercent, AccountLedger, ::testing::Values(0, 5, 20));

TEST(AccountMemory, AllocatesNothingOnceItKnowsEverybody) {
    RemoteNet net(7);
    auto& client = net.add_client();
    const Side at_server(*net.server_remotes);
    const Side at_client(*client.remotes);
    // All that is seen, recorded and played to an account twice.
    struct Tape final : trace::Sink {
        void on_event(const trace::Event& event) override {
            payloads.emplace_back(event.payload.begin(), event.payload.end());
            events.push_back(event);
        }
        std::vector<trace::Event> events;
        std::vector<std::vector<std::byte>> payloads;
    } tape;
    net.server_remotes->set_trace(&tape, 3);
    net.connect(client, 1);
    for (int i = 0; i < 50; ++i) {
        at_server.shot.fire(net.now, Shot{});
        at_server.chat.fire(net.now, Chat{"hello"});
        net.run(20ms);
    }
    for (std::size_t i = 0; i < tape.events.size(); ++i) tape.events[i].payload = tape.payloads[i];
    Account account;
    for (const trace::Event& event : tape.events) account.on_event(event);
    const std::uint64_t before = squall::test::allocation_count();
    for (const trace::Event& event : tape.events) account.on_event(event);
    EXPECT_EQ(squall::test::allocation_count(), before);
    std::uint64_t messages = 0;
    for (std::uint32_t remote = 0; remote < account.remote_count(); ++remote)
        messages += account.outbound(remote).messages;
    EXPECT_GT(messages, 50U);
}

}  // namespace
}  // namespace squall::remotes::testing
