#include "replay/recorded_client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "squall/core/prefetch.hpp"

namespace squall::loadgen {
namespace {

// A full queue is asked again after so long.
constexpr Duration kRetry = std::chrono::milliseconds(5);
// Messages whose fate is awaited; older ones are forgotten.
constexpr std::size_t kMaxUnsettled = 4096;

}  // namespace

Result<std::unique_ptr<RecordedClient>> RecordedClient::make(TimePoint now,
                                                             const RecordedClientConfig& config,
                                                             const RecordedSessions& sessions,
                                                             std::size_t session, EntropySource& entropy,
                                                             arena::ClientObserver& observer) {
    if (config.speed < 0 || config.speed > 1000 || (config.speed > 0 && config.speed < 0.001))
        return fail(
            ErrorCode::invalid_argument,
            fmt::format(
                "the speed is {}; it is 0.001 to 1000 times the recorded one, or 0: as fast as it goes",
                config.speed));
    auto endpoint = ClientEndpoint::make(now, config.client, entropy);
    if (!endpoint) return std::unexpected(endpoint.error());
    if (const auto connected = (*endpoint)->connect(now, config.token); !connected)
        return std::unexpected(connected.error());
    return std::unique_ptr<RecordedClient>(
        new RecordedClient(now, config.speed, sessions, session, std::move(*endpoint), observer));
}

RecordedClient::RecordedClient(TimePoint now, double speed, const RecordedSessions& sessions,
                               std::size_t session, std::unique_ptr<ClientEndpoint> endpoint,
                               arena::ClientObserver& observer)
    : sessions_(sessions),
      session_(sessions.sessions()[session]),
      endpoint_(std::move(endpoint)),
      observer_(&observer),
      speed_(speed),
      made_at_(now) {}

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

TimePoint RecordedClient::planned(Duration recorded) const {
    if (speed_ == 0) return made_at_;
    return made_at_ + Duration{static_cast<Duration::rep>(static_cast<double>(recorded.count()) / speed_)};
}

TimePoint RecordedClient::next_at() const {
    if (!is_connected_ || is_leaving_ || has_ended_) return kNever;
    if (retry_at_ != kNever) return retry_at_;
    if (has_more()) return planned(session_.messages[next_].at);
    // As fast as it goes it stays no longer than what it says takes.
    return session_.stop ? planned(*session_.stop) : kNever;
}

void RecordedClient::send_due(TimePoint now) {
    retry_at_ = kNever;
    while (has_more()) {
        const RecordedMessage& message = session_.messages[next_];
        // As fast as it goes, a message was due when the connection took it.
        const TimePoint due = speed_ == 0 ? now : planned(message.at);
        if (due > now) return;
        if (speed_ == 0 && endpoint_->send_budget(now, endpoint_->connection()) == 0) {
            retry_at_ = now + kRetry;
            return;
        }
        const auto sent = endpoint_->send(now, endpoint_->connection(), message.channel,
                                          sessions_.bytes_of(message), {.notify = true});
        if (!sent && sent.error().code == ErrorCode::queue_full) {
            retry_at_ = now + kRetry;  // nothing is left out: it was sent, then
            return;
        }
        ++next_;
        if (!sent) {
            observer_->on_error(now,
                                fmt::format("channel {}: {}", message.channel.value, sent.error().message));
            continue;
        }
        if (unsettled_.size() == kMaxUnsettled) unsettled_.pop_front();
        unsettled_.push_back({message.channel, *sent, due, now});
        observer_->on_input_sent(now, due);
    }
    if (session_.stop && planned(*session_.stop) <= now && unsettled_.empty()) leave(now);
    if (session_.stop && planned(*session_.stop) <= now && !is_leaving_) retry_at_ = now + kRetry;
}

void RecordedClient::drain_events(TimePoint now) {
    while (const auto event = endpoint_->poll_event()) {
        if (std::get_if<Connected>(&*event) != nullptr) {
            is_connected_ = true;
            observer_->on_joined(now, now - made_at_, false);
        }
        if (const auto* ended = std::get_if<Disconnected>(&*event)) on_end(now, ended->reason);
        if (const auto* settled = std::get_if<MessageSettled>(&*event)) on_settled(now, *settled);
        if (std::get_if<MessageReceived>(&*event) != nullptr) ++messages_received_;
    }
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
