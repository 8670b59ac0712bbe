// Connection ids and migration: a client whose address changes keeps its connection, and nobody else can move
// it.
#include <gtest/gtest.h>

#include "unit/transport/secure_forger.hpp"

namespace squall::secure::testing {
namespace {

const Address kRebound = Address::ipv4(203, 0, 113, 9, 61000);
const Address kAttacker = Address::ipv4(198, 51, 100, 66, 6666);

// A NAT before this client gives it another address. What is still sent to the old one is lost.
void rebind(TestClient& client, const Address& address) {
    client.address = address;
}

class SecureMigration : public ::testing::TestWithParam<Suite> {};

TEST_P(SecureMigration, ClientLearnsItsIdAndConfirmsItOnce) {
    SecureNet net(GetParam(), [](ServerConfig& config) { config.shard = 0xa7; });
    net.connected(1);
    net.run_for(10s);
    EXPECT_EQ(net.sent(9).size(), 1u);
    EXPECT_EQ(net.sent(13).size(), 1u);
    const auto id = peek_connection_id(net.sent(13).front().bytes);
    ASSERT_TRUE(id);
    EXPECT_EQ(*id >> 56, 0xa7u);
    EXPECT_EQ(peek_connection_id(net.sent(4).front().bytes), std::nullopt);
}

TEST_P(SecureMigration, IdIsRepeatedUntilConfirmedAndTenTimesAtMost) {
    SecureNet net(GetParam());
    net.filter = [](Flight& flight) { return flight.type() != 9; };
    auto& client = net.connect(1);
    net.run_for(60s);
    EXPECT_TRUE(client.client.is_connected());
    EXPECT_EQ(net.sent(9).size(), 10u);
    SecureNet lossy(GetParam());
    int lost = 0;
    lossy.filter = [&](Flight& flight) { return flight.type() != 9 || ++lost > 3; };
    lossy.connect(1);
    lossy.run_for(60s);
    EXPECT_EQ(lossy.sent(9).size(), 4u);
    EXPECT_EQ(lossy.sent(13).size(), 1u);
}

// Payload in both directions leaves no room for keep-alives; the id is told all the same.
TEST_P(SecureMigration, IdIsRepeatedWhilePayloadFlows) {
    SecureNet net(GetParam());
    net.filter = [](Flight& flight) { return flight.type() != 9; };
    auto& client = net.connected(1);
    for (int i = 0; i < 300; ++i) {
        if (i == 250) net.filter = {};
        net.send(client, "up");
        net.send_to(0, "down");
        net.run_for(10ms);
    }
    net.run_for(1s);
    EXPECT_GE(net.sent(9).size(), 3u);
    EXPECT_LE(net.sent(9).size(), 5u);
    EXPECT_EQ(net.sent(10).size() + net.sent(13).size(), 1u);
}

TEST_P(SecureMigration, IdleClientMovesWithinTwoSeconds) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    net.run_for(3s);
    rebind(client, kRebound);
    const auto at = net.now;
    net.run_for(5s);
    EXPECT_TRUE(client.client.is_connected());
    ASSERT_EQ(net.count(SecureEvent::Kind::path_changed), 1u);
    EXPECT_EQ(net.server->peer(0), kRebound);
    EXPECT_LE(net.server_events.back().at - at, 2s);
    net.run_for(60s);
    EXPECT_TRUE(client.client.is_connected());
    EXPECT_TRUE(net.server->is_connected(0));
    EXPECT_EQ(net.count(SecureEvent::Kind::disconnected), 0u);
    // And it goes back to plain keep-alives.
    net.log.clear();
    net.run_for(10s);
    EXPECT_EQ(net.sent(13).size(), 0u);
}

TEST_P(SecureMigration, PayloadArrivesFromTheNewAddressBeforeItIsValidated) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    rebind(client, kRebound);
    net.filter = [](Flight& flight) { return flight.type() != 11; };  // the path is never validated
    for (int i = 0; i < 30; ++i) {
        net.send(client, "input");
        net.run_for(100ms);
    }
    EXPECT_GT(net.count(SecureEvent::Kind::payload), 15u);
    EXPECT_EQ(net.count(SecureEvent::Kind::path_changed), 0u);
    EXPECT_NE(net.server->peer(0), kRebound);
    net.filter = {};
    net.send(client, "input");
    net.run_for(300ms);
    EXPECT_EQ(net.server->peer(0), kRebound);
}

TEST_P(SecureMigration, MovesUnderThirtyPercentLossAndManyTimes) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SecureNet net(GetParam());
        Rng rng(seed);
        auto& client = net.connected(1);
        net.filter = [&](Flight&) { return !rng.chance(percent(30)); };
        for (std::uint16_t move = 0; move < 5; ++move) {
            rebind(client, kRebound.with_port(static_cast<std::uint16_t>(61000 + move)));
            net.run_for(8s);
            ASSERT_EQ(net.server->peer(0), client.address) << "seed " << seed << " move " << move;
        }
        EXPECT_TRUE(client.client.is_connected());
    }
}

TEST_P(SecureMigration, SmallRetransmissionTimeoutDoesNotProbeBeforeASecond) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    client.client.set_probe_silence(30ms);
    net.run_for(30s);
    EXPECT_EQ(net.sent(13).size(), 1u);   // the confirmation
    client.client.set_probe_silence(6s);  // 3 RTO
    rebind(client, kRebound);
    net.run_for(5s);
    EXPECT_EQ(net.sent(13).size(), 1u);
    net.run_for(3s);
    EXPECT_EQ(net.server->peer(0), kRebound);
}

TEST_P(SecureMigration, CapturedPacketSentAgainMovesNothing) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    net.run_for(2s);
    const auto probe = net.sent(13).front().bytes;
    const auto before = net.log.size();
    net.to_server(kAttacker, probe);
    EXPECT_EQ(net.refused(RefusalCause::replayed), 1u);
    EXPECT_EQ(net.log.size(), before);
    EXPECT_EQ(net.server->peer(0), client.address);
}

// The attacker holds a packet back and is the first to deliver it, from its own address. The packet is
// genuine; the address is not: it gets a challenge that it cannot answer.
TEST_P(SecureMigration, InterceptedPacketFromElsewhereMovesNothing) {
    SecureNet net(GetParam());
    auto& client = net.connected(1);
    net.run_for(2s);
    std::optional<Datagram> captured;
    net.filter = [&](Flight& flight) {
        if (flight.from == kServerAddress && flight.to == client.address)
            return false;  // makes the client probe
        if (flight.type() != 13 || captured) return true;
        captured = flight.bytes;
        return false;
    };
    net.run_for(1500ms);
    ASSERT_TRUE(captured);
    net.filter = {};
    net.to_server(kAttacker, *captured);
    const auto challenges = net.sent(11);
    ASSERT_EQ(challenges.size(), 1u);
    EXPECT_EQ(challenges[0].to, kAttacker);
    EXPECT_LE(challenges[0].bytes.size(), captured->size());
    // It passes the challenge on to the client, as if from the server; the client's answer comes from the
    // client.
    net.deliver(kServerAddress, client.address, challenges[0].bytes);
    net.run_for(5s);
    EXPECT_EQ(net.server->peer(0), client.address);
    EXPECT_EQ(net.count(SecureEvent::Kind::path_changed), 0u);
    EXPECT_GE(net.refused(RefusalCause::stale_path), 1u);
    EXPECT_TRUE(client.client.is_connected());
    EXPECT_TRUE(net.server->is_connected(0));
}

TEST_P(SecureMigration, OnePathAtATime) {
    SecureNet net(GetParam());
    auto& client = net.add_client();
    const auto token = net.token(1);
    ASSERT_TRUE(client.client.connect(net.now, token));
    net.run_for(50ms);
    Forger forger(token);
    forger.follow(net.sent(2).front().bytes);
    const auto id = *peek_connection_id(net.sent(13).front().bytes);
    std::uint64_t n = 1000;
    const auto probe_from = [&](const Address& from) {
        net.to_server(from, forger.from_client(PacketType::probe, ++n, Datagram(8), id));
    };
    probe_from(kAttacker);
    probe_from(kRebound);
    probe_from(kAttacker);
    EXPECT_EQ(net.sent(11).size(), 1u);
    EXPECT_EQ(net.refused(RefusalCause::stale_path), 1u);
    const auto first = net.sent(11).front();
    EXPECT_EQ(first.to, kAttacker);
    net.run_for(1100ms);
    probe_from(kRebound);  // the first did not answer in time
    ASSERT_EQ(net.sent(11).size(), 2u);
    EXPECT_EQ(net.sent(11).back().to, kRebound);
    // The answer to the first challenge, from either address, means nothing any more.
    const auto old_data = *forger.open_from_server(first.bytes);
    net.to_server(kAttacker, forger.from_client(PacketType::path_response, ++n, old_data, id));
    net.to_server(kRebound, forger.from_client(PacketType::path_response, ++n, old_data, id));
    EXPECT_EQ(net.server->peer(0), client.address);
    const auto data = *forger.open_from_server(net.sent(11).back().bytes);
    net.to_server(kAttacker, forger.from_client(PacketType::path_response, ++n, data,
                                                id));  // right, from the wrong place
    EXPECT_EQ(net.server->peer(0), client.address);
    net.to_server(kRebound, forger.from_client(PacketType::path_response, ++n, data, id));
    EXPECT_EQ(net.server->peer(0), kRebound);
}

TEST_P(SecureMigration, AddressOfAnotherClientIsNotTaken) {
    SecureNet net(GetParam());
    auto& client = net.add_client();
    const auto token = net.token(1);
    ASSERT_TRUE(client.client.connect(net.now, token));
    net.run_for(50ms);
    Forger forger(token);
    forger.follow(net.sent(2).front().bytes);
    const auto id = *peek_connection_id(net.sent(13).front().bytes);
    auto& other = net.connected(2);
    net.to_server(other.address, forger.from_client(PacketType::probe, 1000, Datagram(8), id));
    EXPECT_EQ(net.refused(RefusalCause::stale_path), 1u);
    EXPECT_EQ(net.sent(11).size(), 0u);
    net.send(other, "mine");
    net.run_for(10ms);
    EXPECT_EQ(net.server_events.back().slot, 1u);
}

TEST_P(SecureMigration, UnknownIdIsAStranger) {
    SecureNet net(GetParam());
    auto& client = net.add_client();
    const auto token = net.token(1);
    ASSERT_TRUE(client.client.connect(net.now, token));
    net.run_for(50ms);
    Forger forger(token);
    forger.follow(net.sent(2).front().bytes);
    net.to_server(kRebound, forger.from_client(PacketType::probe, 1000, Datagram(8), 0x123456));
    EXPECT_EQ(net.refused(RefusalCause::unknown_sender), 1u);
}

INSTANTIATE_TEST_SUITE_P(Suites, SecureMigration,
                         ::testing::Values(Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed,
                                           Suite::none));

// raw framing with suite netcode is for strangers: the wire shows packet types 0 to 6 and nothing else.
TEST(SecureRaw, StandardPeersSeeStandardPacketsOnly) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) {
        config.transport.framing = Framing::raw;
        config.max_clients = 1;
    });
    auto& client = net.connected(1);
    ASSERT_TRUE(client.client.is_connected());
    auto& denied = net.connect(2);
    for (int i = 0; i < 20; ++i) {
        net.send(client, "raw");
        net.send_to(0, "raw");
        net.run_for(300ms);
    }
    net.filter = [](Flight& flight) { return flight.from != kServerAddress; };
    net.run_for(3s);
    net.filter = {};
    net.run_for(1s);
    net.server->disconnect(net.now, 0, DisconnectReason::kicked);
    net.run_for(20ms);
    EXPECT_EQ(denied.client.state(), ClientState::denied);
    EXPECT_EQ(client.events.back().reason, DisconnectReason::requested_by_peer);
    for (const auto& flight : net.log) EXPECT_LE(flight.type(), 6u);
    EXPECT_EQ(net.sent(6).size(), 10u);
}

// A standard peer that meets our extensions ignores them, and everything else works.
TEST(SecureRaw, PeerThatIgnoresEveryExtensionIsServedAsUsual) {
    SecureNet net(Suite::netcode);
    net.filter = [](Flight& flight) { return flight.type() < 7; };
    auto& client = net.connected(1);
    ASSERT_TRUE(client.client.is_connected());
    for (int i = 0; i < 20; ++i) {
        net.send(client, "up");
        net.send_to(0, "down");
        net.run_for(1s);
    }
    EXPECT_EQ(net.count(SecureEvent::Kind::payload), 20u);
    EXPECT_EQ(client.count(SecureEvent::Kind::payload), 20u);
    net.server->disconnect(net.now, 0, DisconnectReason::kicked);
    net.run_for(20ms);
    EXPECT_EQ(client.events.back().reason, DisconnectReason::requested_by_peer);
}

TEST(SecureRaw, OtherSuitesAreSquallsOwnAndUseTheExtensions) {
    SecureNet net(Suite::aes256_gcm, [](ServerConfig& config) { config.transport.framing = Framing::raw; });
    auto& client = net.connected(1);
    rebind(client, kRebound);
    for (int i = 0; i < 30; ++i) {
        net.send(client, std::string(1200, 'r'));
        net.run_for(100ms);
    }
    EXPECT_EQ(net.server->peer(0), kRebound);
    EXPECT_EQ(net.sent(10).size(), 0u);  // payload keeps its form and size; probes show the id
}

}  // namespace
}  // namespace squall::secure::testing
