// A server endpoint and clients over a simple network in virtual time: the five verbs and nothing else.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::testing {

inline constexpr std::uint64_t kProtocol = 0x1122334455667788;

inline Key test_key() {
    Key key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i + 1);
    return key;
}

inline TransportConfig test_transport() {
    TransportConfig config;
    config.protocol_id = kProtocol;
    config.channels = {{.name = "unreliable", .mode = ChannelMode::unreliable},
                       {.name = "sequenced", .mode = ChannelMode::unreliable_sequenced},
                       {.name = "unordered", .mode = ChannelMode::reliable_unordered},
                       {.name = "ordered", .mode = ChannelMode::reliable_ordered}};
    return config;
}

// One endpoint with its address, and everything that it told so far.
struct Station {
    Station(Endpoint* its_endpoint, Address its_address) : endpoint(its_endpoint), address(its_address) {}
    Endpoint* endpoint;
    Address address;
    std::vector<Connected> connected;
    std::vector<Disconnected> disconnected;
    std::vector<std::pair<ChannelId, std::vector<std::byte>>> messages;
    std::vector<std::vector<std::byte>> payloads;
    std::vector<MessageSettled> settled;
    std::vector<PathChanged> paths;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
};

class EndpointNet {
  public:
    static inline const Address kServerAddress = Address::loopback(40000);
    static constexpr UnixSeconds kWall{1'800'000'000};

    explicit EndpointNet(TransportConfig transport = test_transport(), std::uint64_t seed = 1,
                         std::function<void(ServerConfig&)> adjust = {})
        : transport_(std::move(transport)),
          entropy_(Rng(seed).fork("entropy")),
          rng_(Rng(seed).fork("network")) {
        ServerConfig config;
        config.transport = transport_;
        config.private_key = test_key();
        config.addresses = {kServerAddress};
        config.suites = SuiteSet::standard().with(Suite::none);
        config.wall_clock = {now, kWall};
        if (adjust) adjust(config);
        auto made = ServerEndpoint::make(now, config, entropy_);
        if (!made) throw std::runtime_error(made.error().message);
        server = std::move(*made);
        stations.push_back(Station(server.get(), kServerAddress));
    }

    // Adds a client that starts to connect; its station is stations[1 + index].
    ClientEndpoint& add_client(Suite suite = Suite::aes256_gcm, std::uint64_t client_id = 0,
                               std::uint64_t player = 0) {
        ClientConfig config;
        config.transport = transport_;
        config.wall_clock = {now, wall()};
        clients.push_back(*ClientEndpoint::make(now, config, entropy_));
        const auto index = static_cast<std::uint16_t>(clients.size());
        stations.push_back(
            Station(clients.back().get(), Address::loopback(static_cast<std::uint16_t>(50000 + index))));
        const auto token = mint(suite, client_id == 0 ? index : client_id, player);
        EXPECT_TRUE(clients.back()->connect(now, token));
        drain(index);
        return *clients.back();
    }

    ConnectTokenBytes mint(Suite suite, std::uint64_t client_id, std::uint64_t player = 0) {
        ConnectTokenRequest request;
        request.protocol_id = transport_.protocol_id;
        request.suite = suite;
        request.client_id = ClientId{client_id};
        request.now = wall();
        request.timeout_seconds = 5;
        request.public_addresses = {kServerAddress};
        ByteWriter(request.user_data).write(player);
        return *mint_connect_token(request, test_key(), entropy_);
    }

    [[nodiscard]] UnixSeconds wall() const {
        return WallClockAnchor{TimePoint{std::chrono::seconds(1)}, kWall}.unix_seconds(now);
    }

    void run(Duration span, Duration interval = std::chrono::hours(1),
             const std::function<void(TimePoint)>& tick = {}) {
        const TimePoint end = now + span;
        TimePoint next_tick = now;
        while (true) {
            TimePoint next = std::min(end, tick ? next_tick : kNever);
            if (!wire_.empty()) next = std::min(next, wire_.begin()->first.first);
            for (const Station& station : stations)
                next = std::min(next, std::max(now, station.endpoint->poll_timeout()));
            now = next;
            if (now >= end) return;
            deliver();
            for (std::size_t i = 0; i < stations.size(); ++i) {
                if (stations[i].endpoint->poll_timeout() > now) continue;
                if (i == 0 && server_recorder)
                    server_recorder(Deed::handle_timeout, now, {}, {});
                else
                    stations[i].endpoint->handle_timeout(now);
                drain(i);
            }
            if (tick && now >= next_tick) {
                tick(now);
                for (std::size_t i = 0; i < stations.size(); ++i) drain(i);
                next_tick += interval;
            }
        }
    }

    void drain(std::size_t index) {
        Station& station = stations[index];
        collect(station);
        std::array<std::byte, kMaxDatagramBytes> buffer;
        const auto next = [&] {
            return index == 0 && server_recorder ? server_recorder(Deed::poll_transmit, now, {}, buffer)
                                                 : station.endpoint->poll_transmit(now, buffer);
        };
        while (const auto transmit = next()) {
            station.bytes_sent += transmit->size;
            largest = std::max(largest, transmit->size);
            if (on_wire) on_wire(station.address, transmit->to, Bytes(buffer).first(transmit->size));
            if (rng_.chance(loss)) continue;
            const Duration late{jitter.count() == 0 ? 0 : rng_.between(0, jitter.count())};
            const auto bytes = Bytes(buffer).first(transmit->size);
            inject(station.address, transmit->to, bytes, delay + late);
        }
        collect(station);
    }

    // Puts a datagram on the wire, from whom ever.
    void inject(const Address& from, const Address& to, Bytes bytes, Duration after) {
        wire_.emplace(std::pair(now + after, sequence_++), InFlight{from, to, {bytes.begin(), bytes.end()}});
    }

    // Where set, it does what is done to the server, in the server's place.
    enum class Deed : std::uint8_t { receive, handle_timeout, poll_transmit };
    std::function<std::optional<Transmit>(Deed, TimePoint, const Address&, MutableBytes)> server_recorder;

    static constexpr TimePoint started{std::chrono::seconds(1)};
    TimePoint now = started;
    std::unique_ptr<ServerEndpoint> server;
    std::vector<std::unique_ptr<ClientEndpoint>> clients;
    std::vector<Station> stations;
    Duration delay = std::chrono::milliseconds(10);
    Duration jitter{0};
    Ratio loss{};
    std::size_t largest = 0;
    std::function<void(const Address&, const Address&, Bytes)> on_wire;

  private:
    struct InFlight {
        Address from;
        Address to;
        std::vector<std::byte> bytes;
    };

    void deliver() {
        while (!wire_.empty() && wire_.begin()->first.first <= now) {
            InFlight packet = std::move(wire_.begin()->second);
            wire_.erase(wire_.begin());
            for (std::size_t i = 0; i < stations.size(); ++i) {
                if (stations[i].address != packet.to) continue;
                stations[i].bytes_received += packet.bytes.size();
                if (i == 0 && server_recorder)
                    server_recorder(Deed::receive, now, packet.from, packet.bytes);
                else
                    stations[i].endpoint->receive(now, packet.from, packet.bytes);
                drain(i);
            }
        }
    }

    static void collect(Station& station) {
        while (const auto event = station.endpoint->poll_event()) {
            if (const auto* e = std::get_if<Connected>(&*event)) station.connected.push_back(*e);
            if (const auto* e = std::get_if<Disconnected>(&*event)) station.disconnected.push_back(*e);
            if (const auto* e = std::get_if<MessageSettled>(&*event)) station.settled.push_back(*e);
            if (const auto* e = std::get_if<PathChanged>(&*event)) station.paths.push_back(*e);
            if (const auto* e = std::get_if<MessageReceived>(&*event))
                station.messages.emplace_back(e->channel,
                                              std::vector<std::byte>(e->bytes.begin(), e->bytes.end()));
            if (const auto* e = std::get_if<PayloadReceived>(&*event))
                station.payloads.emplace_back(e->bytes.begin(), e->bytes.end());
        }
    }

    TransportConfig transport_;
    SeededEntropy entropy_;
    Rng rng_;
    std::uint64_t sequence_ = 0;
    std::map<std::pair<TimePoint, std::uint64_t>, InFlight> wire_;
};

}  // namespace squall::testing
