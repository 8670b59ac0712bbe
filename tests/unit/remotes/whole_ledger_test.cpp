// One account for everything: every kind of remote, compressed ones among them, three clients in bad weather.
// What all remotes took and what is of none is what the sockets counted, to the byte, at every end.
#include <gtest/gtest.h>

#include "squall/trace/account.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

using trace::Account;

struct Number {
    std::int32_t value = 0;
};

// What every end declares: events in three modes, one of them compressed, a function, a property, a table, an
// object event, a contract and transactions.
struct Everything {
    explicit Everything(Remotes& remotes)
        : shot(*remotes.event<Shot>("shot", {.mode = ChannelMode::unreliable})),
          input(*remotes.event<Number>("input", {.mode = ChannelMode::unreliable_sequenced})),
          chat(*remotes.event<Chat>("chat")),
          long_chat(*remotes.event<Chat>("long chat", {.codec = &wire::json_codec(), .compress = true})),
          ask(*remotes.function<Number, Number>("ask")),
          score(*remotes.property<Score>("score")),
          health(*remotes.table<Number>("health")),
          hit(*remotes.object_event<Number>("hit")),
          state(*remotes.contract<Shot>(
              "state", [](const Shot&, auto, bool, const ContractOrigin&, const RemoteContract<Shot>&) {}, {},
              true, {.mode = ChannelMode::unreliable})),
          trades(*remotes.transactions("trades")) {
        ask.answer([](const Origin&, const Number& number) -> Result<Number> { return number; });
    }
    RemoteEvent<Shot> shot;
    RemoteEvent<Number> input;
    RemoteEvent<Chat> chat;
    RemoteEvent<Chat> long_chat;
    RemoteFunction<Number, Number> ask;
    RemoteProperty<Score> score;
    RemoteTable<Number> health;
    ObjectEvent<Number> hit;
    RemoteContract<Shot> state;
    RemoteTransactions trades;
};

// Sums of one account, both ways.
struct Sum {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
};
Sum sum_of(const Account& account) {
    Sum sum{0, account.overhead_received()};
    for (std::uint32_t remote = 0; remote < account.remote_count(); ++remote) {
        sum.sent += account.outbound(remote).on_wire();
        sum.received += account.inbound(remote).on_wire();
    }
    for (const std::uint64_t bytes : account.endpoint().overhead_sent) sum.sent += bytes;
    return sum;
}

void expect_is_the_socket(const Account& account, const EndpointStatistics& socket) {
    const Sum sum = sum_of(account);
    EXPECT_EQ(sum.sent, socket.bytes_sent);
    EXPECT_EQ(sum.received, socket.bytes_received);
    EXPECT_EQ(account.endpoint().datagrams_sent, socket.datagrams_sent);
    EXPECT_EQ(account.endpoint().datagrams_received, socket.datagrams_received);
}

class WholeLedger : public ::testing::TestWithParam<std::uint64_t> {
  protected:
    static constexpr std::size_t kClients = 3;

    WholeLedger() {
        net.loss = percent(GetParam());
        net.jitter = 10ms;
        net.server_remotes->set_trace(&server_account, 1);
        for (std::size_t i = 0; i < kClients; ++i) {
            auto& client = net.add_client();
            at_clients.push_back(std::make_unique<Everything>(*client.remotes));
            accounts.push_back(std::make_unique<Account>());
            client.remotes->set_trace(accounts.back().get(), static_cast<std::uint32_t>(2 + i));
            net.connect(client, 1 + i);
        }
        net.run(2s);
    }
    void serve(int round) {
        at_server.shot.fire(net.now, Shot{});
        const ObjectId object{static_cast<std::uint64_t>(round % 20)};
        EXPECT_TRUE(round < 20 ? at_server.health.spawn(net.now, object, Number{round})
                               : at_server.health.set(net.now, object, Number{round}));
        EXPECT_TRUE(
            at_server.state.send(net.now, Shot{{1, 2, static_cast<float>(round)}, 1, 2}, Tracking::tracked));
        at_server.hit.fire(net.now, ObjectId{1}, Number{round});
        if (round % 3 == 0) {
            EXPECT_TRUE(at_server.score.edit(net.now, [](Score& s) { ++s.points; }));
        }
        if (round % 5 == 0) {
            at_server.chat.fire(net.now, Chat{std::string(static_cast<std::size_t>(round * 5), 'x')});
            at_server.long_chat.fire(net.now, Chat{std::string(1000, 'y')});
        }
    }
    void play(std::size_t i, int round) {
        const Everything& game = *at_clients[i];
        const ConnectionId server = net.clients[i]->server();
        game.input.fire(net.now, Number{round});
        game.ask.call(net.now, server, Number{round}, [](TimePoint, const Result<Number>&) {});
        if (round % 10 == static_cast<int>(i)) {
            auto trade = game.trades.begin();
            trade.fire(game.chat, Chat{"bought"}).call(game.ask, Number{round});
            EXPECT_TRUE(trade.commit(net.now, server, {.deadline = 5s}, [](TimePoint, const Committed&) {}));
        }
    }

    RemoteNet net{11};
    Everything at_server{*net.server_remotes};
    std::vector<std::unique_ptr<Everything>> at_clients;
    Account server_account;
    std::vector<std::unique_ptr<Account>> accounts;
};

TEST_P(WholeLedger, OfEveryKindOfRemoteAddsUpToEachSocket) {
    ASSERT_EQ(net.server_remotes->peers().size(), kClients);
    for (int round = 0; round < 200; ++round) {
        serve(round);
        for (std::size_t i = 0; i < kClients; ++i) play(i, round);
        net.run(20ms);
    }
    net.run(3s);
    ASSERT_EQ(net.server_remotes->peers().size(), kClients);

    expect_is_the_socket(server_account, net.server_endpoint->statistics());
    for (std::size_t i = 0; i < kClients; ++i)
        expect_is_the_socket(*accounts[i], net.clients[i]->endpoint->statistics());
    // The connections' own ledgers say the same of what was sent.
    std::uint64_t of_connections = 0;
    for (const ConnectionId peer : net.server_remotes->peers())
        of_connections += net.server_endpoint->statistics(peer)->sent.total();
    EXPECT_EQ(of_connections, net.server_endpoint->statistics().bytes_sent);
    // Each kind took part: nothing adds up by being absent.
    for (const Remote* const remote : net.server_remotes->remotes()) {
        const std::uint32_t number = remote->info().index + 1;
        EXPECT_EQ(server_account.outbound(number).payload,
                  remote->statistics().on_wire.of(ByteCause::payload))
            << remote->info().name;
        EXPECT_GT(server_account.outbound(number).on_wire() + server_account.inbound(number).on_wire(), 0U)
            << remote->info().name;
    }
    EXPECT_GT(at_server.long_chat.statistics().bytes_saved, 0U);
}

INSTANTIATE_TEST_SUITE_P(LossInPercent, WholeLedger, ::testing::Values(0, 5, 20));

}  // namespace
}  // namespace squall::remotes::testing
