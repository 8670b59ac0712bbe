// The inside of ArenaServer: what happens when a player comes, sends, goes, and when a tick is due. Private
// to the server.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "arena/arena_server.hpp"
#include "arena/interest.hpp"
#include "arena/session.hpp"
#include "arena/snapshot_composer.hpp"
#include "arena/tick_schedule.hpp"
#include "arena/view_pool.hpp"
#include "arena/world.hpp"

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

    [[nodiscard]] const ArenaServerStatistics& statistics() const { return statistics_; }
    [[nodiscard]] const ServerEndpoint& endpoint() const { return *endpoint_; }
    [[nodiscard]] const World& world() const { return world_; }

  private:
    void drain_events(TimePoint now);
    void on_event(TimePoint now, const Connected& event);
    void on_event(TimePoint now, const Disconnected& event);
    void on_event(TimePoint now, const MessageReceived& event);
    void on_event(TimePoint now, const MessageSettled& event);
    void on_event(TimePoint /*now*/, const PayloadReceived& /*event*/) {}
    void on_event(TimePoint /*now*/, const PathChanged& /*event*/) {}

    void on_input(TimePoint now, Session& session, const MessageReceived& event);
    void on_chat(TimePoint now, Session& session, const MessageReceived& event);
    void on_request(TimePoint now, Session& session, const MessageReceived& event);
    void on_malformed(TimePoint now, Session& session);
    // Counts hundredths of a malformed message, and ends the connection beyond the limit.
    void on_violation(TimePoint now, Session& session, std::uint64_t hundredths, DisconnectReason reason);

    void run_due_ticks(TimePoint now);
    void run_tick(TimePoint now);
    void send_snapshots(TimePoint now);
    void send_snapshot(TimePoint now, Session& session);
    // True if the message was accepted.
    bool send(TimePoint now, ConnectionId connection, ChannelId channel, Bytes message);
    void count_sent(Bytes message);
    void finish_tick_measurement();

    [[nodiscard]] Session* session_of(ConnectionId connection);

    ArenaServerConfig config_;
    std::unique_ptr<ServerEndpoint> endpoint_;
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
