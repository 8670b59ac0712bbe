// Connecting, being connected and disconnecting, for every suite; nothing here is hostile.
#include <gtest/gtest.h>

#include "unit/transport/secure_net.hpp"

namespace squall::secure::testing {
namespace {

class SecureConnect : public ::testing::TestWithParam<Suite> {};

TEST_P(SecureConnect, HandshakeEndsConnectedOnBothSides) {
    SecureNet net(GetParam());
    auto& client = net.connected(42);
    EXPECT_EQ(client.client.state(), ClientState::connected);
    ASSERT_EQ(client.count(SecureEvent::Kind::connected), 1u);
    ASSERT_EQ(net.count(SecureEvent::Kind::connected), 1u);
    EXPECT_TRUE(net.server->is_connected(0));
    EXPECT_TRUE(net.server->is_confirmed(0));
    EXPECT_EQ(net.server->client_id(0), ClientId{42});
    EXPECT_EQ(net.server->peer(0), client.address);
    EXPECT_EQ(net.server->suite(0), GetParam());
    EXPECT_EQ(net.server->user_data(0)[255], std::byte{0x5a});
    EXPECT_EQ(net.server_statistics.refused_total(), 0u);
    EXPECT_EQ(client.statistics.refused_total(), 0u);
    // One round trip for the challenge, one for the keep-alive.
    EXPECT_EQ(client.events[0].at, kStart + 20ms);
}

TEST_P(SecureConnect, PayloadArrivesBothWaysWithItsNumber) {
    SecureNet net(GetParam());
    auto& client = net.connected(42);
    const auto up = client.client.next_packet_number();
    const auto down = net.server->next_packet_number(0);
    net.send(client, "to the server");
    net.send_to(0, "to the client");
    net.run_for(10ms);
    const auto& at_server = net.server_events.back();
    EXPECT_EQ(at_server.kind, SecureEvent::Kind::payload);
    EXPECT_EQ(as_text(at_server.payload), "to the server");
    EXPECT_EQ(at_server.packet_number, up);
    EXPECT_EQ(client.client.next_packet_number(), up + 1);
    const auto& at_client = client.events.back();
    EXPECT_EQ(as_text(at_client.payload), "to the client");
    EXPECT_EQ(at_client.packet_number, down);
}

TEST_P(SecureConnect, PayloadOfEverySizeFits) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    for (const std::size_t size : {1u, 2u, 15u, 16u, 17u, 63u, 64u, 255u, 1199u, 1200u}) {
        net.send(client, std::string(size, 'x'));
        net.send_to(0, std::string(size, 'y'));
        net.run_for(6ms);
        EXPECT_EQ(net.server_events.back().payload.size(), size);
        EXPECT_EQ(client.events.back().payload.size(), size);
    }
}

TEST_P(SecureConnect, IdleConnectionLivesOnOneKeepAliveASecond) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    net.log.clear();
    net.run_for(60s);
    EXPECT_TRUE(client.client.is_connected());
    EXPECT_TRUE(net.server->is_connected(0));
    EXPECT_EQ(net.sent(4, kServerAddress).size(), 60u);
    // Nothing else leaves.
    EXPECT_EQ(net.log.size(), 120u);
}

TEST_P(SecureConnect, NoKeepAliveWhilePayloadFlows) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    net.run_for(1s);
    net.log.clear();
    for (int i = 0; i < 40; ++i) {
        net.send(client, "input");
        net.send_to(0, "state");
        net.run_for(500ms);
    }
    EXPECT_EQ(net.sent(4).size() + net.sent(13).size(), 0u);
    EXPECT_EQ(net.log.size(), 80u);
}

TEST_P(SecureConnect, ConnectsUnderThirtyPercentLoss) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SecureNet net(GetParam());
        Rng rng(seed);
        net.filter = [&](Flight&) { return !rng.chance(percent(30)); };
        auto& client = net.connect(1);
        net.run_for(4s);
        EXPECT_EQ(client.client.state(), ClientState::connected) << "seed " << seed;
        EXPECT_EQ(net.server->connected_count(), 1u) << "seed " << seed;
    }
}

TEST_P(SecureConnect, ClientsDisconnectTellsTheReasonAndFreesTheSlotAtOnce) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    client.client.disconnect(net.now, DisconnectReason::requested);
    EXPECT_EQ(client.client.state(), ClientState::disconnected);
    net.run_for(10ms);
    ASSERT_EQ(net.count(SecureEvent::Kind::disconnected), 1u);
    EXPECT_EQ(net.server_events.back().reason, DisconnectReason::requested_by_peer);
    EXPECT_EQ(net.server->connected_count(), 0u);
    EXPECT_EQ(net.sent(8).size(), 5u);
    EXPECT_EQ(net.sent(6).size(), 5u);
    auto& second = net.connected(2);
    EXPECT_TRUE(second.client.is_connected());
    EXPECT_EQ(net.server_events.back().slot, 0u);
}

TEST_P(SecureConnect, ServersDisconnectTellsTheReason) {
    for (const auto reason :
         {DisconnectReason::kicked, DisconnectReason::server_shutdown, DisconnectReason::rate_limited}) {
        SecureNet net(GetParam());
        auto& client = net.connected(1);
        net.server->disconnect(net.now, 0, reason);
        EXPECT_FALSE(net.server->is_connected(0));
        EXPECT_EQ(net.server->client_id(0), ClientId{1});  // readable until the next datagram
        net.run_for(10ms);
        EXPECT_EQ(client.client.state(), ClientState::disconnected);
        EXPECT_EQ(client.events.back().reason, reason);
        EXPECT_EQ(client.count(SecureEvent::Kind::disconnected), 1u);
        EXPECT_EQ(net.count(SecureEvent::Kind::disconnected), 0u);  // the caller knows
    }
}

TEST_P(SecureConnect, OneDisconnectPacketOfTenIsEnough) {
    for (unsigned survivor = 0; survivor < 10; ++survivor) {
        SecureNet net(GetParam());
        auto& client = net.connected(1);
        unsigned n = 0;
        net.filter = [&](Flight& flight) {
            return (flight.type() != 6 && flight.type() != 8) || n++ == survivor;
        };
        client.client.disconnect(net.now, DisconnectReason::protocol_error);
        net.run_for(10ms);
        ASSERT_EQ(net.server->connected_count(), 0u);
        EXPECT_EQ(net.server_events.back().reason,
                  survivor < 5 ? DisconnectReason::protocol_error : DisconnectReason::requested_by_peer);
    }
}

TEST_P(SecureConnect, SilentClientIsDroppedAtItsTokensTimeout) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    net.run_for(5s);
    const auto mute_from = net.now;
    net.filter = [&](Flight& flight) { return flight.from != client.address; };
    net.run_for(15s);
    ASSERT_EQ(net.count(SecureEvent::Kind::disconnected), 1u);
    const auto& event = net.server_events.back();
    EXPECT_EQ(event.reason, DisconnectReason::timed_out);
    EXPECT_GE(event.at, mute_from + 9s);
    EXPECT_LE(event.at, mute_from + 10s + net.latency);
    // The client heard the server all the time until then, and times out 10 s later.
    EXPECT_EQ(client.client.state(), ClientState::connected);
    net.run_for(6s);
    EXPECT_EQ(client.client.state(), ClientState::timed_out);
    EXPECT_EQ(client.events.back().reason, DisconnectReason::timed_out);
}

TEST_P(SecureConnect, NegativeTimeoutNeverDrops) {
    SecureNet net(GetParam());
    auto request = net.request(1);
    request.timeout_seconds = -1;
    auto& client = net.add_client();
    ASSERT_TRUE(client.client.connect(net.now, net.mint(request)));
    net.run_for(100ms);
    ASSERT_TRUE(client.client.is_connected());
    net.filter = [](Flight&) { return false; };
    net.run_for(1h);
    EXPECT_TRUE(client.client.is_connected());
    EXPECT_TRUE(net.server->is_connected(0));
}

INSTANTIATE_TEST_SUITE_P(Suites, SecureConnect,
                         ::testing::Values(Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed,
                                           Suite::none),
                         [](const auto& param) {
                             switch (param.param) {
                                 case Suite::netcode: return "netcode";
                                 case Suite::aes256_gcm: return "aes256_gcm";
                                 case Suite::hmac_signed: return "hmac_signed";
                                 case Suite::none: break;
                             }
                             return "none";
                         });

}  // namespace
}  // namespace squall::secure::testing
