// What an event costs from fire() to its handler: two registries in memory, suite none, empty chains, 64
// events a drain, so that they share packets. All of the library's own work is in it: schema, registry,
// channels, packets, acknowledgements; no socket and no copy of a network.
#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "squall/remotes/middleware.hpp"
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
    explicit Loopback(const RemotesConfig& config = {}) {
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
        server = std::make_unique<Remotes>(*server_endpoint_, config);
        client = std::make_unique<Remotes>(*client_endpoint_, config);
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

// --- what the parts that are no middleware in a chain, or need time, cost an event: the difference to
// `plain`
struct Variant {
    const char* name;
    EventOptions options{};
    std::function<void(const RemoteEvent<Shot>&)> prepare{};
    RemotesConfig config{};
};

const RateLimit kPlentyOfMessages{.per_second = 4'000'000'000, .burst = 4'000'000'000};

std::vector<Variant> variants() {
    RemotesConfig limited;
    limited.messages = kPlentyOfMessages;
    const auto with = [](Middleware (*make)()) {
        return [make](const RemoteEvent<Shot>& event) { event.use(Direction::outbound, make()); };
    };
    return {
        {"plain", {}},
        {"delay", {}, with([] { return delay(10ms); })},
        {"batch", {}, with([] { return batch(16ms); })},
        {"flood_limit", {}, {}, limited},
        {"json", {.codec = &wire::json_codec()}},
        {"message_pack", {.codec = &wire::message_pack_codec()}},
        {"protobuf", {.codec = &wire::protobuf_codec()}},
        {"compress", {.compress = true}},
        {"json_compress", {.codec = &wire::json_codec(), .compress = true}},
    };
}

void remotes_variant(benchmark::State& state, const Variant& variant) {
    Loopback net(variant.config);
    const auto at_server = *net.server->event<Shot>("shot", variant.options);
    const auto at_client = *net.client->event<Shot>("shot", variant.options);
    if (variant.prepare) variant.prepare(at_server);
    std::uint64_t heard = 0;
    at_client.listen([&](const Origin&, const Shot& shot) { heard += shot.weapon; });
    net.connect();
    std::uint32_t number = 0;
    std::uint64_t fired = 0;
    for (auto _ : state) {
        for (int i = 0; i < 64; ++i) {
            at_server.fire(net.now, Shot{1, 2, 1, ++number});
            ++fired;
        }
        net.step(16ms);
    }
    for (int i = 0; i < 20; ++i) net.step(50ms);
    if (heard != fired) state.SkipWithError("not every event was heard");
    state.counters["s/event"] = per_message(state);
}

// A call and its answer; with retries it is in one more list.
void remotes_call(benchmark::State& state, const CallOptions& options) {
    Loopback net;
    const auto at_server = *net.server->function<Shot, Shot>("ask");
    const auto at_client = *net.client->function<Shot, Shot>("ask");
    at_server.answer([](const Origin&, const Shot& shot) -> Result<Shot> { return shot; });
    net.connect();
    std::uint64_t answered = 0;
    std::uint64_t asked = 0;
    for (auto _ : state) {
        for (int i = 0; i < 64; ++i) {
            at_client.call(
                net.now, net.client->peers()[0], Shot{1, 2, 1, 4},
                [&](TimePoint, const Result<Shot>& shot) { answered += shot ? 1U : 0U; }, options);
            ++asked;
        }
        net.step(16ms);
        net.step(1ms);
    }
    for (int i = 0; i < 20; ++i) net.step(50ms);
    if (answered != asked) state.SkipWithError("not every call was answered");
    state.counters["s/call"] = per_message(state);
}

const int kRegistered = [] {
    for (const Variant& variant : variants())
        benchmark::RegisterBenchmark((std::string("remotes_variant/") + variant.name).c_str(),
                                     [variant](benchmark::State& state) { remotes_variant(state, variant); });
    benchmark::RegisterBenchmark("remotes_call/plain",
                                 [](benchmark::State& state) { remotes_call(state, {}); });
    benchmark::RegisterBenchmark("remotes_call/retries",
                                 [](benchmark::State& state) { remotes_call(state, {.retries = 3}); });
    return 0;
}();

}  // namespace
