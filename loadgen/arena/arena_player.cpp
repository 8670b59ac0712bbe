#include "arena/arena_player.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "arena/tick_schedule.hpp"
#include "squall/core/prefetch.hpp"

namespace squall::arena {
namespace {

// Requests that wait for a reply; beyond it none is made.
constexpr std::size_t kMaxOpenRequests = 16;
// Without a reply for so long something is wrong.
constexpr Duration kRequestTimeout = std::chrono::seconds(30);
// After a stall of this process so many inputs are sent at once; older ones are left out, as a game would.
constexpr std::uint64_t kMaxInputsAtOnce = 64;

}  // namespace

ArenaClient::Player::Player(TimePoint now, ArenaClientConfig config, std::unique_ptr<ClientEndpoint> endpoint,
                            Rng rng, ClientObserver& observer)
    : observer_(&observer),
      endpoint_(std::move(endpoint)),
      behaviour_(std::move(config.behaviour)),
      rng_(rng),
      send_rate_(config.send_rate),
      shared_clock_(config.shared_clock),
      first_send_(config.first_send),
      made_at_(now),
      registry_(*endpoint_, {.workspace = config.workspace}),
      remotes_(registry_) {
    listen();
}

void ArenaClient::Player::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    registry_.receive(now, from, datagram);
}

std::optional<Transmit> ArenaClient::Player::poll_transmit(TimePoint now, MutableBytes buffer) {
    auto transmit = registry_.poll_transmit(now, buffer);
    if (!transmit && ended_) drained_ = true;
    return transmit;
}

TimePoint ArenaClient::Player::poll_timeout() const {
    return std::min(registry_.poll_timeout(), next_input_at());
}

void ArenaClient::Player::handle_timeout(TimePoint now) {
    if (registry_.poll_timeout() <= now) registry_.handle_timeout(now);
    send_due_inputs(now);
}

void ArenaClient::Player::expect(const Address& from, unsigned step) {
    registry_.expect(from, step);
    if (step > 0) return;
    prefetch_object(endpoint_.get());
    prefetch_object(&remotes_);
    if (snapshots_) snapshots_->prefetch();
}

void ArenaClient::Player::leave(TimePoint now) {
    if (leaving_ || ended_) return;
    leaving_ = true;
    // Where there is nothing to end, no event follows.
    if (!endpoint_->connection().is_valid()) return on_end(now, DisconnectReason::requested);
    registry_.disconnect(now, endpoint_->connection(), DisconnectReason::requested);
}

std::span<const EntityState> ArenaClient::Player::view() const {
    if (!snapshots_) return {};
    return snapshots_->view();
}

std::uint64_t ArenaClient::Player::view_tick() const {
    return snapshots_ && snapshots_->has_view() ? snapshots_->tick() : 0;
}

// --- what the server says
// ------------------------------------------------------------------------------------------

void ArenaClient::Player::listen() {
    using remotes::Origin;
    registry_.on_leave([this](TimePoint now, ConnectionId, DisconnectReason reason) { on_end(now, reason); });
    registry_.on_other([this](TimePoint now, const EndpointEvent& event) {
        if (const auto* const end = std::get_if<Disconnected>(&event)) on_end(now, end->reason);
    });
    registry_.on_mismatch([this](TimePoint now, ConnectionId, const std::string& what) {
        observer_->on_error(now, "the server's remotes are others: " + what);
    });
    registry_.on_refused([this](TimePoint now, ConnectionId, std::string_view remote,
                                remotes::Outcome outcome) {
        observer_->on_error(
            now, fmt::format("a message that no arena server sends: '{}': {}", remote, to_string(outcome)));
    });
    remotes_.welcome.listen(
        [this](const Origin& origin, const Welcome& welcome) { on_welcome(origin.now, welcome); });
    remotes_.chat.listen([this](const Origin& origin, const ChatMessage& chat) {
        observer_->on_chat_received(origin.now, TimePoint{Duration{chat.planned_at}});
    });
    remotes_.snapshot.listen([this](const Origin& origin, const SnapshotMessage& snapshot) {
        on_snapshot(origin.now, snapshot.bytes);
    });
}

void ArenaClient::Player::on_welcome(TimePoint now, const Welcome& welcome) {
    if (welcome_ || welcome.player >= welcome.player_limit)
        return observer_->on_error(now, welcome_ ? "a second welcome" : "a welcome for nobody");
    welcome_ = welcome;
    snapshots_.emplace(SnapshotFormat{welcome.world_side, welcome.player_limit}, welcome.tick);
    inputs_from_ = now + first_send_;
    observer_->on_joined(now, now - made_at_, welcome.rejoined);
}

void ArenaClient::Player::on_reply(TimePoint now, std::size_t place, const Result<ItemReply>& reply) {
    const OpenRequest answered = std::exchange(requests_[place], {});
    if (reply) return observer_->on_reply(now, ReplyKind::request, answered.planned, answered.sent);
    if (reply.error().code != ErrorCode::not_connected) observer_->on_error(now, reply.error().message);
}

void ArenaClient::Player::on_snapshot(TimePoint now, Bytes bytes) {
    // A correct server waits with snapshots until it knows that the welcome has arrived.
    if (!snapshots_) return observer_->on_error(now, "a snapshot before the welcome");
    const auto kind = snapshots_->receive(bytes);
    if (!kind) return observer_->on_error(now, kind.error().message);
    if (*kind != SnapshotKind::newest) return;
    const SnapshotHeader& header = snapshots_->header();
    SnapshotSeen seen;
    seen.age = age_of_view(now);
    seen.bytes = bytes.size();
    seen.entities = snapshots_->view().empty() ? 0 : snapshots_->view().size() - 1;
    seen.full = header.baseline_distance == 0;
    observer_->on_snapshot(now, seen);
    if (!header.echo || !newest_input_) return;
    const std::uint64_t echo = header.echo->unwrap(*newest_input_);
    if (echo > *newest_input_)
        return observer_->on_error(now, "a snapshot echoes an input that was never sent");
    inputs_.answer(echo, [&](TimePoint planned, TimePoint sent) {
        observer_->on_reply(now, ReplyKind::input_echo, planned, sent);
    });
}

void ArenaClient::Player::on_end(TimePoint now, DisconnectReason reason) {
    if (std::exchange(ended_, true)) return;
    observer_->on_disconnected(now, reason);
}

Duration ArenaClient::Player::age_of_view(TimePoint now) {
    const TickSchedule schedule(TimePoint{Duration{welcome_->first_tick_at}}, welcome_->tick_rate);
    const Duration arrival = now - schedule.planned(snapshots_->tick());
    if (shared_clock_) return arrival;
    earliest_arrival_ = earliest_arrival_ ? std::min(*earliest_arrival_, arrival) : arrival;
    const auto statistics = endpoint_->statistics(endpoint_->connection());
    return arrival - *earliest_arrival_ + (statistics ? statistics->rtt_minimum / 2 : Duration{0});
}

// --- what the player does
// ------------------------------------------------------------------------------------------

TimePoint ArenaClient::Player::next_input_at() const {
    if (!welcome_ || leaving_ || ended_) return kNever;
    return TickSchedule(inputs_from_, send_rate_).planned(inputs_due_);
}

void ArenaClient::Player::send_due_inputs(TimePoint now) {
    if (next_input_at() > now) return;
    const TickSchedule schedule(inputs_from_, send_rate_);
    while (schedule.planned(inputs_due_ + kMaxInputsAtOnce) <= now) ++inputs_due_;
    while (next_input_at() <= now) {
        const TimePoint planned = schedule.planned(inputs_due_++);
        send_input(now, planned);
    }
}

void ArenaClient::Player::send_input(TimePoint now, TimePoint planned) {
    const Decision decision = behaviour_->decide(look(now));
    const remotes::Fired fired = remotes_.input.fire(now, decision.input);
    if (has_left(now, "input", fired)) {
        newest_input_ = fired.message.value;
        inputs_.sent(fired.message.value, planned, now);
        observer_->on_input_sent(now, planned);
    }
    if (decision.chat_bytes > 0) send_chat(now, planned, decision.chat_bytes);
    if (decision.buys) send_request(now, planned, *decision.buys);
}

void ArenaClient::Player::send_chat(TimePoint now, TimePoint planned, std::size_t length) {
    chat_.from = player();
    chat_.planned_at = planned.time_since_epoch().count();
    chat_.text.resize(std::min(length, kMaxChatBytes));
    for (char& letter : chat_.text) letter = static_cast<char>('a' + rng_.below(26));
    if (has_left(now, "chat", remotes_.chat.fire(now, chat_))) observer_->on_chat_sent(now, planned);
}

void ArenaClient::Player::send_request(TimePoint now, TimePoint planned, std::uint8_t item) {
    auto place = std::ranges::find(requests_, false, &OpenRequest::is_open);
    if (place == requests_.end()) {
        if (requests_.size() >= kMaxOpenRequests) return;
        place = requests_.insert(place, OpenRequest{});
    }
    *place = {true, planned, now};
    // The index and no more: so small a function needs no memory of its own.
    const auto index = static_cast<std::uint32_t>(place - requests_.begin());
    remotes_.buy.call(
        now, endpoint_->connection(), {item},
        [this, index](TimePoint at, const Result<ItemReply>& reply) { on_reply(at, index, reply); },
        {.timeout = kRequestTimeout});
    observer_->on_request_sent(now, planned);
}

bool ArenaClient::Player::has_left(TimePoint now, std::string_view remote, const remotes::Fired& fired) {
    if (fired.sent == 1) return true;
    observer_->on_error(now, fmt::format("'{}': the transport did not take it", remote));
    return false;
}

Sight ArenaClient::Player::look(TimePoint now) const {
    Sight sight;
    sight.now = now;
    sight.world_side = welcome_->world_side;
    sight.view_radius = welcome_->view_radius;
    sight.in_view = snapshots_->view();
    const auto self =
        std::lower_bound(sight.in_view.begin(), sight.in_view.end(), welcome_->player,
                         [](const EntityState& state, std::uint32_t id) { return state.id < id; });
    if (self != sight.in_view.end() && self->id == welcome_->player) sight.self = &*self;
    return sight;
}

}  // namespace squall::arena
