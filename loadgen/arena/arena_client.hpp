// One virtual player as a node: a ClientEndpoint, a behaviour and the view that snapshots build. Sends its
// inputs on a fixed schedule and tells an observer what happened when. Knows no socket, no scenario and no
// statistics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "arena/arena_protocol.hpp"
#include "arena/behaviour.hpp"
#include "play/played_client.hpp"
#include "squall/core/entropy.hpp"
#include "squall/core/result.hpp"
#include "squall/core/rng.hpp"
#include "squall/trace/sink.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::remotes {
class Workspace;
}

namespace squall::arena {

struct ArenaClientConfig {
    // `client.transport` must come from arena_transport() (arena_remotes.hpp).
    ClientConfig client;
    ConnectTokenBytes token{};
    std::unique_ptr<Behaviour> behaviour;
    // Inputs per second, on a fixed schedule that starts at the join plus first_send; 1 to 1000.
    std::uint32_t send_rate = 20;
    Duration first_send{0};
    // True where server and client read the same clock (one machine, or virtual time): a snapshot's age is
    // then exact. Otherwise it is taken from the earliest arrival and half the smallest round trip, so off by
    // the path's asymmetry.
    bool shared_clock = true;
    // Memory to work in that the clients of one thread share; must outlive the client. nullptr: its own.
    remotes::Workspace* workspace = nullptr;
};

enum class ReplyKind : std::uint8_t {
    input_echo,  // the first snapshot that reflects this input (or a later one, where this one was lost)
    request,     // the reply to an item request
};

struct SnapshotSeen {
    Duration age{};            // now - planned time of the server's tick that it shows
    std::size_t bytes = 0;     // of the message
    std::size_t entities = 0;  // in view now, the player itself not counted
    bool full = false;         // came without a baseline
};

// What a client tells. All times are on the run's time line; `planned` is when the message was due by the
// schedule.
class ClientObserver {
  public:
    virtual ~ClientObserver() = default;
    // The server's welcome is here, `took` after the client was made.
    virtual void on_joined(TimePoint now, Duration took, bool rejoined) = 0;
    virtual void on_input_sent(TimePoint now, TimePoint planned) = 0;
    virtual void on_request_sent(TimePoint now, TimePoint planned) = 0;
    virtual void on_chat_sent(TimePoint now, TimePoint planned) = 0;
    virtual void on_reply(TimePoint now, ReplyKind kind, TimePoint planned, TimePoint sent) = 0;
    // Only for a snapshot that is newer than all before.
    virtual void on_snapshot(TimePoint now, const SnapshotSeen& seen) = 0;
    // Another player's chat, from its planned send time; right only if the sender shares the clock.
    virtual void on_chat_received(TimePoint now, TimePoint planned) = 0;
    // Once, and the last call but on_error. Also where no connection was ever made.
    virtual void on_disconnected(TimePoint now, DisconnectReason reason) = 0;
    // The server sent what no correct server sends (a malformed message, a delta that does not fit), or a
    // send failed.
    virtual void on_error(TimePoint now, std::string_view text) = 0;
};

class ArenaClient final : public loadgen::PlayedClient {
  public:
    // Starts to connect. Errors: those of ClientEndpoint::make and connect(), invalid_argument (no behaviour,
    // send rate). `entropy` and `observer` must outlive the client.
    [[nodiscard]] static Result<std::unique_ptr<ArenaClient>> make(TimePoint now, ArenaClientConfig config,
                                                                   Rng rng, EntropySource& entropy,
                                                                   ClientObserver& observer);
    ~ArenaClient() override;
    ArenaClient(const ArenaClient&) = delete;
    ArenaClient& operator=(const ArenaClient&) = delete;

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override;
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override;
    [[nodiscard]] TimePoint poll_timeout() const override;
    void handle_timeout(TimePoint now) override;
    void expect(const Address& from, unsigned step) override;

    // on_disconnected(requested) follows.
    void leave(TimePoint now) override;
    [[nodiscard]] bool finished() const override;
    [[nodiscard]] bool joined() const;
    // The newest view, by rising id; empty before the first snapshot.
    [[nodiscard]] std::span<const EntityState> view() const;
    // The tick that view() shows; 0 before the first snapshot.
    [[nodiscard]] std::uint64_t view_tick() const;
    // The player's own entity id; meaningful once joined.
    [[nodiscard]] std::uint32_t player() const;
    [[nodiscard]] const ClientEndpoint& endpoint() const override;
    void set_trace(trace::Sink* sink, std::uint32_t source) override;

  private:
    class Player;
    explicit ArenaClient(std::unique_ptr<Player> player);
    std::unique_ptr<Player> player_;
};

}  // namespace squall::arena
