// Squall: a ServerEndpoint on an asio host, with connect tokens, handshake and the given suite; one
// unreliable channel. The clients are ClientEndpoints on one asio host, one socket each.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <variant>

#include "bench/cost/contest.hpp"
#include "bench/cost/paced_clients.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/udp_socket.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/transport/connect_token.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::bench {
namespace {

constexpr std::uint64_t kProtocol = 0x5351'5541'4c4c'0001;
constexpr ChannelId kChannel{0};

Key contest_key() {
    Key key;
    key.fill(std::byte{0x42});
    return key;
}

TransportConfig transport_config() {
    TransportConfig config;
    config.protocol_id = kProtocol;
    config.channels = {{.name = "state", .mode = ChannelMode::unreliable}};
    return config;
}

class SquallServer final : public Node {
  public:
    SquallServer(Meter& meter, std::unique_ptr<ServerEndpoint> endpoint, TimePoint now)
        : meter_(meter), endpoint_(std::move(endpoint)), next_tick_(now) {}

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        endpoint_->receive(now, from, datagram);
        take_events();
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return std::min(endpoint_->poll_timeout(), next_tick_);
    }
    void handle_timeout(TimePoint now) override {
        endpoint_->handle_timeout(now);
        take_events();
        if (now < next_tick_) return;
        next_tick_ += kTick;
        if (next_tick_ < now) next_tick_ = now + kTick;
        if (!meter_.may_send()) return;
        std::array<std::byte, kMessageBytes> message;
        for (std::size_t i = tick_++ % 2; i < connections_.size(); i += 2) {
            meter_.write_message(message, static_cast<std::uint32_t>(i));
            if (endpoint_->send(now, connections_[i], kChannel, message)) meter_.count_sent();
        }
    }

  private:
    void take_events() {
        while (const auto event = endpoint_->poll_event()) {
            if (const auto* message = std::get_if<MessageReceived>(&*event))
                meter_.count_received(message->bytes);
            else if (const auto* connected = std::get_if<Connected>(&*event))
                connections_.push_back(connected->connection);
            else if (const auto* ended = std::get_if<Disconnected>(&*event))
                std::erase(connections_, ended->connection);
        }
    }
    Meter& meter_;
    std::unique_ptr<ServerEndpoint> endpoint_;
    std::vector<ConnectionId> connections_;
    TimePoint next_tick_;
    std::uint64_t tick_ = 0;
};

void run_squall_server(const ContestOptions& options, Contest& contest, Suite suite) {
    auto host = AsioHost::make({.gather = options.event_driven ? Duration{0} : kPollInterval});
    if (!host) return contest.fail(host.error().message);
    // A first socket finds a free port: the endpoint must know its address before it is made.
    auto probe = UdpSocket::open({});
    if (!probe) return contest.fail(probe.error().message);
    const Address address = probe->local_address();
    {
        const UdpSocket closed = std::move(*probe);
    }

    SystemEntropy entropy;
    ServerConfig config;
    config.transport = transport_config();
    config.private_key = contest_key();
    config.addresses = {address};
    config.max_clients = options.clients;
    config.suites = SuiteSet{}.with(suite);
    config.wall_clock = wall_clock_anchor(**host);
    auto endpoint = ServerEndpoint::make((*host)->now(), config, entropy);
    if (!endpoint) return contest.fail(endpoint.error().message);

    NodeId id{};
    Meter meter(contest, contest.server, [&] {
        const SocketStatistics s = (*host)->statistics(id);
        return WireCount{s.datagrams_sent, s.bytes_sent, s.send_calls + s.receive_calls};
    });
    SquallServer server(meter, std::move(*endpoint), (*host)->now());
    const auto attached = (*host)->attach(server, {.bind = address,
                                                   .receive_buffer_bytes = kSocketBufferBytes,
                                                   .send_buffer_bytes = kSocketBufferBytes});
    if (!attached) return contest.fail(attached.error().message);
    id = *attached;
    contest.server_port.store(address.port());
    while (meter.phase() != Phase::finished)
        (*host)->run_until((*host)->now() + std::chrono::milliseconds(20));
    contest.server.kernel_drops = (*host)->statistics(id).kernel_drops;
}

class SquallClient final : public Node {
  public:
    SquallClient(Contest& contest, Meter& meter, std::unique_ptr<ClientEndpoint> endpoint,
                 std::uint32_t number, SendTimes times)
        : contest_(contest), meter_(meter), endpoint_(std::move(endpoint)), number_(number), times_(times) {}
    [[nodiscard]] bool is_ready() const { return is_ready_; }

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        endpoint_->receive(now, from, datagram);
        take_events(now);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return std::min(endpoint_->poll_timeout(), times_.next());
    }
    void handle_timeout(TimePoint now) override {
        endpoint_->handle_timeout(now);
        take_events(now);
        if (now < times_.next()) return;
        times_.advance(now);
        if (!meter_.may_send()) return;
        std::array<std::byte, kMessageBytes> message;
        meter_.write_message(message, number_);
        if (endpoint_->send(now, endpoint_->connection(), kChannel, message)) meter_.count_sent();
    }

  private:
    void take_events(TimePoint now) {
        while (const auto event = endpoint_->poll_event()) {
            if (const auto* message = std::get_if<MessageReceived>(&*event)) {
                meter_.count_received(message->bytes);
            } else if (std::holds_alternative<Connected>(*event)) {
                is_ready_ = true;
                times_.start(now);
            } else if (const auto* ended = std::get_if<Disconnected>(&*event)) {
                contest_.fail(
                    fmt::format("client {} was disconnected: {}", number_, to_string(ended->reason)));
            }
        }
    }
    Contest& contest_;
    Meter& meter_;
    std::unique_ptr<ClientEndpoint> endpoint_;
    const std::uint32_t number_;
    SendTimes times_;
    bool is_ready_ = false;
};

void run_squall_clients(const ContestOptions& options, Contest& contest, Suite suite) {
    SystemEntropy entropy;
    run_paced_clients(
        options, contest, [&](Meter& meter, const Address& server, std::uint32_t number, SendTimes times) {
            const TimePoint now = read_clock();
            const UnixSeconds wall = system_wall_clock();
            ConnectTokenRequest request;
            request.protocol_id = kProtocol;
            request.suite = suite;
            request.client_id = ClientId{number + 1};
            request.now = wall;
            request.public_addresses = {server};
            const auto token = mint_connect_token(request, contest_key(), entropy);
            auto endpoint = ClientEndpoint::make(now, {transport_config(), {now, wall}}, entropy);
            if (!token) contest.fail(token.error().message);
            if (!endpoint) contest.fail(endpoint.error().message);
            if (token && endpoint) {
                const auto connection = (*endpoint)->connect(now, *token);
                if (!connection) contest.fail(connection.error().message);
            }
            return std::make_unique<SquallClient>(contest, meter, endpoint ? std::move(*endpoint) : nullptr,
                                                  number, times);
        });
}

}  // namespace

Arm squall_arm(Suite suite) {
    return {fmt::format("Squall, {}", to_string(suite)),
            [suite](const ContestOptions& options, Contest& contest) {
                run_squall_server(options, contest, suite);
            },
            [suite](const ContestOptions& options, Contest& contest) {
                run_squall_clients(options, contest, suite);
            }};
}

}  // namespace squall::bench
