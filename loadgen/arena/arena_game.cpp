#include "arena/arena_game.hpp"

#include <algorithm>
#include <utility>

namespace squall::arena {
namespace {

// Chat reaches at most so many others.
constexpr std::uint32_t kMaxListeners = 64;
constexpr std::uint64_t kHundred = 100;

Duration positive(Duration duration) {
    return std::max(duration, Duration{0});
}

}  // namespace

ArenaServer::Game::Game(TimePoint now, const ArenaServerConfig& config,
                        std::unique_ptr<ServerEndpoint> endpoint, const Rng& rng,
                        std::function<TimePoint()> read_clock)
    : config_(config),
      endpoint_(std::move(endpoint)),
      read_clock_(std::move(read_clock)),
      format_{world_side_for(config.expected_players, config.players_in_view), config.server.max_clients},
      schedule_(now, config.tick_rate),
      world_({format_.world_side, format_.player_limit, config.tick_rate}, rng.fork("arena world")),
      hearing_(format_.player_limit, kMaxListeners + 1),
      composer_(format_, config.max_in_view),
      sessions_(config.server.max_clients) {}

void ArenaServer::Game::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    endpoint_->receive(now, from, datagram);
    drain_events(now);
}

std::optional<Transmit> ArenaServer::Game::poll_transmit(TimePoint now, MutableBytes buffer) {
    auto transmit = endpoint_->poll_transmit(now, buffer);
    if (!transmit) finish_tick_measurement();
    return transmit;
}

TimePoint ArenaServer::Game::poll_timeout() const {
    return std::min(endpoint_->poll_timeout(), schedule_.next_at());
}

void ArenaServer::Game::handle_timeout(TimePoint now) {
    if (endpoint_->poll_timeout() <= now) {
        endpoint_->handle_timeout(now);
        drain_events(now);
    }
    run_due_ticks(now);
}

void ArenaServer::Game::shut_down(TimePoint now) {
    endpoint_->shut_down(now);
    drain_events(now);
}

void ArenaServer::Game::set_trace(trace::Sink* sink, std::uint32_t source) {
    trace_ = sink;
    source_ = source;
    endpoint_->set_trace(sink, source);
}

// --- players
// -------------------------------------------------------------------------------------------------------

void ArenaServer::Game::drain_events(TimePoint now) {
    while (const auto event = endpoint_->poll_event())
        std::visit([&](const auto& specific) { on_event(now, specific); }, *event);
}

void ArenaServer::Game::on_event(TimePoint now, const Connected& event) {
    const std::uint32_t slot = event.connection.slot;
    if (slot >= sessions_.size())
        return endpoint_->disconnect(now, event.connection, DisconnectReason::server_full);
    if (sessions_[slot] == nullptr) slots_.insert(std::lower_bound(slots_.begin(), slots_.end(), slot), slot);
    sessions_[slot] =
        std::make_unique<Session>(event.connection, views_, config_.max_inputs_per_second, config_.tick_rate);
    bool rejoined = false;
    if (event.rejoined)
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
    std::array<std::byte, kMaxSmallMessageBytes> buffer;
    const Bytes message = write_message(buffer, welcome);
    const auto sent = endpoint_->send(now, event.connection, kEventChannel, message, {.notify = true});
    if (!sent) return endpoint_->disconnect(now, event.connection, DisconnectReason::queue_overflow);
    sessions_[slot]->welcome = *sent;
    count_sent(message);
}

void ArenaServer::Game::on_event(TimePoint /*now*/, const Disconnected& event) {
    const auto reason = static_cast<std::size_t>(event.reason);
    if (reason < statistics_.disconnects.size()) ++statistics_.disconnects[reason];
    if (session_of(event.connection) == nullptr) return;
    const std::uint32_t slot = event.connection.slot;
    sessions_[slot].reset();
    slots_.erase(std::lower_bound(slots_.begin(), slots_.end(), slot));
    world_.leave(slot);
    statistics_.players = static_cast<std::uint32_t>(slots_.size());
}

void ArenaServer::Game::on_event(TimePoint now, const MessageReceived& event) {
    Session* session = session_of(event.connection);
    if (session == nullptr) return;
    ++statistics_.messages_received;
    statistics_.message_bytes_received += event.bytes.size();
    if (event.channel == kInputChannel) return on_input(now, *session, event);
    if (event.channel == kEventChannel) return on_chat(now, *session, event);
    if (event.channel == kRequestChannel) return on_request(now, *session, event);
    on_malformed(now, *session);
}

void ArenaServer::Game::on_event(TimePoint /*now*/, const MessageSettled& event) {
    Session* session = session_of(event.connection);
    if (session == nullptr) return;
    const bool is_delivered = event.fate == MessageFate::delivered;
    if (event.channel == kEventChannel && session->welcome == event.message)
        session->is_welcomed = is_delivered;
    if (event.channel != kSnapshotChannel) return;
    if (is_delivered) {
        session->snapshots.delivered(event.message);
    } else {
        session->snapshots.lost(event.message);
        ++statistics_.snapshots_lost;
    }
}

void ArenaServer::Game::on_input(TimePoint now, Session& session, const MessageReceived& event) {
    PlayerInput input;
    if (!read_message(event.bytes, input)) return on_malformed(now, session);
    if (!session.inputs.take()) {
        ++statistics_.inputs_over_rate;
        return on_violation(now, session, 1, DisconnectReason::rate_limited);
    }
    if (session.newest_input && event.message <= *session.newest_input) {
        ++statistics_.inputs_stale;
        return;
    }
    session.newest_input = event.message;
    world_.set_input(session.connection.slot, input);
    ++statistics_.inputs;
}

void ArenaServer::Game::on_chat(TimePoint now, Session& session, const MessageReceived& event) {
    ChatMessage chat;
    if (!read_message(event.bytes, chat)) return on_malformed(now, session);
    if (!session.chats.take()) return on_violation(now, session, kHundred, DisconnectReason::rate_limited);
    ++statistics_.chats;
    if (tick_ == 0) return;  // nobody has a place yet
    const std::uint32_t speaker = session.connection.slot;
    chat.from = speaker;
    std::array<std::byte, kMaxSmallMessageBytes> buffer;
    const Bytes message = write_message(buffer, chat);
    const EntityState& place = world_.state(speaker);
    for (const std::uint16_t listener : hearing_.query(world_.grid(), place.x, place.y, kViewRadius)) {
        // The grid is the last tick's: who left since has no session.
        const Session* other = sessions_[listener].get();
        if (listener == speaker || other == nullptr) continue;
        if (send(now, other->connection, kEventChannel, message)) ++statistics_.chats_relayed;
    }
}

void ArenaServer::Game::on_request(TimePoint now, Session& session, const MessageReceived& event) {
    ItemRequest request;
    if (!read_message(event.bytes, request)) return on_malformed(now, session);
    if (!session.requests.take()) return on_violation(now, session, kHundred, DisconnectReason::rate_limited);
    ++statistics_.requests;
    const std::uint32_t slot = session.connection.slot;
    ItemReply reply;
    reply.request = request.request;
    reply.result = world_.buy(slot, request.item);
    reply.credits = world_.credits(slot);
    std::array<std::byte, kMaxSmallMessageBytes> buffer;
    send(now, session.connection, kRequestChannel, write_message(buffer, reply));
}

void ArenaServer::Game::on_malformed(TimePoint now, Session& session) {
    ++statistics_.malformed;
    on_violation(now, session, kHundred, DisconnectReason::protocol_error);
}

void ArenaServer::Game::on_violation(TimePoint now, Session& session, std::uint64_t hundredths,
                                     DisconnectReason reason) {
    const std::uint64_t limit = config_.max_violations * kHundred;
    const bool was_over = session.violations >= limit;
    session.violations += hundredths;
    if (!was_over && session.violations >= limit) endpoint_->disconnect(now, session.connection, reason);
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
    for (const std::uint32_t slot : slots_) {
        Session& session = *sessions_[slot];
        session.inputs.refill();
        session.chats.refill();
        session.requests.refill();
    }
    world_.step();
    ++statistics_.ticks;
}

void ArenaServer::Game::send_snapshots(TimePoint now) {
    for (const std::uint32_t slot : slots_)
        if (sessions_[slot]->is_welcomed) send_snapshot(now, *sessions_[slot]);
}

void ArenaServer::Game::send_snapshot(TimePoint now, Session& session) {
    const std::size_t budget = std::min(endpoint_->send_budget(now, session.connection), kMaxSnapshotBytes);
    std::optional<std::uint64_t> echo;
    if (session.newest_input) echo = session.newest_input->value;
    const auto snapshot = composer_.compose(world_, session.connection.slot, tick_, echo, session.snapshots,
                                            session.waiting, budget);
    if (!snapshot) {
        ++statistics_.snapshots_skipped;
        return;
    }
    const auto message =
        endpoint_->send(now, session.connection, kSnapshotChannel, snapshot->bytes, {.notify = true});
    if (!message) {
        ++statistics_.snapshots_skipped;
        return;
    }
    session.snapshots.sent(*message, snapshot->view);
    count_sent(snapshot->bytes);
    ++statistics_.snapshots;
    statistics_.snapshots_full += snapshot->is_full ? 1 : 0;
    statistics_.snapshots_limited += snapshot->is_limited ? 1 : 0;
    statistics_.snapshot_bytes += snapshot->bytes.size();
    statistics_.entities_in_view += snapshot->view.empty() ? 0 : snapshot->view.size() - 1;
    statistics_.entity_updates += snapshot->updates;
}

bool ArenaServer::Game::send(TimePoint now, ConnectionId connection, ChannelId channel, Bytes message) {
    if (!endpoint_->send(now, connection, channel, message)) return false;
    count_sent(message);
    return true;
}

void ArenaServer::Game::count_sent(Bytes message) {
    ++statistics_.messages_sent;
    statistics_.message_bytes_sent += message.size();
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
