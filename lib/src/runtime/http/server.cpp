// The threads of an HTTP server: one accepts, some serve.
#include "squall/runtime/http_server.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "runtime/http/connection_queue.hpp"
#include "runtime/http/server_connection.hpp"
#include "runtime/socket_address.hpp"
#include "runtime/system_error.hpp"

namespace squall {

using runtime::Descriptor;

namespace {

struct Listener {
    Descriptor socket;
    Address address;
};

Result<Listener> listen_on(const Address& bind) {
    const int family = runtime::family_of(bind);
    Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return std::unexpected(runtime::bind_error(errno, "TCP", bind));
    const int one = 1;
    const int zero = 0;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    runtime::SocketAddress address{};
    socklen_t length = runtime::write_address(bind, family, address);
    if (::bind(socket.get(), &address.any, length) != 0 || ::listen(socket.get(), 128) != 0)
        return std::unexpected(runtime::bind_error(errno, "TCP", bind));
    length = sizeof address;
    if (::getsockname(socket.get(), &address.any, &length) != 0)
        return std::unexpected(runtime::system_error(errno, "getsockname"));
    return Listener{std::move(socket), runtime::read_address(address)};
}

template <class T>
Result<> check_range(std::string_view name, T value, T low, T high) {
    if (value >= low && value <= high) return {};
    return fail(ErrorCode::invalid_argument,
                fmt::format("HttpServerOptions::{} is {}; it must be {} to {}", name, value, low, high));
}

Result<> check(const HttpServerOptions& options) {
    if (!options.bind.is_valid())
        return fail(ErrorCode::invalid_argument, "HttpServerOptions::bind is no address");
    for (const auto& checked :
         {check_range<std::size_t>("workers", options.workers, 1, 256),
          check_range<std::size_t>("max_waiting_connections", options.max_waiting_connections, 1, 4096),
          check_range<std::size_t>("max_header_bytes", options.max_header_bytes, 1024, 1024 * 1024),
          check_range<std::size_t>("max_requests_per_connection", options.max_requests_per_connection, 1,
                                   1'000'000'000)})
        if (!checked) return checked;
    for (const Duration duration :
         {options.request_timeout, options.send_timeout, options.keep_alive_timeout})
        if (duration <= Duration::zero())
            return fail(
                ErrorCode::invalid_argument,
                "HttpServerOptions: request_timeout, send_timeout and keep_alive_timeout must be more "
                "than zero");
    return {};
}

Result<> check(const std::vector<HttpRoute>& routes) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
        const HttpRoute& route = routes[i];
        const std::string name = fmt::format("route {} {}", to_string(route.method), route.path);
        if (!route.path.starts_with('/'))
            return fail(ErrorCode::invalid_argument, fmt::format("{}: a path begins with '/'", name));
        if (!route.handler)
            return fail(ErrorCode::invalid_argument, fmt::format("{}: it has no handler", name));
        for (std::size_t k = 0; k < i; ++k)
            if (routes[k].method == route.method && routes[k].path == route.path)
                return fail(ErrorCode::invalid_argument, fmt::format("{}: it is there twice", name));
    }
    return {};
}

}  // namespace

struct HttpServer::State {
    State(const HttpServerOptions& options, std::vector<HttpRoute> routes,
          std::optional<runtime::TlsContext> tls, runtime::Signal stopping, runtime::Signal cut_off,
          runtime::Signal crowded, runtime::Signal all_done, Listener listening)
        : context{.options = options,
                  .routes = std::move(routes),
                  .tls = std::move(tls),
                  .stopping = std::move(stopping),
                  .cut_off = std::move(cut_off),
                  .crowded = std::move(crowded)},
          done(std::move(all_done)),
          listener(std::move(listening)),
          queue(options.max_waiting_connections, options.max_connections_per_address, context.crowded) {}

    Result<> start();

    void accept();
    bool accept_one();
    void serve();
    void serve(runtime::WaitingConnection connection);
    void stop();

    runtime::ServerContext context;
    runtime::Signal done;  // the last worker has ended
    Listener listener;
    runtime::ConnectionQueue queue;
    std::atomic<unsigned> running{0};
    std::vector<std::thread> workers;
    std::thread acceptor;
};

Result<> HttpServer::State::start() {
    try {
        for (unsigned i = 0; i < context.options.workers; ++i) {
            ++running;
            workers.emplace_back([this] { serve(); });
        }
        acceptor = std::thread([this] { accept(); });
    } catch (const std::system_error& error) {
        queue.close();
        for (auto& worker : workers) worker.join();
        workers.clear();
        return fail(ErrorCode::io, fmt::format("cannot start {} threads (workers) and one more: {}",
                                               context.options.workers, error.what()));
    }
    return {};
}

void HttpServer::State::accept() {
    std::array<pollfd, 2> watched{
        {{listener.socket.get(), POLLIN, 0}, {context.stopping.descriptor(), POLLIN, 0}}};
    for (;;) {
        if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
        if (watched[1].revents != 0) return;
        if (watched[0].revents == 0 || accept_one()) continue;
        // No descriptor is left: what is under way must end first.
        pollfd stopping{context.stopping.descriptor(), POLLIN, 0};
        ::poll(&stopping, 1, 100);
    }
}

// False: the system could not accept for want of something that comes back.
bool HttpServer::State::accept_one() {
    runtime::SocketAddress address{};
    socklen_t length = sizeof address;
    Descriptor socket(::accept4(listener.socket.get(), &address.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
    const int one = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    runtime::WaitingConnection connection{std::move(socket), runtime::read_address(address)};
    // Counted before it is closed: whoever sees it close finds it in the statistics.
    if (!queue.offer(std::move(connection))) ++context.refused_connections;
    return true;
}

void HttpServer::State::serve() {
    while (auto connection = queue.take()) serve(std::move(*connection));
    if (--running == 0) done.raise();
}

void HttpServer::State::serve(runtime::WaitingConnection connection) {
    const Address from = connection.from;
    if (auto timer = runtime::Timer::make()) {
        ++context.connections;
        // A sink, a source or on_access of the user's may throw: that ends the connection, not the program.
        try {
            runtime::ServerConnection(context, runtime::ByteStream(std::move(connection.socket)), from,
                                      std::move(*timer))
                .run();
        } catch (...) {
            ++context.failed_connections;
        }
    } else {
        ++context.refused_connections;
    }
    queue.release(from);
}

void HttpServer::State::stop() {
    if (!acceptor.joinable()) return;
    context.is_stopping = true;
    context.stopping.raise();
    acceptor.join();
    listener.socket.reset();
    queue.close();
    pollfd finished{done.descriptor(), POLLIN, 0};
    const auto grace = std::chrono::ceil<std::chrono::milliseconds>(context.options.stop_grace).count();
    ::poll(&finished, 1, static_cast<int>(std::clamp<std::int64_t>(grace, 0, 1'000'000'000)));
    context.cut_off.raise();
    for (auto& worker : workers) worker.join();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpServerOptions& options,
                                                      std::vector<HttpRoute> routes) {
    if (auto checked = check(options); !checked) return std::unexpected(checked.error());
    if (auto checked = check(routes); !checked) return std::unexpected(checked.error());
    std::optional<runtime::TlsContext> tls;
    if (options.tls) {
        auto made = runtime::TlsContext::for_server(*options.tls);
        if (!made) return std::unexpected(made.error());
        tls = std::move(*made);
    }
    std::array<Result<runtime::Signal>, 4> signals = {runtime::Signal::make(), runtime::Signal::make(),
                                                      runtime::Signal::make(), runtime::Signal::make()};
    for (const auto& signal : signals)
        if (!signal) return std::unexpected(signal.error());
    auto listener = listen_on(options.bind);
    if (!listener) return std::unexpected(listener.error());
    auto state = std::make_unique<State>(options, std::move(routes), std::move(tls), std::move(*signals[0]),
                                         std::move(*signals[1]), std::move(*signals[2]),
                                         std::move(*signals[3]), std::move(*listener));
    if (auto started = state->start(); !started) return std::unexpected(started.error());
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() {
    state_->stop();
}

Address HttpServer::local_address() const {
    return state_->listener.address;
}

HttpServerStatistics HttpServer::statistics() const {
    const auto& context = state_->context;
    return {.connections = context.connections,
            .refused_connections = context.refused_connections,
            .requests = context.requests,
            .refused_requests = context.refused_requests,
            .failed_handshakes = context.failed_handshakes,
            .failed_connections = context.failed_connections};
}

void HttpServer::stop() {
    state_->stop();
}

}  // namespace squall
