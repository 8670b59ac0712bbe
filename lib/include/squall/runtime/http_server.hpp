// An HTTP/1.1 server on threads of its own, over TCP or TLS: routes with handlers, and bounds on everything
// that a peer can make grow. For tokens, metrics and control beside a game server. Knows nothing of files,
// sessions or compression.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/runtime/http_message.hpp"

namespace squall {

// PEM files. The certificate file holds the server's certificate first, then those that lead to the
// authority.
struct TlsFiles {
    std::string certificate{};
    std::string private_key{};
};

// One answered request, as a log may show it.
struct HttpAccess {
    Address from{};
    std::string method{};  // "-" if no request could be read
    std::string path{};
    int status_code = 0;
    std::uint64_t request_bytes = 0;   // of the body
    std::uint64_t response_bytes = 0;  // of the body
    // Why it was refused, or what went wrong; empty if nothing did.
    std::string note{};
};

struct HttpServerOptions {
    // Port 0 takes a free one; [::] takes IPv4 as well.
    Address bind = Address::loopback(0);
    // Set: https, TLS 1.2 or newer; unset: http.
    std::optional<TlsFiles> tls{};
    // Requests that are served at once, a thread each; 1 to 256.
    unsigned workers = 4;
    // Connections that may wait for a worker; beyond it new ones are closed, and counted. 1 to 4096.
    std::size_t max_waiting_connections = 128;
    // Connections that one address (an IPv6 /64) may have here, waiting ones included; 0: no limit, as behind
    // a proxy. Keeps a few slow peers from holding all workers.
    std::size_t max_connections_per_address = 0;
    // Request line and headers; 1 KiB to 1 MiB.
    std::size_t max_header_bytes = 16 * 1024;
    // For routes that do not say otherwise.
    std::uint64_t max_body_bytes = 1024 * 1024;
    // From a request's first byte (or the TLS handshake's) to its last.
    Duration request_timeout = std::chrono::seconds(10);
    // How long a peer may take no byte of an answer.
    Duration send_timeout = std::chrono::seconds(10);
    // How long a connection may wait for its next request; not at all while others wait for a worker.
    Duration keep_alive_timeout = std::chrono::seconds(5);
    unsigned max_requests_per_connection = 100;
    // How long stop() lets requests that are under way end by themselves.
    Duration stop_grace = std::chrono::seconds(5);
    // Told of every answered request, on the worker's thread: one line a request for a log. It never holds a
    // query, a header or a body, for those may be secrets.
    std::function<void(const HttpAccess&)> on_access{};
};

// What answers the requests for one path. Handlers are called on the workers' threads, several at once. One
// that throws gives status 500; what it threw is not sent.
struct HttpRoute {
    HttpMethod method = HttpMethod::get;
    // The whole path ("/token"), or with a '*' at its end all that begins so ("/files/*").
    std::string path{};
    std::function<HttpResponse(const HttpRequest&)> handler{};
    std::optional<std::uint64_t> max_body_bytes{};
    // Makes a sink for the body of one request, which then is not kept: the request has its headers, not yet
    // a body. The handler is called after the last byte.
    std::function<HttpBodySink(const HttpRequest&)> body_sink{};
};

struct HttpServerStatistics {
    std::uint64_t connections = 0;          // accepted and taken up
    std::uint64_t refused_connections = 0;  // too many waiting, or from one address
    std::uint64_t requests = 0;             // answered, whatever the status code
    std::uint64_t refused_requests = 0;     // of those, answered with 4xx or 5xx before a handler saw them
    std::uint64_t failed_handshakes = 0;    // TLS
    std::uint64_t failed_connections = 0;   // ended by an exception of a sink or of on_access
};

class HttpServer {
  public:
    // Listens, and serves from then on. Errors: address_in_use, permission_denied (bind), invalid_argument
    // (an option or a route), io and malformed (a TLS file; says which).
    [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const HttpServerOptions& options,
                                                                   std::vector<HttpRoute> routes);
    // As stop().
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // With the real port.
    [[nodiscard]] Address local_address() const;
    [[nodiscard]] HttpServerStatistics statistics() const;
    // Takes no new connections and no further requests, lets those under way end for `stop_grace`, then cuts
    // them off; returns when all threads have ended. A handler is never cut off. Not from a handler.
    void stop();

  private:
    struct State;
    explicit HttpServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall
