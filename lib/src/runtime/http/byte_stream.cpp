#include "runtime/http/byte_stream.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/socket_address.hpp"
#include "runtime/system_error.hpp"

namespace squall::runtime {
namespace {

// The whole milliseconds of a duration, rounded up: what poll() takes. -1: for ever.
int poll_timeout(Duration duration) {
    if (duration <= Duration::zero()) return -1;
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
    return static_cast<int>(std::min<std::int64_t>(milliseconds, 1'000'000'000));
}

bool would_block(int number) {
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

std::unexpected<Error> closed_error() {
    return fail(ErrorCode::io, "the peer closed the connection");
}

}  // namespace

Result<ByteStream> ByteStream::connect(const Address& to, const Patience& patience) {
    const int family = family_of(to);
    Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return std::unexpected(system_error(errno, "cannot open a TCP socket"));
    const int one = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    SocketAddress address{};
    const auto length = write_address(to, family, address);
    ByteStream stream(std::move(socket));
    const std::string what = fmt::format("cannot connect to {}", to_string(to));
    if (::connect(stream.socket_.get(), &address.any, length) == 0) return stream;
    if (errno != EINPROGRESS) return std::unexpected(system_error(errno, what));
    if (auto waited = stream.wait(POLLOUT, patience); !waited)
        return fail(waited.error().code, fmt::format("{}: {}", what, waited.error().message));
    int number = 0;
    socklen_t size = sizeof number;
    ::getsockopt(stream.socket_.get(), SOL_SOCKET, SO_ERROR, &number, &size);
    if (number != 0) {
        Error error = system_error(number, what);
        return fail(ErrorCode::io, std::move(error.message));
    }
    return stream;
}

Result<> ByteStream::wait(short events, const Patience& patience) {
    std::array<pollfd, 3> watched{
        {{socket_.get(), events, 0}, {patience.timer, POLLIN, 0}, {patience.interrupt, POLLIN, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), poll_timeout(patience.idle));
    if (ready < 0 && errno != EINTR) return std::unexpected(system_error(errno, "poll"));
    if (ready == 0)
        return fail(ErrorCode::expired, fmt::format("nothing moved for {:g} s", to_seconds(patience.idle)));
    if (ready > 0 && watched[1].revents != 0)
        return fail(ErrorCode::expired, fmt::format("{} is up", patience.limit));
    if (ready > 0 && watched[2].revents != 0) return fail(ErrorCode::not_connected, "it was interrupted");
    return {};
}

Result<> ByteStream::wait_readable(const Patience& patience) {
    if (tls_ && tls_->has_pending()) return {};
    return wait(POLLIN, patience);
}

Result<> ByteStream::handshake(const Patience& patience) {
    for (;;) {
        const TlsStep step = tls_->handshake();
        if (step == TlsStep::done) return {};
        if (step == TlsStep::closed) return closed_error();
        if (step == TlsStep::failed) return std::unexpected(tls_->error());
        if (auto waited = wait(step == TlsStep::wants_write ? POLLOUT : POLLIN, patience); !waited)
            return fail(waited.error().code, fmt::format("TLS handshake: {}", waited.error().message));
    }
}

Result<> ByteStream::start_tls_as_client(const TlsContext& context, const std::string& host,
                                         const Patience& patience) {
    auto session = TlsSession::client(context, socket_.get(), host);
    if (!session) return std::unexpected(session.error());
    tls_ = std::move(*session);
    return handshake(patience);
}

Result<> ByteStream::start_tls_as_server(const TlsContext& context, const Patience& patience) {
    auto session = TlsSession::server(context, socket_.get());
    if (!session) return std::unexpected(session.error());
    tls_ = std::move(*session);
    return handshake(patience);
}

Result<std::size_t> ByteStream::read_some(MutableBytes out, const Patience& patience) {
    for (;;) {
        short events = POLLIN;
        if (tls_) {
            std::size_t count = 0;
            const TlsStep step = tls_->read(out, count);
            if (step == TlsStep::done) return count;
            if (step == TlsStep::closed) return 0;
            if (step == TlsStep::failed) return std::unexpected(tls_->error());
            if (step == TlsStep::wants_write) events = POLLOUT;
        } else {
            const auto received = ::recv(socket_.get(), out.data(), out.size(), 0);
            if (received >= 0) return static_cast<std::size_t>(received);
            if (!would_block(errno)) return std::unexpected(system_error(errno, "receiving"));
        }
        if (auto waited = wait(events, patience); !waited) return std::unexpected(waited.error());
    }
}

Result<> ByteStream::write_all(Bytes bytes, const Patience& patience) {
    while (!bytes.empty()) {
        std::size_t count = 0;
        short events = POLLOUT;
        if (tls_) {
            const TlsStep step = tls_->write(bytes, count);
            if (step == TlsStep::closed) return closed_error();
            if (step == TlsStep::failed) return std::unexpected(tls_->error());
            if (step == TlsStep::wants_read) events = POLLIN;
        } else {
            const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && !would_block(errno)) return std::unexpected(system_error(errno, "sending"));
            if (sent > 0) count = static_cast<std::size_t>(sent);
        }
        bytes = bytes.subspan(count);
        if (count != 0) continue;
        if (auto waited = wait(events, patience); !waited) return waited;
    }
    return {};
}

void ByteStream::finish() {
    if (tls_) tls_->close();
    ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace squall::runtime
