// idle_memory: heap bytes that a connection holds at each end, suite by suite: just connected, and idle again
// after it was used. Endpoints in memory, in virtual time; the kernel's share is not in it.
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

struct Memory {
    double server = 0;
    double client = 0;
};

std::vector<ChannelConfig> channels() {
    return {{.name = "state", .mode = ChannelMode::unreliable_sequenced},
            {.name = "chat", .mode = ChannelMode::reliable_ordered}};
}

// A second of play: 20 messages a second each way, and a reliable one each.
void play(Crowd& crowd) {
    const std::array<std::byte, 64> message{};
    for (int round = 0; round < 20; ++round) {
        for (std::uint32_t i = 0; i < crowd.connections().size(); ++i) {
            (void)crowd.server().send(crowd.now(), crowd.connections()[i], ChannelId{0}, message);
            (void)crowd.client(i).send(crowd.now(), crowd.client(i).connection(), ChannelId{0}, message);
            if (round > 0) continue;
            (void)crowd.server().send(crowd.now(), crowd.connections()[i], ChannelId{1}, message);
            (void)crowd.client(i).send(crowd.now(), crowd.client(i).connection(), ChannelId{1}, message);
        }
        crowd.run(50ms, 10ms);
    }
}

void measure(Suite suite, std::uint32_t clients, MarkdownTable& table) {
    Crowd crowd(suite, clients, channels());
    const double count = clients;
    const Memory empty{static_cast<double>(crowd.server_usage.heap_bytes),
                       static_cast<double>(crowd.client_usage.heap_bytes)};
    constexpr std::uint32_t kAtOnce = 200;
    std::size_t connected = 0;
    for (std::uint32_t i = 0; i < clients; i += kAtOnce)
        connected = crowd.connect(i, std::min(i + kAtOnce, clients));
    crowd.run(3s, 50ms);
    const Memory fresh{static_cast<double>(crowd.server_usage.heap_bytes),
                       static_cast<double>(crowd.client_usage.heap_bytes)};
    play(crowd);
    crowd.run(5s, 50ms);
    const Memory used{static_cast<double>(crowd.server_usage.heap_bytes),
                      static_cast<double>(crowd.client_usage.heap_bytes)};
    table.add({std::string(to_string(suite)), fmt::format("{}", connected),
               fmt::format("{:.0f}", empty.server / count), fmt::format("{:.0f}", fresh.server / count),
               fmt::format("{:.0f}", used.server / count), fmt::format("{:.0f}", empty.client / count),
               fmt::format("{:.0f}", fresh.client / count), fmt::format("{:.0f}", used.client / count)});
}

}  // namespace

int main(int argc, char** argv) {
    std::uint32_t clients = 1000;
    CLI::App app("Heap bytes of an idle connection at each end, suite by suite");
    app.add_option("--clients", clients, "connections")->check(CLI::Range(1, 65'536));
    CLI11_PARSE(app, argc, argv);
    MarkdownTable table({"suite", "connected", "server, slot only", "server, fresh", "server, after use",
                         "client, no connection", "client, fresh", "client, after use"});
    for (const Suite suite : available_suites()) measure(suite, clients, table);
    fmt::print("{} connections, 2 channels, {}; heap bytes a connection and side\n\n{}", clients,
               machine_text(), table.to_string());
}
