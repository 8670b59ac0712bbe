// handshake_rate: token handshakes that one core of a server makes a second: from the connection request to
// the client's first packet after the challenge. Endpoints in memory, so that it is the library that is
// measured and not the kernel; the server's calls are timed apart from the clients'.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "bench/support/crowd.hpp"
#include "bench/support/machine.hpp"
#include "bench/support/markdown_table.hpp"
#include "bench/support/suite_list.hpp"

namespace {

using namespace squall;
using namespace squall::bench;

struct Rate {
    double server_us = 0;
    double client_us = 0;
    std::size_t connected = 0;
};

Rate measure(Suite suite, std::uint32_t clients, std::uint32_t at_once) {
    Crowd crowd(suite, clients, {{.name = "state", .mode = ChannelMode::unreliable}});
    const std::uint64_t server_before = crowd.server_usage.processor_ns;
    const std::uint64_t client_before = crowd.client_usage.processor_ns;
    Rate rate;
    for (std::uint32_t i = 0; i < clients; i += at_once)
        rate.connected = crowd.connect(i, std::min(i + at_once, clients));
    const double count = static_cast<double>(std::max<std::size_t>(rate.connected, 1));
    rate.server_us = static_cast<double>(crowd.server_usage.processor_ns - server_before) / 1e3 / count;
    rate.client_us = static_cast<double>(crowd.client_usage.processor_ns - client_before) / 1e3 / count;
    return rate;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint32_t clients = 4000;
    std::uint32_t at_once = 128;
    int rounds = 3;
    CLI::App app("Token handshakes a second that one core of a server makes, suite by suite");
    app.add_option("--clients", clients, "handshakes, each by a client of its own")
        ->check(CLI::Range(1, 65'536));
    app.add_option("--at-once", at_once, "handshakes under way at a time")->check(CLI::Range(1, 65'536));
    app.add_option("--rounds", rounds, "the best of so many")->check(CLI::Range(1, 100));
    CLI11_PARSE(app, argc, argv);
    MarkdownTable table(
        {"suite", "connected", "server us/handshake", "handshakes/s a core", "client us/handshake"});
    for (const Suite suite : available_suites()) {
        Rate best{1e9, 1e9, 0};
        for (int round = 0; round < rounds; ++round) {
            const Rate rate = measure(suite, clients, at_once);
            if (rate.server_us < best.server_us) best = rate;
        }
        table.add({std::string(to_string(suite)), fmt::format("{}", best.connected),
                   fmt::format("{:.1f}", best.server_us), fmt::format("{:.0f}", 1e6 / best.server_us),
                   fmt::format("{:.1f}", best.client_us)});
    }
    fmt::print("{} handshakes, {} at a time, best of {}, {}\n\n{}", clients, at_once, rounds, machine_text(),
               table.to_string());
}
