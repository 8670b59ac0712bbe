// A process that can be watched: one line for the live endpoint, one for the metrics. Run it with --serve and
// look with squall-gui, `squall-loadgen watch` or a browser; without, it watches itself for a moment and
// checks what it sees.
#include <cstdio>
#include <string>

#include "squall/remotes/remotes.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/http_client.hpp"
#include "squall/runtime/metrics_endpoint.hpp"
#include "squall/runtime/process_directory.hpp"
#include "squall/runtime/profiler_endpoint.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/wall_clock.hpp"

using namespace std::chrono_literals;

struct Shot {
    float x = 0;
    float y = 0;
};

int main(int argc, char** argv) {
    const bool serve = argc > 1 && std::string(argv[1]) == "--serve";
    auto host = std::move(*squall::AsioHost::make());
    squall::SystemEntropy entropy;
    squall::ServerConfig config;
    config.transport.protocol_id = 1;
    config.transport.channels = squall::remotes::remote_channels();
    config.addresses = {squall::Address::loopback(40000)};
    config.wall_clock = squall::wall_clock_anchor(*host);
    entropy.fill(config.private_key);
    auto server = std::move(*squall::ServerEndpoint::make(host->now(), config, entropy));
    squall::remotes::Remotes remotes(*server);
    if (!remotes.event<Shot>("shot")) return 1;

    // Watch the endpoint and its remotes, and show them.
    squall::Profiler profiler({.name = "example", .usage = squall::process_usage, .at = host->now()});
    profiler.watch(1, *server);
    profiler.watch(remotes);
    remotes.set_trace(&profiler, 1);
    squall::ProfilerEndpointOptions live;
    live.name = "example";
    if (serve) live.directory = squall::process_directory("");
    auto endpoint = squall::ProfilerEndpoint::start(live);
    auto metrics = squall::MetricsEndpoint::start({});
    if (!endpoint || !metrics) return 1;
    profiler.add(**endpoint);
    profiler.add(**metrics);

    squall::AttachOptions timer_only;
    timer_only.with_socket = false;
    if (!host->attach(remotes, {}) || !host->attach(profiler, timer_only)) return 1;
    const std::string page = "http://" + to_string((*metrics)->local_address()) + "/metrics";
    std::printf("live at %s, %s\n", to_string((*endpoint)->local_address()).c_str(), page.c_str());
    host->run_until(serve ? squall::kNever : host->now() + 300ms);

    auto client = squall::HttpClient::make();
    const auto url = squall::Url::parse(page);
    if (!client || !url) return 1;
    const auto seen = (*client)->get(*url);
    if (!seen) return 1;
    const bool is_there =
        squall::as_text(seen->body).find("squall_build_info{name=\"example\"") != std::string_view::npos;
    remotes.set_trace(nullptr, 1);
    return is_there ? 0 : 1;
}
