// The client's state machine: every error state of netcode's STANDARD.md, several servers, and what it
// ignores.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/transport/secure_forger.hpp"

namespace squall::secure::testing {
namespace {

using ::testing::HasSubstr;

const Address kDeadServer = Address::ipv4(10, 9, 9, 9, 40000);

// All datagrams to and from these addresses are lost.
void blackhole(SecureNet& net, const Address& address) {
    net.filter = [address](Flight& flight) { return flight.to != address && flight.from != address; };
}

DisconnectReason end_reason(const TestClient& client) {
    EXPECT_EQ(client.count(SecureEvent::Kind::disconnected), 1u);
    return client.events.empty() ? DisconnectReason::none : client.events.back().reason;
}

TEST(SecureClientStates, InvalidTokenState) {
    SecureNet net;
    auto& client = net.add_client();
    EXPECT_EQ(client.client.state(), ClientState::disconnected);
    const auto result = client.client.connect(net.now, Datagram(2048));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::unsupported);
    EXPECT_EQ(client.client.state(), ClientState::invalid_token);
    EXPECT_EQ(client.client.connect(net.now, Datagram(17)).error().code, ErrorCode::malformed);
    EXPECT_EQ(client.client.poll_timeout(), kNever);
}

TEST(SecureClientStates, TokenOfAnotherProtocolIsInvalid) {
    SecureNet net;
    auto request = net.request(1);
    request.protocol_id = 5;
    auto& client = net.add_client();
    const auto result = client.client.connect(net.now, net.mint(request));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(result.error().message, HasSubstr("0x1122334455667788"));
    EXPECT_EQ(client.client.state(), ClientState::invalid_token);
}

TEST(SecureClientStates, TokenExpiredBeforeConnecting) {
    SecureNet net;
    auto& client = net.add_client();
    const auto token = net.token(1);
    net.run_for(45s);
    const auto result = client.client.connect(net.now, token);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::expired);
    EXPECT_EQ(client.client.state(), ClientState::token_expired);
}

TEST(SecureClientStates, TokenExpiredWhileConnecting) {
    SecureNet net;
    auto request = net.request(1);
    request.lifetime_seconds = 5;
    auto& client = net.add_client();
    blackhole(net, kServerAddress);
    ASSERT_TRUE(client.client.connect(net.now, net.mint(request)));
    EXPECT_EQ(client.client.state(), ClientState::sending_request);
    net.run_for(6s);
    EXPECT_EQ(client.client.state(), ClientState::token_expired);
    EXPECT_EQ(end_reason(client), DisconnectReason::token_expired);
    EXPECT_EQ(client.events.back().at, kStart + 5s);
}

TEST(SecureClientStates, RequestTimedOut) {
    SecureNet net;
    blackhole(net, kServerAddress);
    auto& client = net.connect(1);
    net.run_for(9900ms);
    EXPECT_EQ(client.client.state(), ClientState::sending_request);
    net.run_for(200ms);
    EXPECT_EQ(client.client.state(), ClientState::request_timed_out);
    EXPECT_EQ(end_reason(client), DisconnectReason::request_timed_out);
    // 10 Hz: at 0.0, 0.1 ... 9.9 s.
    EXPECT_EQ(net.sent(0).size(), 100u);
}

TEST(SecureClientStates, ResponseTimedOut) {
    SecureNet net;
    net.filter = [](Flight& flight) { return flight.type() != 3; };
    auto& client = net.connect(1);
    net.run_for(1s);
    EXPECT_EQ(client.client.state(), ClientState::sending_response);
    net.run_for(10s);
    EXPECT_EQ(client.client.state(), ClientState::response_timed_out);
    EXPECT_EQ(end_reason(client), DisconnectReason::response_timed_out);
    EXPECT_EQ(net.sent(3).size(), 100u);
}

TEST(SecureClientStates, TimedOut) {
    SecureNet net;
    auto& client = net.connected(1);
    net.run_for(5s);
    net.filter = [](Flight& flight) { return flight.from != kServerAddress; };
    net.run_for(11s);
    EXPECT_EQ(client.client.state(), ClientState::timed_out);
    EXPECT_EQ(end_reason(client), DisconnectReason::timed_out);
}

TEST(SecureClientStates, DeniedWithTheReason) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) { config.max_clients = 1; });
    net.connected(1);
    auto& second = net.connect(2);
    net.run_for(100ms);
    EXPECT_EQ(second.client.state(), ClientState::denied);
    EXPECT_EQ(end_reason(second), DisconnectReason::server_full);
    EXPECT_EQ(net.refused(RefusalCause::server_full), 1u);
}

TEST(SecureClientStates, DeniedByAStandardServerHasNoReason) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) { config.max_clients = 1; });
    net.connected(1);
    net.filter = [](Flight& flight) { return flight.type() != 7; };
    auto& second = net.connect(2);
    net.run_for(100ms);
    EXPECT_EQ(second.client.state(), ClientState::denied);
    EXPECT_EQ(end_reason(second), DisconnectReason::denied);
}

TEST(SecureClientStates, ShutDownServerDenies) {
    SecureNet net;
    net.server->stop_accepting();
    auto& client = net.connect(1);
    net.run_for(100ms);
    EXPECT_EQ(client.client.state(), ClientState::denied);
    EXPECT_EQ(end_reason(client), DisconnectReason::server_shutdown);
}

// The application looks at a player who has just connected and says no, before anything was drained.
void refuse_everybody(SecureNet& net) {
    net.on_server_event = [&net](const Received& event) {
        if (event.kind == SecureEvent::Kind::connected)
            net.server->disconnect(net.now, event.slot, DisconnectReason::unauthorised);
    };
}

TEST(SecureClientStates, DisconnectedInTheMomentOfConnecting) {
    SecureNet net;
    refuse_everybody(net);
    auto& client = net.connect(1);
    net.run_for(50ms);
    EXPECT_EQ(client.client.state(), ClientState::disconnected);
    EXPECT_EQ(end_reason(client), DisconnectReason::unauthorised);
    EXPECT_EQ(client.count(SecureEvent::Kind::connected), 1u);
    EXPECT_EQ(net.server->connected_count(), 0u);
}

TEST(SecureClientStates, DisconnectedInTheMomentOfConnectingWithTheKeepAliveLost) {
    SecureNet net;
    refuse_everybody(net);
    net.filter = [](Flight& flight) { return flight.type() != 4; };
    auto& client = net.connect(1);
    net.run_for(50ms);
    EXPECT_EQ(client.client.state(), ClientState::denied);
    EXPECT_EQ(end_reason(client), DisconnectReason::unauthorised);
    EXPECT_EQ(client.count(SecureEvent::Kind::connected), 0u);
}

TEST(SecureClientStates, DisconnectedInTheMomentOfConnectingWithoutExtensions) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) { config.transport.framing = Framing::raw; });
    refuse_everybody(net);
    auto& client = net.connect(1);
    net.run_for(50ms);
    EXPECT_EQ(client.client.state(), ClientState::disconnected);
    EXPECT_EQ(end_reason(client), DisconnectReason::requested_by_peer);
}

TEST(SecureClientStates, NextServerAfterATimeout) {
    SecureNet net;
    blackhole(net, kDeadServer);
    auto request = net.request(1);
    request.timeout_seconds = 2;
    request.public_addresses = {kDeadServer, kServerAddress};
    auto& client = net.add_client();
    ASSERT_TRUE(client.client.connect(net.now, net.mint(request)));
    net.run_for(1900ms);
    EXPECT_EQ(client.client.server(), kDeadServer);
    net.run_for(200ms);
    EXPECT_EQ(client.client.server(), kServerAddress);
    EXPECT_EQ(client.client.state(), ClientState::connected);
    EXPECT_EQ(client.count(SecureEvent::Kind::disconnected), 0u);
}

TEST(SecureClientStates, NextServerAfterADenial) {
    SecureNet net(Suite::aes256_gcm, [](ServerConfig& config) { config.max_clients = 1; });
    net.connected(1);
    auto request = net.request(2);
    request.timeout_seconds = 2;
    request.public_addresses = {kServerAddress, kDeadServer};
    auto& client = net.add_client();
    ASSERT_TRUE(client.client.connect(net.now, net.mint(request)));
    net.run_for(50ms);
    EXPECT_EQ(client.client.state(), ClientState::sending_request);
    EXPECT_EQ(client.client.server(), kDeadServer);
    net.run_for(3s);
    EXPECT_EQ(client.client.state(), ClientState::request_timed_out);
}

TEST(SecureClientStates, NextServerAfterAnUnansweredResponse) {
    SecureNet net;
    auto request = net.request(1);
    request.timeout_seconds = 2;
    request.public_addresses = {kServerAddress, kDeadServer};
    net.filter = [](Flight& flight) { return flight.type() != 3; };
    auto& client = net.add_client();
    ASSERT_TRUE(client.client.connect(net.now, net.mint(request)));
    net.run_for(2100ms);
    EXPECT_EQ(client.client.server(), kDeadServer);
    EXPECT_EQ(client.client.state(), ClientState::sending_request);
}

TEST(SecureClientStates, ConnectingTwiceIsRefusedAndChangesNothing) {
    SecureNet net;
    auto& client = net.connected(1);
    const auto result = client.client.connect(net.now, net.token(2));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(client.client.is_connected());
}

TEST(SecureClientStates, ConnectsAnewAfterEachEnd) {
    SecureNet net;
    auto& client = net.connected(1);
    client.client.disconnect(net.now, DisconnectReason::requested);
    net.run_for(20ms);
    ASSERT_TRUE(client.client.connect(net.now, net.token(1)));
    net.run_for(50ms);
    EXPECT_TRUE(client.client.is_connected());
    net.server->disconnect(net.now, net.server_events.back().slot, DisconnectReason::kicked);
    net.run_for(20ms);
    EXPECT_EQ(client.client.state(), ClientState::disconnected);
    ASSERT_TRUE(client.client.connect(net.now, net.token(1)));
    net.run_for(50ms);
    EXPECT_TRUE(client.client.is_connected());
    EXPECT_EQ(client.count(SecureEvent::Kind::connected), 3u);
}

TEST(SecureClientStates, DisconnectingWhileConnectingFreesAnySlot) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm}) {
        SecureNet net(suite);
        net.filter = [](Flight& flight) { return flight.type() != 4; };  // the server's keep-alives are lost
        auto& client = net.connect(1);
        net.run_for(50ms);
        ASSERT_EQ(net.server->connected_count(), 1u);
        ASSERT_EQ(client.client.state(), ClientState::sending_response);
        client.client.disconnect(net.now, DisconnectReason::requested);
        net.run_for(20ms);
        EXPECT_EQ(net.server->connected_count(), 0u);
        EXPECT_EQ(client.count(SecureEvent::Kind::disconnected), 0u);
    }
}

TEST(SecureClientStates, PayloadBeforeConnectedIsDiscarded) {
    SecureNet net;
    net.filter = [](Flight& flight) {
        return flight.from != kServerAddress || flight.type() == 2 || flight.type() == 5;
    };
    auto& client = net.connect(1);
    net.run_for(50ms);
    ASSERT_EQ(client.client.state(), ClientState::sending_response);
    net.send_to(0, "early");
    net.run_for(20ms);
    EXPECT_TRUE(client.events.empty());
    EXPECT_EQ(client.statistics.of(RefusalCause::wrong_state), 1u);
}

TEST(SecureClientStates, SecondChallengeIsIgnored) {
    SecureNet net;
    net.latency = 150ms;  // two requests leave before the first challenge arrives
    auto& client = net.connect(1);
    net.run_for(2s);
    EXPECT_TRUE(client.client.is_connected());
    EXPECT_GT(net.sent(2).size(), 1u);
    EXPECT_EQ(net.count(SecureEvent::Kind::connected), 1u);
    EXPECT_EQ(client.count(SecureEvent::Kind::connected), 1u);
}

TEST(SecureClientStates, AcceptsPacketsFromItsServerOnly) {
    SecureNet net;
    auto& client = net.connected(1);
    net.send_to(0, "genuine");
    const auto genuine = net.log.back().bytes;
    net.deliver(kDeadServer, client.address, genuine);
    EXPECT_EQ(client.statistics.of(RefusalCause::unknown_sender), 1u);
    EXPECT_EQ(client.count(SecureEvent::Kind::payload), 0u);
    net.run_for(10ms);
    EXPECT_EQ(client.count(SecureEvent::Kind::payload), 1u);
}

TEST(SecureClientStates, EveryPacketOfTheServerCountsOnce) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed}) {
        SecureNet net(suite);
        auto& client = net.connected(1);
        net.send_to(0, "once");
        net.run_for(1100ms);
        ASSERT_EQ(client.count(SecureEvent::Kind::payload), 1u);
        std::uint64_t replays = 0;
        for (const auto& flight : std::vector<Flight>(net.log)) {
            if (flight.from != kServerAddress || flight.type() == 2) continue;
            net.deliver(flight.from, flight.to, flight.bytes);
            EXPECT_EQ(client.statistics.of(RefusalCause::replayed), ++replays) << flight.type();
        }
        EXPECT_GE(replays, 4u);
        EXPECT_EQ(client.count(SecureEvent::Kind::payload), 1u);
    }
}

TEST(SecureClientStates, JunkOfEverySizeChangesNothing) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed, Suite::none}) {
        SecureNet net(suite);
        auto& client = net.connected(1);
        const auto before = client.events.size();
        Rng rng(5);
        for (std::size_t size = 0; size <= 1500; ++size) {
            Datagram junk(size);
            for (auto& byte : junk) byte = static_cast<std::byte>(rng.next());
            if (suite == Suite::none && size > 0)
                junk[0] |= std::byte{15};  // nothing protects `none` from a well-formed guess
            net.deliver(kServerAddress, client.address, junk);
        }
        EXPECT_EQ(client.statistics.refused_total(), 1501u);
        EXPECT_EQ(client.events.size(), before);
        EXPECT_TRUE(client.client.is_connected());
    }
}

TEST(SecureClientStates, NamesOfAllStates) {
    for (int i = -6; i <= 3; ++i) EXPECT_NE(to_string(static_cast<ClientState>(i)), "unknown");
    EXPECT_EQ(to_string(static_cast<ClientState>(4)), "unknown");
    for (unsigned i = 0; i <= 17; ++i) EXPECT_NE(to_string(static_cast<DisconnectReason>(i)), "unknown");
    for (unsigned i = 0; i < kRefusalCauseCount; ++i)
        EXPECT_NE(to_string(static_cast<RefusalCause>(i)), "unknown");
    for (unsigned i = 0; i < kByteCauseCount; ++i) EXPECT_NE(to_string(static_cast<ByteCause>(i)), "unknown");
}

}  // namespace
}  // namespace squall::secure::testing
