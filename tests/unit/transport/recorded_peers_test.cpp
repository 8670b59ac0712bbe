// A server's session, run a second time from what its trace showed: the same code, other keys, the same
// answers.
#include "squall/transport/recorded_peers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "endpoint_net.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;
using testing::EndpointNet;
using trace::EventKind;

// One call of the server and what it showed while it ran.
struct Call {
    enum class Kind : std::uint8_t { receive, handle_timeout, poll_transmit, shut_down } kind{};
    TimePoint now{};
    Address peer{};
    std::vector<std::byte> raw;    // received, as it came
    std::vector<std::byte> plain;  // received and opened, or sent before it was sealed; empty: neither
    bool is_request = false;
    bool has_sent = false;
};

// Answers each message at once, and tells every player of each that comes.
void play(TimePoint now, ServerEndpoint& server) {
    while (const auto event = server.poll_event()) {
        if (const auto* message = std::get_if<MessageReceived>(&*event))
            (void)server.send(now, message->connection, message->channel, message->bytes, {.notify = true});
        if (const auto* connected = std::get_if<Connected>(&*event))
            for (const ConnectionId everyone : server.connections())
                (void)server.send(now, everyone, ChannelId{2},
                                  std::as_bytes(std::span(&connected->client_id, 1)));
    }
}

// The server of a network, with all its calls written down.
class Recorder final : public trace::Sink {
  public:
    explicit Recorder(ServerEndpoint& server) : server_(server) {
        server.set_trace(this, 0);
        server.trace_packets(PacketTrace::plain);
    }
    void receive(TimePoint now, const Address& from, MutableBytes datagram) {
        calls.push_back({Call::Kind::receive, now, from, {datagram.begin(), datagram.end()}, {}});
        server_.receive(now, from, datagram);
        play(now, server_);
    }
    void handle_timeout(TimePoint now) {
        calls.push_back({Call::Kind::handle_timeout, now, {}, {}, {}});
        server_.handle_timeout(now);
        play(now, server_);
    }
    void shut_down(TimePoint now) {
        calls.push_back({Call::Kind::shut_down, now, {}, {}, {}});
        server_.shut_down(now);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) {
        calls.push_back({Call::Kind::poll_transmit, now, {}, {}, {}});
        const auto transmit = server_.poll_transmit(now, buffer);
        if (!transmit) return transmit;
        Call& call = calls.back();
        call.has_sent = true;
        call.peer = transmit->to;
        // The sealed packet with this header, which may have been shown a while ago.
        const auto mine = std::ranges::find_if(sealed_, [&](const std::vector<std::byte>& plain) {
            return plain.size() <= transmit->size &&
                   std::equal(plain.begin(), plain.begin() + 2, buffer.begin());
        });
        EXPECT_NE(mine, sealed_.end());
        if (mine == sealed_.end()) return transmit;
        call.plain = *mine;
        sealed_.erase(mine);
        return transmit;
    }
    void on_event(const trace::Event& event) override {
        const std::vector<std::byte> plain(event.payload.begin(), event.payload.end());
        if (event.kind == EventKind::packet_sealed) sealed_.push_back(plain);
        if (event.kind != EventKind::packet_opened && event.kind != EventKind::token_opened) return;
        calls.back().plain = plain;
        calls.back().is_request = event.kind == EventKind::token_opened;
    }
    std::vector<Call> calls;

  private:
    ServerEndpoint& server_;
    std::vector<std::vector<std::byte>> sealed_;
};

// A network of one recorded server and clients, some of whom move, lose packets, repeat them and leave.
class Session {
  public:
    explicit Session(std::uint64_t seed, Suite suite)
        : net_(testing::test_transport(), seed, [](ServerConfig& config) { config.max_clients = 4; }),
          recorder_(*net_.server),
          rng_(Rng(seed).fork("session")) {
        net_.server_recorder = [this](EndpointNet::Deed deed, TimePoint now, const Address& from,
                                      MutableBytes bytes) { return on_deed(deed, now, from, bytes); };
        net_.loss = Ratio{1, 10};
        net_.jitter = 30ms;
        for (int i = 0; i < 5; ++i) net_.add_client(suite);  // one too many
    }
    std::vector<Call> run() {
        net_.run(20s, 50ms, [this](TimePoint now) { talk(now); });
        recorder_.shut_down(net_.now);
        net_.run(1s);
        return recorder_.calls;
    }
    [[nodiscard]] EndpointNet& net() { return net_; }

  private:
    std::optional<Transmit> on_deed(EndpointNet::Deed deed, TimePoint now, const Address& from,
                                    MutableBytes bytes) {
        switch (deed) {
            case EndpointNet::Deed::receive: recorder_.receive(now, from, bytes); break;
            case EndpointNet::Deed::handle_timeout: recorder_.handle_timeout(now); break;
            case EndpointNet::Deed::poll_transmit: return recorder_.poll_transmit(now, bytes);
        }
        return std::nullopt;
    }
    void talk(TimePoint now) {
        for (std::size_t i = 0; i < net_.clients.size(); ++i) {
            ClientEndpoint& client = *net_.clients[i];
            if (client.state() != ClientState::connected) continue;
            std::vector<std::byte> message(1 + rng_.below(600));
            for (auto& byte : message) byte = static_cast<std::byte>(rng_.below(256));
            (void)client.send(now, client.connection(), ChannelId{static_cast<std::uint8_t>(rng_.below(4))},
                              message);
        }
        if (now == net_.started + 6s)
            net_.stations[1].address = Address::loopback(61'001);  // its NAT forgot it
        if (now == net_.started + 9s)
            net_.clients[1]->disconnect(now, net_.clients[1]->connection(), DisconnectReason::requested);
        std::vector<std::byte> junk(rng_.below(200) + 1, static_cast<std::byte>(rng_.below(256)));
        net_.inject(Address::loopback(62'000), EndpointNet::kServerAddress, junk, 1ms);
    }
    EndpointNet net_;
    Recorder recorder_;
    Rng rng_;
};

struct Again {
    std::size_t datagrams = 0;
    std::string difference;
};

// The calls once more, with a server that shares nothing with the first but its configuration.
Again run_again(const std::vector<Call>& calls, std::uint64_t key_seed) {
    SeededEntropy entropy(Rng(key_seed).fork("again"));
    ServerConfig config;
    config.transport = testing::test_transport();
    config.private_key = entropy.bytes<kKeyBytes>();
    config.addresses = {EndpointNet::kServerAddress};
    config.suites = SuiteSet::standard().with(Suite::none);
    config.max_clients = 4;
    config.wall_clock = {TimePoint{1s}, EndpointNet::kWall};
    const auto server = *ServerEndpoint::make(TimePoint{1s}, config, entropy);
    RecordedPeers peers(config.transport.protocol_id, config.private_key, entropy);
    Again out;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const Call& call = calls[i];
        std::array<std::byte, kMaxDatagramBytes> buffer{};
        const auto differs = [&](std::string what) {
            out.difference = "call " + std::to_string(i) + ": " + std::move(what);
            return out;
        };
        switch (call.kind) {
            case Call::Kind::receive: {
                std::size_t size = call.raw.size();
                std::ranges::copy(call.raw, buffer.begin());
                if (!call.plain.empty()) {
                    const auto sealed = call.is_request ? peers.seal_request(call.peer, call.plain, buffer)
                                                        : peers.seal(call.peer, call.plain, buffer);
                    if (!sealed) return differs(sealed.error().message);
                    size = *sealed;
                }
                if (size != call.raw.size()) return differs("another size");
                server->receive(call.now, call.peer, MutableBytes(buffer).first(size));
                play(call.now, *server);
                break;
            }
            case Call::Kind::handle_timeout:
                server->handle_timeout(call.now);
                play(call.now, *server);
                break;
            case Call::Kind::shut_down: server->shut_down(call.now); break;
            case Call::Kind::poll_transmit: {
                const auto transmit = server->poll_transmit(call.now, buffer);
                if (transmit.has_value() != call.has_sent) return differs("a datagram more or less");
                if (!transmit) break;
                ++out.datagrams;
                if (transmit->to != call.peer) return differs("to somebody else");
                const auto opened = peers.open(transmit->to, Bytes(buffer).first(transmit->size));
                if (!opened) return differs(opened.error().message);
                if (const auto at = peers.first_difference(transmit->to, call.plain, *opened))
                    return differs("byte " + std::to_string(*at) + " of packet type " +
                                   std::to_string(std::to_integer<int>(call.plain.at(0)) & 15));
            }
        }
    }
    return out;
}

class RecordedPeersTest : public ::testing::TestWithParam<Suite> {};

TEST_P(RecordedPeersTest, ASessionRunsAgainUnderOtherKeys) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        Session session(seed, GetParam());
        const auto calls = session.run();
        ASSERT_GT(session.net().server->statistics().connections_accepted, 3U);
        const Again again = run_again(calls, 99);
        EXPECT_EQ(again.difference, "") << "seed " << seed;
        EXPECT_EQ(again.datagrams, session.net().server->statistics().datagrams_sent);
    }
}

TEST_P(RecordedPeersTest, AMovedPlayerIsFollowed) {
    Session session(3, GetParam());
    const auto calls = session.run();
    const bool has_moved =
        !session.net().stations[0].paths.empty() || std::ranges::any_of(calls, [](const Call& call) {
            return call.kind == Call::Kind::receive && !call.plain.empty() &&
                   call.peer == Address::loopback(61'001);
        });
    EXPECT_TRUE(has_moved);
    EXPECT_EQ(run_again(calls, 7).difference, "");
}

TEST_P(RecordedPeersTest, OneFlippedByteIsFoundWhereItIs) {
    Session session(2, GetParam());
    auto calls = session.run();
    std::size_t flipped = 0;
    for (std::size_t i = calls.size() / 2; i < calls.size(); ++i) {
        Call& call = calls[i];
        if (call.kind != Call::Kind::poll_transmit || call.plain.size() < 40) continue;
        call.plain[30] ^= std::byte{1};
        flipped = i;
        break;
    }
    ASSERT_GT(flipped, 0U);
    EXPECT_EQ(run_again(calls, 99).difference,
              "call " + std::to_string(flipped) + ": byte 30 of packet type 5");
}

TEST_P(RecordedPeersTest, AnInputLeftOutIsFound) {
    Session session(2, GetParam());
    auto calls = session.run();
    const auto victim = std::find_if(calls.begin() + static_cast<std::ptrdiff_t>(calls.size() / 2),
                                     calls.end(), [](const Call& call) { return call.plain.size() > 200; });
    ASSERT_NE(victim, calls.end());
    calls.erase(victim);
    EXPECT_NE(run_again(calls, 99).difference, "");
}

INSTANTIATE_TEST_SUITE_P(Suites, RecordedPeersTest,
                         ::testing::Values(Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed,
                                           Suite::none));

TEST(RecordedPeers, ARequestTellsWhoAsked) {
    Session session(1, Suite::hmac_signed);
    const auto calls = session.run();
    const auto request = std::ranges::find_if(calls, [](const Call& call) { return call.is_request; });
    ASSERT_NE(request, calls.end());
    const auto read = read_recorded_request(request->plain);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->suite, Suite::hmac_signed);
    EXPECT_EQ(read->timeout_seconds, 5);
    EXPECT_GE(read->client_id.value, 1U);
    EXPECT_LE(read->client_id.value, 5U);
    EXPECT_EQ(read_recorded_request(Bytes(request->plain).first(1077)).error().code, ErrorCode::malformed);
}

TEST(RecordedPeers, RefusesWhatNoRecordingHolds) {
    SeededEntropy entropy(Rng(1).fork("peers"));
    RecordedPeers peers(1, Key{}, entropy);
    std::array<std::byte, kMaxDatagramBytes> buffer{};
    const Address somebody = Address::loopback(5);
    EXPECT_EQ(peers.seal_request(somebody, Bytes(buffer).first(100), buffer).error().code,
              ErrorCode::malformed);
    EXPECT_EQ(peers.seal_request(somebody, Bytes(buffer).first(1078), buffer).error().code,
              ErrorCode::malformed);
    EXPECT_EQ(peers.seal(somebody, {}, buffer).error().code, ErrorCode::malformed);
    const std::array<std::byte, 3> payload{std::byte{0x15}, std::byte{0}, std::byte{1}};
    EXPECT_EQ(peers.seal(somebody, payload, buffer).error().code, ErrorCode::unknown_id);
    EXPECT_EQ(peers.open(somebody, payload).error().code, ErrorCode::unknown_id);
    EXPECT_EQ(peers.open(somebody, {}).error().code, ErrorCode::malformed);
}

}  // namespace
}  // namespace squall
