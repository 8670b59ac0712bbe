// Whole matches over the real transport in a simulated network, in virtual time.
#include <gtest/gtest.h>

#include <numeric>

#include "unit/arena/virtual_match.hpp"

namespace squall::arena {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

void expect_no_errors(const VirtualMatch& match) {
    for (const auto& seat : match.seats_)
        for (const auto& error : seat->observer.errors) ADD_FAILURE() << error;
}

TEST(VirtualMatch, ViewsAreTheTruthOnAGoodNetwork) {
    VirtualMatch match;
    match.join_many(40);
    match.run(seconds(10));
    expect_no_errors(match);
    EXPECT_GT(match.views_compared_, 40U * 150);
    const auto& statistics = match.server_->statistics();
    EXPECT_EQ(statistics.players, 40U);
    EXPECT_EQ(statistics.joins, 40U);
    EXPECT_EQ(statistics.ticks, 200U);
    EXPECT_EQ(statistics.ticks_skipped, 0U);
    EXPECT_EQ(statistics.malformed, 0U);
    EXPECT_EQ(statistics.snapshots_limited, 0U);
    EXPECT_EQ(statistics.tick_lateness.max(), 0U);  // virtual time is never late
    EXPECT_EQ(statistics.tick_duration.count(), 200U);
    EXPECT_GT(statistics.chats_relayed, 0U);
    EXPECT_GT(statistics.requests, 0U);
    for (const auto& seat : match.seats_) {
        const auto& seen = seat->observer;
        EXPECT_EQ(seen.joins, 1);
        EXPECT_GT(seen.snapshots, 190U);
        EXPECT_LE(seen.full_snapshots, 4U);
        EXPECT_EQ(seen.requests, seen.replies.size());
        // 40 ms on the way, then up to a tick until the snapshot that shows it.
        for (const Duration echo : seen.echoes) EXPECT_LE(echo, milliseconds(91));
        for (const Duration reply : seen.replies) EXPECT_LE(reply, milliseconds(41));
        EXPECT_NEAR(to_milliseconds(seen.oldest_view), 20.0, 0.2);
        EXPECT_GT(seen.inputs, 195U);
        EXPECT_GT(seen.echoes.size() + 4, seen.inputs);
    }
}

TEST(VirtualMatch, ViewsAreTheTruthOnABadNetworkToo) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        MatchConfig config;
        config.seed = seed;
        config.up = {.delay = milliseconds(60), .jitter = milliseconds(40), .loss = percent(15)};
        config.up.duplicate = percent(5);
        config.down = config.up;
        config.down.burst_loss = {percent(2), percent(20), {}, {1, 1}};
        VirtualMatch match(config);
        match.join_many(24);
        match.run(seconds(12));
        expect_no_errors(match);
        EXPECT_GT(match.views_compared_, 24U * 150);
        EXPECT_GT(match.server_->statistics().snapshots_lost, 0U);
        for (const auto& seat : match.seats_)
            for (const auto reason : seat->observer.ends) ADD_FAILURE() << to_string(reason);
    }
}

TEST(VirtualMatch, IsTheSameForTheSameSeed) {
    const auto run = [](std::uint64_t seed) {
        MatchConfig config;
        config.seed = seed;
        config.up = {.delay = milliseconds(30), .jitter = milliseconds(10), .loss = percent(3)};
        config.down = config.up;
        VirtualMatch match(config);
        match.join_many(20);
        match.run(seconds(5));
        return std::pair{match.hash_.hash(), match.server_->world().hash()};
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
}

TEST(VirtualMatch, PlayersSeeAsManyOthersAsWasAskedFor) {
    MatchConfig config;
    config.max_clients = 300;
    config.players_in_view = 30;
    VirtualMatch match(config);
    for (std::uint64_t id = 0; id < 300; ++id) match.join("wander", id + 1);
    match.run(seconds(6));
    const auto& statistics = match.server_->statistics();
    EXPECT_NEAR(static_cast<double>(statistics.entities_in_view) / static_cast<double>(statistics.snapshots),
                30, 3);
}

TEST(VirtualMatch, SnapshotsMayBeRarerThanTicks) {
    MatchConfig config;
    config.tick_rate = 60;
    config.snapshot_rate = 25;
    VirtualMatch match(config);
    match.join_many(10);
    match.run(seconds(4));
    expect_no_errors(match);
    EXPECT_EQ(match.server_->statistics().ticks, 240U);
    for (const auto& seat : match.seats_)
        EXPECT_NEAR(static_cast<double>(seat->observer.snapshots), 100.0, 5.0);
}

TEST(VirtualMatch, ASmallSendBudgetMakesSnapshotsSmallerAndTheyStayRight) {
    MatchConfig config;
    config.max_clients = 60;
    config.players_in_view = 55;
    config.compares_views = false;
    config.maximum_rate = kilobits_per_second(32);  // 200 bytes a tick, headers included
    config.down = {
        .delay = milliseconds(30), .rate = kilobits_per_second(24), .queue_limit = milliseconds(150)};
    VirtualMatch match(config);
    for (std::uint64_t id = 0; id < 60; ++id) match.join("run-and-gun", id + 1);
    match.run(seconds(30));
    expect_no_errors(match);  // each view has the checksum that the server gave it
    const auto& statistics = match.server_->statistics();
    EXPECT_GT(statistics.snapshots_limited, 0U);
    EXPECT_EQ(statistics.players, 60U);
    for (const auto& seat : match.seats_) {
        EXPECT_GT(seat->observer.snapshots, 60U);
        EXPECT_GT(seat->client->view().size(), 20U);
    }
}

TEST(VirtualMatch, LeavingEndsBothSidesAndTheOthersForgetThePlayer) {
    VirtualMatch match;
    match.join_many(6);
    match.run(seconds(1));
    auto& leaver = *match.seats_[2];
    leaver.client->leave(match.host_.now());
    match.host_.wake(leaver.id);
    match.run(seconds(1));
    EXPECT_EQ(leaver.observer.ends, std::vector{DisconnectReason::requested});
    EXPECT_TRUE(leaver.client->finished());
    EXPECT_EQ(match.server_->statistics().players, 5U);
    const auto& ends = match.server_->statistics().disconnects;
    EXPECT_EQ(ends[static_cast<std::size_t>(DisconnectReason::requested_by_peer)], 1U);
    for (const EntityState& state : match.seats_[0]->client->view())
        EXPECT_NE(state.id, leaver.client->player());
}

TEST(VirtualMatch, AServerThatShutsDownSaysSo) {
    VirtualMatch match;
    match.join_many(5);
    match.run(seconds(1));
    match.server_->shut_down(match.host_.now());
    match.run(seconds(1));
    for (const auto& seat : match.seats_) {
        EXPECT_EQ(seat->observer.ends, std::vector{DisconnectReason::server_shutdown});
        EXPECT_TRUE(seat->client->finished());
    }
    EXPECT_EQ(match.server_->statistics().players, 0U);
}

TEST(VirtualMatch, APlayerWhoseNetworkFailedComesBackAsItWas) {
    MatchConfig config;
    config.rejoin_grace = seconds(20);
    config.timeout_seconds = 2;
    VirtualMatch match(config);
    match.join_many(4);
    auto& first = match.join("idle", 7);
    match.run(seconds(2));
    const std::uint32_t player = first.client->player();
    const EntityState before = match.server_->world().state(player);
    match.host_.set_blackhole(first.id, true);
    match.run(seconds(5));
    EXPECT_EQ(first.observer.ends, std::vector{DisconnectReason::timed_out});
    EXPECT_EQ(match.server_->statistics().players, 4U);

    auto& second = match.join("idle", 7);
    match.run(seconds(2));
    EXPECT_EQ(second.observer.joins, 1);
    EXPECT_TRUE(second.observer.rejoined);
    EXPECT_EQ(second.client->player(), player);
    EXPECT_EQ(match.server_->world().state(player).x, before.x);
    EXPECT_EQ(match.server_->statistics().rejoins, 1U);
    expect_no_errors(match);
}

TEST(VirtualMatch, NobodyThereMeansAnEndWithAReason) {
    MatchConfig config;
    config.timeout_seconds = 2;
    VirtualMatch match(config);
    auto& seat = match.join("idle", 1);
    match.host_.set_blackhole(seat.id, true);
    match.run(seconds(8));
    EXPECT_EQ(seat.observer.ends, std::vector{DisconnectReason::request_timed_out});
    EXPECT_TRUE(seat.client->finished());
    EXPECT_FALSE(seat.client->joined());
}

TEST(VirtualMatch, LeavingBeforeTheJoinEndsToo) {
    VirtualMatch match;
    auto& seat = match.join("idle", 1);
    seat.client->leave(match.host_.now());
    match.host_.wake(seat.id);
    match.run(seconds(1));
    EXPECT_EQ(seat.observer.ends, std::vector{DisconnectReason::requested});
    EXPECT_TRUE(seat.client->finished());
}

// A client that speaks the transport and not the game; or the game's words, but too many of them.
class Vandal final : public Node {
  public:
    // Random bytes on this channel.
    Vandal(VirtualMatch& match, ChannelId channel) : Vandal(match) { channel_ = channel; }
    // Or this, by remotes that fit.
    Vandal(VirtualMatch& match, std::function<void(TimePoint, ArenaRemotes&, ConnectionId)> act)
        : Vandal(match) {
        registry_ = std::make_unique<remotes::Remotes>(*endpoint_);
        registry_->on_leave([this](TimePoint, ConnectionId, DisconnectReason reason) { end = reason; });
        remotes_.emplace(*registry_);
        act_ = std::move(act);
    }
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        node().receive(now, from, datagram);
        drain();
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return node().poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return std::min(node().poll_timeout(), next_); }
    void handle_timeout(TimePoint now) override {
        node().handle_timeout(now);
        drain();
        if (now < next_) return;
        next_ = now + (act_ ? milliseconds(1) : milliseconds(20));
        if (endpoint_->state() != ClientState::connected) return;
        if (!act_) return misbehave(now);
        if (!registry_->peers().empty()) act_(now, *remotes_, endpoint_->connection());
    }
    std::optional<DisconnectReason> end;

  private:
    explicit Vandal(VirtualMatch& match) : rng_(9) {
        ClientConfig config;
        config.transport = arena_transport();
        config.wall_clock = {match.host_.now(), match.wall()};
        endpoint_ = std::move(*ClientEndpoint::make(match.host_.now(), config, match.entropy_));
        EXPECT_TRUE(endpoint_->connect(match.host_.now(), match.token(666)));
    }
    void misbehave(TimePoint now) {
        std::vector<std::byte> bytes(1 + rng_.below(16));
        for (auto& byte : bytes) byte = static_cast<std::byte>(rng_.below(256));
        (void)endpoint_->send(now, endpoint_->connection(), channel_, bytes);
    }
    [[nodiscard]] Node& node() const {
        if (registry_ != nullptr) return *registry_;
        return *endpoint_;
    }
    void drain() {
        if (registry_ != nullptr) return;
        while (const auto event = endpoint_->poll_event())
            if (const auto* ended = std::get_if<Disconnected>(&*event)) end = ended->reason;
    }
    Rng rng_;
    ChannelId channel_;
    TimePoint next_{};
    std::unique_ptr<ClientEndpoint> endpoint_;
    std::unique_ptr<remotes::Remotes> registry_;
    std::optional<ArenaRemotes> remotes_;
    std::function<void(TimePoint, ArenaRemotes&, ConnectionId)> act_;
};

TEST(VirtualMatch, WhoSendsNonsenseIsCountedAndThrownOut) {
    // It never says what it declares, so nobody looks at what it says but on the channel of greetings.
    for (const std::uint8_t channel : {std::uint8_t{0}, std::uint8_t{3}}) {
        VirtualMatch match;
        match.join_many(3);
        Vandal vandal(match, ChannelId{channel});
        const auto id = match.host_.attach(vandal, {});
        ASSERT_TRUE(id);
        match.run(seconds(12));
        EXPECT_EQ(vandal.end, DisconnectReason::rate_limited);
        EXPECT_GE(match.server_->statistics().malformed, 20U);
        EXPECT_EQ(match.server_->statistics().players, 3U);
        expect_no_errors(match);
        match.host_.detach(*id);
    }
}

// What a client of ours never says, said by remotes that fit.
TEST(VirtualMatch, WhoSaysWhatOnlyTheServerMaySayIsThrownOut) {
    VirtualMatch match;
    match.join_many(3);
    int said = 0;
    Vandal vandal(match, [&](TimePoint now, ArenaRemotes& remotes, ConnectionId) {
        if (++said % 2 == 0)
            (void)remotes.welcome.fire(now, Welcome{});
        else
            (void)remotes.snapshot.fire(now, SnapshotMessage{{std::byte{1}}});
    });
    const auto id = match.host_.attach(vandal, {});
    ASSERT_TRUE(id);
    match.run(seconds(5));
    EXPECT_EQ(vandal.end, DisconnectReason::rate_limited);
    EXPECT_GE(match.server_->statistics().malformed, 20U);
    EXPECT_LE(match.server_->statistics().malformed, 22U);
    EXPECT_EQ(match.server_->statistics().players, 3U);
    const auto& ends = match.server_->statistics().disconnects;
    EXPECT_EQ(ends[static_cast<std::size_t>(DisconnectReason::rate_limited)], 1U);
    expect_no_errors(match);
    match.host_.detach(*id);
}

TEST(VirtualMatch, WhoSendsTooManyInputsIsSlowedAndThenThrownOut) {
    VirtualMatch match;
    match.join_many(3);
    Vandal vandal(match, [](TimePoint now, ArenaRemotes& remotes, ConnectionId) {  // a thousand a second
        (void)remotes.input.fire(now, PlayerInput{1, 0, false, false});
    });
    const auto id = match.host_.attach(vandal, {});
    ASSERT_TRUE(id);
    match.run(seconds(6));
    EXPECT_EQ(vandal.end, DisconnectReason::rate_limited);
    EXPECT_GE(match.server_->statistics().inputs_over_rate, 2000U);
    const auto& ends = match.server_->statistics().disconnects;
    EXPECT_EQ(ends[static_cast<std::size_t>(DisconnectReason::rate_limited)], 1U);
    match.host_.detach(*id);
}

TEST(VirtualMatch, WhoBuysAndTalksTooMuchIsRefusedAndTheRestIsServed) {
    VirtualMatch match;
    match.join_many(3);
    int replies = 0;
    int refusals = 0;
    int calls = 0;
    Vandal vandal(match, [&](TimePoint now, ArenaRemotes& remotes, ConnectionId server) {
        if (calls++ >= 100) return;
        remotes.chat.fire(now, ChatMessage{0, 0, "hear me"});
        remotes.buy.call(now, server, {0},
                         [&](TimePoint, const Result<ItemReply>& reply) { ++(reply ? replies : refusals); });
    });
    const auto id = match.host_.attach(vandal, {});
    ASSERT_TRUE(id);
    match.run(seconds(3));
    EXPECT_FALSE(vandal.end);
    EXPECT_EQ(replies + refusals, 100);
    EXPECT_GE(replies, 20);
    EXPECT_LE(replies, 23);
    expect_no_errors(match);
    match.host_.detach(*id);
}

TEST(ArenaServer, MakesUpForAFewTicksAfterAStallAndCountsTheRest) {
    Rng rng(1);
    SeededEntropy entropy(rng.fork("entropy"));
    ArenaServerConfig config;
    config.server.transport = arena_transport();
    config.server.private_key = VirtualMatch::kKey;
    config.server.addresses = {VirtualMatch::kServerAddress};
    const TimePoint start = simulator::kVirtualStart;
    config.server.wall_clock = {start, UnixSeconds{1'700'000'000}};
    TimePoint clock = start;
    auto made = ArenaServer::make(start, config, entropy, rng, [&] { return clock += milliseconds(1); });
    ASSERT_TRUE(made);
    ArenaServer& server = **made;
    EXPECT_EQ(server.poll_timeout(), start + milliseconds(50));
    server.handle_timeout(start + milliseconds(49));  // early: nothing happens
    EXPECT_EQ(server.statistics().ticks, 0U);
    server.handle_timeout(start + milliseconds(51));
    EXPECT_EQ(server.statistics().ticks, 1U);
    EXPECT_EQ(server.statistics().tick_lateness.max(), 1'000'000U);
    server.handle_timeout(start + seconds(1));
    EXPECT_EQ(server.statistics().ticks, 4U);
    EXPECT_EQ(server.statistics().ticks_skipped, 16U);
    EXPECT_EQ(server.poll_timeout(), start + milliseconds(1050));
    std::array<std::byte, kMaxDatagramBytes> buffer;
    while (server.poll_transmit(start + seconds(1), buffer)) {
    }
    EXPECT_EQ(server.statistics().tick_duration.count(), 2U);
    EXPECT_EQ(server.statistics().tick_work.max(), 1'000'000U);
}

TEST(ArenaServer, NamesTheFieldThatIsOutOfRange) {
    Rng rng(1);
    SeededEntropy entropy(rng);
    const auto error_of = [&](auto change) {
        ArenaServerConfig config;
        config.server.transport = arena_transport();
        config.server.addresses = {VirtualMatch::kServerAddress};
        change(config);
        const auto made =
            ArenaServer::make(simulator::kVirtualStart, config, entropy, rng, [] { return TimePoint{}; });
        return made ? std::string() : made.error().message;
    };
    EXPECT_EQ(error_of([](auto&) {}), "");
    EXPECT_EQ(error_of([](auto& c) { c.tick_rate = 0; }), "arena: tick_rate is 0; needs 1 to 240");
    EXPECT_EQ(error_of([](auto& c) { c.snapshot_rate = 21; }), "arena: snapshot_rate is 21; needs 1 to 20");
    EXPECT_NE(error_of([](auto& c) { c.server.transport.channels.pop_back(); }).find("3 channels"),
              std::string::npos);
}

}  // namespace
}  // namespace squall::arena
