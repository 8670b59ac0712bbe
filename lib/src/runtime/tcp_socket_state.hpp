// One TCP connection: its queue, its operations under way, and what it tells its user. Lives for as long as
// an operation of it may still end. To be included in .cpp files only.
#pragma once

#include "runtime/asio_config.hpp"

#include <array>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "runtime/host_access.hpp"
#include "squall/runtime/tcp_socket.hpp"

namespace squall {

struct TcpSocket::State : std::enable_shared_from_this<TcpSocket::State> {
    State(AsioHost& its_host, asio::ip::tcp::socket its_socket, const TcpOptions& its_options);
    ~State();

    void connect(const Address& to);
    void handle_connected(const asio::error_code& error);
    // Starts to read if it should and does not yet.
    void read_more();
    void handle_read(const asio::error_code& error, std::size_t bytes);
    // Starts to write if there is something and nothing is being written.
    void write_more();
    void handle_written(const asio::error_code& error, std::size_t bytes);
    void finish();
    void close(const Error* error);
    [[nodiscard]] Error describe(const asio::error_code& error, std::string_view doing) const;

    // Calls one of the callbacks, if it is set. They are held for the call, so that it may replace them or
    // destroy the socket.
    template <class Member, class... Arguments>
    void call(Member member, Arguments... arguments) {
        const std::shared_ptr<TcpCallbacks> held = callbacks;
        if (!held || !(*held.*member)) return;
        runtime::NodePump& pump = runtime::HostAccess::pump(host);
        pump.begin_callback();
        (*held.*member)(arguments...);
        pump.end_callback();
    }

    AsioHost& host;
    asio::ip::tcp::socket socket;
    asio::steady_timer connect_timer;
    const TcpOptions options;
    std::shared_ptr<TcpCallbacks> callbacks;
    Address remote;
    std::vector<std::byte> queued;  // waits for what is being written
    std::vector<std::byte> writing;
    std::size_t written = 0;  // of `writing`
    std::array<std::byte, 16 * 1024> read_buffer;
    bool is_connected = false;
    bool is_closed = false;
    bool is_reading = false;
    bool is_writing = false;
    bool is_paused = false;
    bool wants_to_finish = false;  // finish() was called
    bool has_finished = false;     // and the peer was told
    bool peer_has_finished = false;
};

}  // namespace squall
