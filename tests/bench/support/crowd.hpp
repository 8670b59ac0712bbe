// One server endpoint and many client endpoints that exchange datagrams in memory, without loss or delay, in
// a time that only moves when told. What the calls of each side cost (processor time, heap) and send is
// measured apart. No sockets.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "squall/core/entropy.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/transport/connect_token.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::bench {

inline constexpr std::size_t kIpv4AndUdpBytes = 28;

struct SideUsage {
    std::uint64_t processor_ns = 0;
    std::int64_t heap_bytes = 0;  // allocated minus freed, by whatever allocator below (OpenSSL's too)
    std::uint64_t datagrams_sent = 0;
    std::uint64_t bytes_sent = 0;  // UDP payload
    std::uint64_t messages_received = 0;
    [[nodiscard]] std::uint64_t ip_bytes_sent() const {
        return bytes_sent + datagrams_sent * kIpv4AndUdpBytes;
    }
};

class Crowd {
  public:
    // Channels: as given; `clients` client endpoints, none connected yet.
    Crowd(Suite suite, std::uint32_t clients, std::vector<ChannelConfig> channels);

    // Starts to connect clients [first, last) with tokens that were minted before, and runs until they are.
    // The number connected.
    std::size_t connect(std::uint32_t first, std::uint32_t last);
    // Exchanges what there is until nothing is left, then lets `span` pass in steps.
    void run(Duration span, Duration step);
    void exchange();

    [[nodiscard]] TimePoint now() const { return now_; }
    [[nodiscard]] ServerEndpoint& server() { return *server_; }
    [[nodiscard]] ClientEndpoint& client(std::uint32_t number) { return *clients_[number]; }
    // At the server, in the order of connecting.
    [[nodiscard]] const std::vector<ConnectionId>& connections() const { return connections_; }
    SideUsage server_usage;
    SideUsage client_usage;

  private:
    // Measures one side's work for as long as it lives.
    class Metered;
    struct Mail {
        Mail() {}  // the bytes are left as they are: clearing them would be measured
        std::uint32_t client = 0;
        std::size_t size = 0;
        std::array<std::byte, kMaxDatagramBytes> bytes;
    };
    void serve_server();
    void serve_clients();
    void drain_server();
    void drain_client(std::uint32_t number);
    void take_server_events();
    void take_client_events(std::uint32_t number);

    TimePoint now_{std::chrono::seconds(1000)};
    SystemEntropy entropy_;
    std::unique_ptr<ServerEndpoint> server_;
    std::vector<std::unique_ptr<ClientEndpoint>> clients_;
    std::vector<std::unique_ptr<ConnectTokenBytes>> tokens_;
    std::vector<ConnectionId> connections_;
    std::size_t clients_connected_ = 0;
    std::vector<Mail> to_server_;
    std::vector<Mail> to_clients_;
    std::vector<Mail> in_hand_;
};

}  // namespace squall::bench
