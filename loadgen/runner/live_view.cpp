#include "runner/live_view.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "squall/runtime/process_directory.hpp"
#include "squall/runtime/wall_clock.hpp"

namespace squall::loadgen {

std::string live_directory() {
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    return process_directory(runtime == nullptr ? "" : runtime);
}

Result<std::unique_ptr<LiveView>> LiveView::start(AsioHost& host, const LiveOptions& options,
                                                  std::string name, Duration tick_budget) {
    std::unique_ptr<LiveView> out(new LiveView(host));
    const WallClockAnchor clock = wall_clock_anchor(host);
    ProfilerConfig config;
    config.name = name;
    config.build = SQUALL_VERSION;
    config.tick_budget = tick_budget;
    config.usage = process_usage;
    config.at = clock.at;
    config.wall_time = static_cast<std::int64_t>(clock.wall.value) * 1'000'000'000;
    out->profiler_ = std::make_unique<Profiler>(std::move(config));
    if (options.port) {
        ProfilerEndpointOptions live;
        live.bind = Address::loopback(*options.port);
        live.directory = live_directory();
        live.name = name;
        live.started = clock.wall;
        if (options.has_history) live.history_directory = ".";
        auto endpoint = ProfilerEndpoint::start(live);
        if (!endpoint)
            return fail(endpoint.error().code,
                        fmt::format("the live endpoint: {}", endpoint.error().message));
        out->endpoint_ = std::move(*endpoint);
        out->profiler_->add(*out->endpoint_);
    }
    if (options.metrics) {
        MetricsEndpointOptions metrics;
        metrics.bind = *options.metrics;
        auto endpoint = MetricsEndpoint::start(metrics);
        if (!endpoint)
            return fail(endpoint.error().code, fmt::format("the metrics: {}", endpoint.error().message));
        out->metrics_ = std::move(*endpoint);
        out->profiler_->add(*out->metrics_);
    }
    AttachOptions timer_only;
    timer_only.with_socket = false;
    const auto id = host.attach(*out->profiler_, timer_only);
    if (!id) return std::unexpected(id.error());
    out->id_ = *id;
    out->is_attached_ = true;
    return out;
}

LiveView::~LiveView() {
    if (is_attached_) host_.detach(id_);
}

std::string LiveView::description() const {
    std::string out;
    if (endpoint_)
        out += fmt::format("live: {} (squall-gui, or squall-loadgen watch {})",
                           squall::to_string(endpoint_->local_address()), getpid());
    if (metrics_)
        out += fmt::format("{}metrics: http://{}/metrics", out.empty() ? "" : "; ",
                           squall::to_string(metrics_->local_address()));
    return out;
}

}  // namespace squall::loadgen
