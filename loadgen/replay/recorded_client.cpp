#include "replay/recorded_client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "squall/core/prefetch.hpp"

namespace squall::loadgen {
namespace {

// A full queue is asked again after so long.
constexpr Duration kRetry = std::chrono::milliseconds(5);
// A client that left stays so long at most for what it said to arrive.
constexpr Duration kFarewellPatience = std::chrono::seconds(1);
// Control messages of remotes are reliable and ordered.
constexpr ChannelId kGreetingChannel{static_cast<std::uint8_t>(ChannelMode::reliable_ordered)};
// A server that has not greeted by then has no remotes, and is told what it is to be told.
constexpr Duration kGreetingPatience = std::chrono::seconds(1);
// Messages whose fate is awaited; older ones are forgotten.
constexpr std::size_t kMaxUnsettled = 4096;

}  // namespace

Result<std::unique_ptr<RecordedClient>> RecordedClient::make(
    TimePoint now, const RecordedClientConfig& config, const RecordedSessions& sessions,
    const RecordedSession& session, const PlaybackClock& playback, EntropySource& entropy,
    arena::ClientObserver& observer) {
    auto endpoint = ClientEndpoint::make(now, config.client, entropy);
    if (!endpoint) return std::unexpected(endpoint.error());
    if (const auto connected = (*endpoint)->connect(now, config.token); !connected)
        return std::unexpected(connected.error());
    return std::unique_ptr<RecordedClient>(
        new RecordedClient(now, config.start, sessions, session, playback, std::move(*endpoint), observer));
}

RecordedClient::RecordedClient(TimePoint now, Duration start, const RecordedSessions& sessions,
                               const RecordedSession& session, const PlaybackClock& playback,
                               std::unique_ptr<ClientEndpoint> endpoint, arena::ClientObserver& observer)
    : sessions_(sessions),
      session_(session),
      endpoint_(std::move(endpoint)),
      observer_(&observer),
      playback_(playback),
      start_(start),
      made_at_(now),
      has_greeted_(!session.was_there) {}

void RecordedClient::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    endpoint_->receive(now, from, datagram);
    drain_events(now);
}

std::optional<Transmit> RecordedClient::poll_transmit(TimePoint now, MutableBytes buffer) {
    auto transmit = endpoint_->poll_transmit(now, buffer);
    if (!transmit && has_ended_) is_drained_ = true;
    return transmit;
}

TimePoint RecordedClient::poll_timeout() const {
    return std::min(endpoint_->poll_timeout(), next_at());
}

void RecordedClient::handle_timeout(TimePoint now) {
    if (endpoint_->poll_timeout() <= now) {
        endpoint_->handle_timeout(now);
        drain_events(now);
    }
    if (next_at() <= now) send_due(now);
}

void RecordedClient::expect(const Address& from, unsigned step) {
    if (step == 0)
        prefetch_object(endpoint_.get());
    else
        endpoint_->expect(from, step - 1);
}

void RecordedClient::leave(TimePoint now) {
    if (is_leaving_ || has_ended_) return;
    is_leaving_ = true;
    endpoint_->disconnect(now, endpoint_->connection(), DisconnectReason::requested);
    drain_events(now);
    if (!has_ended_ && !endpoint_->connection().is_valid()) on_end(now, DisconnectReason::requested);
}

TimePoint RecordedClient::next_at() const {
    if (!is_connected_ || is_leaving_ || has_ended_) return kNever;
    if (retry_at_ != kNever) return retry_at_;
    if (!has_greeted_ && has_more()) return std::max(greet_until_, due(session_.messages[next_].at));
    if (has_more()) return due(session_.messages[next_].at);
    return session_.stop ? due(*session_.stop) : kNever;
}

void RecordedClient::send_due(TimePoint now) {
    retry_at_ = kNever;
    for (; has_more(); ++next_) {
        const RecordedMessage& message = session_.messages[next_];
        // As fast as it goes, a message is due when the connection takes it.
        const TimePoint planned = playback_.is_unbounded() ? now : due(message.at);
        if (planned > now) return;
        const bool has_room =
            !playback_.is_unbounded() || endpoint_->send_budget(now, endpoint_->connection()) > 0;
        if (!has_room || !send(now, planned, message)) {
            retry_at_ = now + kRetry;
            return;
        }
    }
    if (!session_.stop || due(*session_.stop) > now) return;
    // What it said arrives before it goes, unless its recorded end was another: then that is all the same.
    if (!unsettled_.empty() && now < due(*session_.stop) + kFarewellPatience) {
        retry_at_ = now + kRetry;
        return;
    }
    leave(now);
}

// False if the connection has no room for it yet: nothing is left out.
bool RecordedClient::send(TimePoint now, TimePoint planned, const RecordedMessage& message) {
    const auto sent = endpoint_->send(now, endpoint_->connection(), message.channel,
                                      sessions_.bytes_of(message), {.notify = true});
    if (!sent && sent.error().code == ErrorCode::queue_full) return false;
    if (!sent) {
        observer_->on_error(now, fmt::format("channel {}: {}", message.channel.value, sent.error().message));
        return true;
    }
    if (unsettled_.size() == kMaxUnsettled) unsettled_.pop_front();
    unsettled_.push_back({message.channel, *sent, planned, now});
    observer_->on_input_sent(now, planned);
    return true;
}

void RecordedClient::drain_events(TimePoint now) {
    while (const auto event = endpoint_->poll_event()) {
        if (std::get_if<Connected>(&*event) != nullptr) {
            is_connected_ = true;
            greet_until_ = now + kGreetingPatience;
            observer_->on_joined(now, now - made_at_, false);
        }
        if (const auto* ended = std::get_if<Disconnected>(&*event)) on_end(now, ended->reason);
        if (const auto* settled = std::get_if<MessageSettled>(&*event)) on_settled(now, *settled);
        if (const auto* message = std::get_if<MessageReceived>(&*event)) on_message(now, *message);
    }
}

// Who was there before the recording began greets with the server's own words: both say what they declare,
// and that is the same (lib/STANDARD.md section 7).
void RecordedClient::on_message(TimePoint now, const MessageReceived& message) {
    ++messages_received_;
    const bool is_greeting =
        message.channel == kGreetingChannel && !message.bytes.empty() && message.bytes[0] == std::byte{0};
    if (has_greeted_ || !is_greeting) return;
    const std::vector<std::byte> greeting(message.bytes.begin(), message.bytes.end());
    if (endpoint_->send(now, endpoint_->connection(), kGreetingChannel, greeting)) has_greeted_ = true;
}

void RecordedClient::on_settled(TimePoint now, const MessageSettled& settled) {
    for (std::size_t i = 0; i < unsettled_.size(); ++i) {
        Sent& sent = unsettled_[i];
        if (sent.channel != settled.channel || sent.number != settled.message) continue;
        if (settled.fate == MessageFate::delivered)
            observer_->on_reply(now, arena::ReplyKind::input_echo, sent.planned, sent.sent);
        sent.number = MessageId{~std::uint64_t{0}};  // settled
        break;
    }
    while (!unsettled_.empty() && unsettled_.front().number == MessageId{~std::uint64_t{0}})
        unsettled_.pop_front();
}

void RecordedClient::on_end(TimePoint now, DisconnectReason reason) {
    if (has_ended_) return;
    has_ended_ = true;
    is_connected_ = false;
    observer_->on_disconnected(now, reason);
}

}  // namespace squall::loadgen
