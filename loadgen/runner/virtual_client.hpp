// One virtual player of a run: a client behind its network, and what it observes as values of metrics.
// Knows its planned session, not the others.
#pragma once

#include <cstdint>
#include <memory>

#include "arena/arena_client.hpp"
#include "metrics/metric_store.hpp"
#include "plan/plan.hpp"
#include "play/playback_clock.hpp"
#include "runner/client_maker.hpp"
#include "runner/client_net.hpp"
#include "runner/error_log.hpp"
#include "scenario/scenario.hpp"
#include "squall/core/entropy.hpp"

namespace squall::loadgen {

// What all clients of a run share.
struct ClientSurroundings {
    const Scenario& scenario;
    MetricStore& metrics;
    ErrorLog& errors;
    ClientNet& net;
    const ClientMaker& maker;
    TimePoint run_start{};
    Address server;
    Key key{};
    WallClockAnchor wall_clock;
    bool shared_clock = true;          // server and clients read the same clock
    EntropySource* entropy = nullptr;  // none: each client derives its own from its stream (virtual runs)
    trace::Sink* trace = nullptr;
    // What the plan's times are told by; none: as they are, from run_start.
    const PlaybackClock* playback = nullptr;
};

class VirtualClient final : private arena::ClientObserver {
  public:
    VirtualClient(const ClientSurroundings& around, const PlannedSession& session,
                  std::uint32_t trace_source);
    ~VirtualClient() override;
    VirtualClient(const VirtualClient&) = delete;
    VirtualClient& operator=(const VirtualClient&) = delete;

    // Mints a token, opens a socket and begins to connect. False: it could not, and the error is counted.
    bool start(TimePoint now);
    // Its deadlines have changed.
    void wake();
    // Asks it to leave; it is over soon after.
    void leave(TimePoint now);
    // Its last datagram has left (or it never started); it can be destroyed.
    [[nodiscard]] bool is_over() const;
    [[nodiscard]] bool is_connected() const { return connected_; }
    // Its connection ended, or was never made, although nobody asked for that.
    [[nodiscard]] bool was_lost() const { return lost_; }
    // Lost to silence or to the server's shutdown.
    [[nodiscard]] bool was_unanswered() const { return unanswered_; }
    [[nodiscard]] bool has_joined() const { return joined_; }
    [[nodiscard]] const PlannedSession& session() const { return session_; }

    // Records the bandwidth of the second that ends now, if the client was there for all of it.
    void end_second(TimePoint now);
    // Adds what its network and its transport did.
    void add_to(LinkTotals& links) const;
    struct TransportTotals {
        std::uint64_t packets_sent = 0;
        std::uint64_t packets_lost = 0;  // declared lost by the client's transport
        std::uint64_t bytes_sent = 0;
        std::uint64_t bytes_received = 0;
        std::uint64_t datagrams_sent = 0;
        std::uint64_t datagrams_received = 0;
        std::uint64_t refused = 0;
        std::uint64_t socket_drops = 0;
    };
    void add_to(TransportTotals& totals) const;

  private:
    void on_joined(TimePoint now, Duration took, bool rejoined) override;
    void on_input_sent(TimePoint now, TimePoint planned) override;
    void on_request_sent(TimePoint now, TimePoint planned) override;
    void on_chat_sent(TimePoint now, TimePoint planned) override;
    void on_reply(TimePoint now, arena::ReplyKind kind, TimePoint planned, TimePoint sent) override;
    void on_snapshot(TimePoint now, const arena::SnapshotSeen& seen) override;
    void on_chat_received(TimePoint now, TimePoint planned) override;
    void on_disconnected(TimePoint now, DisconnectReason reason) override;
    void on_error(TimePoint now, std::string_view text) override;

    // Keeps what the connection's statistics say, which end with it.
    void remember_packets();
    bool fail_with(TimePoint now, std::string_view cause, std::string_view text);
    [[nodiscard]] Result<ConnectTokenBytes> mint(TimePoint now);
    [[nodiscard]] EntropySource& entropy();

    const ClientSurroundings& around_;
    PlannedSession session_;
    Rng rng_;
    SeededEntropy own_entropy_;
    std::uint32_t trace_source_;
    std::unique_ptr<PlayedClient> client_;
    std::unique_ptr<ClientLink> link_;
    std::uint64_t packets_sent_ = 0;
    std::uint64_t packets_lost_ = 0;
    std::uint64_t second_sent_ = 0;  // bytes at the end of the second before
    std::uint64_t second_received_ = 0;
    bool whole_second_ = false;  // it was there when the current second began
    bool connected_ = false;
    bool joined_ = false;
    bool lost_ = false;
    bool unanswered_ = false;
    bool ended_ = false;
};

}  // namespace squall::loadgen
