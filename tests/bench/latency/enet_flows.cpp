// ENet's side of loss_latency: one host as the server, one a client, reliable packets on one channel, served
// every millisecond.
#include <enet/enet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "bench/latency/flows.hpp"

namespace squall::bench {
namespace {

// Drives ENet from the host's pump; its sockets are ENet's own.
class EnetFlows final : public Flows, public Node {
  public:
    EnetFlows(AsioHost& host, const FlowOptions& options) {
        enet_initialize();
        ENetAddress address{};
        enet_address_set_host(&address, "127.0.0.1");
        server_ = enet_host_create(&address, options.flows, 1, 0, 0);
        if (server_ == nullptr) fail();
        for (std::uint32_t i = 0; i < options.flows; ++i) {
            address.port = add_relay(host, Address::loopback(server_->address.port), options).port();
            Client client;
            client.host = enet_host_create(nullptr, 1, 1, 0, 0);
            if (client.host == nullptr) fail();
            client.peer = enet_host_connect(client.host, &address, 1, 0);
            client.next_tick = host.now() + kFlowInterval * i / options.flows;
            clients_.push_back(client);
        }
        next_server_tick_ = next_turn_ = host.now();
        if (!host.attach(*this, {.with_socket = false})) fail();
    }
    ~EnetFlows() override {
        for (const Client& client : clients_) enet_host_destroy(client.host);
        enet_host_destroy(server_);
    }
    EnetFlows(const EnetFlows&) = delete;
    EnetFlows& operator=(const EnetFlows&) = delete;

    [[nodiscard]] std::string name() const override { return "ENet, reliable"; }
    [[nodiscard]] bool is_ready() const override {
        return peers_.size() == clients_.size() &&
               std::ranges::all_of(clients_, [](const Client& client) { return client.is_connected; });
    }

    void receive(TimePoint, const Address&, MutableBytes) override {}
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override { return std::nullopt; }
    [[nodiscard]] TimePoint poll_timeout() const override { return next_turn_; }
    void handle_timeout(TimePoint now) override {
        if (now < next_turn_) return;
        next_turn_ = now + std::chrono::milliseconds(1);
        serve(now, server_, nullptr);
        for (Client& client : clients_) serve(now, client.host, &client);
        if (now >= next_server_tick_) {
            next_server_tick_ += kFlowInterval;
            for (ENetPeer* peer : peers_) send(now, peer);
            enet_host_flush(server_);
        }
        for (Client& client : clients_) {
            if (now < client.next_tick) continue;
            client.next_tick += kFlowInterval;
            if (client.is_connected) send(now, client.peer);
            enet_host_flush(client.host);
        }
    }

  private:
    struct Client {
        ENetHost* host = nullptr;
        ENetPeer* peer = nullptr;
        bool is_connected = false;
        TimePoint next_tick{};
    };
    [[noreturn]] static void fail() {
        fmt::print(stderr, "loss_latency: an ENet host cannot be made\n");
        std::exit(1);
    }
    void serve(TimePoint now, ENetHost* host, Client* client) {
        ENetEvent event{};
        while (enet_host_service(host, &event, 0) > 0) {
            if (event.type == ENET_EVENT_TYPE_RECEIVE) {
                log.take_message(
                    now, {reinterpret_cast<const std::byte*>(event.packet->data), event.packet->dataLength});
                enet_packet_destroy(event.packet);
            } else if (event.type == ENET_EVENT_TYPE_CONNECT && client != nullptr) {
                client->is_connected = true;
            } else if (event.type == ENET_EVENT_TYPE_CONNECT) {
                peers_.push_back(event.peer);
            } else if (event.type == ENET_EVENT_TYPE_DISCONNECT && client == nullptr) {
                std::erase(peers_, event.peer);
            }
        }
    }
    void send(TimePoint now, ENetPeer* peer) {
        ENetPacket* packet = enet_packet_create(nullptr, kFlowMessageBytes, ENET_PACKET_FLAG_RELIABLE);
        log.write_message(now, {reinterpret_cast<std::byte*>(packet->data), kFlowMessageBytes});
        if (enet_peer_send(peer, 0, packet) != 0) enet_packet_destroy(packet);
    }

    ENetHost* server_ = nullptr;
    std::vector<ENetPeer*> peers_;
    std::vector<Client> clients_;
    TimePoint next_server_tick_{};
    TimePoint next_turn_{};
};

}  // namespace

std::unique_ptr<Flows> make_enet_flows(AsioHost& host, const FlowOptions& options) {
    return std::make_unique<EnetFlows>(host, options);
}

}  // namespace squall::bench
