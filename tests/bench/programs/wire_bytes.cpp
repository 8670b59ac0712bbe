// wire_bytes: IP bytes per 64-byte message, one message at a time and 64 at once, with all that comes back
// (acknowledgements, keep-alives) in it. Squall in memory and in virtual time; ENet on loopback beside it.
#include <enet/enet.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/support/crowd.hpp"
#include "bench/support/machine.hpp"
#include "bench/support/markdown_table.hpp"
#include "bench/support/suite_list.hpp"

namespace {

using namespace std::chrono_literals;
using namespace squall;
using namespace squall::bench;

constexpr std::size_t kMessageBytes = 64;
constexpr int kFlushes = 60;

struct Wire {
    double bytes_per_message = 0;
    double datagrams_per_message = 0;
    double delivered = 0;
};

// One second: 60 flushes of so many messages, from the server to its one client.
Wire measure_squall(Suite suite, ChannelId channel, int burst) {
    Crowd crowd(suite, 1,
                {{.name = "unreliable", .mode = ChannelMode::unreliable},
                 {.name = "reliable", .mode = ChannelMode::reliable_ordered}});
    crowd.connect(0, 1);
    crowd.run(2s, 10ms);
    const SideUsage server = crowd.server_usage;
    const SideUsage client = crowd.client_usage;
    std::array<std::byte, kMessageBytes> message;
    std::uint64_t sent = 0;
    for (int flush = 0; flush < kFlushes; ++flush) {
        for (int i = 0; i < burst; ++i) {
            message.fill(static_cast<std::byte>(i));
            if (crowd.server().send(crowd.now(), crowd.connections()[0], channel, message)) ++sent;
        }
        crowd.run(16'667us, 1ms);
    }
    crowd.run(100ms, 1ms);
    const double messages = static_cast<double>(std::max<std::uint64_t>(sent, 1));
    const std::uint64_t datagrams = crowd.server_usage.datagrams_sent - server.datagrams_sent +
                                    crowd.client_usage.datagrams_sent - client.datagrams_sent;
    const std::uint64_t bytes = crowd.server_usage.ip_bytes_sent() - server.ip_bytes_sent() +
                                crowd.client_usage.ip_bytes_sent() - client.ip_bytes_sent();
    return {static_cast<double>(bytes) / messages, static_cast<double>(datagrams) / messages,
            static_cast<double>(crowd.client_usage.messages_received - client.messages_received) / messages};
}

struct EnetPair {
    ENetHost* server = nullptr;
    ENetHost* client = nullptr;
    ENetPeer* at_server = nullptr;
    std::uint64_t received = 0;

    EnetPair() {
        enet_initialize();
        ENetAddress address{};
        enet_address_set_host(&address, "127.0.0.1");
        server = enet_host_create(&address, 1, 1, 0, 0);
        client = enet_host_create(nullptr, 1, 1, 0, 0);
        ENetPeer* peer = enet_host_connect(client, &server->address, 1, 0);
        for (int i = 0; i < 1000 && (at_server == nullptr || peer->state != ENET_PEER_STATE_CONNECTED); ++i)
            serve(1);
        if (at_server != nullptr)
            enet_peer_throttle_configure(at_server, 1000, ENET_PEER_PACKET_THROTTLE_SCALE, 0);
        for (int i = 0; i < 20; ++i) serve(1);
    }
    ~EnetPair() {
        enet_host_destroy(client);
        enet_host_destroy(server);
    }
    EnetPair(const EnetPair&) = delete;
    EnetPair& operator=(const EnetPair&) = delete;

    void serve(enet_uint32 milliseconds) {
        ENetEvent event{};
        while (enet_host_service(server, &event, 0) > 0)
            if (event.type == ENET_EVENT_TYPE_CONNECT) at_server = event.peer;
        while (enet_host_service(client, &event, milliseconds) > 0) {
            milliseconds = 0;
            if (event.type != ENET_EVENT_TYPE_RECEIVE) continue;
            ++received;
            enet_packet_destroy(event.packet);
        }
    }
    [[nodiscard]] std::uint64_t datagrams() const {
        return server->totalSentPackets + client->totalSentPackets;
    }
    [[nodiscard]] std::uint64_t ip_bytes() const {
        return server->totalSentData + client->totalSentData + datagrams() * kIpv4AndUdpBytes;
    }
};

Wire measure_enet(enet_uint32 flags, int burst) {
    EnetPair pair;
    if (pair.at_server == nullptr) return {};
    const std::uint64_t datagrams = pair.datagrams();
    const std::uint64_t bytes = pair.ip_bytes();
    for (int flush = 0; flush < kFlushes; ++flush) {
        for (int i = 0; i < burst; ++i)
            enet_peer_send(
                pair.at_server, 0,
                enet_packet_create(std::array<char, kMessageBytes>{}.data(), kMessageBytes, flags));
        enet_host_flush(pair.server);
        for (int i = 0; i < 4; ++i) pair.serve(4);
    }
    for (int i = 0; i < 50; ++i) pair.serve(2);
    const double messages = static_cast<double>(kFlushes) * burst;
    return {static_cast<double>(pair.ip_bytes() - bytes) / messages,
            static_cast<double>(pair.datagrams() - datagrams) / messages,
            static_cast<double>(pair.received) / messages};
}

void add_row(MarkdownTable& table, const std::string& name, const Wire& single, const Wire& burst) {
    table.add({name, fmt::format("{:.1f}", single.bytes_per_message),
               fmt::format("{:.2f}", single.datagrams_per_message),
               fmt::format("{:.1f}", burst.bytes_per_message),
               fmt::format("{:.3f}", burst.datagrams_per_message),
               fmt::format("{:.3f}", std::min(single.delivered, burst.delivered))});
}

}  // namespace

int main(int argc, char** argv) {
    int burst = 64;
    CLI::App app("IP bytes per 64-byte message: one at a time, and many at once");
    app.add_option("--burst", burst, "messages at once")->check(CLI::Range(1, 1000));
    CLI11_PARSE(app, argc, argv);
    MarkdownTable table({"library, delivery", "B/message, 1 at once", "datagrams/message",
                         fmt::format("B/message, {} at once", burst), "datagrams/message", "delivered"});
    add_row(table, "ENet (no protection), unreliable", measure_enet(0, 1), measure_enet(0, burst));
    add_row(table, "ENet (no protection), reliable", measure_enet(ENET_PACKET_FLAG_RELIABLE, 1),
            measure_enet(ENET_PACKET_FLAG_RELIABLE, burst));
    for (const Suite suite : available_suites()) {
        add_row(table, fmt::format("Squall {}, unreliable", to_string(suite)),
                measure_squall(suite, ChannelId{0}, 1), measure_squall(suite, ChannelId{0}, burst));
        add_row(table, fmt::format("Squall {}, reliable", to_string(suite)),
                measure_squall(suite, ChannelId{1}, 1), measure_squall(suite, ChannelId{1}, burst));
    }
    fmt::print("{} flushes a second for a second, one way, all traffic of both ways counted; {}\n\n{}",
               kFlushes, machine_text(), table.to_string());
}
