// No key is used twice with one nonce: not by a restarted server, not by a client that uses its token again.
// lib/STANDARD.md, section 3, has the rule of each suite; here each is held over a restart.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "unit/transport/secure_forger.hpp"

namespace squall::secure::testing {
namespace {

bool is_from_server(const Flight& flight) {
    return flight.from == kServerAddress;
}

// Connects with a token, talks, restarts the server, and connects with the same token from the same address.
struct Restart {
    explicit Restart(Suite suite, std::uint32_t token_lifetime = 0)
        : net(suite, [=](ServerConfig& config) { config.token_lifetime_seconds = token_lifetime; }) {
        token = net.token(1);
        const auto run = [&] {
            auto& client = net.add_client(Address::ipv4(10, 0, 1, 1, 50000));
            EXPECT_TRUE(client.client.connect(net.now, token));
            net.run_for(50ms);
            if (client.client.is_connected()) {
                net.send(client, "the same words");
                net.send_to(0, "the same words");
                net.run_for(1500ms);
            }
            return client.client.is_connected();
        };
        first_connected = run();
        first = net.log;
        net.log.clear();
        net.clients.clear();
        net.start_server();
        second_connected = run();
        second = net.log;
    }
    SecureNet net;
    ConnectTokenBytes token;
    std::vector<Flight> first;
    std::vector<Flight> second;
    bool first_connected = false;
    bool second_connected = false;
};

std::set<std::pair<bool, std::uint64_t>> numbers(const std::vector<Flight>& flights, bool of_handshake) {
    std::set<std::pair<bool, std::uint64_t>> found;
    for (const auto& flight : flights) {
        if (flight.type() == 0) continue;
        const auto header = *read_header(flight.bytes);
        if (is_handshake(header.type) != of_handshake) continue;
        EXPECT_TRUE(found.emplace(is_from_server(flight), header.sequence).second)
            << "a number was used twice in one run";
    }
    return found;
}

bool overlap(const std::set<std::pair<bool, std::uint64_t>>& a,
             const std::set<std::pair<bool, std::uint64_t>>& b) {
    return std::ranges::any_of(a, [&](const auto& number) { return b.contains(number); });
}

void expect_restart_is_safe(Suite suite) {
    Restart restart(suite);
    ASSERT_TRUE(restart.first_connected);
    ASSERT_TRUE(restart.second_connected);
    // Handshake packets are under the token's keys in both runs: their numbers never meet.
    EXPECT_FALSE(overlap(numbers(restart.first, true), numbers(restart.second, true)));
    // Session packets count from 0 in both runs, so their keys must differ: nothing of the first run opens in
    // the second.
    ASSERT_TRUE(overlap(numbers(restart.first, false), numbers(restart.second, false)));
    const auto challenge_of = [](const std::vector<Flight>& flights) {
        return std::ranges::find_if(flights, [](const Flight& f) { return f.type() == 2; })->bytes;
    };
    Forger first(restart.token);
    first.follow(challenge_of(restart.first));
    Forger second(restart.token);
    second.follow(challenge_of(restart.second));
    int checked = 0;
    for (const auto& flight : restart.first) {
        if (flight.type() == 0 || is_handshake(read_header(flight.bytes)->type)) continue;
        ++checked;
        if (is_from_server(flight)) {
            EXPECT_TRUE(first.open_from_server(flight.bytes));
            EXPECT_FALSE(second.open_from_server(flight.bytes));
        } else {
            EXPECT_TRUE(first.open_from_client(flight.bytes));
            EXPECT_FALSE(second.open_from_client(flight.bytes));
        }
    }
    EXPECT_GT(checked, 5);
    // Replayed into the second run, from the client's address, all of it is refused.
    const auto events = restart.net.server_events.size();
    for (const auto& flight : restart.first)
        if (!is_from_server(flight)) restart.net.to_server(flight.from, flight.bytes);
    EXPECT_EQ(restart.net.server_events.size(), events);
    EXPECT_EQ(restart.net.server->connected_count(), 1u);
}

TEST(SecureNonces, RestartWithAes256Gcm) {
    expect_restart_is_safe(Suite::aes256_gcm);
}
TEST(SecureNonces, RestartWithSigned) {
    expect_restart_is_safe(Suite::hmac_signed);
}

// The standard counts each connection from 0 under the token's own key, so a token that outlives a restart
// would repeat nonces. The server that knows its tokens' lifetime refuses those from before its start.
TEST(SecureNonces, RestartWithNetcodeRefusesTokensFromBefore) {
    Restart restart(Suite::netcode, 45);
    EXPECT_TRUE(restart.first_connected);
    EXPECT_FALSE(restart.second_connected);
    EXPECT_GT(restart.net.refused(RefusalCause::token_expired), 0u);
    EXPECT_EQ(numbers(restart.second, true).size(), 0u);
    // A token minted in the second of the start is good: strictly before is refused.
    restart.net.suite = Suite::netcode;
    restart.net.start_server();
    EXPECT_TRUE(restart.net.connected(2).client.is_connected());
}

// Even unguarded, what the server sends before a slot exists never meets the other run's numbers.
TEST(SecureNonces, RestartWithNetcodeUnguardedKeepsGlobalNumbersApart) {
    Restart restart(Suite::netcode);
    EXPECT_TRUE(restart.first_connected);
    EXPECT_TRUE(restart.second_connected);
    const auto of_server = [](auto found) {
        std::erase_if(found, [](const auto& number) { return !number.first; });
        return found;
    };
    EXPECT_FALSE(overlap(of_server(numbers(restart.first, true)), of_server(numbers(restart.second, true))));
}

TEST(SecureNonces, RestartWithNoneNeedsNoNonce) {
    Restart restart(Suite::none);
    EXPECT_TRUE(restart.first_connected);
    EXPECT_TRUE(restart.second_connected);
}

// Suite netcode: responses, keep-alives and payload of a client share one key, so they share one counter, and
// a second connect() with the same token goes on where the first stopped.
TEST(SecureNonces, ClientThatUsesItsTokenAgainCountsOn) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed}) {
        SecureNet net(suite);
        auto& client = net.add_client();
        const auto token = net.token(1);
        ASSERT_TRUE(client.client.connect(net.now, token));
        net.run_for(1500ms);
        net.send(client, "x");
        client.client.disconnect(net.now, DisconnectReason::requested);
        net.run_for(100ms);
        const auto first = net.log;
        net.log.clear();
        net.start_server();
        ASSERT_TRUE(client.client.connect(net.now, token));
        net.run_for(50ms);
        ASSERT_TRUE(client.client.is_connected());
        const auto of_client = [](auto found) {
            std::erase_if(found, [](const auto& number) { return number.first; });
            return found;
        };
        const auto all = [&](const std::vector<Flight>& flights, bool handshake) {
            return of_client(numbers(flights, handshake));
        };
        EXPECT_FALSE(overlap(all(first, true), all(net.log, true)));
        if (suite != Suite::netcode) continue;
        EXPECT_FALSE(overlap(all(first, false), all(net.log, false)));
        EXPECT_FALSE(overlap(all(first, true), all(net.log, false)));
        EXPECT_FALSE(overlap(all(first, false), all(net.log, true)));
    }
}

// One run, one key: whatever types the packets have, no number appears twice per direction. (In suite netcode
// the handshake's numbers and the session's are under the same key.)
TEST(SecureNonces, NetcodeNumbersAreUniqueOverAllTypesOfAConnection) {
    SecureNet net(Suite::netcode);
    Rng rng(3);
    net.filter = [&](Flight&) { return !rng.chance(percent(20)); };
    auto& client = net.connect(1);
    net.run_for(3s);
    ASSERT_TRUE(client.client.is_connected());
    client.address = Address::ipv4(203, 0, 113, 1, 999);
    for (int i = 0; i < 30; ++i) {
        net.send(client, "x");
        net.send_to(0, "y");
        net.run_for(200ms);
    }
    client.client.disconnect(net.now, DisconnectReason::requested);
    net.run_for(1s);
    std::set<std::pair<bool, std::uint64_t>> seen;
    for (const auto& flight : net.log) {
        if (flight.type() == 0) continue;
        EXPECT_TRUE(seen.emplace(is_from_server(flight), read_header(flight.bytes)->sequence).second)
            << "type " << flight.type();
    }
    EXPECT_GT(seen.size(), 80u);
}

}  // namespace
}  // namespace squall::secure::testing
