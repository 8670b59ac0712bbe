// The inside of ArenaServer: what happens when a player comes, sends, goes, and when a tick is due. Messages
// are remotes (arena_remotes.hpp); their limits and what breaking them costs are middleware and offences of
// the registry. Private to the server.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "arena/arena_remotes.hpp"
#include "arena/arena_server.hpp"
#include "arena/interest.hpp"
#include "arena/session.hpp"
#include "arena/snapshot_composer.hpp"
#include "arena/tick_schedule.hpp"
#include "arena/view_pool.hpp"
#include "arena/world.hpp"
#include "squall/remotes/middleware.hpp"

namespace squall::arena {

class ArenaServer::Game {
  public:
    Game(TimePoint now, const ArenaServerConfig& config, std::unique_ptr<ServerEndpoint> endpoint,
         const Rng& rng, std::function<TimePoint()> read_clock);

    void receive(TimePoint now, const Address& from, MutableBytes datagram);
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer);
    [[nodiscard]] TimePoint poll_timeout() const;
    void handle_timeout(TimePoint now);
    void shut_down(TimePoint now);
    void set_trace(trace::Sink* sink, std::uint32_t source);
    void trace_packets(PacketTrace what) { endpoint_->trace_packets(what); }
    void expect(const Address& from, unsigned step);
    void time_handlers();

    [[nodiscard]] const ArenaServerStatistics& statistics();
    [[nodiscard]] const ServerEndpoint& endpoint() const { return *endpoint_; }
    [[nodiscard]] const remotes::Remotes& registry() const { return registry_; }
    [[nodiscard]] const World& world() const { return world_; }

  private:
    void listen();
    void limit();
    void on_join(TimePoint now, ConnectionId connection);
    void on_end(ConnectionId connection, DisconnectReason reason);
    void on_snapshot_settled(ConnectionId connection, MessageId message, MessageFate fate);
    void on_input(const remotes::Origin& origin, const PlayerInput& input);
    void on_chat(const remotes::Origin& origin, const ChatMessage& chat);
    Result<ItemReply> on_buy(const remotes::Origin& origin, const ItemRequest& request);

    void run_due_ticks(TimePoint now);
    void run_tick(TimePoint now);
    void send_snapshots(TimePoint now);
    void send_snapshot(TimePoint now, Session& session);
    void finish_tick_measurement();

    [[nodiscard]] Session* session_of(ConnectionId connection);

    ArenaServerConfig config_;
    std::unique_ptr<ServerEndpoint> endpoint_;
    remotes::Remotes registry_;
    ArenaRemotes remotes_;
    remotes::LimitCounts input_counts_;
    SnapshotMessage outgoing_;  // working memory, as the next is
    ChatMessage relayed_;
    std::vector<ConnectionId> listeners_;  // of the chat at hand
    std::function<TimePoint()> read_clock_;
    SnapshotFormat format_;
    TickSchedule schedule_;
    World world_;
    Interest hearing_;
    SnapshotComposer composer_;
    ViewPool views_;
    std::vector<std::unique_ptr<Session>> sessions_;  // by slot
    std::vector<std::uint32_t> slots_;                // of the sessions there are, rising
    std::uint64_t tick_ = 0;                          // the newest that was run
    std::uint64_t snapshots_due_ = 0;                 // counts in snapshot_rate, overflows at tick_rate
    TimePoint tick_ran_at_{};
    std::optional<TimePoint> measured_from_;  // a tick ran and its datagrams have not all left
    trace::Sink* trace_ = nullptr;
    std::uint32_t source_ = 0;
    ArenaServerStatistics statistics_;
};

}  // namespace squall::arena
