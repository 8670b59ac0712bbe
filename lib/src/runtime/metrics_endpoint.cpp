#include "squall/runtime/metrics_endpoint.hpp"

#include <mutex>

#include "squall/recorder/metrics_text.hpp"
#include "squall/runtime/http_server.hpp"

namespace squall {

struct MetricsEndpoint::State {
    explicit State(std::size_t max_remotes) : text({.max_remotes = max_remotes}) {}
    std::mutex mutex;
    recorder::MetricsText text;
    std::unique_ptr<HttpServer> server;  // ends before what its threads read
};

MetricsEndpoint::MetricsEndpoint(std::unique_ptr<State> state) : state_(std::move(state)) {}
MetricsEndpoint::~MetricsEndpoint() = default;

Result<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::start(const MetricsEndpointOptions& options) {
    auto state = std::make_unique<State>(options.max_remotes);
    HttpServerOptions http;
    http.bind = options.bind;
    http.workers = 2;
    State* const shared = state.get();
    const auto answer = [shared](const HttpRequest&) {
        // Copied under the lock, rendered outside: a scrape never holds the profiler's thread up for long.
        const auto text = [shared] {
            const std::lock_guard lock(shared->mutex);
            return shared->text;
        }();
        return HttpResponse::from_bytes(as_bytes(text.render()), "text/plain; version=0.0.4; charset=utf-8");
    };
    auto server =
        HttpServer::start(http, {{.method = HttpMethod::get, .path = "/metrics", .handler = answer}});
    if (!server) return std::unexpected(server.error());
    state->server = std::move(*server);
    return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(std::move(state)));
}

Address MetricsEndpoint::local_address() const {
    return state_->server->local_address();
}

void MetricsEndpoint::on_frame(const recorder::ProfileFrame& frame) {
    const std::lock_guard lock(state_->mutex);
    state_->text.apply(frame);
}

}  // namespace squall
