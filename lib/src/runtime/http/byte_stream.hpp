// A connected TCP socket, plain or with TLS, that waits: for bytes, for room, until a timer ends, or until
// somebody interrupts. Knows no HTTP.
#pragma once

#include <optional>
#include <string>

#include "runtime/descriptor.hpp"
#include "runtime/http/timer.hpp"
#include "runtime/http/tls.hpp"
#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"

namespace squall::runtime {

// For how long one waits, and who may end it. The descriptors are the caller's.
struct Patience {
    // Silence that is borne at a time; zero: for ever.
    Duration idle{};
    // Of a Timer over the whole; -1: none.
    int timer = -1;
    // Of a Signal; -1: none.
    int interrupt = -1;
    // What the timer means, for the error text.
    const char* limit = "the time for it";
};

class ByteStream {
  public:
    explicit ByteStream(Descriptor socket) : socket_(std::move(socket)) {}

    // Connects within the patience; the socket has TCP_NODELAY.
    [[nodiscard]] static Result<ByteStream> connect(const Address& to, const Patience& patience);
    // From here on all is encrypted. Errors: unauthorised (the certificate), io, expired.
    Result<> start_tls_as_client(const TlsContext& context, const std::string& host,
                                 const Patience& patience);
    Result<> start_tls_as_server(const TlsContext& context, const Patience& patience);

    // At least one byte, or 0: the peer sends no more. Errors: expired (a time is up), not_connected
    // (interrupted), io.
    Result<std::size_t> read_some(MutableBytes out, const Patience& patience);
    Result<> write_all(Bytes bytes, const Patience& patience);
    // Waits until something can be read, the peer's end included.
    Result<> wait_readable(const Patience& patience);
    // Says that no more will come.
    void finish();
    [[nodiscard]] bool is_encrypted() const { return tls_.has_value(); }

  private:
    Result<> wait(short events, const Patience& patience);
    Result<> handshake(const Patience& patience);

    Descriptor socket_;
    std::optional<TlsSession> tls_;
};

}  // namespace squall::runtime
