// What an event costs from fire() to its handler: two registries in memory, suite none, empty chains, 64
// events a drain, so that they share packets. All of the library's own work is in it: schema, registry,
// channels, packets, acknowledgements; no socket and no copy of a network.
#include <benchmark/benchmark.h>

#include "squall/remotes/remotes.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/transport/connect_token.hpp"

namespace {

using namespace squall;
using namespace squall::remotes;
using namespace std::chrono_literals;

struct Shot {
    float x = 0;
    float y = 0;
    std::uint16_t weapon = 0;
    std::uint32_t number = 0;
};

// A server and a client in memory, connected.
class Loopback {
  public:
    Loopback() {
        TransportConfig transport;
        transport.protocol_id = 1;
        transport.channels = remote_channels();
        ServerConfig server_config;
        server_config.transport = transport;
        server_config.private_key[0] = std::byte{1};
        server_config.addresses = {kServer};
        server_config.suites = SuiteSet::standard().with(Suite::none);
        server_config.wall_clock = {now, kWall};
        server_endpoint_ = std::move(*ServerEndpoint::make(now, server_config, entropy_));
        ClientConfig client_config;
        client_config.transport = transport;
        client_config.wall_clock = {now, kWall};
        client_endpoint_ = std::move(*ClientEndpoint::make(now, client_config, entropy_));
        server = std::make_unique<Remotes>(*server_endpoint_);
        client = std::make_unique<Remotes>(*client_endpoint_);
        ConnectTokenRequest request;
        request.protocol_id = 1;
        request.suite = Suite::none;
        request.client_id = ClientId{1};
        request.now = kWall;
        request.public_addresses = {kServer};
        token_ = *mint_connect_token(request, server_config.private_key, entropy_);
    }
    void connect() {
        (void)client_endpoint_->connect(now, token_);
        for (int i = 0; i < 100 && server->peers().empty(); ++i) step(50ms);
        step(50ms);
    }
    void step(Duration span) {
        now += span;
        if (server->poll_timeout() <= now) server->handle_timeout(now);
        if (client->poll_timeout() <= now) client->handle_timeout(now);
        exchange(*server, kServer, *client);
        exchange(*client, kClient, *server);
        exchange(*server, kServer, *client);
    }

    TimePoint now{std::chrono::seconds(1)};

  private:
    static inline const Address kServer = Address::loopback(4000);
    static inline const Address kClient = Address::loopback(5000);
    static constexpr UnixSeconds kWall{1'800'000'000};
    void exchange(Remotes& from, const Address& address, Remotes& to) {
        while (const auto sent = from.poll_transmit(now, buffer_))
            to.receive(now, address, MutableBytes(buffer_).first(sent->size));
    }
    SystemEntropy entropy_;
    std::unique_ptr<ServerEndpoint> server_endpoint_;
    std::unique_ptr<ClientEndpoint> client_endpoint_;
    ConnectTokenBytes token_{};
    std::array<std::byte, kMaxDatagramBytes> buffer_{};

  public:
    std::unique_ptr<Remotes> server;  // these end before their endpoints
    std::unique_ptr<Remotes> client;
};

benchmark::Counter per_message(const benchmark::State& state) {
    return {static_cast<double>(state.iterations()) * 64,
            benchmark::Counter::kIsRate | benchmark::Counter::kInvert};
}

void remotes_event(benchmark::State& state) {
    const auto mode = static_cast<ChannelMode>(state.range(0));
    Loopback net;
    auto at_server = *net.server->event<Shot>("shot", {.mode = mode});
    auto at_client = *net.client->event<Shot>("shot", {.mode = mode});
    std::uint64_t heard = 0;
    at_client.listen([&](const Origin&, const Shot& shot) { heard += shot.weapon; });
    net.connect();
    std::uint32_t number = 0;
    std::uint64_t sent = 0;
    for (auto _ : state) {
        for (int i = 0; i < 64; ++i) sent += at_server.fire(net.now, Shot{1, 2, 1, ++number}).sent;
        net.step(16ms);
    }
    for (int i = 0; i < 20; ++i) net.step(50ms);
    if (heard != sent || sent == 0) state.SkipWithError("not every event was heard");
    state.counters["s/event"] = per_message(state);
}
BENCHMARK(remotes_event)->ArgName("mode")->DenseRange(0, 3);

void remotes_fan_out(benchmark::State& state) {
    // What one more recipient costs, chain and transport included: a fire() to a list that names one peer
    // often.
    Loopback net;
    auto at_server = *net.server->event<Shot>("shot", {.mode = ChannelMode::unreliable});
    auto at_client = *net.client->event<Shot>("shot", {.mode = ChannelMode::unreliable});
    if (state.range(0) != 0)
        at_server.use(Direction::outbound, [](Message&, const Next& next) { return next(); });
    std::uint64_t heard = 0;
    at_client.listen([&](const Origin&, const Shot&) { ++heard; });
    net.connect();
    const std::vector<ConnectionId> recipients(64, net.server->peers()[0]);
    for (auto _ : state) {
        at_server.fire(net.now, Shot{}, std::span<const ConnectionId>(recipients));
        net.step(16ms);
    }
    state.counters["s/recipient"] = per_message(state);
}
BENCHMARK(remotes_fan_out)->ArgName("middleware")->Arg(0)->Arg(1);

}  // namespace
