// The endpoints as an application uses them: both sides, all suites, over a network in virtual time.
#include "squall/transport/endpoint.hpp"

#include <gtest/gtest.h>

#include "unit/transport/endpoint_net.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;
using testing::EndpointNet;
using testing::Station;
using testing::test_transport;

constexpr ChannelId kUnreliable{0};
constexpr ChannelId kOrdered{3};

class EndpointSuites : public ::testing::TestWithParam<Suite> {};

TEST_P(EndpointSuites, ConnectTalkAndPartWithAReason) {
    if (!is_available(GetParam())) GTEST_SKIP() << "this machine has no AES instructions";
    EndpointNet net;
    ClientEndpoint& client = net.add_client(GetParam(), 77);
    net.run(1s);
    ASSERT_EQ(client.state(), ClientState::connected);
    ASSERT_EQ(net.stations[0].connected.size(), 1U);
    const ConnectionId at_server = net.stations[0].connected[0].connection;
    EXPECT_EQ(net.stations[0].connected[0].client_id, ClientId{77});
    EXPECT_EQ(net.server->suite(at_server), GetParam());
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(client.send(net.now, client.connection(), kOrdered, as_bytes("to the server")));
        ASSERT_TRUE(
            net.server->send(net.now, at_server, kOrdered, as_bytes("to the client"), {.notify = true}));
    }
    net.drain(0);
    net.drain(1);
    net.run(1s);
    ASSERT_EQ(net.stations[0].messages.size(), 50U);
    ASSERT_EQ(net.stations[1].messages.size(), 50U);
    EXPECT_EQ(as_text(net.stations[0].messages[49].second), "to the server");
    EXPECT_EQ(net.stations[0].settled.size(), 50U);
    client.disconnect(net.now, client.connection(), DisconnectReason::requested);
    net.drain(1);
    net.run(100ms);
    ASSERT_EQ(net.stations[0].disconnected.size(), 1U);
    EXPECT_EQ(net.stations[0].disconnected[0].reason, DisconnectReason::requested_by_peer);
    EXPECT_EQ(net.stations[0].disconnected[0].client_id, ClientId{77});
    EXPECT_EQ(net.server->connected_count(), 0U);
    EXPECT_FALSE(net.server->is_connected(at_server));
    EXPECT_EQ(net.server->send(net.now, at_server, kOrdered, as_bytes("x")).error().code,
              ErrorCode::not_connected);
}

TEST_P(EndpointSuites, TheLedgerEqualsTheSocketsBytes) {
    if (!is_available(GetParam())) GTEST_SKIP() << "this machine has no AES instructions";
    for (const std::uint64_t loss : {0, 5, 20}) {
        EndpointNet net(test_transport(), loss + 1);
        net.loss = percent(loss);
        net.jitter = 20ms;
        net.add_client(GetParam());
        net.run(5s);
        ASSERT_EQ(net.clients[0]->state(), ClientState::connected);
        const ConnectionId at_server = net.stations[0].connected[0].connection;
        net.run(10s, 50ms, [&](TimePoint now) {
            (void)net.server->send(now, at_server, kUnreliable, std::vector<std::byte>(300));
            (void)net.server->send(now, at_server, kOrdered, std::vector<std::byte>(40));
            (void)net.clients[0]->send(now, net.clients[0]->connection(), kUnreliable,
                                       std::vector<std::byte>(20));
        });
        const auto server = net.server->statistics(at_server);
        const auto client = net.clients[0]->statistics(net.clients[0]->connection());
        ASSERT_TRUE(server && client);
        EXPECT_EQ(server->sent.total(), net.stations[0].bytes_sent) << "loss " << loss;
        EXPECT_EQ(client->sent.total(), net.stations[1].bytes_sent) << "loss " << loss;
        EXPECT_EQ(net.server->statistics().bytes_sent, net.stations[0].bytes_sent);
        EXPECT_EQ(client->received.total(), net.stations[1].bytes_received) << "loss " << loss;
        EXPECT_EQ(server->received.total(), net.stations[0].bytes_received) << "loss " << loss;
    }
}

INSTANTIATE_TEST_SUITE_P(All, EndpointSuites,
                         ::testing::Values(Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed,
                                           Suite::none),
                         [](const auto& suite) {
                             switch (suite.param) {
                                 case Suite::netcode: return "netcode";
                                 case Suite::aes256_gcm: return "aes256_gcm";
                                 case Suite::hmac_signed: return "hmac_signed";
                                 case Suite::none: return "none";
                             }
                             return "unknown";
                         });

TEST(Endpoint, ConnectsUnderThirtyPercentLoss) {
    EndpointNet net(test_transport(), 3);
    net.loss = percent(30);
    for (int i = 0; i < 32; ++i) net.add_client();
    net.run(6s);
    for (const auto& client : net.clients) EXPECT_EQ(client->state(), ClientState::connected);
    EXPECT_EQ(net.server->connected_count(), 32U);
}

TEST(Endpoint, AFullServerSaysSo) {
    EndpointNet net(test_transport(), 1, [](ServerConfig& config) { config.max_clients = 2; });
    for (int i = 0; i < 3; ++i) net.add_client();
    net.run(8s);
    EXPECT_EQ(net.server->connected_count(), 2U);
    ASSERT_EQ(net.stations[3].disconnected.size(), 1U);
    EXPECT_EQ(net.stations[3].disconnected[0].reason, DisconnectReason::server_full);
}

TEST(Endpoint, ASilentPeerIsDroppedAfterItsTimeoutAndNotBefore) {
    EndpointNet net;
    net.add_client();
    net.run(2s);
    ASSERT_EQ(net.server->connected_count(), 1U);
    net.loss = percent(100);
    const TimePoint silent = net.now;
    net.run(3900ms);
    EXPECT_EQ(net.server->connected_count(), 1U);
    net.run(2s);
    EXPECT_EQ(net.server->connected_count(), 0U);
    ASSERT_EQ(net.stations[0].disconnected.size(), 1U);
    EXPECT_EQ(net.stations[0].disconnected[0].reason, DisconnectReason::timed_out);
    ASSERT_EQ(net.stations[1].disconnected.size(), 1U);
    EXPECT_EQ(net.stations[1].disconnected[0].reason, DisconnectReason::timed_out);
    EXPECT_LT(silent, net.now);
}

TEST(Endpoint, ASlotIsFreeAtOnceAfterADisconnect) {
    EndpointNet net(test_transport(), 1, [](ServerConfig& config) { config.max_clients = 1; });
    net.add_client();
    net.run(1s);
    const ConnectionId first = net.stations[0].connected[0].connection;
    net.clients[0]->disconnect(net.now, net.clients[0]->connection());
    net.drain(1);
    net.run(50ms);
    net.add_client();
    net.run(1s);
    ASSERT_EQ(net.stations[0].connected.size(), 2U);
    const ConnectionId second = net.stations[0].connected[1].connection;
    EXPECT_EQ(second.slot, first.slot);
    EXPECT_NE(second, first);
    EXPECT_FALSE(net.server->is_connected(first));
}

TEST(Endpoint, ReservedSlotsAreKeptForTheirClientAndExpire) {
    EndpointNet net(test_transport(), 1, [](ServerConfig& config) { config.max_clients = 1; });
    ASSERT_TRUE(net.server->reserve(net.now, ClientId{5}, 10s));
    EXPECT_EQ(net.server->reserved_count(), 1U);
    EXPECT_FALSE(net.server->reserve(net.now, ClientId{6}, 10s)) << "there is no second slot";
    net.add_client(Suite::netcode, 6);
    net.run(2s);
    EXPECT_EQ(net.server->connected_count(), 0U);
    net.add_client(Suite::netcode, 5);
    net.run(2s);
    EXPECT_EQ(net.server->connected_count(), 1U);
    EXPECT_EQ(net.server->reserved_count(), 0U);
    // An unused reservation frees its slot.
    EndpointNet other(test_transport(), 1, [](ServerConfig& config) { config.max_clients = 1; });
    ASSERT_TRUE(other.server->reserve(other.now, ClientId{5}, 1s));
    other.run(2s);
    EXPECT_EQ(other.server->reserved_count(), 0U);
    other.add_client(Suite::netcode, 6);
    other.run(2s);
    EXPECT_EQ(other.server->connected_count(), 1U);
}

TEST(Endpoint, ThePlayerWhoTimedOutComesBackToTheSameSlot) {
    EndpointNet net(test_transport(), 1, [](ServerConfig& config) {
        config.rejoin_grace = 30s;
        config.player_id_bytes = 8;
    });
    net.add_client(Suite::netcode, 1, 4711);
    net.add_client(Suite::netcode, 2, 4712);
    net.run(1s);
    const ConnectionId before = net.stations[0].connected[0].connection;
    const ClientId before_id = net.stations[0].connected[0].client_id;
    const std::uint64_t player = before_id == ClientId{1} ? 4711 : 4712;
    net.loss = percent(100);
    net.run(8s);
    ASSERT_EQ(net.stations[0].disconnected.size(), 2U);
    EXPECT_TRUE(net.stations[0].disconnected[0].slot_is_held);
    net.loss = {};
    net.add_client(Suite::netcode, 99, player);  // a fresh token with a fresh client id
    net.run(2s);
    ASSERT_EQ(net.stations[0].connected.size(), 3U);
    EXPECT_TRUE(net.stations[0].connected[2].rejoined);
    EXPECT_EQ(net.stations[0].connected[2].connection.slot, before.slot);
    EXPECT_NE(net.stations[0].connected[2].connection, before);
}

TEST(Endpoint, AClientWhoseAddressChangesKeepsItsConnection) {
    EndpointNet net;
    net.add_client();
    net.run(1s);
    const ConnectionId at_server = net.stations[0].connected[0].connection;
    std::uint64_t sent = 0;
    const auto talk = [&](TimePoint now) {
        (void)net.clients[0]->send(now, net.clients[0]->connection(), kOrdered,
                                   std::vector<std::byte>(8 + sent++ % 5));
        (void)net.server->send(now, at_server, kUnreliable, std::vector<std::byte>(10));
    };
    net.run(2s, 50ms, talk);
    net.stations[1].address = Address::loopback(59999);  // the NAT gave it another port
    net.run(6s, 50ms, talk);
    net.run(2s);
    ASSERT_EQ(net.stations[0].paths.size(), 1U);
    EXPECT_EQ(net.stations[0].paths[0].peer, Address::loopback(59999));
    EXPECT_TRUE(net.server->is_connected(at_server));
    EXPECT_EQ(net.stations[0].messages.size(), sent) << "nothing reliable is lost";
    EXPECT_TRUE(net.stations[0].disconnected.empty());
}

TEST(Endpoint, ReplayedDatagramsFromElsewhereMoveNothing) {
    EndpointNet net;
    net.add_client();
    net.run(1s);
    const Address attacker = Address::loopback(61000);
    std::vector<std::vector<std::byte>> captured;
    net.on_wire = [&](const Address& from, const Address&, Bytes bytes) {
        if (from == net.stations[1].address) captured.emplace_back(bytes.begin(), bytes.end());
    };
    net.run(1s, 20ms, [&](TimePoint now) {
        (void)net.clients[0]->send(now, net.clients[0]->connection(), kOrdered, std::vector<std::byte>(9));
    });
    net.on_wire = {};
    for (const auto& bytes : captured) net.inject(attacker, EndpointNet::kServerAddress, bytes, 1ms);
    for (const auto& bytes : captured)
        net.inject(net.stations[1].address, EndpointNet::kServerAddress, bytes, 2ms);
    const auto before = net.stations[0].messages.size();
    net.run(2s);
    EXPECT_EQ(net.stations[0].messages.size(), before);
    EXPECT_TRUE(net.stations[0].paths.empty());
    EXPECT_EQ(net.server->connected_count(), 1U);
    EXPECT_GE(net.server->statistics().of(RefusalCause::replayed), captured.size() / 2);
}

TEST(Endpoint, JunkOfEverySizeChangesNothingAndIsCounted) {
    EndpointNet net;
    net.add_client();
    net.run(1s);
    Rng rng(8);
    std::uint64_t sent = 0;
    for (std::size_t size = 0; size <= 1500; ++size) {
        for (const Station* to : {&net.stations[0], &net.stations[1]}) {
            std::vector<std::byte> junk(size);
            for (std::byte& byte : junk) byte = static_cast<std::byte>(rng.below(256));
            net.inject(to == &net.stations[0] ? net.stations[1].address : net.stations[0].address,
                       to->address, junk, 1ms);
            net.inject(Address::loopback(61001), to->address, junk, 1ms);
            sent += 2;
        }
    }
    net.run(3s);
    EXPECT_EQ(net.server->connected_count(), 1U);
    EXPECT_EQ(net.clients[0]->state(), ClientState::connected);
    EXPECT_EQ(net.server->statistics().refused_total(), sent / 2);
    EXPECT_EQ(net.clients[0]->statistics().refused_total(), sent / 2);
}

TEST(Endpoint, NoDatagramIsLargerThanConfigured) {
    for (const std::size_t limit : {256, 508, 1200}) {
        TransportConfig transport = test_transport();
        transport.max_datagram_bytes = limit;
        EndpointNet net(transport);
        net.add_client();
        net.run(1s);
        net.largest = 0;
        const ConnectionId at_server = net.stations[0].connected[0].connection;
        net.run(3s, 50ms, [&](TimePoint now) {
            (void)net.server->send(now, at_server, kOrdered, std::vector<std::byte>(5000));
            for (int i = 0; i < 20; ++i)
                (void)net.server->send(now, at_server, kUnreliable, std::vector<std::byte>(64));
        });
        EXPECT_LE(net.largest, limit);
        EXPECT_GT(net.largest, limit - 70);
    }
}

TEST(Endpoint, RawFramingHandsPayloadsThroughUntouched) {
    TransportConfig transport;
    transport.protocol_id = testing::kProtocol;
    transport.framing = Framing::raw;
    EndpointNet net(transport);
    ClientEndpoint& client = net.add_client(Suite::netcode);
    net.run(1s);
    ASSERT_EQ(client.state(), ClientState::connected);
    const auto number = client.send_payload(net.now, client.connection(), as_bytes("as it is"));
    ASSERT_TRUE(number);
    net.drain(1);
    net.run(100ms);
    ASSERT_EQ(net.stations[0].payloads.size(), 1U);
    EXPECT_EQ(as_text(net.stations[0].payloads[0]), "as it is");
    EXPECT_EQ(client.send(net.now, client.connection(), kOrdered, as_bytes("x")).error().code,
              ErrorCode::unsupported);
    EXPECT_EQ(client.send_payload(net.now, client.connection(), std::vector<std::byte>(1300)).error().code,
              ErrorCode::too_large);
}

TEST(Endpoint, BadConfigurationsAreRefusedByNameAndRange) {
    SeededEntropy entropy(Rng(1));
    ServerConfig config;
    config.transport = test_transport();
    config.addresses = {Address::loopback(0)};
    const auto refused = [&] {
        auto made = ServerEndpoint::make(TimePoint{1s}, config, entropy);
        return made ? std::string() : made.error().message;
    };
    EXPECT_NE(refused().find("addresses[0]"), std::string::npos) << refused();
    config.addresses = {Address::loopback(40000)};
    EXPECT_EQ(refused(), "");
    config.max_clients = 70000;
    EXPECT_NE(refused().find("65536"), std::string::npos) << refused();
    config.max_clients = 10;
    config.transport.max_datagram_bytes = 2000;
    EXPECT_NE(refused().find("256 to 1225"), std::string::npos) << refused();
    config.transport.max_datagram_bytes = 1200;
    config.transport.channels[3].redundancy = 2;
    EXPECT_NE(refused().find("channels[3] 'ordered'"), std::string::npos) << refused();
}

TEST(Endpoint, AMalformedPayloadEndsTheConnectionWithAReason) {
    // A client whose protocol disagrees: it sends raw payloads where the server expects frames.
    TransportConfig raw;
    raw.protocol_id = testing::kProtocol;
    raw.framing = Framing::raw;
    EndpointNet net;
    SeededEntropy entropy(Rng(5));
    auto client = *ClientEndpoint::make(net.now, ClientConfig{raw, {net.now, net.wall()}}, entropy);
    net.stations.push_back(Station(client.get(), Address::loopback(50001)));
    ASSERT_TRUE(client->connect(net.now, net.mint(Suite::netcode, 1)));
    net.drain(1);
    net.run(1s);
    ASSERT_EQ(client->state(), ClientState::connected);
    ASSERT_TRUE(client->send_payload(net.now, client->connection(), as_bytes("\xff\xff\xff")));
    net.drain(1);
    net.run(100ms);
    ASSERT_EQ(net.stations[0].disconnected.size(), 1U);
    EXPECT_EQ(net.stations[0].disconnected[0].reason, DisconnectReason::protocol_error);
    EXPECT_EQ(net.server->statistics().of(RefusalCause::malformed_payload), 1U);
}

}  // namespace
}  // namespace squall
