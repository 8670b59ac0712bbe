// A whole match in virtual time, for tests: one arena server, players that come and go, the truth of every
// tick beside it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "arena/arena_client.hpp"
#include "arena/arena_remotes.hpp"
#include "arena/arena_server.hpp"
#include "arena/world.hpp"
#include "squall/simulator/sim_host.hpp"
#include "squall/trace/sink.hpp"

namespace squall::arena {

// Remembers what a client told.
struct RecordingObserver final : ClientObserver {
    int joins = 0;
    bool rejoined = false;
    Duration join_took{};
    std::uint64_t inputs = 0;
    std::uint64_t requests = 0;
    std::uint64_t chats_sent = 0;
    std::uint64_t snapshots = 0;
    std::uint64_t full_snapshots = 0;
    std::uint64_t snapshot_bytes = 0;
    std::uint64_t entities = 0;
    Duration oldest_view{};
    std::vector<Duration> echoes;  // from the planned time
    std::vector<Duration> replies;
    std::vector<Duration> chats;  // received, from the planned time
    std::vector<std::string> errors;
    std::vector<DisconnectReason> ends;

    void on_joined(TimePoint, Duration took, bool again) override {
        ++joins;
        join_took = took;
        rejoined = again;
    }
    void on_input_sent(TimePoint, TimePoint) override { ++inputs; }
    void on_request_sent(TimePoint, TimePoint) override { ++requests; }
    void on_chat_sent(TimePoint, TimePoint) override { ++chats_sent; }
    void on_reply(TimePoint now, ReplyKind kind, TimePoint planned, TimePoint sent) override {
        EXPECT_LE(planned, sent);
        (kind == ReplyKind::request ? replies : echoes).push_back(now - planned);
    }
    void on_snapshot(TimePoint, const SnapshotSeen& seen) override {
        ++snapshots;
        full_snapshots += seen.full ? 1 : 0;
        snapshot_bytes += seen.bytes;
        entities += seen.entities;
        oldest_view = std::max(oldest_view, seen.age);
    }
    void on_chat_received(TimePoint now, TimePoint planned) override { chats.push_back(now - planned); }
    void on_disconnected(TimePoint, DisconnectReason reason) override { ends.push_back(reason); }
    void on_error(TimePoint, std::string_view text) override { errors.emplace_back(text); }
};

struct MatchConfig {
    std::uint64_t seed = 1;
    std::uint32_t max_clients = 64;
    std::uint32_t tick_rate = 20;
    std::uint32_t snapshot_rate = 20;
    std::uint32_t players_in_view = 30;
    Duration rejoin_grace{0};
    std::int32_t timeout_seconds = 10;
    DataRate maximum_rate = megabits_per_second(1000);  // of the server's congestion control
    bool compares_views = true;  // false where a budget may keep views behind the truth
    simulator::LinkConfig up{.delay = std::chrono::milliseconds(20)};
    simulator::LinkConfig down{.delay = std::chrono::milliseconds(20)};
};

// Passes everything on to a node, and tells when control enters and leaves it.
class WatchedNode final : public Node {
  public:
    WatchedNode(Node& node, const std::function<void(bool)>& watch) : node_(&node), watch_(&watch) {}
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        tell(true);
        node_->receive(now, from, datagram);
        tell(false);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        tell(true);
        const auto transmit = node_->poll_transmit(now, buffer);
        tell(false);
        return transmit;
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return node_->poll_timeout(); }
    void handle_timeout(TimePoint now) override {
        tell(true);
        node_->handle_timeout(now);
        tell(false);
    }

  private:
    void tell(bool enters) const {
        if (*watch_) (*watch_)(enters);
    }
    Node* node_;
    const std::function<void(bool)>* watch_;
};

class VirtualMatch {
  public:
    explicit VirtualMatch(const MatchConfig& config = {})
        : config_(config), rng_(config.seed), entropy_(rng_.fork("entropy")), host_(rng_.fork("network")) {
        ArenaServerConfig server;
        server.server.transport = arena_transport();
        auto& transport = server.server.transport;
        transport.maximum_rate = config.maximum_rate;
        transport.initial_rate = std::min(transport.initial_rate, config.maximum_rate);
        transport.minimum_rate = std::min(transport.minimum_rate, config.maximum_rate);
        server.server.private_key = kKey;
        server.server.addresses = {kServerAddress};
        server.server.max_clients = config.max_clients;
        server.server.wall_clock = {host_.now(), UnixSeconds{1'700'000'000}};
        server.server.rejoin_grace = config.rejoin_grace;
        server.tick_rate = config.tick_rate;
        server.snapshot_rate = config.snapshot_rate;
        server.players_in_view = config.players_in_view;
        server.expected_players = config.max_clients;
        auto made = ArenaServer::make(host_.now(), server, entropy_, rng_.fork("server"),
                                      [this] { return host_.read_clock(); });
        EXPECT_TRUE(made) << made.error().message;
        server_ = std::move(*made);
        server_->set_trace(&hash_, 1);
        watched_server_ = std::make_unique<WatchedNode>(*server_, watch_);
        const auto id = host_.attach(*watched_server_, {.bind = kServerAddress}, {{}, {}, 1, 1});
        EXPECT_TRUE(id) << id.error().message;
    }
    ~VirtualMatch() {
        for (auto& seat : seats_) host_.detach(seat->id);
    }

    struct Seat {
        std::unique_ptr<ArenaClient> client;
        std::unique_ptr<WatchedNode> watched;
        RecordingObserver observer;
        NodeId id;
    };

    [[nodiscard]] ConnectTokenBytes token(std::uint64_t client_id) {
        ConnectTokenRequest request;
        request.protocol_id = kArenaProtocolId;
        request.suite = Suite::hmac_signed;
        request.client_id = ClientId{client_id};
        request.now = wall();
        request.timeout_seconds = config_.timeout_seconds;
        request.public_addresses = {kServerAddress};
        const auto minted = mint_connect_token(request, kKey, entropy_);
        EXPECT_TRUE(minted);
        return *minted;
    }
    Seat& join(std::string_view behaviour, std::uint64_t client_id) {
        auto seat = std::make_unique<Seat>();
        ArenaClientConfig config;
        config.client.transport = arena_transport();
        config.client.wall_clock = {host_.now(), wall()};
        config.token = token(client_id);
        config.behaviour = std::move(*make_behaviour(behaviour, {}, rng_.fork("behaviour", client_id)));
        config.first_send = std::chrono::milliseconds(client_id % 50);
        auto made = ArenaClient::make(host_.now(), std::move(config), rng_.fork("client", client_id),
                                      entropy_, seat->observer);
        EXPECT_TRUE(made) << made.error().message;
        seat->client = std::move(*made);
        const auto stream = 100 + seats_.size();
        const auto id = host_.attach(*seat->client, {},
                                     {config_.up, config_.down, stream, static_cast<std::uint32_t>(stream)});
        EXPECT_TRUE(id) << id.error().message;
        seat->id = *id;
        seats_.push_back(std::move(seat));
        return *seats_.back();
    }
    void join_many(std::size_t count) {
        const auto all = behaviours();
        for (std::size_t i = 0; i < count; ++i) join(all[i % all.size()].name, 1000 + i);
    }

    // Runs tick by tick and compares every view with the truth of its tick.
    void run(Duration span) {
        const TimePoint end = host_.now() + span;
        const Duration interval = Duration{std::chrono::seconds(1)} / config_.tick_rate;
        while (host_.now() < end) {
            host_.run_until(host_.now() + interval);
            remember_truth();
            if (!config_.compares_views) continue;
            for (auto& seat : seats_) compare(*seat);
        }
    }

    [[nodiscard]] UnixSeconds wall() const {
        return WallClockAnchor{simulator::kVirtualStart, UnixSeconds{1'700'000'000}}.unix_seconds(
            host_.now());
    }

    static constexpr Address kServerAddress = Address::ipv4(10, 0, 0, 1, 40'000);
    static constexpr Key kKey = {std::byte{1}, std::byte{2}, std::byte{3}};

    MatchConfig config_;
    Rng rng_;
    SeededEntropy entropy_;
    trace::HashSink hash_;
    simulator::SimHost host_;
    std::function<void(bool)> watch_;  // called on entering and leaving a node
    std::unique_ptr<ArenaServer> server_;
    std::unique_ptr<WatchedNode> watched_server_;
    std::vector<std::unique_ptr<Seat>> seats_;
    std::uint64_t views_compared_ = 0;

  private:
    void remember_truth() {
        // The world between two ticks is the world of the last one, and nobody came or went since: joins
        // change only what the next tick shows.
        View truth;
        server_->world().grid().visit_within(0, 0, 1U << 30, [&](const GridEntry& entry, std::int64_t) {
            truth.push_back(server_->world().state(entry.id));
        });
        truth_[server_->statistics().ticks] = std::move(truth);
        if (truth_.size() > 200) truth_.erase(truth_.begin());
    }
    void compare(const Seat& seat) {
        const auto at = truth_.find(seat.client->view_tick());
        if (at == truth_.end() || seat.client->view().empty()) return;
        ++views_compared_;
        const auto state_of = [&](std::uint32_t id) {
            return std::find_if(at->second.begin(), at->second.end(),
                                [&](auto& state) { return state.id == id; });
        };
        const auto self = state_of(seat.client->player());
        ASSERT_NE(self, at->second.end());
        std::size_t seen = 0;
        for (const EntityState& state : at->second) {
            const std::int64_t dx = ring_distance(self->x, state.x, server_->world_side());
            const std::int64_t dy = ring_distance(self->y, state.y, server_->world_side());
            if (dx * dx + dy * dy > std::int64_t{kViewRadius} * kViewRadius) continue;
            ++seen;
            const auto view = seat.client->view();
            ASSERT_TRUE(std::find(view.begin(), view.end(), state) != view.end())
                << "player " << seat.client->player() << " does not see " << state.id << " as it is";
        }
        ASSERT_EQ(seat.client->view().size(), seen);
    }
    std::map<std::uint64_t, View> truth_;
};

}  // namespace squall::arena
