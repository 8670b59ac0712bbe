// loss_latency: how long a reliable message takes when packets get lost. 60 messages a second of 64 bytes
// both ways, through simulated links (the same for both libraries, at the same time, in the same process):
// Squall beside ENet. Latency is one way, from the application's send to the application's receive.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "bench/latency/flows.hpp"
#include "bench/support/machine.hpp"
#include "bench/support/markdown_table.hpp"

namespace {

using namespace std::chrono_literals;
using namespace squall;
using namespace squall::bench;

Duration quantile(std::vector<Duration>& sorted, double share) {
    if (sorted.empty()) return Duration{};
    const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5);
    return sorted[index];
}

std::vector<std::string> row(Flows& flows, std::uint64_t bytes, std::uint64_t datagrams, double seconds) {
    auto& latencies = flows.log.latencies();
    std::sort(latencies.begin(), latencies.end());
    const double sent = static_cast<double>(std::max<std::uint64_t>(flows.log.sent(), 1));
    std::vector<std::string> cells{flows.name()};
    for (const double share : {0.5, 0.9, 0.95, 0.99, 0.999, 1.0})
        cells.push_back(fmt::format("{:.1f}", to_milliseconds(quantile(latencies, share))));
    cells.push_back(fmt::format("{:.1f}", static_cast<double>(bytes) / sent));
    cells.push_back(fmt::format(
        "{:.0f}", static_cast<double>(datagrams) / seconds / static_cast<double>(2 * flows.relays.size())));
    cells.push_back(fmt::format("{}", flows.log.sent()));
    cells.push_back(fmt::format("{:.4f}", static_cast<double>(latencies.size()) / sent));
    return cells;
}

bool run(const FlowOptions& options, Duration seconds, Suite suite, MarkdownTable& table) {
    auto host = AsioHost::make({.precise_timers = true});
    if (!host) {
        fmt::print(stderr, "loss_latency: {}\n", host.error().message);
        return false;
    }
    std::vector<std::unique_ptr<Flows>> all;
    all.push_back(make_enet_flows(**host, options));
    all.push_back(make_squall_flows(**host, options, suite));
    const auto ready = [&] {
        return std::ranges::all_of(all, [](const auto& flows) { return flows->is_ready(); });
    };
    const TimePoint give_up = (*host)->now() + 20s;
    while (!ready() && (*host)->now() < give_up) (*host)->run_until((*host)->now() + 20ms);
    if (!ready()) {
        fmt::print(stderr, "loss_latency: not all connections came up within 20 s\n");
        return false;
    }
    (*host)->run_until((*host)->now() + 1s);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> before;
    for (const auto& flows : all) {
        flows->log.set_recording(true);
        before.emplace_back(flows->ip_bytes(), flows->datagrams());
    }
    (*host)->run_until((*host)->now() + seconds);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> after;
    for (const auto& flows : all) {
        flows->log.set_recording(false);
        after.emplace_back(flows->ip_bytes(), flows->datagrams());
    }
    (*host)->run_until((*host)->now() + 1500ms);
    for (std::size_t i = 0; i < all.size(); ++i)
        table.add(row(*all[i], after[i].first - before[i].first, after[i].second - before[i].second,
                      to_seconds(seconds)));
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    FlowOptions options;
    double seconds = 10;
    double loss = 5;
    double delay_ms = 27.5;
    double jitter_ms = 2.5;
    std::string suite_name = "aes256-gcm";
    CLI::App app(
        "Latency of reliable messages under loss: Squall beside ENet, over the same simulated links");
    app.add_option("--flows", options.flows, "connections of each library")->check(CLI::Range(1, 1000));
    app.add_option("--seconds", seconds, "measured time")->check(CLI::Range(1.0, 3600.0));
    app.add_option("--loss", loss, "lost packets in percent, each way")->check(CLI::Range(0.0, 90.0));
    app.add_option("--delay", delay_ms, "one-way delay in milliseconds")->check(CLI::Range(0.0, 1000.0));
    app.add_option("--jitter", jitter_ms, "evenly over delay +- this, in milliseconds")
        ->check(CLI::Range(0.0, 1000.0));
    app.add_option("--seed", options.seed, "of the links");
    app.add_option("--suite", suite_name, "aes256-gcm, netcode, signed or none");
    CLI11_PARSE(app, argc, argv);
    const auto suite = suite_from_string(suite_name);
    if (!suite || !is_available(*suite)) {
        fmt::print(stderr,
                   "loss_latency: --suite '{}' is not one that this machine offers: aes256-gcm, netcode, "
                   "signed, none\n",
                   suite_name);
        return 2;
    }
    options.link.delay = Duration(static_cast<std::int64_t>(delay_ms * 1e6));
    options.link.jitter = Duration(static_cast<std::int64_t>(jitter_ms * 1e6));
    options.link.loss = per_million(static_cast<std::uint64_t>(loss * 1e4));
    MarkdownTable table({"library", "p50 ms", "p90", "p95", "p99", "p99.9", "max", "IP B/message",
                         "datagrams/s a direction", "messages", "delivered"});
    if (!run(options, Duration(static_cast<std::int64_t>(seconds * 1e9)), *suite, table)) return 1;
    fmt::print(
        "{} connections each, 60 reliable messages/s x {} B both ways, {} % loss, {} ms +- {} ms one way, "
        "seed {}, {} s; {}\n\n{}",
        options.flows, kFlowMessageBytes, loss, delay_ms, jitter_ms, options.seed, seconds, machine_text(),
        table.to_string());
}
