// TLS by OpenSSL: what a client trusts, what a server shows, and one session over a socket that does not
// block. Knows no HTTP. No signal is raised when the peer is gone.
#pragma once

#include <memory>
#include <string>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/runtime/http_server.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace squall::runtime {

class TlsContext {
  public:
    // Error: io (the authorities cannot be read).
    [[nodiscard]] static Result<TlsContext> for_client(const std::string& authorities_file,
                                                       bool accept_any_certificate);
    // Errors: io, malformed (certificate or key cannot be read, or do not fit each other).
    [[nodiscard]] static Result<TlsContext> for_server(const TlsFiles& files);
    [[nodiscard]] ssl_ctx_st* get() const { return context_.get(); }

  private:
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
    std::unique_ptr<ssl_ctx_st, Free> context_;
};

// What a step of a session came to.
enum class TlsStep { done, wants_read, wants_write, closed, failed };

class TlsSession {
  public:
    // The peer's certificate must be for `host`, a name or an address.
    [[nodiscard]] static Result<TlsSession> client(const TlsContext& context, int socket,
                                                   const std::string& host);
    [[nodiscard]] static Result<TlsSession> server(const TlsContext& context, int socket);

    TlsStep handshake();
    // `done`: `count` bytes, at least one.
    TlsStep read(MutableBytes out, std::size_t& count);
    TlsStep write(Bytes bytes, std::size_t& count);
    // Says goodbye to the peer, once, without waiting.
    void close();
    // Bytes are here already, whatever the socket says.
    [[nodiscard]] bool has_pending() const;
    // After `failed`: what is wrong.
    [[nodiscard]] Error error() const;

  private:
    struct Free {
        void operator()(ssl_st* session) const;
    };
    explicit TlsSession(ssl_st* session) : session_(session) {}
    [[nodiscard]] static Result<TlsSession> make(const TlsContext& context, int socket);
    TlsStep step_of(int result);
    std::unique_ptr<ssl_st, Free> session_;
    std::string failure_;
    bool usable_ = true;
};

}  // namespace squall::runtime
