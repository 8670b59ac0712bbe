// One connection of an HTTP server, from its first byte to its last: reads requests, finds their routes,
// calls handlers and writes answers. Knows no other connection and owns no thread.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "runtime/http/byte_stream.hpp"
#include "runtime/http/message_parser.hpp"
#include "squall/runtime/http_server.hpp"

namespace squall::runtime {

// What all connections of a server share.
struct ServerContext {
    HttpServerOptions options;
    std::vector<HttpRoute> routes;
    std::optional<TlsContext> tls;
    Signal stopping;  // no further requests
    Signal cut_off;   // no further byte
    Signal crowded;   // connections wait for a worker: idle ones make room
    std::atomic<bool> is_stopping{false};
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> refused_connections{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> refused_requests{0};
    std::atomic<std::uint64_t> failed_handshakes{0};
    std::atomic<std::uint64_t> failed_connections{0};
};

class ServerConnection {
  public:
    ServerConnection(ServerContext& context, ByteStream stream, const Address& from, Timer timer);
    // Serves until the peer or a limit ends it.
    void run();

  private:
    enum class Next { request, close };

    [[nodiscard]] Patience reading() const;
    [[nodiscard]] Patience sending() const;
    bool wait_for_request();
    Next serve();
    Result<> read_head(MessageParser& parser);
    Result<> read_body(MessageParser& parser);
    Result<> fill();
    bool build_request(const MessageHead& head, HttpAccess& access);
    const HttpRoute* find_route(int& status_code, std::string& allowed) const;
    [[nodiscard]] bool body_fits(const MessageHead& head, const HttpRoute& route) const;
    Next answer(HttpResponse response, HttpAccess& access, bool keep_alive);
    Next refuse(int status_code, std::string note, HttpAccess& access, const std::string& allowed = {});
    Next give_up(const Error& error, HttpAccess& access);
    void drain();
    void report(HttpAccess& access);

    ServerContext& context_;
    ByteStream stream_;
    Address from_;
    Timer timer_;
    HttpRequest request_;
    bool is_http10_ = false;
    unsigned served_ = 0;
    std::vector<std::byte> buffer_;
    std::size_t filled_ = 0;
};

}  // namespace squall::runtime
