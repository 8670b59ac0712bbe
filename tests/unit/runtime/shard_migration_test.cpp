// A real client of a real sharded server whose address changes, as behind a NAT that forgets: the kernel
// gives its datagrams to the wrong shard from then on, and its connection lives on all the same.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "squall/runtime/sharded_server.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/udp_socket.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/transport/connect_token.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;

constexpr ChannelId kChannel{0};
constexpr std::string_view kWhich = "which shard are you?";

TransportConfig transport_config() {
    TransportConfig config;
    config.protocol_id = 99;
    config.channels = {{.name = "echo", .mode = ChannelMode::reliable_ordered}};
    return config;
}

// Sends each message back with its shard's number in front. To the bare question it answers with the number
// alone.
class EchoNode final : public Node {
  public:
    EchoNode(Shard& shard, std::unique_ptr<ServerEndpoint> endpoint)
        : shard_(shard), endpoint_(std::move(endpoint)) {}
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        if (as_text(datagram) == kWhich) {
            asker_ = from;
            return;
        }
        endpoint_->receive(now, from, datagram);
        take_events(now);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        if (asker_.is_valid()) {
            buffer[0] = std::byte{shard_.index()};
            return Transmit{std::exchange(asker_, {}), 1};
        }
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return endpoint_->poll_timeout(); }
    void handle_timeout(TimePoint now) override {
        endpoint_->handle_timeout(now);
        take_events(now);
    }

  private:
    void take_events(TimePoint now) {
        while (const auto event = endpoint_->poll_event()) {
            if (const auto* message = std::get_if<MessageReceived>(&*event)) {
                const std::string echo =
                    std::to_string(shard_.index()) + std::string(as_text(message->bytes));
                (void)endpoint_->send(now, message->connection, kChannel, as_bytes(echo));
            } else if (const auto* moved = std::get_if<PathChanged>(&*event)) {
                shard_.claim(moved->peer);
            }
        }
    }
    Shard& shard_;
    std::unique_ptr<ServerEndpoint> endpoint_;
    Address asker_;
};

class EchoClient final : public Node {
  public:
    explicit EchoClient(std::unique_ptr<ClientEndpoint> endpoint) : endpoint_(std::move(endpoint)) {}
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        endpoint_->receive(now, from, datagram);
        take_events();
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return endpoint_->poll_timeout(); }
    void handle_timeout(TimePoint now) override {
        endpoint_->handle_timeout(now);
        take_events();
    }
    void send(TimePoint now, std::string_view text) {
        EXPECT_TRUE(endpoint_->send(now, endpoint_->connection(), kChannel, as_bytes(text)));
    }
    bool is_connected = false;
    bool has_ended = false;
    std::string echoes;

  private:
    void take_events() {
        while (const auto event = endpoint_->poll_event()) {
            if (const auto* message = std::get_if<MessageReceived>(&*event))
                echoes += as_text(message->bytes);
            is_connected = is_connected || std::holds_alternative<Connected>(*event);
            has_ended = has_ended || std::holds_alternative<Disconnected>(*event);
        }
    }
    std::unique_ptr<ClientEndpoint> endpoint_;
};

class ShardMigration : public testing::Test {
  protected:
    ShardMigration() : host_(std::move(*AsioHost::make())), anchor_(wall_clock_anchor(*host_)) {
        key_.fill(std::byte{9});
        auto server =
            ShardedServer::start({.shards = 2}, [this](Shard& shard) -> Result<std::unique_ptr<Node>> {
                ServerConfig config;
                config.transport = transport_config();
                config.private_key = key_;
                config.addresses = {shard.address()};
                config.max_clients = 8;
                config.wall_clock = anchor_;
                config.shard = shard.index();
                auto endpoint = ServerEndpoint::make(shard.host().now(), config, entropy_);
                if (!endpoint) return std::unexpected(endpoint.error());
                return std::make_unique<EchoNode>(shard, std::move(*endpoint));
            });
        EXPECT_TRUE(server) << server.error().message;
        server_ = std::move(*server);
    }
    // A local address whose datagrams the kernel gives to the shard wanted.
    Address address_on(int shard) {
        for (int i = 0; i < 200; ++i) {
            UdpSocket socket = std::move(*UdpSocket::open({}));
            EXPECT_TRUE(socket.send_to(as_bytes(kWhich), server_->address()));
            std::array<std::byte, 8> answer;
            std::optional<UdpSocket::Received> received;
            const TimePoint give_up = host_->read_clock() + 5s;
            while (!(received = socket.receive_from(answer)) && host_->read_clock() < give_up) {
            }
            if (received && static_cast<int>(answer[0]) == shard) return socket.local_address();
        }
        return {};
    }
    std::unique_ptr<EchoClient> connect() {
        ConnectTokenRequest request;
        request.protocol_id = 99;
        request.client_id = ClientId{1};
        request.now = anchor_.wall;
        request.public_addresses = {server_->address()};
        const auto token = mint_connect_token(request, key_, entropy_);
        EXPECT_TRUE(token);
        auto endpoint = ClientEndpoint::make(host_->now(), {transport_config(), anchor_}, entropy_);
        EXPECT_TRUE(endpoint);
        EXPECT_TRUE((*endpoint)->connect(host_->now(), *token));
        return std::make_unique<EchoClient>(std::move(*endpoint));
    }
    bool run_until(const std::function<bool()>& condition) {
        const TimePoint give_up = host_->now() + 20s;
        while (!condition() && host_->now() < give_up) host_->run_until(host_->now() + 5ms);
        return condition();
    }

    SystemEntropy entropy_;  // from several threads: it has no state
    Key key_{};
    std::unique_ptr<AsioHost> host_;
    WallClockAnchor anchor_;
    std::unique_ptr<ShardedServer> server_;
};

TEST_F(ShardMigration, AConnectionSurvivesAMoveToAnAddressOfTheOtherShard) {
    const auto client = connect();
    auto id = host_->attach(*client, {.bind = address_on(0)});
    ASSERT_TRUE(id) << id.error().message;
    ASSERT_TRUE(run_until([&] { return client->is_connected; }));
    client->send(host_->now(), "a");
    host_->wake(*id);
    ASSERT_TRUE(run_until([&] { return client->echoes == "0a"; })) << client->echoes;

    const Address elsewhere = address_on(1);
    ASSERT_TRUE(elsewhere.is_valid());
    host_->detach(*id);
    id = host_->attach(*client, {.bind = elsewhere});
    ASSERT_TRUE(id) << id.error().message;
    client->send(host_->now(), "b");
    host_->wake(*id);
    ASSERT_TRUE(run_until([&] { return client->echoes == "0a0b"; })) << client->echoes;
    // From here on the client shows its id no longer: the claim does it.
    std::string expected = client->echoes;
    for (char c = 'c'; c <= 'z'; ++c) {
        client->send(host_->now(), std::string_view(&c, 1));
        host_->wake(*id);
        expected += std::string("0") + c;
        ASSERT_TRUE(run_until([&] { return client->echoes == expected; })) << client->echoes;
    }
    EXPECT_FALSE(client->has_ended);
    server_->stop();
    server_->join();
    EXPECT_GT(server_->statistics()[1].handed_over, 24u);
    EXPECT_GT(server_->statistics()[0].taken_over, 24u);
    EXPECT_EQ(server_->statistics()[1].claimed_peers, 1u);
}

}  // namespace
}  // namespace squall
