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
      first_send_(config.first_send),
      shared_clock_(config.shared_clock),
      made_at_(now) {}

void ArenaClient::Player::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    endpoint_->receive(now, from, datagram);
    drain_events(now);
}

std::optional<Transmit> ArenaClient::Player::poll_transmit(TimePoint now, MutableBytes buffer) {
    auto transmit = endpoint_->poll_transmit(now, buffer);
    if (!transmit && ended_) drained_ = true;
    return transmit;
}

TimePoint ArenaClient::Player::poll_timeout() const {
    return std::min(endpoint_->poll_timeout(), next_input_at());
}

void ArenaClient::Player::handle_timeout(TimePoint now) {
    if (endpoint_->poll_timeout() <= now) {
        endpoint_->handle_timeout(now);
        drain_events(now);
    }
    send_due_inputs(now);
}

void ArenaClient::Player::expect(const Address& from, unsigned step) {
    if (step > 0) return endpoint_->expect(from, step - 1);
    prefetch_object(endpoint_.get());
    if (snapshots_) snapshots_->prefetch();
}

void ArenaClient::Player::leave(TimePoint now) {
    if (leaving_ || ended_) return;
    leaving_ = true;
    endpoint_->disconnect(now, endpoint_->connection(), DisconnectReason::requested);
    drain_events(now);
    // Where there was nothing to end, no event follows.
    if (!ended_ && !endpoint_->connection().is_valid()) on_end(now, DisconnectReason::requested);
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

void ArenaClient::Player::drain_events(TimePoint now) {
    while (const auto event = endpoint_->poll_event()) {
        if (const auto* message = std::get_if<MessageReceived>(&*event)) on_message(now, *message);
        if (const auto* end = std::get_if<Disconnected>(&*event)) on_end(now, end->reason);
    }
}

void ArenaClient::Player::on_message(TimePoint now, const MessageReceived& event) {
    if (event.channel == kSnapshotChannel) return on_snapshot(now, event.bytes);
    if (event.channel == kRequestChannel) return on_reply(now, event.bytes);
    EventKind kind{};
    if (event.channel != kEventChannel || !read_kind(event.bytes, kind))
        return observer_->on_error(
            now, fmt::format("a message of {} bytes on channel {} that no arena server sends",
                             event.bytes.size(), event.channel.value));
    if (kind == EventKind::welcome) return on_welcome(now, event.bytes);
    on_chat(now, event.bytes);
}

void ArenaClient::Player::on_welcome(TimePoint now, Bytes bytes) {
    Welcome welcome;
    if (welcome_ || !read_message(bytes, welcome))
        return observer_->on_error(now, welcome_ ? "a second welcome" : "a welcome that cannot be read");
    welcome_ = welcome;
    snapshots_.emplace(SnapshotFormat{welcome.world_side, welcome.player_limit}, welcome.tick);
    inputs_from_ = now + first_send_;
    observer_->on_joined(now, now - made_at_, welcome.rejoined);
}

void ArenaClient::Player::on_chat(TimePoint now, Bytes bytes) {
    ChatMessage chat;
    if (!read_message(bytes, chat)) return observer_->on_error(now, "a chat message that cannot be read");
    observer_->on_chat_received(now, TimePoint{Duration{chat.planned_at}});
}

void ArenaClient::Player::on_reply(TimePoint now, Bytes bytes) {
    ItemReply reply;
    if (!read_message(bytes, reply)) return observer_->on_error(now, "a reply that cannot be read");
    const auto open = std::find_if(requests_.begin(), requests_.end(), [&](const OpenRequest& request) {
        return request.request == reply.request;
    });
    if (open == requests_.end()) return observer_->on_error(now, "a reply to no open request");
    const OpenRequest answered = *open;
    requests_.erase(open);
    observer_->on_reply(now, ReplyKind::request, answered.planned, answered.sent);
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
    std::array<std::byte, kMaxSmallMessageBytes> buffer;
    if (const auto message = send(now, kInputChannel, write_message(buffer, decision.input))) {
        newest_input_ = message->value;
        inputs_.sent(message->value, planned, now);
        observer_->on_input_sent(now, planned);
    }
    if (decision.chat_bytes > 0) send_chat(now, planned, decision.chat_bytes);
    if (decision.buys) send_request(now, planned, *decision.buys);
}

void ArenaClient::Player::send_chat(TimePoint now, TimePoint planned, std::size_t length) {
    std::array<char, kMaxChatBytes> text;
    length = std::min(length, text.size());
    for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>('a' + rng_.below(26));
    ChatMessage chat;
    chat.from = player();
    chat.planned_at = planned.time_since_epoch().count();
    chat.text = {text.data(), length};
    std::array<std::byte, kMaxSmallMessageBytes> buffer;
    if (send(now, kEventChannel, write_message(buffer, chat))) observer_->on_chat_sent(now, planned);
}

void ArenaClient::Player::send_request(TimePoint now, TimePoint planned, std::uint8_t item) {
    if (requests_.size() >= kMaxOpenRequests) return;
    const ItemRequest request{next_request_++, item};
    std::array<std::byte, kMaxSmallMessageBytes> buffer;
    if (!send(now, kRequestChannel, write_message(buffer, request))) return;
    requests_.push_back({request.request, planned, now});
    observer_->on_request_sent(now, planned);
}

std::optional<MessageId> ArenaClient::Player::send(TimePoint now, ChannelId channel, Bytes message) {
    const auto sent = endpoint_->send(now, endpoint_->connection(), channel, message);
    if (sent) return *sent;
    observer_->on_error(now, fmt::format("channel {}: {}", channel.value, sent.error().message));
    return std::nullopt;
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
