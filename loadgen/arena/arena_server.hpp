// The game server as a node: a ServerEndpoint, the world, and the tick that ties them. Everything happens at
// deadlines; time is an argument. Knows no socket; a host drives it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "arena/arena_protocol.hpp"
#include "squall/core/entropy.hpp"
#include "squall/core/result.hpp"
#include "squall/core/rng.hpp"
#include "squall/trace/histogram.hpp"
#include "squall/trace/sink.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::remotes {
class Remotes;
}

namespace squall::arena {

class World;

struct ArenaServerConfig {
    // `server.transport` must come from arena_transport() (arena_remotes.hpp).
    ServerConfig server;
    std::uint32_t tick_rate = 20;         // Hz; 1 to 240
    std::uint32_t snapshot_rate = 20;     // per second and player; 1 to tick_rate
    std::uint32_t expected_players = 64;  // the world's size follows from it and from players_in_view
    std::uint32_t players_in_view =
        30;  // others that a player sees on average when all expected ones are there; 1 to 64
    std::uint32_t max_in_view =
        100;  // the nearest so many are sent at most, the player itself included; 2 to 255
    std::uint32_t max_catch_up_ticks =
        3;  // ticks that are simulated at once after a stall; the rest is skipped and counted
    std::uint32_t max_inputs_per_second = 100;  // more than that from one player is dropped and counted
    std::uint32_t max_violations =
        20;  // malformed messages (or messages beyond a rate, a hundred each) until a disconnect
};

inline constexpr std::size_t kDisconnectReasonCount = 18;

struct ArenaServerStatistics {
    std::uint32_t players = 0;  // connected now
    std::uint32_t players_peak = 0;
    std::uint64_t joins = 0;  // rejoins not included
    std::uint64_t rejoins = 0;
    std::array<std::uint64_t, kDisconnectReasonCount> disconnects{};  // by DisconnectReason

    std::uint64_t ticks = 0;          // simulated
    std::uint64_t ticks_skipped = 0;  // beyond max_catch_up_ticks after a stall
    trace::Histogram tick_duration;   // ns: world, snapshots and the drain that sends them; empty in virtual
                                      // time's sense: all 0
    trace::Histogram tick_work;       // ns: world and snapshots alone
    trace::Histogram tick_lateness;   // ns: begin of the tick after its planned time

    std::uint64_t messages_received = 0;
    std::uint64_t message_bytes_received = 0;
    std::uint64_t messages_sent = 0;
    std::uint64_t message_bytes_sent = 0;
    std::uint64_t inputs = 0;        // taken
    std::uint64_t inputs_stale = 0;  // older than the newest that was taken
    std::uint64_t inputs_over_rate = 0;
    std::uint64_t malformed = 0;
    std::uint64_t chats = 0;  // received
    std::uint64_t chats_relayed = 0;
    std::uint64_t requests = 0;

    std::uint64_t snapshots = 0;
    std::uint64_t snapshots_full = 0;     // without a baseline
    std::uint64_t snapshots_limited = 0;  // the budget did not hold all changes
    std::uint64_t snapshots_skipped = 0;  // the budget did not hold even the smallest one
    std::uint64_t snapshots_lost = 0;
    std::uint64_t snapshot_bytes = 0;
    std::uint64_t entities_in_view = 0;  // sum over snapshots, the player itself not counted
    std::uint64_t entity_updates = 0;    // changed, entered and removed entities written
};

class ArenaServer final : public Node {
  public:
    // `read_clock` measures how long ticks take (Host::read_clock); in virtual time it must not move during a
    // callback. Errors: invalid_argument, with the field and its range. `entropy` must outlive the server.
    [[nodiscard]] static Result<std::unique_ptr<ArenaServer>> make(TimePoint now,
                                                                   const ArenaServerConfig& config,
                                                                   EntropySource& entropy, Rng rng,
                                                                   std::function<TimePoint()> read_clock);
    ~ArenaServer() override;
    ArenaServer(const ArenaServer&) = delete;
    ArenaServer& operator=(const ArenaServer&) = delete;

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override;
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override;
    [[nodiscard]] TimePoint poll_timeout() const override;
    void handle_timeout(TimePoint now) override;
    void expect(const Address& from, unsigned step) override;

    // The endpoint's trace events and one `tick` event a tick; nullptr: nowhere.
    void set_trace(trace::Sink* sink, std::uint32_t source);
    // What a recording needs besides (Endpoint::trace_packets).
    void trace_packets(PacketTrace what);
    // The trace tells how long messages took, by `read_clock` (Remotes::set_stopwatch). Not in virtual time.
    void time_handlers();
    // Ends every connection and refuses new ones; ticks go on until the node is detached.
    void shut_down(TimePoint now);

    [[nodiscard]] const ArenaServerStatistics& statistics() const;
    [[nodiscard]] const ServerEndpoint& endpoint() const;
    // The remotes, by name and number.
    [[nodiscard]] const remotes::Remotes& registry() const;
    // The side of the square world, in wire units (entity.hpp).
    [[nodiscard]] std::uint32_t world_side() const;
    // The truth, for tests and tools.
    [[nodiscard]] const World& world() const;

  private:
    class Game;
    explicit ArenaServer(std::unique_ptr<Game> game);
    std::unique_ptr<Game> game_;
};

}  // namespace squall::arena
