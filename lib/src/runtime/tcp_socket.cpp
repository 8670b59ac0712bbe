#include "squall/runtime/tcp_socket.hpp"

#include <fmt/format.h>

#include "runtime/tcp_endpoint.hpp"
#include "runtime/tcp_socket_state.hpp"
#include "squall/core/units.hpp"

namespace squall {

TcpSocket::State::State(AsioHost& its_host, asio::ip::tcp::socket its_socket, const TcpOptions& its_options)
    : host(its_host),
      socket(std::move(its_socket)),
      connect_timer(socket.get_executor()),
      options(its_options) {
    runtime::HostAccess::reactor(host).add_user();
}

TcpSocket::State::~State() {
    runtime::HostAccess::reactor(host).remove_user();
}

void TcpSocket::State::connect(const Address& to) {
    remote = to;
    connect_timer.expires_after(options.connect_timeout);
    connect_timer.async_wait([self = shared_from_this()](const asio::error_code& error) {
        if (error || self->is_connected || self->is_closed) return;
        const Error late{ErrorCode::io,
                         fmt::format("no answer from TCP {} within {}", to_string(self->remote),
                                     to_string(self->options.connect_timeout))};
        self->close(&late);
    });
    socket.async_connect(
        runtime::to_endpoint(to),
        [self = shared_from_this()](const asio::error_code& error) { self->handle_connected(error); });
}

void TcpSocket::State::handle_connected(const asio::error_code& error) {
    if (is_closed) return;
    connect_timer.cancel();
    if (error) {
        const Error failure = describe(error, "cannot connect to");
        return close(&failure);
    }
    is_connected = true;
    asio::error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(options.no_delay), ignored);
    call(&TcpCallbacks::on_connected);
    read_more();
    write_more();
}

void TcpSocket::State::read_more() {
    if (!is_connected || is_closed || is_reading || is_paused || peer_has_finished || !callbacks) return;
    is_reading = true;
    socket.async_read_some(asio::buffer(read_buffer),
                           [self = shared_from_this()](const asio::error_code& error, std::size_t bytes) {
                               self->handle_read(error, bytes);
                           });
}

void TcpSocket::State::handle_read(const asio::error_code& error, std::size_t bytes) {
    is_reading = false;
    if (is_closed) return;
    if (error == asio::error::eof) {
        peer_has_finished = true;
        const bool told = callbacks && callbacks->on_finished;
        call(&TcpCallbacks::on_finished);
        if (is_closed) return;
        if (has_finished) return close(nullptr);
        if (!told) finish();
        return;
    }
    if (error) {
        const Error failure = describe(error, "lost the connection with");
        return close(&failure);
    }
    call(&TcpCallbacks::on_received, Bytes(read_buffer).first(bytes));
    read_more();
}

void TcpSocket::State::write_more() {
    if (!is_connected || is_closed || is_writing) return;
    if (written == writing.size()) {
        writing.clear();
        written = 0;
        std::swap(writing, queued);
    }
    if (writing.empty()) {
        if (!wants_to_finish || has_finished) return;
        has_finished = true;
        asio::error_code ignored;
        socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        if (peer_has_finished) close(nullptr);
        return;
    }
    is_writing = true;
    socket.async_write_some(asio::buffer(writing.data() + written, writing.size() - written),
                            [self = shared_from_this()](const asio::error_code& error, std::size_t bytes) {
                                self->handle_written(error, bytes);
                            });
}

void TcpSocket::State::handle_written(const asio::error_code& error, std::size_t bytes) {
    is_writing = false;
    if (is_closed) return;
    if (error) {
        const Error failure = describe(error, "lost the connection with");
        return close(&failure);
    }
    written += bytes;
    const bool drained = written == writing.size() && queued.empty();
    if (drained) call(&TcpCallbacks::on_drained);
    write_more();
}

void TcpSocket::State::finish() {
    wants_to_finish = true;
    write_more();
}

void TcpSocket::State::close(const Error* error) {
    if (is_closed) return;
    is_closed = true;
    is_connected = false;
    connect_timer.cancel();
    asio::error_code ignored;
    socket.close(ignored);
    call(&TcpCallbacks::on_closed, error);
    callbacks.reset();
}

Error TcpSocket::State::describe(const asio::error_code& error, std::string_view doing) const {
    return runtime::system_error(error.value(), fmt::format("{} TCP {}", doing, to_string(remote)));
}

Result<std::unique_ptr<TcpSocket>> TcpSocket::connect(AsioHost& host, const Address& to,
                                                      TcpCallbacks callbacks, const TcpOptions& options) {
    if (!to.is_valid() || to.port() == 0)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("cannot connect to '{}': expected an address with a port, as 127.0.0.1:40000",
                                to_string(to)));
    auto io = runtime::HostAccess::reactor(host).io();
    if (!io) return std::unexpected(io.error());
    asio::ip::tcp::socket socket(**io);
    asio::error_code error;
    socket.open(runtime::to_endpoint(to).protocol(), error);
    if (error) return std::unexpected(runtime::bind_error(error.value(), "TCP", to));
    auto state = std::make_shared<State>(host, std::move(socket), options);
    state->callbacks = std::make_shared<TcpCallbacks>(std::move(callbacks));
    state->connect(to);
    return std::unique_ptr<TcpSocket>(new TcpSocket(std::move(state)));
}

TcpSocket::TcpSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}

TcpSocket::~TcpSocket() {
    state_->callbacks.reset();
    state_->close(nullptr);
}

void TcpSocket::set_callbacks(TcpCallbacks callbacks) {
    if (state_->is_closed) return;
    state_->callbacks = std::make_shared<TcpCallbacks>(std::move(callbacks));
    state_->read_more();
}

Result<> TcpSocket::send(Bytes bytes) {
    State& s = *state_;
    if (s.is_closed || s.wants_to_finish)
        return fail(ErrorCode::not_connected,
                    fmt::format("the TCP connection with {} is closed", to_string(s.remote)));
    if (bytes.size() > s.options.max_queued_bytes ||
        queued_bytes() > s.options.max_queued_bytes - bytes.size())
        return fail(ErrorCode::queue_full, fmt::format("{} bytes more than the {} that wait for TCP {} would "
                                                       "pass the limit of {} (max_queued_bytes)",
                                                       bytes.size(), queued_bytes(), to_string(s.remote),
                                                       s.options.max_queued_bytes));
    s.queued.insert(s.queued.end(), bytes.begin(), bytes.end());
    s.write_more();
    return {};
}

std::size_t TcpSocket::queued_bytes() const {
    return state_->queued.size() + state_->writing.size() - state_->written;
}

void TcpSocket::pause_receiving() {
    state_->is_paused = true;
}

void TcpSocket::resume_receiving() {
    state_->is_paused = false;
    state_->read_more();
}

void TcpSocket::finish() {
    state_->finish();
}

Result<> TcpSocket::set_no_delay(bool enabled) {
    asio::error_code error;
    state_->socket.set_option(asio::ip::tcp::no_delay(enabled), error);
    if (error) return std::unexpected(state_->describe(error, "cannot set TCP_NODELAY for"));
    return {};
}

bool TcpSocket::is_connected() const {
    return state_->is_connected;
}

Address TcpSocket::local_address() const {
    asio::error_code error;
    const auto endpoint = state_->socket.local_endpoint(error);
    return error || !state_->is_connected ? Address{} : runtime::to_address(endpoint);
}

Address TcpSocket::remote_address() const {
    return state_->is_connected ? state_->remote : Address{};
}

}  // namespace squall
