// Accepts TCP connections, one after the other, and hands them to its user. What a connection then does is
// tcp_socket.cpp's.
#include <fmt/format.h>

#include "runtime/tcp_endpoint.hpp"
#include "runtime/tcp_socket_state.hpp"
#include "squall/runtime/tcp_socket.hpp"

namespace squall {
namespace {

constexpr auto kRetryAfter = std::chrono::milliseconds(100);

}  // namespace

struct TcpListener::State : std::enable_shared_from_this<TcpListener::State> {
    State(AsioHost& its_host, asio::ip::tcp::acceptor its_acceptor, OnAccepted callback,
          const TcpOptions& its_options)
        : host(its_host),
          acceptor(std::move(its_acceptor)),
          retry_timer(acceptor.get_executor()),
          on_accepted(std::move(callback)),
          options(its_options) {
        runtime::HostAccess::reactor(host).add_user();
    }
    ~State() { runtime::HostAccess::reactor(host).remove_user(); }

    void accept_next() {
        acceptor.async_accept(
            [self = shared_from_this()](const asio::error_code& error, asio::ip::tcp::socket socket) {
                self->handle_accepted(error, std::move(socket));
            });
    }
    void handle_accepted(const asio::error_code& error, asio::ip::tcp::socket socket);

    AsioHost& host;
    asio::ip::tcp::acceptor acceptor;
    asio::steady_timer retry_timer;
    OnAccepted on_accepted;
    const TcpOptions options;
    Address local;
    std::uint64_t failed_accepts = 0;
    bool is_closed = false;
};

void TcpListener::State::handle_accepted(const asio::error_code& error, asio::ip::tcp::socket socket) {
    if (is_closed) return;
    if (error) {
        ++failed_accepts;
        // Out of descriptors, mostly: trying again at once would only spin.
        retry_timer.expires_after(kRetryAfter);
        retry_timer.async_wait([self = shared_from_this()](const asio::error_code&) {
            if (!self->is_closed) self->accept_next();
        });
        return;
    }
    asio::error_code gone;
    const auto remote = socket.remote_endpoint(gone);
    if (!gone) {
        socket.set_option(asio::ip::tcp::no_delay(options.no_delay), gone);
        auto accepted = std::make_shared<TcpSocket::State>(host, std::move(socket), options);
        accepted->remote = runtime::to_address(remote);
        accepted->is_connected = true;
        runtime::NodePump& pump = runtime::HostAccess::pump(host);
        pump.begin_callback();
        on_accepted(std::unique_ptr<TcpSocket>(new TcpSocket(std::move(accepted))));
        pump.end_callback();
    }
    if (!is_closed) accept_next();
}

Result<std::unique_ptr<TcpListener>> TcpListener::listen(AsioHost& host, const Address& bind,
                                                         OnAccepted on_accepted, const TcpOptions& options) {
    if (!bind.is_valid() || !on_accepted)
        return fail(ErrorCode::invalid_argument,
                    "cannot listen: give an address to bind, as 0.0.0.0:40000 or [::1]:0, and a callback for "
                    "connections");
    auto io = runtime::HostAccess::reactor(host).io();
    if (!io) return std::unexpected(io.error());
    asio::ip::tcp::acceptor acceptor(**io);
    const asio::ip::tcp::endpoint endpoint = runtime::to_endpoint(bind);
    asio::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error && bind.family() == Address::Family::ipv6)
        acceptor.set_option(asio::ip::v6_only(!bind.is_any()), error);
    if (!error) acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return std::unexpected(runtime::bind_error(error.value(), "TCP", bind));
    auto state = std::make_shared<State>(host, std::move(acceptor), std::move(on_accepted), options);
    state->local = runtime::to_address(state->acceptor.local_endpoint(error));
    state->accept_next();
    return std::unique_ptr<TcpListener>(new TcpListener(std::move(state)));
}

TcpListener::TcpListener(std::shared_ptr<State> state) : state_(std::move(state)) {}

TcpListener::~TcpListener() {
    state_->is_closed = true;
    state_->retry_timer.cancel();
    asio::error_code ignored;
    state_->acceptor.close(ignored);
}

Address TcpListener::local_address() const {
    return state_->local;
}
std::uint64_t TcpListener::failed_accepts() const {
    return state_->failed_accepts;
}

}  // namespace squall
