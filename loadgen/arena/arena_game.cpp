#include "arena/arena_game.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace squall::arena {
namespace {

// Chat reaches at most so many others.
constexpr std::uint32_t kMaxListeners = 64;
// Messages per second that one player may send on top of its inputs.
constexpr std::uint32_t kMaxChatsPerSecond = 5;
constexpr std::uint32_t kMaxRequestsPerSecond = 20;

// Points, of which max_violations times a hundred end a connection: what is above a rate costs one, anything
// else that no client of ours sends a hundred. They are forgiven so slowly that a match does not see it.
constexpr std::uint32_t kViolation = 100;
remotes::RemotesConfig rules(const ArenaServerConfig& config) {
    remotes::RemotesConfig out;
    out.offences = {.per_second = 1, .burst = std::uint64_t{config.max_violations} * kViolation};
    for (auto& cost : out.offence_costs) cost *= kViolation;
    out.offence_costs[static_cast<std::size_t>(remotes::Outcome::rate_limited)] = 1;
    return out;
}

Duration positive(Duration duration) {
    return std::max(duration, Duration{0});
}

}  // namespace

ArenaServer::Game::Game(TimePoint now, const ArenaServerConfig& config,
                        std::unique_ptr<ServerEndpoint> endpoint, const Rng& rng,
                        std::function<TimePoint()> read_clock)
    : config_(config),
      endpoint_(std::move(endpoint)),
      registry_(*endpoint_, rules(config)),
      remotes_(registry_),
      read_clock_(std::move(read_clock)),
      format_{world_side_for(config.expected_players, config.players_in_view), config.server.max_clients},
      schedule_(now, config.tick_rate),
      world_({format_.world_side, format_.player_limit, config.tick_rate}, rng.fork("arena world")),
      hearing_(format_.player_limit, kMaxListeners + 1),
      composer_(format_, config.max_in_view),
      sessions_(config.server.max_clients) {
    listen();
    limit();
}

void ArenaServer::Game::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    registry_.receive(now, from, datagram);
}

std::optional<Transmit> ArenaServer::Game::poll_transmit(TimePoint now, MutableBytes buffer) {
    auto transmit = registry_.poll_transmit(now, buffer);
    if (!transmit) finish_tick_measurement();
    return transmit;
}

TimePoint ArenaServer::Game::poll_timeout() const {
    return std::min(registry_.poll_timeout(), schedule_.next_at());
}

void ArenaServer::Game::handle_timeout(TimePoint now) {
    if (registry_.poll_timeout() <= now) registry_.handle_timeout(now);
    run_due_ticks(now);
}

void ArenaServer::Game::shut_down(TimePoint now) {
    endpoint_->shut_down(now);
    registry_.handle_timeout(now);
}

void ArenaServer::Game::set_trace(trace::Sink* sink, std::uint32_t source) {
    trace_ = sink;
    source_ = source;
    registry_.set_trace(sink, source);
}

void ArenaServer::Game::expect(const Address& from, unsigned step) {
    registry_.expect(from, step);
}

void ArenaServer::Game::time_handlers() {
    registry_.set_stopwatch([this] { return read_clock_().time_since_epoch(); });
}

// What the registry counts anyway is put where the rest is.
const ArenaServerStatistics& ArenaServer::Game::statistics() {
    const remotes::Traffic& strays = registry_.strays();
    auto& out = statistics_;
    out.messages_received = strays.messages;
    out.message_bytes_received = strays.bytes;
    out.malformed = std::accumulate(strays.stopped.begin(), strays.stopped.end(), std::uint64_t{0});
    out.messages_sent = out.message_bytes_sent = 0;
    for (const remotes::Remote* const remote : registry_.remotes()) {
        const remotes::RemoteStatistics& counts = remote->statistics();
        out.messages_received += counts.in.messages;
        out.message_bytes_received += counts.in.bytes;
        out.messages_sent += counts.out.messages;
        out.message_bytes_sent += counts.out.bytes;
        out.malformed += counts.in.of(remotes::Outcome::malformed) +
                         counts.in.of(remotes::Outcome::unauthorised) +
                         counts.in.of(remotes::Outcome::unknown_remote);
    }
    out.inputs_over_rate = input_counts_.dropped;
    return out;
}

// --- players
// -------------------------------------------------------------------------------------------------------

void ArenaServer::Game::listen() {
    registry_.on_join([this](TimePoint now, ConnectionId peer, ClientId) { on_join(now, peer); });
    registry_.on_leave(
        [this](TimePoint, ConnectionId peer, DisconnectReason reason) { on_end(peer, reason); });
    registry_.on_other([this](TimePoint, const EndpointEvent& event) {
        const auto* const end = std::get_if<Disconnected>(&event);
        if (end == nullptr) return;
        // Somebody else than the player who is remembered there had the slot, and never joined.
        const std::uint32_t slot = end->connection.slot;
        if (slot < sessions_.size() && sessions_[slot] == nullptr && !registry_.has_rejoined(end->connection))
            world_.forget(slot);
        on_end(end->connection, end->reason);
    });
    remotes_.input.listen(
        [this](const remotes::Origin& origin, const PlayerInput& input) { on_input(origin, input); });
    remotes_.chat.listen(
        [this](const remotes::Origin& origin, const ChatMessage& chat) { on_chat(origin, chat); });
    remotes_.buy.answer([this](const remotes::Origin& origin, const ItemRequest& request) {
        return on_buy(origin, request);
    });
    remotes_.welcome.on_settled([this](TimePoint, ConnectionId peer, MessageId, MessageFate fate) {
        if (Session* const session = session_of(peer)) session->is_welcomed = fate == MessageFate::delivered;
    });
    remotes_.snapshot.on_settled([this](TimePoint, ConnectionId peer, MessageId message, MessageFate fate) {
        on_snapshot_settled(peer, message, fate);
    });
}

void ArenaServer::Game::limit() {
    using remotes::Direction;
    remotes_.input.use(Direction::inbound, remotes::limit_rate({.per_second = config_.max_inputs_per_second},
                                                               {.counts = &input_counts_}));
    remotes_.chat.use(Direction::inbound, remotes::limit_rate({.per_second = kMaxChatsPerSecond}));
    remotes_.buy.use(Direction::inbound, remotes::limit_rate({.per_second = kMaxRequestsPerSecond}));
    // What only the server says.
    const auto nobody = [](TimePoint, ConnectionId) { return false; };
    remotes_.welcome.use(Direction::inbound, remotes::authorise(nobody));
    remotes_.snapshot.use(Direction::inbound, remotes::authorise(nobody));
}

void ArenaServer::Game::on_join(TimePoint now, ConnectionId connection) {
    const std::uint32_t slot = connection.slot;
    if (slot >= sessions_.size()) return registry_.disconnect(now, connection, DisconnectReason::server_full);
    if (sessions_[slot] == nullptr) slots_.insert(std::lower_bound(slots_.begin(), slots_.end(), slot), slot);
    sessions_[slot] = std::make_unique<Session>(connection, views_);
    bool rejoined = false;
    if (registry_.has_rejoined(connection))
        rejoined = world_.resume(slot);
    else
        world_.join(slot);
    ++(rejoined ? statistics_.rejoins : statistics_.joins);
    statistics_.players = static_cast<std::uint32_t>(slots_.size());
    statistics_.players_peak = std::max(statistics_.players_peak, statistics_.players);

    Welcome welcome;
    welcome.player_limit = format_.player_limit;
    welcome.player = slot;
    welcome.world_side = format_.world_side;
    welcome.view_radius = kViewRadius;
    welcome.tick_rate = config_.tick_rate;
    welcome.tick = tick_;
    welcome.first_tick_at = schedule_.start().time_since_epoch().count();
    welcome.rejoined = rejoined;
    if (!remotes_.welcome.fire_tracked(now, welcome, connection))
        registry_.disconnect(now, connection, DisconnectReason::queue_overflow);
}

void ArenaServer::Game::on_end(ConnectionId connection, DisconnectReason reason) {
    const auto index = static_cast<std::size_t>(reason);
    if (index < statistics_.disconnects.size()) ++statistics_.disconnects[index];
    if (session_of(connection) == nullptr) return;
    const std::uint32_t slot = connection.slot;
    sessions_[slot].reset();
    slots_.erase(std::lower_bound(slots_.begin(), slots_.end(), slot));
    world_.leave(slot);
    statistics_.players = static_cast<std::uint32_t>(slots_.size());
}

void ArenaServer::Game::on_snapshot_settled(ConnectionId connection, MessageId message, MessageFate fate) {
    Session* const session = session_of(connection);
    if (session == nullptr) return;
    if (fate == MessageFate::delivered) {
        session->snapshots.delivered(message);
    } else {
        session->snapshots.lost(message);
        ++statistics_.snapshots_lost;
    }
}

void ArenaServer::Game::on_input(const remotes::Origin& origin, const PlayerInput& input) {
    Session* const session = session_of(origin.peer);
    if (session == nullptr) return;
    if (session->newest_input && origin.message <= *session->newest_input) {
        ++statistics_.inputs_stale;
        return;
    }
    session->newest_input = origin.message;
    world_.set_input(origin.peer.slot, input);
    ++statistics_.inputs;
}

void ArenaServer::Game::on_chat(const remotes::Origin& origin, const ChatMessage& chat) {
    if (session_of(origin.peer) == nullptr) return;
    ++statistics_.chats;
    if (tick_ == 0) return;  // nobody has a place yet
    const std::uint32_t speaker = origin.peer.slot;
    listeners_.clear();
    const EntityState& place = world_.state(speaker);
    for (const std::uint16_t listener : hearing_.query(world_.grid(), place.x, place.y, kViewRadius)) {
        // The grid is the last tick's: who left since has no session.
        const Session* other = sessions_[listener].get();
        if (listener != speaker && other != nullptr) listeners_.push_back(other->connection);
    }
    relayed_ = chat;
    relayed_.from = speaker;
    statistics_.chats_relayed +=
        remotes_.chat.fire(origin.now, relayed_, std::span<const ConnectionId>(listeners_)).sent;
}

Result<ItemReply> ArenaServer::Game::on_buy(const remotes::Origin& origin, const ItemRequest& request) {
    if (session_of(origin.peer) == nullptr)
        return fail(ErrorCode::not_connected, "arena: this player is not in the game");
    ++statistics_.requests;
    const std::uint32_t slot = origin.peer.slot;
    ItemReply reply;
    reply.result = world_.buy(slot, request.item);
    reply.credits = static_cast<std::uint16_t>(world_.credits(slot));
    return reply;
}

Session* ArenaServer::Game::session_of(ConnectionId connection) {
    if (connection.slot >= sessions_.size()) return nullptr;
    Session* session = sessions_[connection.slot].get();
    return session != nullptr && session->connection == connection ? session : nullptr;
}

// --- ticks
// ---------------------------------------------------------------------------------------------------------

void ArenaServer::Game::run_due_ticks(TimePoint now) {
    if (schedule_.next_at() > now) return;
    finish_tick_measurement();
    tick_ran_at_ = now;
    const TimePoint begin = read_clock_();
    statistics_.ticks_skipped += schedule_.skip_all_but(config_.max_catch_up_ticks, now);
    bool snapshots_due = false;
    while (schedule_.next_at() <= now) {
        run_tick(now);
        snapshots_due_ += config_.snapshot_rate;
        if (snapshots_due_ < config_.tick_rate) continue;
        snapshots_due_ %= config_.tick_rate;
        snapshots_due = true;
    }
    if (snapshots_due) send_snapshots(now);
    statistics_.tick_work.record(positive(read_clock_() - begin));
    measured_from_ = begin;
}

void ArenaServer::Game::run_tick(TimePoint now) {
    statistics_.tick_lateness.record(positive(now - schedule_.next_at()));
    tick_ = schedule_.next();
    schedule_.advance();
    world_.step();
    ++statistics_.ticks;
}

void ArenaServer::Game::send_snapshots(TimePoint now) {
    for (const std::uint32_t slot : slots_)
        if (sessions_[slot]->is_welcomed) send_snapshot(now, *sessions_[slot]);
}

void ArenaServer::Game::send_snapshot(TimePoint now, Session& session) {
    std::size_t budget = endpoint_->send_budget(now, session.connection);
    budget = std::min(budget - std::min(budget, kSnapshotHeadBytes), kMaxSnapshotBytes);
    std::optional<std::uint64_t> echo;
    if (session.newest_input) echo = session.newest_input->value;
    const auto snapshot = composer_.compose(world_, session.connection.slot, tick_, echo, session.snapshots,
                                            session.waiting, budget);
    if (!snapshot) {
        ++statistics_.snapshots_skipped;
        return;
    }
    outgoing_.bytes.assign(snapshot->bytes.begin(), snapshot->bytes.end());
    const auto message = remotes_.snapshot.fire_tracked(now, outgoing_, session.connection);
    if (!message) {
        ++statistics_.snapshots_skipped;
        return;
    }
    session.snapshots.sent(*message, snapshot->view);
    ++statistics_.snapshots;
    statistics_.snapshots_full += snapshot->is_full ? 1 : 0;
    statistics_.snapshots_limited += snapshot->is_limited ? 1 : 0;
    statistics_.snapshot_bytes += snapshot->bytes.size();
    statistics_.entities_in_view += snapshot->view.empty() ? 0 : snapshot->view.size() - 1;
    statistics_.entity_updates += snapshot->updates;
}

void ArenaServer::Game::finish_tick_measurement() {
    if (!measured_from_) return;
    const Duration duration = positive(read_clock_() - *std::exchange(measured_from_, std::nullopt));
    statistics_.tick_duration.record(duration);
    if (trace_ == nullptr) return;
    trace::Event event;
    event.at = tick_ran_at_;
    event.kind = trace::EventKind::tick;
    event.source = source_;
    event.id = tick_;
    event.detail = static_cast<std::uint32_t>(duration.count() / 1000);
    trace_->on_event(event);
}

}  // namespace squall::arena
