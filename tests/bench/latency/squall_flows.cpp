// Squall's side of loss_latency: a server endpoint and client endpoints, one reliable ordered channel.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "bench/latency/flows.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/udp_socket.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/transport/connect_token.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::bench {
namespace {

constexpr std::uint64_t kProtocol = 0x5351'5541'4c4c'0003;
constexpr ChannelId kChannel{0};

template <class T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    fmt::print(stderr, "loss_latency: {}\n", result.error().message);
    std::exit(1);
}

// Either end: sends on all of its connections at each tick.
class Sender final : public Node {
  public:
    Sender(FlowLog& log, std::unique_ptr<Endpoint> endpoint, TimePoint first_tick)
        : log_(log), endpoint_(std::move(endpoint)), next_tick_(first_tick) {}
    [[nodiscard]] std::size_t connected() const { return connections_.size(); }

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        endpoint_->receive(now, from, datagram);
        take_events(now);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return std::min(endpoint_->poll_timeout(), next_tick_);
    }
    void handle_timeout(TimePoint now) override {
        endpoint_->handle_timeout(now);
        take_events(now);
        if (now < next_tick_) return;
        next_tick_ += kFlowInterval;
        std::array<std::byte, kFlowMessageBytes> message;
        for (const ConnectionId connection : connections_) {
            log_.write_message(now, message);
            (void)endpoint_->send(now, connection, kChannel, message);
        }
    }

  private:
    void take_events(TimePoint now) {
        while (const auto event = endpoint_->poll_event()) {
            if (const auto* message = std::get_if<MessageReceived>(&*event))
                log_.take_message(now, message->bytes);
            else if (const auto* connected = std::get_if<Connected>(&*event))
                connections_.push_back(connected->connection);
            else if (const auto* ended = std::get_if<Disconnected>(&*event))
                std::erase(connections_, ended->connection);
        }
    }
    FlowLog& log_;
    std::unique_ptr<Endpoint> endpoint_;
    std::vector<ConnectionId> connections_;
    TimePoint next_tick_;
};

class SquallFlows final : public Flows {
  public:
    SquallFlows(AsioHost& host, const FlowOptions& options, Suite suite) : suite_(suite) {
        const WallClockAnchor anchor = wall_clock_anchor(host);
        TransportConfig transport;
        transport.protocol_id = kProtocol;
        transport.channels = {{.name = "events", .mode = ChannelMode::reliable_ordered}};
        const Address server = must(UdpSocket::open({})).local_address();
        ServerConfig config;
        config.transport = transport;
        config.addresses = {server};
        config.max_clients = options.flows;
        config.suites = SuiteSet{}.with(suite);
        config.wall_clock = anchor;
        server_ = std::make_unique<Sender>(log, must(ServerEndpoint::make(host.now(), config, entropy_)),
                                           host.now());
        must(host.attach(*server_, {.bind = server}));
        for (std::uint32_t i = 0; i < options.flows; ++i) {
            ConnectTokenRequest request;
            request.protocol_id = kProtocol;
            request.suite = suite;
            request.client_id = ClientId{i + 1};
            request.now = anchor.wall;
            request.public_addresses = {add_relay(host, server, options)};
            request.internal_addresses = {server};
            auto endpoint = must(ClientEndpoint::make(host.now(), {transport, anchor}, entropy_));
            must(endpoint->connect(host.now(),
                                   must(mint_connect_token(request, config.private_key, entropy_))));
            clients_.push_back(std::make_unique<Sender>(log, std::move(endpoint),
                                                        host.now() + kFlowInterval * i / options.flows));
            must(host.attach(*clients_.back(), {}));
        }
    }
    [[nodiscard]] std::string name() const override { return fmt::format("Squall, {}", to_string(suite_)); }
    [[nodiscard]] bool is_ready() const override {
        return server_->connected() == clients_.size() &&
               std::ranges::all_of(clients_, [](const auto& client) { return client->connected() == 1; });
    }

  private:
    Suite suite_;
    SystemEntropy entropy_;
    std::unique_ptr<Sender> server_;
    std::vector<std::unique_ptr<Sender>> clients_;
};

}  // namespace

std::unique_ptr<Flows> make_squall_flows(AsioHost& host, const FlowOptions& options, Suite suite) {
    return std::make_unique<SquallFlows>(host, options, suite);
}

}  // namespace squall::bench
