// The whole library in virtual time: clients that send 64 bytes 20 times a second and get 64 back, encrypted,
// each behind a full link model of its own. "x_real_time" is virtual over processor time; goals: 10 at 1,000
// clients with aes256-gcm, and less than twice the time per packet at 10,000.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <vector>

#include "squall/simulator/sim_host.hpp"
#include "squall/transport/endpoint.hpp"

namespace {

using namespace squall;
using namespace std::chrono_literals;

constexpr Duration kInterval = 50ms;
const Address kServer = Address::loopback(40000);

// Corruption only where packets are authenticated: without that, a flipped bit may end a connection.
simulator::LinkConfig full_model(Suite suite) {
    return {.delay = 45ms,
            .jitter = 5ms,
            .jitter_shape = simulator::JitterShape::normal,
            .burst_loss = {.enter = percent(1), .leave = percent(10), .loss_in_bad = percent(70)},
            .duplicate = per_million(1000),
            .reorder = per_million(1000),
            .reorder_by = 5ms,
            .corrupt = per_million(suite == Suite::none ? 0 : 100),
            .rate = megabits_per_second(10),
            .queue_limit = 100ms};
}

TransportConfig transport() {
    TransportConfig config;
    config.protocol_id = 7;
    config.channels = {{.name = "state", .mode = ChannelMode::unreliable}};
    return config;
}

// Answers every message with one of the same size.
class EchoServer final : public Node {
  public:
    explicit EchoServer(std::unique_ptr<ServerEndpoint> endpoint) : endpoint_(std::move(endpoint)) {}
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        endpoint_->receive(now, from, datagram);
        take_events(now);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return endpoint_->poll_timeout(); }
    void handle_timeout(TimePoint now) override {
        endpoint_->handle_timeout(now);
        take_events(now);
    }
    std::uint64_t messages = 0;
    [[nodiscard]] std::uint32_t connected_count() const { return endpoint_->connected_count(); }

  private:
    void take_events(TimePoint now) {
        while (const auto event = endpoint_->poll_event())
            if (const auto* message = std::get_if<MessageReceived>(&*event)) {
                ++messages;
                (void)endpoint_->send(now, message->connection, ChannelId{0}, message->bytes);
            }
    }
    std::unique_ptr<ServerEndpoint> endpoint_;
};

class Player final : public Node {
  public:
    Player(std::unique_ptr<ClientEndpoint> endpoint, TimePoint first)
        : endpoint_(std::move(endpoint)), next_(first) {}
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        endpoint_->receive(now, from, datagram);
        take_events();
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return std::min(endpoint_->poll_timeout(), next_);
    }
    void handle_timeout(TimePoint now) override {
        if (endpoint_->poll_timeout() <= now) endpoint_->handle_timeout(now);
        take_events();
        if (now < next_) return;
        next_ += kInterval;
        if (connection_.is_valid())
            (void)endpoint_->send(now, connection_, ChannelId{0}, std::array<std::byte, 64>{});
    }

  private:
    void take_events() {
        while (const auto event = endpoint_->poll_event())
            if (const auto* connected = std::get_if<Connected>(&*event)) connection_ = connected->connection;
    }
    std::unique_ptr<ClientEndpoint> endpoint_;
    TimePoint next_;
    ConnectionId connection_{};
};

// Items are datagrams that access links were offered by their senders.
void virtual_session(benchmark::State& state, Suite suite) {
    if (!is_available(suite)) {
        state.SkipWithError("this machine cannot run the suite");
        return;
    }
    const auto count = static_cast<std::uint32_t>(state.range(0));
    const Rng rng(1);
    SeededEntropy entropy(rng.fork("entropy"));
    simulator::SimHost host(rng.fork("network"));
    const WallClockAnchor wall{host.now(), UnixSeconds{1'800'000'000}};
    ServerConfig config;
    config.transport = transport();
    entropy.fill(config.private_key);
    config.addresses = {kServer};
    config.max_clients = count;
    config.suites = SuiteSet::standard().with(Suite::none);
    config.wall_clock = wall;
    EchoServer server(ServerEndpoint::make(host.now(), config, entropy).value());
    (void)host.attach(server, {.bind = kServer}, {.up = {}, .down = {}}).value();
    Rng phases = rng.fork("phases");
    std::vector<std::unique_ptr<Player>> players;
    for (std::uint32_t i = 0; i < count; ++i) {
        ConnectTokenRequest request;
        request.protocol_id = 7;
        request.suite = suite;
        request.client_id = ClientId{i + 1};
        request.now = wall.wall;
        request.public_addresses = {kServer};
        const auto token = mint_connect_token(request, config.private_key, entropy).value();
        auto endpoint = ClientEndpoint::make(host.now(), ClientConfig{transport(), wall}, entropy).value();
        (void)endpoint->connect(host.now(), token).value();
        players.push_back(std::make_unique<Player>(
            std::move(endpoint), host.now() + Duration{phases.between(0, kInterval.count())}));
        (void)host
            .attach(*players.back(), {}, {.up = full_model(suite), .down = full_model(suite), .stream = i})
            .value();
    }
    host.run_until(host.now() + 5s);
    if (server.connected_count() != count)
        state.SkipWithError("not all clients connected within five seconds");
    const std::uint64_t before = host.network_statistics().up.offered();
    const std::uint64_t events_before = host.network_statistics().events;
    const TimePoint start = host.now();
    for (auto _ : state) host.run_until(host.now() + 100ms);
    const std::uint64_t packets = host.network_statistics().up.offered() - before;
    state.SetItemsProcessed(static_cast<std::int64_t>(packets));
    state.counters["events_per_packet"] =
        static_cast<double>(host.network_statistics().events - events_before) / static_cast<double>(packets);
    state.counters["x_real_time"] =
        benchmark::Counter(to_seconds(host.now() - start), benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(virtual_session, aes256_gcm, Suite::aes256_gcm)
    ->Arg(1000)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(virtual_session, netcode, Suite::netcode)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(virtual_session, signed, Suite::hmac_signed)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(virtual_session, none, Suite::none)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
