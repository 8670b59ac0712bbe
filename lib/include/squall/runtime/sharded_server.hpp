// A server on several cores: a thread, a host, a socket and a node each (a shard), all on one port. The
// kernel spreads the clients over the sockets by their addresses (SO_REUSEPORT); nothing is shared between
// the shards but two kinds of message: a datagram whose connection id names another shard (its client's
// address has changed), which is handed to that shard, and the note that a client's new address belongs to a
// shard from now on.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/result.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/host.hpp"

namespace squall {

struct ShardedServerOptions {
    std::size_t shards = 0;  // 1 to 256; 0: one a core
    Address bind = Address::loopback(0);
    std::size_t receive_buffer_bytes = 0;
    std::size_t send_buffer_bytes = 0;
    AsioHostOptions host = {};
    // Datagrams for one shard that may wait to be handed over; further ones are lost and counted. 1 to
    // 65,536.
    std::size_t mailbox_datagrams = 1024;
    // Called for each node when the server stops, on its shard's thread: the place to say goodbye
    // (ServerEndpoint::shut_down). What the node has to send then still leaves.
    std::function<void(TimePoint now, Node& node)> on_stopping = {};
};

struct ShardStatistics {
    SocketStatistics socket;
    PumpStatistics pump;
    std::uint64_t handed_over = 0;     // datagrams that this shard's socket got and another shard was given
    std::uint64_t taken_over = 0;      // datagrams that another shard's socket got and this one was given
    std::uint64_t handover_drops = 0;  // for this shard, lost because its mailbox was full
    std::uint64_t claimed_peers = 0;   // addresses that this shard passes on to others
};

// One shard as its node sees it. Only to be used on the shard's own thread, from its node's callbacks.
class Shard {
  public:
    virtual ~Shard() = default;
    [[nodiscard]] virtual std::uint8_t index() const = 0;  // ServerConfig::shard
    [[nodiscard]] virtual std::size_t count() const = 0;
    [[nodiscard]] virtual Address address() const = 0;  // shared by all, with its real port
    [[nodiscard]] virtual AsioHost& host() = 0;
    // A client's validated new address (a PathChanged event): the other shards pass on to this one what comes
    // from there, until nothing came for a minute. Without it only datagrams with a connection id find their
    // way.
    virtual void claim(const Address& peer) = 0;
    // The node was changed from outside its callbacks: drain it (Host::wake).
    virtual void wake() = 0;
    // Sends what the node still has and ends this shard (Host::detach).
    virtual void detach() = 0;
};

class ShardedServer {
  public:
    // Called once a shard, on the thread that starts the server. What it makes lives on the shard's thread
    // from then on.
    using MakeNode = std::function<Result<std::unique_ptr<Node>>(Shard& shard)>;
    // Binds the sockets, makes the nodes, starts the threads. Errors: those of the node factory and of
    // Host::attach(); invalid_argument for options outside their range.
    [[nodiscard]] static Result<std::unique_ptr<ShardedServer>> start(const ShardedServerOptions& options,
                                                                      const MakeNode& make_node);
    // Stops and waits.
    ~ShardedServer();
    ShardedServer(const ShardedServer&) = delete;
    ShardedServer& operator=(const ShardedServer&) = delete;

    [[nodiscard]] Address address() const;
    [[nodiscard]] std::size_t shard_count() const;
    // Makes all threads end soon. From any thread; async-signal-safe.
    void stop();
    // Waits until all threads have ended: after stop(), or when each node has detached itself.
    void join();
    // One a shard; after join() only.
    [[nodiscard]] const std::vector<ShardStatistics>& statistics() const;

  private:
    struct State;
    explicit ShardedServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall
