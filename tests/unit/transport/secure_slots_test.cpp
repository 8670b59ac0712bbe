// Slots: their limit, reservations, rejoining, replacing, many of them; and the ledger of control bytes.
#include <gtest/gtest.h>

#include "unit/transport/secure_forger.hpp"

namespace squall::secure::testing {
namespace {

void mute(SecureNet& net, const TestClient& client) {
    net.filter = [address = client.address](Flight& flight) {
        return flight.from != address && flight.to != address;
    };
}

TEST(SecureSlots, FullServerRefusesAndAFreedSlotIsReused) {
    SecureNet net(Suite::aes256_gcm, [](ServerConfig& config) { config.max_clients = 3; });
    for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_TRUE(net.connected(id).client.is_connected());
    EXPECT_EQ(net.connected(4).client.state(), ClientState::denied);
    net.server->disconnect(net.now, 1, DisconnectReason::kicked);
    auto& next = net.connected(5);
    EXPECT_TRUE(next.client.is_connected());
    EXPECT_EQ(net.server->client_id(1), ClientId{5});
    EXPECT_EQ(net.server->connected_count(), 3u);
}

TEST(SecureSlots, ServerThatFillsBetweenRequestAndResponseDenies) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) { config.max_clients = 1; });
    auto& slow = net.add_client();
    net.filter = [&](Flight& flight) { return flight.from != slow.address || flight.type() != 3; };
    ASSERT_TRUE(slow.client.connect(net.now, net.token(1)));
    net.run_for(50ms);
    ASSERT_EQ(slow.client.state(), ClientState::sending_response);
    net.connected(2);
    net.filter = {};
    net.run_for(200ms);
    EXPECT_EQ(slow.client.state(), ClientState::denied);
    EXPECT_EQ(slow.events.back().reason, DisconnectReason::server_full);
}

TEST(SecureSlots, ReservedSlotIsKeptForItsClient) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) { config.max_clients = 2; });
    ASSERT_TRUE(net.server->reserve(net.now, ClientId{7}, 30s));
    EXPECT_EQ(net.server->reserved_count(), 1u);
    EXPECT_TRUE(net.connected(1).client.is_connected());
    EXPECT_EQ(net.connected(2).client.state(), ClientState::denied);
    EXPECT_TRUE(net.connected(7).client.is_connected());
    EXPECT_EQ(net.server->reserved_count(), 0u);
}

TEST(SecureSlots, ReservationExpiresAndFreesTheSlot) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) { config.max_clients = 1; });
    ASSERT_TRUE(net.server->reserve(net.now, ClientId{7}, 3s));
    EXPECT_EQ(net.connected(1).client.state(), ClientState::denied);
    net.run_for(3s);
    EXPECT_EQ(net.server->reserved_count(), 0u);
    EXPECT_TRUE(net.connected(2).client.is_connected());
    // Reserved anew after it expired: the old deadline means nothing to the new one.
    net.server->disconnect(net.now, 0, DisconnectReason::kicked);
    ASSERT_TRUE(net.server->reserve(net.now, ClientId{7}, 3s));
    net.run_for(2s);
    EXPECT_TRUE(net.connected(7).client.is_connected());
    net.server->disconnect(net.now, 0, DisconnectReason::kicked);
    ASSERT_TRUE(net.server->reserve(net.now, ClientId{7}, 10s));
    net.run_for(5s);
    EXPECT_EQ(net.server->reserved_count(), 1u);
}

TEST(SecureSlots, ReservingSaysWhyNot) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) { config.max_clients = 2; });
    net.connected(1);
    EXPECT_EQ(net.server->reserve(net.now, ClientId{1}, 5s).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(net.server->reserve(net.now, ClientId{2}, 0s).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(net.server->reserve(net.now, ClientId{2}, -1s).error().code, ErrorCode::invalid_argument);
    ASSERT_TRUE(net.server->reserve(net.now, ClientId{2}, 5s));
    EXPECT_EQ(net.server->reserve(net.now, ClientId{2}, 5s).error().code, ErrorCode::invalid_argument);
    const auto full = net.server->reserve(net.now, ClientId{3}, 5s);
    EXPECT_EQ(full.error().code, ErrorCode::queue_full);
    EXPECT_EQ(full.error().message,
              "no slot is free to reserve: of 2, 1 are connected, 0 held and 1 reserved");
}

TEST(SecureSlots, TimedOutPlayerGetsItsSlotBackWithinTheGrace) {
    SecureNet net(Suite::aes256_gcm, [](ServerConfig& config) {
        config.max_clients = 2;
        config.rejoin_grace = 30s;
    });
    net.connected(1);
    auto& player = net.connected(2);
    mute(net, player);
    net.run_for(12s);
    ASSERT_EQ(net.server_events.back().reason, DisconnectReason::timed_out);
    EXPECT_EQ(net.server_events.back().slot, 1u);
    EXPECT_TRUE(net.server->is_held(1));
    EXPECT_FALSE(net.server->is_connected(1));
    net.filter = {};
    EXPECT_EQ(net.connected(3).client.state(), ClientState::denied);  // a held slot is occupied
    auto& again = net.connected(2);
    EXPECT_TRUE(again.client.is_connected());
    EXPECT_EQ(net.server_events.back().slot, 1u);
    EXPECT_TRUE(net.server->is_rejoined(1));
    EXPECT_FALSE(net.server->is_rejoined(0));
    EXPECT_FALSE(net.server->is_held(1));
}

TEST(SecureSlots, HeldSlotIsFreedAfterTheGrace) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) {
        config.max_clients = 1;
        config.rejoin_grace = 5s;
    });
    mute(net, net.connected(1));
    net.run_for(11s);
    ASSERT_TRUE(net.server->is_held(0));
    net.filter = {};
    net.run_for(5s);
    EXPECT_FALSE(net.server->is_held(0));
    auto& other = net.connected(2);
    EXPECT_TRUE(other.client.is_connected());
    EXPECT_FALSE(net.server->is_rejoined(0));
}

TEST(SecureSlots, CleanDisconnectHoldsNothing) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) { config.rejoin_grace = 30s; });
    auto& client = net.connected(1);
    client.client.disconnect(net.now, DisconnectReason::requested);
    net.run_for(20ms);
    EXPECT_FALSE(net.server->is_held(0));
    net.connected(1);
    EXPECT_FALSE(net.server->is_rejoined(0));
}

TEST(SecureSlots, PlayerIsNamedByItsUserDataIfSoConfigured) {
    SecureNet net(Suite::netcode, [](ServerConfig& config) {
        config.rejoin_grace = 30s;
        config.player_id_bytes = 8;
    });
    const auto join = [&](std::uint64_t client_id, unsigned player) -> TestClient& {
        auto request = net.request(client_id);
        request.user_data[0] = static_cast<std::byte>(player);
        auto& client = net.add_client();
        (void)client.client.connect(net.now, net.mint(request));
        net.run_for(50ms);
        return client;
    };
    mute(net, join(100, 1));
    net.run_for(12s);
    ASSERT_TRUE(net.server->is_held(0));
    net.filter = {};
    join(101, 2);  // another player
    EXPECT_EQ(net.server_events.back().slot, 1u);
    join(102, 1);  // the same player, with a fresh client id
    EXPECT_EQ(net.server_events.back().slot, 0u);
    EXPECT_TRUE(net.server->is_rejoined(0));
    EXPECT_EQ(net.server->client_id(0), ClientId{102});
}

TEST(SecureSlots, SilentConnectionIsReplacedByItsPlayersNextOne) {
    for (const auto grace : {Duration(0), Duration(30s)}) {
        SecureNet net(Suite::hmac_signed, [&](ServerConfig& config) { config.rejoin_grace = grace; });
        auto& old = net.connected(5);
        auto& next = net.add_client();
        mute(net, old);
        ASSERT_TRUE(next.client.connect(net.now, net.token(5)));
        net.run_for(1500ms);
        EXPECT_EQ(next.client.state(), ClientState::sending_request);  // the old one may be alive
        net.run_for(1500ms);
        EXPECT_TRUE(next.client.is_connected());
        ASSERT_EQ(net.count(SecureEvent::Kind::disconnected), 1u);
        EXPECT_EQ(net.server_events[1].reason, DisconnectReason::replaced);
        EXPECT_EQ(net.server->connected_count(), 1u);
        EXPECT_EQ(net.server->is_rejoined(0), grace > 0s);
    }
}

TEST(SecureSlots, ReplacedClientIsToldWhereItCanHear) {
    SecureNet net;
    auto& old = net.connected(5);
    net.filter = [&](Flight& flight) { return flight.from != old.address; };  // it hears, but is not heard
    net.run_for(2500ms);
    net.connect(5);
    net.run_for(1s);
    EXPECT_EQ(old.client.state(), ClientState::disconnected);
    EXPECT_EQ(old.events.back().reason, DisconnectReason::replaced);
}

TEST(SecureSlots, AliveConnectionIsNeverReplaced) {
    SecureNet net;
    auto& old = net.connected(5);
    auto& thief = net.connect(5);
    net.run_for(9s);
    EXPECT_TRUE(old.client.is_connected());
    EXPECT_EQ(thief.client.state(), ClientState::sending_request);
    EXPECT_GT(net.refused(RefusalCause::already_connected), 50u);
}

TEST(SecureSlots, SixtyFiveThousandClientsAreFoundWithoutAWalk) {
    constexpr std::uint32_t count = 65'536;
    SecureNet net(Suite::none, [](ServerConfig& config) { config.max_clients = count; });
    std::array<std::byte, kMaxDatagramBytes> buffer;
    std::optional<Forger> last;
    Address at;
    for (std::uint32_t i = 0; i < count; ++i) {
        at = Address::ipv4(10, static_cast<std::uint8_t>(i >> 14), static_cast<std::uint8_t>(i >> 6), 1,
                           static_cast<std::uint16_t>(1000 + (i & 63)));
        const auto token = net.token(i + 1);
        auto request = request_datagram(token);
        net.server->receive(net.now, at, request);
        const auto transmit = net.server->poll_transmit(net.now, buffer);
        ASSERT_TRUE(transmit) << i;
        last.emplace(token);
        const auto challenge =
            *last->open_from_server({buffer.begin(), buffer.begin() + static_cast<long>(transmit->size)});
        auto response = last->from_client(PacketType::response, 1, challenge);
        net.server->receive(net.now, at, response);
        while (net.server->poll_transmit(net.now, buffer)) {
        }
        while (net.server->poll_event()) {
        }
    }
    EXPECT_EQ(net.server->connected_count(), count);
    EXPECT_EQ(net.server_statistics.refused_total(), 0u);
    EXPECT_EQ(net.server->client_id(count - 1), ClientId{count});
    auto payload = last->from_client(PacketType::payload, 0, as_bytes("x"));
    net.server->receive(net.now, at, payload);
    const auto event = net.server->poll_event();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->slot, count - 1);
    auto request = request_datagram(net.token(count + 1));
    net.server->receive(net.now, Address::ipv4(11, 0, 0, 1, 1), request);
    EXPECT_EQ(net.refused(RefusalCause::server_full), 1u);
}

// Every byte that the layer sends or accepts by itself stands in the ledgers of its two ends.
TEST(SecureSlots, LedgersAddUpToTheByte) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm, Suite::none}) {
        SecureNet net(suite);
        auto& client = net.connected(1);
        net.run_for(10s);
        net.server->disconnect(net.now, 0, DisconnectReason::kicked);
        const auto server_sent = net.server->control_bytes_sent(0);
        const auto server_received = net.server->control_bytes_received(0);
        net.run_for(1s);
        std::uint64_t down = 0;
        std::uint64_t up = 0;
        std::uint64_t farewells = 0;
        for (const auto& flight : net.log) {
            (flight.from == kServerAddress ? down : up) += flight.bytes.size();
            if (flight.type() == 6 || flight.type() == 8) farewells += flight.bytes.size();
        }
        EXPECT_EQ(server_sent.total(), down);
        EXPECT_EQ(server_received.total(), up);
        EXPECT_EQ(client.client.control_bytes_sent().total(), up);
        EXPECT_EQ(server_sent.disconnect, farewells);
        // Of ten disconnect packets the client took the first; the other nine were refused.
        EXPECT_EQ(client.client.control_bytes_received().total(),
                  down - farewells + net.sent(8).front().bytes.size());
    }
}

}  // namespace
}  // namespace squall::secure::testing
