// ENet from the distribution: one host with all peers as the server, one host a client, unreliable packets on
// one channel.
#include <enet/enet.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "bench/cost/contest.hpp"
#include "bench/cost/paced_clients.hpp"

namespace squall::bench {
namespace {

struct HostCloser {
    void operator()(ENetHost* host) const { enet_host_destroy(host); }
};
using HostPointer = std::unique_ptr<ENetHost, HostCloser>;

// ENet's own counters are 32 bits wide and are reset by whoever reads them.
void collect(ENetHost& host, WireCount& wire) {
    wire.datagrams += host.totalSentPackets;
    wire.bytes += host.totalSentData;
    host.totalSentPackets = 0;
    host.totalSentData = 0;
}

// By default ENet lets some unreliable packets go when the round trip time varies; with no deceleration it
// never does.
void set_throttle(ENetPeer* peer, bool throttled) {
    if (!throttled) enet_peer_throttle_configure(peer, 1000, ENET_PEER_PACKET_THROTTLE_SCALE, 0);
}

void send_message(Meter& meter, ENetPeer* peer, std::uint32_t number) {
    ENetPacket* packet = enet_packet_create(nullptr, kMessageBytes, 0);
    meter.write_message({reinterpret_cast<std::byte*>(packet->data), kMessageBytes}, number);
    if (enet_peer_send(peer, 0, packet) == 0)
        meter.count_sent();
    else
        enet_packet_destroy(packet);
}

void take_message(Meter& meter, ENetPacket* packet) {
    meter.count_received({reinterpret_cast<const std::byte*>(packet->data), packet->dataLength});
    enet_packet_destroy(packet);
}

void run_enet_server(const ContestOptions& options, Contest& contest) {
    enet_initialize();
    ENetAddress address{};
    enet_address_set_host(&address, "127.0.0.1");
    const HostPointer host(enet_host_create(&address, options.clients, 1, 0, 0));
    if (!host) return contest.fail("ENet cannot make a server with so many peers (its limit is 4095)");
    enlarge_buffers(host->socket);
    WireCount wire;
    Meter meter(contest, contest.server, [&] {
        collect(*host, wire);
        return wire;
    });
    std::vector<ENetPeer*> peers;
    TickLoop loop(options, host->socket);
    contest.server_port.store(host->address.port);
    while (meter.phase() != Phase::finished) {
        ENetEvent event{};
        for (int i = 0; i < kMaxTakenAtOnce && enet_host_service(host.get(), &event, 0) > 0; ++i) {
            if (event.type == ENET_EVENT_TYPE_CONNECT) {
                peers.push_back(event.peer);
            } else if (event.type == ENET_EVENT_TYPE_RECEIVE) {
                take_message(meter, event.packet);
            } else if (event.type == ENET_EVENT_TYPE_DISCONNECT) {
                std::erase(peers, event.peer);
            }
        }
        std::uint64_t tick = 0;
        if (loop.tick_is_due(read_clock(), tick)) {
            for (std::size_t i = tick % 2; meter.may_send() && i < peers.size(); i += 2)
                send_message(meter, peers[i], static_cast<std::uint32_t>(i));
            enet_host_flush(host.get());
        }
        loop.wait();
    }
    contest.server.kernel_drops = kernel_drops(host->socket);
}

// Served when its socket can be read, when it has something to send, and twenty times a second for its
// timers.
struct EnetClient {
    HostPointer host;
    ENetPeer* peer = nullptr;
    bool is_connected = false;
    SendTimes times;
};

class EnetClients {
  public:
    EnetClients(const ContestOptions& options, Contest& contest, bool throttled)
        : options_(options),
          contest_(contest),
          throttled_(throttled),
          meter_(contest, contest.clients, [this] {
              for (EnetClient& client : clients_) collect(*client.host, wire_);
              return wire_;
          }) {
        enet_initialize();
        enet_address_set_host(&server_, "127.0.0.1");
        server_.port = static_cast<enet_uint16>(contest.server_port.load());
    }
    ~EnetClients() { ::close(epoll_); }

    void run() {
        while (meter_.phase() != Phase::finished) {
            contest_.clients_are_ready.store(connected_ == options_.clients);
            if (clients_.size() < options_.clients && clients_.size() < connected_ + 50 && !add_client())
                return;
            std::array<epoll_event, 256> events;
            const int count = ::epoll_wait(epoll_, events.data(), events.size(), 1);
            for (int i = 0; i < count; ++i) serve(clients_[events[static_cast<std::size_t>(i)].data.u32]);
            send_what_is_due();
        }
        for (EnetClient& client : clients_)
            contest_.clients.kernel_drops += kernel_drops(client.host->socket);
    }

  private:
    bool add_client() {
        const auto number = static_cast<std::uint32_t>(clients_.size());
        EnetClient client{HostPointer(enet_host_create(nullptr, 1, 1, 0, 0)), nullptr, false,
                          SendTimes(number, options_.clients)};
        if (client.host) client.peer = enet_host_connect(client.host.get(), &server_, 1, 0);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u32 = number;
        if (client.peer == nullptr || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.host->socket, &event) != 0) {
            contest_.fail("an ENet client cannot be made");
            return false;
        }
        clients_.push_back(std::move(client));
        serve(clients_.back());
        return true;
    }
    void serve(EnetClient& client) {
        ENetEvent event{};
        while (enet_host_service(client.host.get(), &event, 0) > 0) {
            if (event.type == ENET_EVENT_TYPE_CONNECT) {
                client.is_connected = true;
                ++connected_;
                set_throttle(client.peer, throttled_);
                client.times.start(read_clock());
            } else if (event.type == ENET_EVENT_TYPE_RECEIVE) {
                take_message(meter_, event.packet);
            } else if (event.type == ENET_EVENT_TYPE_DISCONNECT) {
                contest_.fail("an ENet client lost its connection");
            }
        }
    }
    void send_what_is_due() {
        const TimePoint now = read_clock();
        const bool serve_all = now >= next_service_;
        if (serve_all) next_service_ = now + std::chrono::milliseconds(50);
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            EnetClient& client = clients_[i];
            if (client.is_connected && now >= client.times.next()) {
                client.times.advance(now);
                if (!meter_.may_send()) continue;
                send_message(meter_, client.peer, static_cast<std::uint32_t>(i));
                serve(client);
            } else if (serve_all) {
                serve(client);
            }
        }
    }

    const ContestOptions& options_;
    Contest& contest_;
    const bool throttled_;
    WireCount wire_;
    std::vector<EnetClient> clients_;
    Meter meter_;
    ENetAddress server_{};
    std::size_t connected_ = 0;
    TimePoint next_service_{};
    int epoll_ = ::epoll_create1(0);
};

}  // namespace

Arm enet_arm(bool throttled) {
    return {throttled ? "ENet unreliable, defaults" : "ENet unreliable, throttle off", run_enet_server,
            [throttled](const ContestOptions& options, Contest& contest) {
                EnetClients(options, contest, throttled).run();
            }};
}

}  // namespace squall::bench
