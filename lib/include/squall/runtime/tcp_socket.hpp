// TCP on an asio host: non-blocking, by callbacks on the host's thread. For what a game server has beside its
// datagrams: an admin console, a lobby, a proxy's far side. Bytes are a stream; framing is the user's.
//
// Callbacks may do anything, even destroy the socket that calls. Sockets and listeners must be destroyed
// before their host.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/runtime/asio_host.hpp"

namespace squall {

struct TcpOptions {
    // Send small writes at once (TCP_NODELAY) instead of waiting for more.
    bool no_delay = true;
    // Bytes that may wait to be sent; beyond it send() says queue_full. 1 or more.
    std::size_t max_queued_bytes = 4 * 1024 * 1024;
    // How long connecting may take.
    Duration connect_timeout = std::chrono::seconds(10);
};

// What a socket tells its user. Unset ones are skipped. The bytes are valid during the call.
struct TcpCallbacks {
    std::function<void()> on_connected = {};      // only for sockets made by connect()
    std::function<void(Bytes)> on_received = {};  // one or more bytes
    std::function<void()> on_drained = {};        // all that was queued has gone to the system
    // The peer will send no more, and may still receive. Unset: what is queued is sent, then the socket
    // closes.
    std::function<void()> on_finished = {};
    // Once, the last: both sides have finished (nullptr), or an error ended it.
    std::function<void(const Error*)> on_closed = {};
};

class TcpSocket {
  public:
    // Begins to connect; on_connected or on_closed (refused, unreachable, timed out) follows. Errors that are
    // known at once: invalid_argument, io.
    [[nodiscard]] static Result<std::unique_ptr<TcpSocket>> connect(AsioHost& host, const Address& to,
                                                                    TcpCallbacks callbacks,
                                                                    const TcpOptions& options = {});
    // Closes at once; what is queued is lost, and no callback follows.
    ~TcpSocket();
    TcpSocket(const TcpSocket&) = delete;
    TcpSocket& operator=(const TcpSocket&) = delete;

    // For an accepted socket, whose callbacks are unset at first. What arrives before they are set waits.
    void set_callbacks(TcpCallbacks callbacks);
    // Queues all of it, or nothing. May be called before on_connected. Errors: not_connected (closed or
    // closing), queue_full.
    Result<> send(Bytes bytes);
    // Bytes that wait here; those that the system took do not count.
    [[nodiscard]] std::size_t queued_bytes() const;
    // Back-pressure: while paused nothing is read, and the peer is slowed down by TCP itself.
    void pause_receiving();
    void resume_receiving();
    // Sends what is queued, then tells the peer that no more will come; receiving goes on until the peer
    // finishes too.
    void finish();
    Result<> set_no_delay(bool enabled);

    [[nodiscard]] bool is_connected() const;
    // Invalid before the connection stands.
    [[nodiscard]] Address local_address() const;
    [[nodiscard]] Address remote_address() const;

  private:
    friend class TcpListener;
    struct State;
    explicit TcpSocket(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;  // shared with the operations that are under way
};

class TcpListener {
  public:
    using OnAccepted = std::function<void(std::unique_ptr<TcpSocket>)>;
    // Listens on `bind` (port 0 takes a free one; [::] takes IPv4 as well). Errors as UdpSocket::open().
    [[nodiscard]] static Result<std::unique_ptr<TcpListener>> listen(AsioHost& host, const Address& bind,
                                                                     OnAccepted on_accepted,
                                                                     const TcpOptions& options = {});
    ~TcpListener();
    TcpListener(const TcpListener&) = delete;
    TcpListener& operator=(const TcpListener&) = delete;

    [[nodiscard]] Address local_address() const;
    // Connections that could not be accepted, for want of descriptors mostly; accepting is tried anew after
    // 100 ms.
    [[nodiscard]] std::uint64_t failed_accepts() const;

  private:
    struct State;
    explicit TcpListener(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace squall
