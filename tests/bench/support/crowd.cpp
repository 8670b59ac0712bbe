#include "bench/support/crowd.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>

namespace squall::bench {
namespace {

constexpr std::uint64_t kProtocol = 0x5351'5541'4c4c'0002;
constexpr UnixSeconds kWall{1'800'000'000};
const Address kServer = Address::loopback(40000);

Key crowd_key() {
    Key key;
    key.fill(std::byte{0x24});
    return key;
}

Address address_of(std::uint32_t client) {
    return Address::ipv4(10, static_cast<std::uint8_t>(client >> 16), static_cast<std::uint8_t>(client >> 8),
                         static_cast<std::uint8_t>(client), 50'000);
}

std::uint32_t client_at(const Address& address) {
    const auto& b = address.bytes();
    return std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
}

std::uint64_t processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

std::int64_t heap_in_use() {
    const struct mallinfo2 info = ::mallinfo2();
    return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
}

template <class T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    fmt::print(stderr, "benchmark: {}\n", result.error().message);
    std::exit(1);
}

}  // namespace

class Crowd::Metered {
  public:
    explicit Metered(SideUsage& usage) : usage_(usage), heap_(heap_in_use()), time_(processor_time()) {}
    ~Metered() {
        usage_.processor_ns += processor_time() - time_;
        usage_.heap_bytes += heap_in_use() - heap_;
    }
    Metered(const Metered&) = delete;
    Metered& operator=(const Metered&) = delete;

  private:
    SideUsage& usage_;
    std::int64_t heap_;
    std::uint64_t time_;
};

Crowd::Crowd(Suite suite, std::uint32_t clients, std::vector<ChannelConfig> channels) {
    TransportConfig transport;
    transport.protocol_id = kProtocol;
    transport.channels = std::move(channels);
    // Room for all that one exchange can carry: the boxes must not grow while a side is measured.
    for (auto* box : {&to_server_, &to_clients_, &in_hand_}) box->reserve(16 * std::size_t{clients} + 1024);
    connections_.reserve(clients);
    ServerConfig config;
    config.transport = transport;
    config.private_key = crowd_key();
    config.addresses = {kServer};
    config.max_clients = clients;
    config.suites = SuiteSet{}.with(suite);
    config.wall_clock = {now_, kWall};
    {
        const Metered metered(server_usage);
        server_ = must(ServerEndpoint::make(now_, config, entropy_));
    }
    for (std::uint32_t i = 0; i < clients; ++i) {
        ConnectTokenRequest request;
        request.protocol_id = kProtocol;
        request.suite = suite;
        request.client_id = ClientId{i + 1};
        request.now = kWall;
        request.lifetime_seconds = 3600;
        request.public_addresses = {kServer};
        tokens_.push_back(
            std::make_unique<ConnectTokenBytes>(must(mint_connect_token(request, crowd_key(), entropy_))));
    }
    clients_.resize(clients);
    const Metered metered(client_usage);
    for (auto& client : clients_)
        client = must(ClientEndpoint::make(now_, {transport, config.wall_clock}, entropy_));
}

std::size_t Crowd::connect(std::uint32_t first, std::uint32_t last) {
    {
        const Metered metered(client_usage);
        for (std::uint32_t i = first; i < last; ++i) {
            must(clients_[i]->connect(now_, *tokens_[i]));
            drain_client(i);
        }
    }
    const std::size_t target = clients_connected_ + (last - first);
    for (int attempt = 0; attempt < 50 && clients_connected_ < target; ++attempt) {
        exchange();
        now_ += std::chrono::milliseconds(10);
    }
    return clients_connected_;
}

void Crowd::run(Duration span, Duration step) {
    exchange();
    for (const TimePoint end = now_ + span; now_ < end;) {
        now_ += step;
        exchange();
    }
}

void Crowd::exchange() {
    do {
        serve_server();
        serve_clients();
    } while (!to_server_.empty() || !to_clients_.empty());
}

void Crowd::serve_server() {
    in_hand_.swap(to_server_);
    const Metered metered(server_usage);
    for (Mail& mail : in_hand_) {
        server_->receive(now_, address_of(mail.client), MutableBytes(mail.bytes).first(mail.size));
        take_server_events();
        drain_server();
    }
    if (server_->poll_timeout() <= now_) server_->handle_timeout(now_);
    take_server_events();
    drain_server();
    in_hand_.clear();
}

void Crowd::serve_clients() {
    in_hand_.swap(to_clients_);
    const Metered metered(client_usage);
    for (Mail& mail : in_hand_) {
        clients_[mail.client]->receive(now_, kServer, MutableBytes(mail.bytes).first(mail.size));
        take_client_events(mail.client);
        drain_client(mail.client);
    }
    for (std::uint32_t i = 0; i < clients_.size(); ++i) {
        if (clients_[i]->poll_timeout() <= now_) clients_[i]->handle_timeout(now_);
        take_client_events(i);
        drain_client(i);
    }
    in_hand_.clear();
}

void Crowd::drain_server() {
    for (;;) {
        Mail& mail = to_clients_.emplace_back();
        const auto transmit = server_->poll_transmit(now_, mail.bytes);
        if (!transmit) return to_clients_.pop_back();
        mail.client = client_at(transmit->to);
        mail.size = transmit->size;
        ++server_usage.datagrams_sent;
        server_usage.bytes_sent += transmit->size;
    }
}

void Crowd::drain_client(std::uint32_t number) {
    for (;;) {
        Mail& mail = to_server_.emplace_back();
        const auto transmit = clients_[number]->poll_transmit(now_, mail.bytes);
        if (!transmit) return to_server_.pop_back();
        mail.client = number;
        mail.size = transmit->size;
        ++client_usage.datagrams_sent;
        client_usage.bytes_sent += transmit->size;
    }
}

void Crowd::take_server_events() {
    while (const auto event = server_->poll_event()) {
        if (const auto* connected = std::get_if<Connected>(&*event))
            connections_.push_back(connected->connection);
        if (std::holds_alternative<MessageReceived>(*event)) ++server_usage.messages_received;
    }
}

void Crowd::take_client_events(std::uint32_t number) {
    while (const auto event = clients_[number]->poll_event()) {
        if (std::holds_alternative<Connected>(*event)) ++clients_connected_;
        if (std::holds_alternative<MessageReceived>(*event)) ++client_usage.messages_received;
    }
}

}  // namespace squall::bench
