// What an endpoint shows of its packets when asked: the same as the other end shows, in plain text, and no
// keys.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "endpoint_net.hpp"
#include "transport/secure/private_token.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;
using testing::EndpointNet;
using trace::EventKind;

struct Shown {
    EventKind kind{};
    ConnectionId connection{};
    std::uint64_t number = 0;
    unsigned type = 0;
    std::size_t bytes = 0;
    std::vector<std::byte> plain;
};

class Watcher final : public trace::Sink {
  public:
    void on_event(const trace::Event& event) override {
        shown.push_back({event.kind,
                         event.connection,
                         event.id,
                         event.detail,
                         event.bytes,
                         {event.payload.begin(), event.payload.end()}});
    }
    [[nodiscard]] std::vector<Shown> of(EventKind kind) const {
        std::vector<Shown> out;
        std::ranges::copy_if(shown, std::back_inserter(out),
                             [&](const Shown& one) { return one.kind == kind; });
        return out;
    }
    std::vector<Shown> shown;
};

constexpr std::string_view kText = "what nobody on the wire can read";

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}
bool holds(const std::vector<std::byte>& all, std::string_view text) {
    return !std::ranges::search(all, bytes_of(text)).empty();
}

class PacketTraceTest : public ::testing::TestWithParam<Suite> {
  protected:
    void meet(PacketTrace what) {
        net.server->set_trace(&server, 1);
        net.server->trace_packets(what);
        ClientEndpoint& client = net.add_client(GetParam());
        client.set_trace(&client_side, 2);
        client.trace_packets(what);
        net.run(1s);
        ASSERT_EQ(net.stations[1].connected.size(), 1U);
        ASSERT_TRUE(client.send(net.now, client.connection(), ChannelId{3}, bytes_of(kText)));
        net.drain(1);
        net.run(1s);
        ASSERT_EQ(net.stations[0].messages.size(), 1U);
    }
    EndpointNet net;
    Watcher server;
    Watcher client_side;
};

TEST_P(PacketTraceTest, ShowsWhatIsInsideAtBothEnds) {
    meet(PacketTrace::plain);
    const auto opened = server.of(EventKind::packet_opened);
    const auto with_text =
        std::ranges::find_if(opened, [](const Shown& one) { return holds(one.plain, kText); });
    ASSERT_NE(with_text, opened.end());
    EXPECT_EQ(with_text->connection, net.stations[0].connected.at(0).connection);
    const std::size_t tag = GetParam() == Suite::none ? 0 : 16;
    EXPECT_EQ(with_text->bytes, with_text->plain.size() + tag);
    EXPECT_EQ(with_text->plain.at(0) & std::byte{0x0f}, static_cast<std::byte>(with_text->type));

    // Each packet that one end opened is one that the other sealed, number, type and contents.
    const auto sealed = client_side.of(EventKind::packet_sealed);
    for (const Shown& one : opened) {
        const bool is_known = std::ranges::any_of(sealed, [&](const Shown& other) {
            return other.number == one.number && other.plain == one.plain && other.bytes == one.bytes;
        });
        EXPECT_TRUE(is_known || one.connection == ConnectionId{}) << one.number;
    }
    EXPECT_GE(opened.size(), 3U);
}

TEST_P(PacketTraceTest, EachSentDatagramHasItsPlainPacket) {
    meet(PacketTrace::plain);
    net.server->shut_down(net.now);
    net.drain(0);
    const auto sealed = server.of(EventKind::packet_sealed);
    const auto sent = server.of(EventKind::datagram_sent);
    ASSERT_EQ(sealed.size(), sent.size());
    for (const Shown& datagram : sent) {
        const bool is_there = std::ranges::any_of(sealed, [&](const Shown& one) {
            return one.bytes == datagram.bytes &&
                   std::equal(one.plain.begin(), one.plain.begin() + 2, datagram.plain.begin());
        });
        EXPECT_TRUE(is_there);
    }
}

TEST_P(PacketTraceTest, TokensAreShownWithoutTheirKeys) {
    meet(PacketTrace::plain);
    const auto tokens = server.of(EventKind::token_opened);
    ASSERT_FALSE(tokens.empty());
    ASSERT_EQ(tokens[0].plain.size(), secure::kRequestBytes);
    const auto token =
        secure::read_private_token(std::span(tokens[0].plain).last<secure::kPrivateTokenBytes>());
    ASSERT_TRUE(token);
    EXPECT_EQ(token->client_id, ClientId{1});
    EXPECT_EQ(token->client_to_server_key, Key{});
    EXPECT_EQ(token->server_to_client_key, Key{});
}

TEST_P(PacketTraceTest, TokensAreShownWithTheirKeysIfAsked) {
    meet(PacketTrace::with_keys);
    const auto token = secure::read_private_token(
        std::span(server.of(EventKind::token_opened).at(0).plain).last<secure::kPrivateTokenBytes>());
    ASSERT_TRUE(token);
    EXPECT_NE(token->client_to_server_key, Key{});
    EXPECT_NE(token->server_to_client_key, token->client_to_server_key);
}

TEST_P(PacketTraceTest, NothingIsShownUnasked) {
    meet(PacketTrace::sealed);
    EXPECT_TRUE(server.of(EventKind::packet_opened).empty());
    EXPECT_TRUE(server.of(EventKind::packet_sealed).empty());
    EXPECT_TRUE(server.of(EventKind::token_opened).empty());
    EXPECT_FALSE(server.of(EventKind::datagram_received).empty());
}

TEST_P(PacketTraceTest, RefusalsAreShownWithTheirCause) {
    meet(PacketTrace::plain);
    std::vector<std::byte> junk(40, std::byte{0x15});
    net.server->receive(net.now, Address::loopback(9), junk);
    const auto refused = server.of(EventKind::datagram_refused);
    ASSERT_EQ(refused.size(), net.server->statistics().refused_total());
    EXPECT_EQ(refused.back().type, static_cast<unsigned>(RefusalCause::unknown_sender));
}

TEST_P(PacketTraceTest, CanBeSwitchedOffAgain) {
    meet(PacketTrace::plain);
    net.server->trace_packets(PacketTrace::sealed);
    const auto before = server.of(EventKind::packet_opened).size();
    net.run(3s);
    EXPECT_EQ(server.of(EventKind::packet_opened).size(), before);
    net.server->set_trace(nullptr, 0);
    net.server->trace_packets(PacketTrace::plain);  // for whom? nobody listens
    net.run(3s);
}

// Goodbyes wait until they are drained; what watched them may be gone by then.
TEST_P(PacketTraceTest, GoodbyesOutliveTheirWatcher) {
    meet(PacketTrace::plain);
    net.server->shut_down(net.now);
    net.server->trace_packets(PacketTrace::sealed);
    const auto before = server.of(EventKind::packet_sealed).size();
    net.drain(0);
    EXPECT_EQ(server.of(EventKind::packet_sealed).size(), before);
    net.server->set_trace(nullptr, 0);
    net.run(1s);
    EXPECT_EQ(net.stations[1].disconnected.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Suites, PacketTraceTest,
                         ::testing::Values(Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed,
                                           Suite::none));

}  // namespace
}  // namespace squall
