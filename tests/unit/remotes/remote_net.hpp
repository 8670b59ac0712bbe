// A server and clients with their registries, and a network in virtual time between them that delays, loses
// and doubles by a seed. No sockets, no clock.
#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/remotes/remotes.hpp"
#include "squall/transport/connect_token.hpp"

namespace squall::remotes::testing {

using namespace std::chrono_literals;

struct Vector3 {
    float x = 0;
    float y = 0;
    float z = 0;
    bool operator==(const Vector3&) const = default;
};
struct Shot {
    Vector3 from{};
    std::uint8_t weapon = 0;
    std::uint32_t number = 0;
    bool operator==(const Shot&) const = default;
};
struct Chat {
    std::string text;
    bool operator==(const Chat&) const = default;
};
struct Score {
    std::int32_t points = 0;
    std::vector<std::string> names{};
    Vector3 flag{};
    bool operator==(const Score&) const = default;
};

class RemoteNet {
  public:
    static inline const Address kServerAddress = Address::loopback(40000);
    static constexpr UnixSeconds kWall{1'800'000'000};

    explicit RemoteNet(std::uint64_t seed = 1, RemotesConfig config = {}, TransportConfig transport = {},
                       Duration rejoin_grace = Duration{0}, std::uint32_t max_clients = 64)
        : transport_(std::move(transport)),
          entropy_(Rng(seed).fork("entropy")),
          seed_(seed),
          config_(config) {
        transport_.protocol_id = 7;
        if (transport_.channels.empty()) transport_.channels = remote_channels();
        for (std::size_t i = 0; i < key_.size(); ++i) key_[i] = static_cast<std::byte>(i * 7 + 1);
        ServerConfig server;
        server.transport = transport_;
        server.private_key = key_;
        server.addresses = {kServerAddress};
        server.suites = SuiteSet::standard().with(Suite::none);
        server.wall_clock = {now, kWall};
        server.rejoin_grace = rejoin_grace;
        server.max_clients = max_clients;
        server_endpoint = std::move(*ServerEndpoint::make(now, server, entropy_));
        server_remotes = std::make_unique<Remotes>(*server_endpoint, config_);
        stations_.push_back({server_remotes.get(), kServerAddress, Rng(seed), Rng(seed)});
    }

    struct Client {
        std::unique_ptr<ClientEndpoint> endpoint;
        std::unique_ptr<Remotes> remotes;
        bool is_mute = false;  // its endpoint is driven without the registry
        [[nodiscard]] ConnectionId server() const { return endpoint->connection(); }
    };
    // A client that is not connecting yet: declare its remotes, then connect() it.
    Client& add_client(RemotesConfig config = {}) { return add_client(config, transport_); }
    Client& add_client(RemotesConfig config, const TransportConfig& transport) {
        ClientConfig client;
        client.transport = transport;
        client.wall_clock = {now, kWall};
        clients.push_back(std::make_unique<Client>());
        clients.back()->endpoint = std::move(*ClientEndpoint::make(now, client, entropy_));
        clients.back()->remotes = std::make_unique<Remotes>(*clients.back()->endpoint, config);
        // Each link draws for itself: what one client does shifts nobody else's luck.
        stations_.push_back({clients.back()->remotes.get(),
                             Address::loopback(static_cast<std::uint16_t>(50000 + clients.size())),
                             Rng(seed_).fork("up", clients.size()), Rng(seed_).fork("down", clients.size())});
        return *clients.back();
    }
    void connect(Client& client, std::uint64_t client_id) {
        ConnectTokenRequest request;
        request.protocol_id = transport_.protocol_id;
        request.suite = Suite::none;
        request.client_id = ClientId{client_id};
        request.now = kWall;
        request.timeout_seconds = 5;
        request.public_addresses = {kServerAddress};
        const auto token = *mint_connect_token(request, key_, entropy_);
        if (!client.endpoint->connect(now, token)) throw std::runtime_error("the client cannot connect");
        for (Station& station : stations_)
            if (client.is_mute && station.node == client.remotes.get()) station.node = client.endpoint.get();
        drain_all();
    }
    [[nodiscard]] const TransportConfig& transport() const { return transport_; }
    // The server is driven through this from now on, which wraps its registry.
    void wrap_server(Node& node) { stations_[0].node = &node; }
    // The server's name for the n-th peer that became ready.
    [[nodiscard]] ConnectionId peer(std::size_t n) const { return server_remotes->peers()[n]; }

    void run(Duration span) {
        const TimePoint end = now + span;
        drain_all();
        for (;;) {
            TimePoint next = end;
            if (!wire_.empty()) next = std::min(next, wire_.begin()->first.first);
            for (const Station& station : stations_)
                next = std::min(next, std::max(now, station.node->poll_timeout()));
            now = next;
            if (now >= end) return;
            while (!wire_.empty() && wire_.begin()->first.first <= now) {
                auto flight = std::move(wire_.begin()->second);
                wire_.erase(wire_.begin());
                for (Station& station : stations_) {
                    if (station.address != flight.to) continue;
                    station.node->receive(now, flight.from, flight.bytes);
                    drain(station);
                }
            }
            for (Station& station : stations_) {
                if (station.node->poll_timeout() > now) continue;
                station.node->handle_timeout(now);
                drain(station);
            }
        }
    }

    TimePoint now{std::chrono::seconds(1)};
    std::unique_ptr<ServerEndpoint> server_endpoint;
    std::unique_ptr<Remotes> server_remotes;
    std::vector<std::unique_ptr<Client>> clients;
    Duration delay = 20ms;
    Duration jitter{0};
    Ratio loss{};
    Ratio loss_from_clients{};  // besides
    Ratio duplicate{};

  private:
    struct Station {
        Node* node;
        Address address;
        Rng up;
        Rng down;
    };
    struct Flight {
        Address from;
        Address to;
        std::vector<std::byte> bytes;
    };
    void drain_all() {
        for (Station& station : stations_) drain(station);
    }
    Rng& luck_of(Station& from, const Address& to) {
        if (&from != &stations_[0]) return from.up;
        for (Station& station : stations_)
            if (station.address == to) return station.down;
        return from.down;
    }
    void drain(Station& station) {
        std::array<std::byte, kMaxDatagramBytes> buffer;
        while (const auto sent = station.node->poll_transmit(now, buffer)) {
            Rng& rng = luck_of(station, sent->to);
            int copies = rng.chance(loss) ? 0 : rng.chance(duplicate) ? 2 : 1;
            if (station.address != kServerAddress && rng.chance(loss_from_clients)) copies = 0;
            for (int i = 0; i < copies; ++i) {
                const Duration late{jitter.count() == 0 ? 0 : rng.between(0, jitter.count())};
                wire_.emplace(
                    std::pair(now + delay + late, ++flights_),
                    Flight{station.address,
                           sent->to,
                           {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(sent->size)}});
            }
        }
    }

    TransportConfig transport_;
    Key key_{};
    SeededEntropy entropy_;
    std::uint64_t seed_;
    RemotesConfig config_;
    std::vector<Station> stations_;
    std::map<std::pair<TimePoint, std::uint64_t>, Flight> wire_;
    std::uint64_t flights_ = 0;
};

}  // namespace squall::remotes::testing
