// The account of a server and a client on real sockets: what all remotes took and what is of none is what the
// sockets counted, to the byte.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "squall/remotes/remotes.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/trace/account.hpp"
#include "squall/transport/connect_token.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;
using remotes::Origin;
using remotes::RemoteEvent;
using remotes::RemoteFunction;
using remotes::RemoteProperty;
using remotes::Remotes;
using trace::Account;

struct Number {
    std::int32_t value = 0;
};
struct Chat {
    std::string text;
};
struct Game {
    explicit Game(Remotes& registry)
        : shot(*registry.event<Number>("shot", {.mode = ChannelMode::unreliable})),
          chat(*registry.event<Chat>("chat")),
          ask(*registry.function<Number, Number>("ask")),
          score(*registry.property<Number>("score")) {}
    RemoteEvent<Number> shot;
    RemoteEvent<Chat> chat;
    RemoteFunction<Number, Number> ask;
    RemoteProperty<Number> score;
};

// Takes a socket before there is a server: its configuration and its tokens name the port.
struct Front final : Node {
    Node* node = nullptr;
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        if (node != nullptr) node->receive(now, from, datagram);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return node == nullptr ? std::nullopt : node->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return node == nullptr ? kNever : node->poll_timeout();
    }
    void handle_timeout(TimePoint now) override {
        if (node != nullptr) node->handle_timeout(now);
    }
};

void expect_is_the_socket(const Account& account, const SocketStatistics& socket) {
    std::uint64_t sent = 0;
    std::uint64_t received = account.overhead_received();
    for (std::uint32_t remote = 0; remote < account.remote_count(); ++remote) {
        sent += account.outbound(remote).on_wire();
        received += account.inbound(remote).on_wire();
    }
    for (const std::uint64_t bytes : account.endpoint().overhead_sent) sent += bytes;
    EXPECT_EQ(sent, socket.bytes_sent);
    EXPECT_EQ(received, socket.bytes_received);
    EXPECT_EQ(account.endpoint().datagrams_sent, socket.datagrams_sent);
    EXPECT_EQ(account.endpoint().datagrams_received, socket.datagrams_received);
    EXPECT_EQ(socket.send_drops, 0U);
}

TEST(SocketLedger, AddsUpToWhatTheSystemSentAndReceived) {
    constexpr int kCalls = 200;
    SystemEntropy entropy;
    const auto host = std::move(*AsioHost::make());
    Front front;
    const auto server_node = host->attach(front, {.bind = Address::loopback(0)});
    ASSERT_TRUE(server_node) << server_node.error().message;
    ServerConfig server_config;
    server_config.transport = {.protocol_id = 1, .channels = remotes::remote_channels()};
    entropy.fill(server_config.private_key);
    server_config.addresses = {host->local_address(*server_node)};
    server_config.wall_clock = wall_clock_anchor(*host);
    auto server = std::move(*ServerEndpoint::make(host->now(), server_config, entropy));
    auto client = std::move(
        *ClientEndpoint::make(host->now(), {server_config.transport, server_config.wall_clock}, entropy));
    Remotes at_server(*server);
    Remotes at_client(*client);
    const Game server_game(at_server);
    const Game client_game(at_client);
    Account server_account;
    Account client_account;
    at_server.set_trace(&server_account, 1);
    at_client.set_trace(&client_account, 2);

    front.node = &at_server;
    host->wake(*server_node);
    ConnectTokenRequest request;
    request.protocol_id = 1;
    request.client_id = ClientId{7};
    request.now = server_config.wall_clock.wall;
    request.public_addresses = server_config.addresses;
    const auto token = mint_connect_token(request, server_config.private_key, entropy);
    ASSERT_TRUE(token);
    ASSERT_TRUE(client->connect(host->now(), *token));

    server_game.ask.answer([&](const Origin& origin, const Number& asked) -> Result<Number> {
        server_game.shot.fire(origin.now, asked);
        if (asked.value % 10 == 0) server_game.chat.fire(origin.now, Chat{std::string(2500, 'x')});
        if (auto set = server_game.score.set(origin.now, asked); !set) return std::unexpected(set.error());
        return asked;
    });
    int answered = 0;
    std::function<void(TimePoint)> call_next;
    call_next = [&](TimePoint now) {
        client_game.ask.call(now, client->connection(), Number{answered},
                             [&](TimePoint later, const Result<Number>& answer) {
                                 EXPECT_TRUE(answer);
                                 if (++answered == kCalls) return host->stop();
                                 call_next(later);
                             });
    };
    at_client.on_join([&](TimePoint now, ConnectionId, ClientId) { call_next(now); });
    const auto client_node = host->attach(at_client, {.bind = Address::loopback(0)});
    ASSERT_TRUE(client_node) << client_node.error().message;
    host->run_until(host->now() + 60s);  // stopped by the last answer
    ASSERT_EQ(answered, kCalls);

    expect_is_the_socket(server_account, host->statistics(*server_node));
    expect_is_the_socket(client_account, host->statistics(*client_node));
    EXPECT_GT(server_account.endpoint().bytes_sent, 200U * 40);
    at_server.set_trace(nullptr, 1);
    at_client.set_trace(nullptr, 2);
}

}  // namespace
}  // namespace squall
