// A network in virtual time for tests of the secure layer: one server, any number of clients, datagrams that
// take a while, and a filter that may drop, change or repeat them. Knows nothing of payloads.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "squall/core/entropy.hpp"
#include "squall/transport/connect_token.hpp"
#include "transport/secure/secure_client.hpp"
#include "transport/secure/secure_server.hpp"

namespace squall::secure::testing {

using namespace std::chrono_literals;

inline constexpr std::uint64_t kProtocol = 0x1122334455667788ULL;
inline constexpr TimePoint kStart{1000s};
inline constexpr UnixSeconds kWall{1'700'000'000};
inline const Address kServerAddress = Address::ipv4(10, 0, 0, 1, 40000);

inline Key test_key() {
    Key key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i * 7 + 1);
    return key;
}

using Datagram = std::vector<std::byte>;

struct Flight {
    Address from;
    Address to;
    Datagram bytes;
    [[nodiscard]] unsigned type() const { return std::to_integer<unsigned>(bytes[0]) & 15U; }
};

struct Received {
    SecureEvent::Kind kind{};
    DisconnectReason reason{};
    std::uint32_t slot = 0;
    std::uint64_t packet_number = 0;
    Datagram payload;
    TimePoint at{};
};

inline Received take(const SecureEvent& event, TimePoint at) {
    return {event.kind,
            event.reason,
            event.slot,
            event.packet_number,
            {event.payload.begin(), event.payload.end()},
            at};
}

struct TestClient {
    TestClient(TimePoint now, const ClientConfig& client_config, std::uint64_t seed, const Address& at)
        : config(client_config), entropy(Rng(seed)), address(at), client(now, config, entropy, statistics) {}
    ClientConfig config;
    SeededEntropy entropy;
    EndpointStatistics statistics;
    Address address;
    SecureClient client;
    std::vector<Received> events;

    [[nodiscard]] std::size_t count(SecureEvent::Kind kind) const {
        std::size_t n = 0;
        for (const auto& event : events) n += event.kind == kind ? 1 : 0;
        return n;
    }
};

class SecureNet {
  public:
    explicit SecureNet(Suite token_suite = Suite::netcode,
                       const std::function<void(ServerConfig&)>& adjust = {})
        : suite(token_suite), issuer_(Rng(7)), server_entropy_(Rng(8)) {
        config.transport.protocol_id = kProtocol;
        config.private_key = test_key();
        config.addresses = {kServerAddress};
        config.suites = SuiteSet::standard().with(Suite::none);
        config.max_clients = 16;
        config.wall_clock = {kStart, kWall};
        if (adjust) adjust(config);
        start_server();
    }

    // --- parts
    void start_server() {
        server = std::make_unique<SecureServer>(now, config, server_entropy_, server_statistics);
    }
    [[nodiscard]] UnixSeconds wall() const { return config.wall_clock.unix_seconds(now); }
    [[nodiscard]] ConnectTokenRequest request(std::uint64_t client_id) const {
        ConnectTokenRequest request;
        request.protocol_id = kProtocol;
        request.suite = suite;
        request.client_id = ClientId{client_id};
        request.now = wall();
        request.public_addresses = {kServerAddress};
        request.user_data[0] = static_cast<std::byte>(client_id);
        request.user_data[255] = std::byte{0x5a};
        return request;
    }
    ConnectTokenBytes mint(const ConnectTokenRequest& request) {
        return *mint_connect_token(request, config.private_key, issuer_);
    }
    ConnectTokenBytes token(std::uint64_t client_id) { return mint(request(client_id)); }
    TestClient& add_client(std::optional<Address> address = {}) {
        const auto n = clients.size() + 1;
        ClientConfig client;
        client.transport = config.transport;
        client.wall_clock = config.wall_clock;
        const auto at = address.value_or(Address::ipv4(10, 0, 1, static_cast<std::uint8_t>(n), 50000));
        clients.push_back(std::make_unique<TestClient>(now, client, ++client_seed_, at));
        return *clients.back();
    }
    TestClient& connect(std::uint64_t client_id) {
        auto& client = add_client();
        (void)client.client.connect(now, token(client_id));
        return client;
    }
    // Connects, and runs until both ends and the connection id have settled.
    TestClient& connected(std::uint64_t client_id) {
        auto& client = connect(client_id);
        run_for(50ms);
        return client;
    }

    // --- running
    void run_for(Duration span) {
        const auto end = now + span;
        drain();
        for (;;) {
            auto next = server_runs ? server->poll_timeout() : kNever;
            for (const auto& client : clients) next = std::min(next, client->client.poll_timeout());
            if (!air_.empty()) next = std::min(next, air_.begin()->first);
            next = std::max(next, now);
            if (next > end) break;
            if (next == now && ++stuck_ > 10'000) throw std::runtime_error("time stands still");
            if (next > now) stuck_ = 0;
            now = next;
            step();
        }
        now = end;
    }
    // Jumps without anybody running: the process was suspended.
    void suspend(Duration span) { now += span; }

    void deliver(const Address& from, const Address& to, Datagram bytes) {
        // What a receiver gets is its own to change, and exactly as long as it is: reads past its end are
        // found.
        auto exact = std::make_unique<std::byte[]>(bytes.size());
        std::ranges::copy(bytes, exact.get());
        const MutableBytes view(exact.get(), bytes.size());
        if (to == kServerAddress) {
            if (!server_runs) return;
            server->receive(now, from, view);
            take_server_events();
        } else {
            for (const auto& client : clients) {
                if (client->address != to) continue;
                client->client.receive(now, from, view);
                take_client_events(*client);
            }
        }
        drain();
    }
    void to_server(const Address& from, Datagram bytes) { deliver(from, kServerAddress, std::move(bytes)); }

    void send(TestClient& client, const std::string& text) {
        std::array<std::byte, kMaxDatagramBytes> buffer;
        const auto offset = client.client.payload_offset();
        std::memcpy(buffer.data() + offset, text.data(), text.size());
        const auto transmit = client.client.seal_payload(now, buffer, text.size());
        launch(client.address, transmit, buffer);
    }
    void send_to(std::uint32_t slot, const std::string& text) {
        std::array<std::byte, kMaxDatagramBytes> buffer;
        const auto offset = server->payload_offset(slot);
        std::memcpy(buffer.data() + offset, text.data(), text.size());
        const auto transmit = server->seal_payload(now, slot, buffer, text.size());
        launch(kServerAddress, transmit, buffer);
    }
    void drain() {
        std::array<std::byte, kMaxDatagramBytes> buffer;
        while (const auto transmit = server_runs ? server->poll_transmit(now, buffer) : std::nullopt)
            launch(kServerAddress, *transmit, buffer);
        for (const auto& client : clients)
            while (const auto transmit = client->client.poll_transmit(now, buffer))
                launch(client->address, *transmit, buffer);
    }

    [[nodiscard]] std::uint64_t refused(RefusalCause cause) const { return server_statistics.of(cause); }
    [[nodiscard]] std::size_t count(SecureEvent::Kind kind) const {
        std::size_t n = 0;
        for (const auto& event : server_events) n += event.kind == kind ? 1 : 0;
        return n;
    }
    // All datagrams that left, of one type and one sender.
    [[nodiscard]] std::vector<Flight> sent(unsigned type, std::optional<Address> from = {}) const {
        std::vector<Flight> found;
        for (const auto& flight : log)
            if (flight.type() == type && (!from || flight.from == *from)) found.push_back(flight);
        return found;
    }

    Suite suite;
    TimePoint now = kStart;
    ServerConfig config;
    EndpointStatistics server_statistics;
    std::unique_ptr<SecureServer> server;
    bool server_runs = true;
    std::vector<std::unique_ptr<TestClient>> clients;
    std::vector<Received> server_events;
    std::vector<std::uint32_t> rests;  // slots that the server reported as resting
    std::vector<Flight> log;
    Duration latency = 5ms;
    // False drops the datagram.
    std::function<bool(Flight&)> filter;

    // What the server's application does at once.
    std::function<void(const Received&)> on_server_event;

  private:
    void launch(const Address& from, const Transmit& transmit, Bytes buffer) {
        Flight flight{
            from, transmit.to, {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(transmit.size)}};
        log.push_back(flight);
        if (filter && !filter(flight)) return;
        air_.emplace(now + latency, std::move(flight));
    }
    void step() {
        while (!air_.empty() && air_.begin()->first <= now) {
            const auto flight = std::move(air_.begin()->second);
            air_.erase(air_.begin());
            deliver(flight.from, flight.to, flight.bytes);
        }
        if (server_runs && server->poll_timeout() <= now) {
            server->handle_timeout(now);
            take_server_events();
        }
        for (const auto& client : clients) {
            if (client->client.poll_timeout() > now) continue;
            client->client.handle_timeout(now);
            take_client_events(*client);
        }
        drain();
    }
    void take_server_events() {
        while (const auto event = server->poll_event()) {
            if (event->kind == SecureEvent::Kind::resting) {
                rests.push_back(event->slot);
                continue;
            }
            server_events.push_back(take(*event, now));
            if (on_server_event) on_server_event(server_events.back());
        }
    }
    void take_client_events(TestClient& client) {
        while (const auto event = client.client.poll_event()) client.events.push_back(take(*event, now));
    }

    SeededEntropy issuer_;
    SeededEntropy server_entropy_;
    std::multimap<TimePoint, Flight> air_;
    std::uint64_t client_seed_ = 100;  // each client is a process with entropy of its own
    int stuck_ = 0;
};

}  // namespace squall::secure::testing
