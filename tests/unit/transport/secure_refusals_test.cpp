// What a server refuses, each by its cause: nothing that arrives is silently ignored, and nothing refused
// changes anything.
#include <gtest/gtest.h>

#include "unit/transport/secure_forger.hpp"

namespace squall::secure::testing {
namespace {

const Address kStranger = Address::ipv4(198, 51, 100, 7, 1234);

// The server counts exactly this one refusal, and neither answers nor tells anything.
void expect_refused(SecureNet& net, const Address& from, Datagram datagram, RefusalCause cause) {
    const auto before = net.server_statistics;
    const auto events = net.server_events.size();
    const auto connected = net.server->connected_count();
    const auto sent = net.log.size();
    net.to_server(from, std::move(datagram));
    EXPECT_EQ(net.server_statistics.refused_total(), before.refused_total() + 1) << to_string(cause);
    EXPECT_EQ(net.refused(cause), before.of(cause) + 1) << to_string(cause);
    EXPECT_EQ(net.server_events.size(), events);
    EXPECT_EQ(net.server->connected_count(), connected);
    EXPECT_EQ(net.log.size(), sent) << to_string(cause);
}

TEST(SecureRefusals, RequestsInTheOrderOfTheStandard) {
    SecureNet net(Suite::netcode,
                  [](ServerConfig& config) { config.suites = SuiteSet{}.with(Suite::netcode); });
    const auto good = request_datagram(net.token(1));
    auto bad = good;
    bad.pop_back();
    expect_refused(net, kStranger, bad, RefusalCause::wrong_size);
    bad = good;
    bad.push_back({});
    expect_refused(net, kStranger, bad, RefusalCause::wrong_size);
    bad = good;
    bad[1] = std::byte{'n'};
    expect_refused(net, kStranger, bad, RefusalCause::wrong_version);
    bad = good;
    bad[14] ^= std::byte{1};
    expect_refused(net, kStranger, bad, RefusalCause::wrong_protocol);
    bad = good;
    bad[22] = std::byte{0};
    bad[23] = bad[24] = bad[25] = bad[26] = std::byte{0};
    expect_refused(net, kStranger, bad, RefusalCause::token_expired);
    bad = good;
    bad[22] ^= std::byte{1};  // the expiry is bound to the private part
    bad[26] = std::byte{1};
    expect_refused(net, kStranger, bad, RefusalCause::token_forged);
    bad = good;
    bad[1077] ^= std::byte{1};
    expect_refused(net, kStranger, bad, RefusalCause::token_forged);
    net.suite = Suite::aes256_gcm;
    expect_refused(net, kStranger, request_datagram(net.token(1)), RefusalCause::suite_not_accepted);
    net.suite = Suite::netcode;

    auto request = net.request(1);
    request.public_addresses = {Address::ipv4(10, 0, 0, 2, 40000), kServerAddress.with_port(40001)};
    expect_refused(net, kStranger, request_datagram(net.mint(request)), RefusalCause::token_wrong_server);
    // And after all that, the good one is answered.
    net.to_server(kStranger, good);
    EXPECT_EQ(net.sent(2).size(), 1u);
}

TEST(SecureRefusals, ForeignTokenOfAnotherIssuer) {
    SecureNet net;
    SeededEntropy entropy(Rng(99));
    auto key = test_key();
    key[0] ^= std::byte{1};
    const auto token = mint_connect_token(net.request(1), key, entropy);
    expect_refused(net, kStranger, request_datagram(*token), RefusalCause::token_forged);
}

TEST(SecureRefusals, PrivateTokenThatCannotBeRead) {
    SecureNet net;
    auto token = *ConnectToken::parse(net.token(1));
    const TokenBinding binding{token.suite, kProtocol, token.expires, token.nonce};
    ASSERT_TRUE(open_private_token(token.sealed_private, binding, test_key()));
    token.sealed_private[12] = std::byte{33};  // 33 server addresses
    seal_private_token(token.sealed_private, binding, test_key());
    std::array<std::byte, kRequestBytes> bytes;
    write_connection_request(token, bytes);
    expect_refused(net, kStranger, {bytes.begin(), bytes.end()}, RefusalCause::token_invalid);
}

TEST(SecureRefusals, ExpiredToken) {
    SecureNet net;
    const auto request = request_datagram(net.token(1));
    net.run_for(45s);  // the last second is the 45th
    expect_refused(net, kStranger, request, RefusalCause::token_expired);
}

TEST(SecureRefusals, TokenServesOneAddress) {
    SecureNet net;
    const auto request = request_datagram(net.token(1));
    net.to_server(kStranger, request);
    net.to_server(kStranger, request);  // a retransmission
    EXPECT_EQ(net.sent(2).size(), 2u);
    expect_refused(net, kStranger.with_port(1235), request, RefusalCause::token_reused);
}

TEST(SecureRefusals, TokenServesOneConnection) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed}) {
        SecureNet net(suite);
        auto& client = net.connected(1);
        const auto request = net.sent(0).front().bytes;
        expect_refused(net, client.address, request, RefusalCause::already_connected);
        client.client.disconnect(net.now, DisconnectReason::requested);
        net.run_for(20ms);
        ASSERT_EQ(net.server->connected_count(), 0u);
        expect_refused(net, client.address, request, RefusalCause::token_reused);
    }
}

TEST(SecureRefusals, SameClientIdWhileItsConnectionIsAlive) {
    SecureNet net;
    net.connected(7);
    expect_refused(net, kStranger, request_datagram(net.token(7)), RefusalCause::already_connected);
}

// No suite can be turned into another: not in the request, not in any later packet.
TEST(SecureRefusals, NoRequestCanBeRewrittenIntoAnotherSuite) {
    constexpr std::array suites{Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed, Suite::none};
    for (const auto from : suites) {
        for (const auto to : suites) {
            if (from == to) continue;
            SecureNet net(from);
            auto bytes = request_datagram(net.token(1));
            std::ranges::copy(version_info(to), bytes.begin() + 1);
            expect_refused(net, kStranger, bytes, RefusalCause::token_forged);
        }
    }
}

TEST(SecureRefusals, NoneMustBeAllowedByName) {
    SecureNet net(Suite::none, [](ServerConfig& config) { config.suites = SuiteSet::standard(); });
    expect_refused(net, kStranger, request_datagram(net.token(1)), RefusalCause::suite_not_accepted);
}

TEST(SecureRefusals, ResponsesOfAllWrongKinds) {
    SecureNet net(Suite::hmac_signed);
    const auto token = net.token(1);
    expect_refused(net, kStranger, Forger(token).from_client(PacketType::response, 0, Datagram(308)),
                   RefusalCause::unknown_sender);
    net.to_server(kStranger, request_datagram(token));
    const auto challenge_packet = net.sent(2).front().bytes;
    const Forger forger(token);
    const auto challenge = *forger.open_from_server(challenge_packet);
    const auto response = [&](Bytes body) { return forger.from_client(PacketType::response, 5, body); };
    expect_refused(net, kStranger, response(Bytes(challenge).first(307)), RefusalCause::wrong_size);
    auto wrong = challenge;
    wrong[8] ^= std::byte{1};
    expect_refused(net, kStranger, response(wrong), RefusalCause::bad_challenge);
    wrong = challenge;
    wrong[0] ^= std::byte{1};  // another challenge's number
    expect_refused(net, kStranger, response(wrong), RefusalCause::bad_challenge);
    auto forged = response(challenge);
    forged.back() ^= std::byte{1};
    expect_refused(net, kStranger, forged, RefusalCause::not_authentic);
    // A challenge of another client, even one that this client saw.
    const auto other = net.token(2);
    net.to_server(kStranger.with_port(9), request_datagram(other));
    const auto others_challenge = *Forger(other).open_from_server(net.sent(2).back().bytes);
    expect_refused(net, kStranger, response(others_challenge), RefusalCause::bad_challenge);
    net.to_server(kStranger, response(challenge));
    EXPECT_EQ(net.server->connected_count(), 1u);
}

// An old challenge leads to session keys that may have been used: it is refused although the server made it.
TEST(SecureRefusals, ChallengeOfAnEarlierMapping) {
    SecureNet net(Suite::aes256_gcm);
    auto request = net.request(1);
    request.timeout_seconds = 1;
    const auto token = net.mint(request);
    const Forger forger(token);
    net.to_server(kStranger, request_datagram(token));
    const auto old = *forger.open_from_server(net.sent(2).back().bytes);
    net.run_for(2s);  // the mapping is gone
    expect_refused(net, kStranger, forger.from_client(PacketType::response, 1, old),
                   RefusalCause::unknown_sender);
    net.to_server(kStranger, request_datagram(token));
    expect_refused(net, kStranger, forger.from_client(PacketType::response, 2, old),
                   RefusalCause::bad_challenge);
}

TEST(SecureRefusals, SessionPacketsOfAllWrongKinds) {
    SecureNet net;
    auto& client = net.add_client();
    const auto token = net.token(1);
    ASSERT_TRUE(client.client.connect(net.now, token));
    net.run_for(50ms);
    ASSERT_EQ(net.server->connected_count(), 1u);
    const Forger forger(token);
    const auto at = client.address;
    std::uint64_t n = 1000;
    expect_refused(net, at, forger.from_client(PacketType::payload, n++, {}), RefusalCause::wrong_size);
    expect_refused(net, at, forger.from_client(PacketType::payload, n++, Datagram(1201)),
                   RefusalCause::wrong_size);
    expect_refused(net, at, forger.from_client(PacketType::keep_alive, n++, Datagram(7)),
                   RefusalCause::wrong_size);
    expect_refused(net, at, forger.from_client(PacketType::disconnect, n++, Datagram(1)),
                   RefusalCause::wrong_size);
    expect_refused(net, at, forger.from_client(PacketType::disconnect_with_reason, n++, Datagram(2)),
                   RefusalCause::wrong_size);
    expect_refused(net, at, Datagram(1234, std::byte{0x15}), RefusalCause::too_large);
    expect_refused(net, at, Datagram(17, std::byte{0x15}), RefusalCause::too_small);
    expect_refused(net, at, forger.from_client(PacketType::challenge, n, Datagram(308)),
                   RefusalCause::unknown_packet_type);
    expect_refused(net, at, forger.from_client(PacketType::denied, n), RefusalCause::unknown_packet_type);
    expect_refused(net, at, Datagram(40, std::byte{0x1e}), RefusalCause::unknown_packet_type);  // type 14
    expect_refused(net, at, Datagram(40, std::byte{0x05}),
                   RefusalCause::unknown_packet_type);  // no number bytes
    expect_refused(net, at, Datagram(40, std::byte{0x95}),
                   RefusalCause::unknown_packet_type);  // nine of them
    expect_refused(net, at, Datagram(40, std::byte{0x10}),
                   RefusalCause::unknown_packet_type);  // a request has prefix 0
    const auto good = forger.from_client(PacketType::payload, 5000, as_bytes("hello"));
    expect_refused(net, kStranger, good, RefusalCause::unknown_sender);
    net.to_server(at, good);
    EXPECT_EQ(net.server_events.back().kind, SecureEvent::Kind::payload);
    expect_refused(net, at, good, RefusalCause::replayed);
    expect_refused(net, at, forger.from_client(PacketType::payload, 5000 - 1024, as_bytes("x")),
                   RefusalCause::too_old);
    net.to_server(
        at, forger.from_client(PacketType::payload, 5000 - 1023, as_bytes("late, but inside the window")));
    EXPECT_EQ(net.count(SecureEvent::Kind::payload), 2u);
    expect_refused(net, at,
                   Forger(net.token(2)).from_client(PacketType::payload, 6000, as_bytes("other keys")),
                   RefusalCause::not_authentic);
    expect_refused(net, at, {}, RefusalCause::too_small);
}

TEST(SecureRefusals, SpoofedDisconnect) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed}) {
        SecureNet net(suite);
        auto& client = net.connected(1);
        const Forger stranger(net.token(2));
        for (const auto type : {PacketType::disconnect, PacketType::disconnect_with_reason}) {
            const Datagram body(type == PacketType::disconnect ? 0 : 1);
            expect_refused(net, client.address, stranger.from_client(type, 70, body),
                           RefusalCause::not_authentic);
            net.deliver(kServerAddress, client.address, stranger.from_server(type, 70, body));
        }
        EXPECT_TRUE(client.client.is_connected());
        EXPECT_EQ(client.statistics.of(RefusalCause::not_authentic), 2u);
    }
}

// Disconnect packets of an old connection do not end the next one of the same socket.
TEST(SecureRefusals, DisconnectOfAnEarlierConnection) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed}) {
        SecureNet net(suite);
        auto& client = net.connected(1);
        client.client.disconnect(net.now, DisconnectReason::requested);
        net.run_for(20ms);
        const auto old = net.sent(8, client.address);
        ASSERT_FALSE(old.empty());
        ASSERT_TRUE(client.client.connect(net.now, net.token(1)));
        net.run_for(50ms);
        ASSERT_EQ(net.server->connected_count(), 1u);
        for (const auto& flight : old)
            expect_refused(net, client.address, flight.bytes, RefusalCause::not_authentic);
    }
}

TEST(SecureRefusals, JunkOfEverySizeFromAnywhereChangesNothing) {
    SecureNet net;
    auto& client = net.connected(1);
    const auto events = net.server_events.size();
    const auto sent = net.log.size();
    Rng rng(9);
    for (std::size_t size = 0; size <= 1500; ++size) {
        for (const auto& from : {kStranger, client.address}) {
            for (const unsigned first : {0u, 256u}) {
                Datagram junk(size);
                for (auto& byte : junk) byte = static_cast<std::byte>(rng.next());
                if (size > 0 && first == 0) junk[0] = {};
                net.to_server(from, junk);
            }
        }
    }
    EXPECT_EQ(net.server_statistics.refused_total(), 1501u * 4);
    EXPECT_EQ(net.server_events.size(), events);
    EXPECT_EQ(net.log.size(), sent);
    EXPECT_TRUE(net.server->is_connected(0));
    net.send(client, "still here");
    net.run_for(10ms);
    EXPECT_EQ(as_text(net.server_events.back().payload), "still here");
}

// Every packet type in both directions, cut at every length and with each single bit changed: all refused,
// all counted.
class SecureMutations : public ::testing::TestWithParam<Suite> {};

TEST_P(SecureMutations, EveryCutAndEveryBitFlipOfEveryPacketTypeIsRefused) {
    SecureNet net(GetParam());
    net.filter = [](Flight&) { return true; };
    // Both ends know the keys; packets with numbers far ahead are genuine and were never delivered.
    auto& client = net.add_client();
    const auto token = net.token(1);
    ASSERT_TRUE(client.client.connect(net.now, token));
    net.run_for(50ms);
    Forger forger(token);
    forger.follow(net.sent(2).front().bytes);
    const auto id = read_header(net.sent(13).front().bytes)->connection_id;
    struct Case {
        PacketType type;
        std::size_t body;
        bool upwards;
    };
    const std::vector<Case> cases = {
        {PacketType::keep_alive, 8, true},
        {PacketType::payload, 3, true},
        {PacketType::disconnect, 0, true},
        {PacketType::disconnect_with_reason, 1, true},
        {PacketType::payload_with_id, 3, true},
        {PacketType::path_response, 8, true},
        {PacketType::probe, 8, true},
        {PacketType::keep_alive, 8, false},
        {PacketType::payload, 3, false},
        {PacketType::disconnect, 0, false},
        {PacketType::disconnect_with_reason, 1, false},
        {PacketType::connection_id, 8, false},
        {PacketType::path_challenge, 8, false},
    };
    const auto server_events = net.server_events.size();
    const auto client_events = client.events.size();
    std::uint64_t offered = 0;
    const auto refused = [&] {
        return net.server_statistics.refused_total() + client.statistics.refused_total();
    };
    const auto before = refused();
    std::uint64_t sequence = 0x10203;
    for (const auto& c : cases) {
        const Datagram body(c.body, std::byte{0x5c});
        const auto packet = c.upwards ? forger.from_client(c.type, ++sequence, body, id)
                                      : forger.from_server(c.type, ++sequence, body);
        const auto offer = [&](Datagram datagram) {
            ++offered;
            if (c.upwards) {
                net.to_server(client.address, std::move(datagram));
            } else {
                net.deliver(kServerAddress, client.address, std::move(datagram));
            }
            ASSERT_EQ(refused() - before, offered) << "type " << static_cast<int>(c.type);
        };
        for (std::size_t size = 0; size < packet.size(); ++size)
            offer({packet.begin(), packet.begin() + static_cast<long>(size)});
        for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
            auto changed = packet;
            changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
            offer(changed);
        }
    }
    EXPECT_EQ(net.server_events.size(), server_events);
    EXPECT_EQ(client.events.size(), client_events);
    EXPECT_TRUE(client.client.is_connected());
    EXPECT_TRUE(net.server->is_connected(0));
}

TEST_P(SecureMutations, EveryBitFlipOfEveryHandshakePacketIsRefused) {
    SecureNet net(GetParam());
    const auto token = net.token(1);
    const auto request = request_datagram(token);
    std::uint64_t offered = 0;
    for (std::size_t bit = 0; bit < request.size() * 8; ++bit) {
        auto changed = request;
        changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        net.to_server(kStranger, changed);
        ASSERT_EQ(net.server_statistics.refused_total(), ++offered) << "bit " << bit;
    }
    EXPECT_TRUE(net.log.empty());

    net.to_server(kStranger, request);
    const Forger forger(token);
    const auto challenge = *forger.open_from_server(net.sent(2).front().bytes);
    const auto response = forger.from_client(PacketType::response, 1, challenge);
    for (std::size_t bit = 0; bit < response.size() * 8; ++bit) {
        auto changed = response;
        changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        net.to_server(kStranger, changed);
        ASSERT_EQ(net.server_statistics.refused_total(), ++offered) << "bit " << bit;
    }
    EXPECT_EQ(net.server->connected_count(), 0u);

    auto& client = net.add_client(kStranger);
    ASSERT_TRUE(client.client.connect(net.now, token));
    std::vector<Datagram> to_client{net.sent(2).front().bytes};
    to_client.push_back(forger.from_server(PacketType::denied, std::uint64_t{1} << 63));
    to_client.push_back(
        forger.from_server(PacketType::denied_with_reason, std::uint64_t{1} << 63, Datagram(1)));
    offered = 0;
    for (const auto& packet : to_client) {
        for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
            auto changed = packet;
            changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
            net.deliver(kServerAddress, kStranger, changed);
            ASSERT_EQ(client.statistics.refused_total(), ++offered) << "bit " << bit;
        }
    }
    EXPECT_EQ(client.client.state(), ClientState::sending_request);
    EXPECT_TRUE(client.events.empty());
}

INSTANTIATE_TEST_SUITE_P(Suites, SecureMutations,
                         ::testing::Values(Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed));

// Whoever spoofs a victim's address gains nothing: all that the server sends because of one datagram is
// smaller than it.
TEST(SecureAmplification, NoReplyIsLargerThanWhatCausedIt) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed, Suite::none}) {
        SecureNet net(suite, [](ServerConfig& config) { config.max_clients = 1; });
        const auto largest_reply = [&](const Address& from, const Datagram& datagram) {
            const auto before = net.log.size();
            net.to_server(from, datagram);
            std::size_t bytes = 0;
            for (std::size_t i = before; i < net.log.size(); ++i) bytes += net.log[i].bytes.size();
            EXPECT_LE(bytes, datagram.size());
            return bytes;
        };
        // A request that is challenged.
        EXPECT_GT(largest_reply(kStranger, request_datagram(net.token(1))), 0u);
        auto& client = net.connected(2);
        ASSERT_TRUE(client.client.is_connected());
        // A request that is denied, with and without a reason.
        EXPECT_GT(largest_reply(kStranger.with_port(2), request_datagram(net.token(3))), 0u);
        // A path that is challenged: by a payload, which may be too small for that, and by a probe.
        net.run_for(1s);
        for (std::size_t size : {1u, 2u, 8u, 100u}) {
            const auto small = std::string(size, 'x');
            std::array<std::byte, kMaxDatagramBytes> buffer;
            // Make the client probe: it has heard nothing for a while.
            net.filter = [](Flight&) { return false; };
            net.run_for(1500ms);
            net.filter = {};
            const auto offset = client.client.payload_offset();
            std::memcpy(buffer.data() + offset, small.data(), size);
            const auto transmit = client.client.seal_payload(net.now, buffer, size);
            ASSERT_EQ(std::to_integer<int>(buffer[0]) & 15, 10);
            largest_reply(kStranger.with_port(static_cast<std::uint16_t>(100 + size)),
                          {buffer.begin(), buffer.begin() + static_cast<long>(transmit.size)});
            net.run_for(1500ms);
        }
    }
}

}  // namespace
}  // namespace squall::secure::testing
