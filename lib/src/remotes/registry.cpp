#include "squall/remotes/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "remotes/compressing.hpp"
#include "squall/core/hash.hpp"
#include "squall/core/prefetch.hpp"

namespace squall::remotes {
namespace {

constexpr std::size_t kModeCount = 4;
constexpr std::size_t kMaxNameBytes = 100;
constexpr std::size_t kMaxRemotes = 65'000;
// So many remotes of a client are fetched ahead; of more, chance decides.
constexpr std::size_t kRemotesExpected = 8;
// Of a registry: what stands before its configuration.
constexpr std::size_t kHotBytes = 5 * kCacheLineBytes;

ChannelId channel_of(ChannelMode mode) {
    return ChannelId{static_cast<std::uint8_t>(mode)};
}

std::uint32_t saturated(std::int64_t value) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, ~std::uint32_t{0}));
}

}  // namespace

std::vector<ChannelConfig> remote_channels(RemoteChannels channels) {
    const auto of = [](ChannelConfig& channel, ChannelMode mode, const char* name) {
        channel.mode = mode;
        if (channel.name.empty()) channel.name = name;
        return std::move(channel);
    };
    return {of(channels.unreliable, ChannelMode::unreliable, "remotes-unreliable"),
            of(channels.unreliable_sequenced, ChannelMode::unreliable_sequenced, "remotes-sequenced"),
            of(channels.reliable_unordered, ChannelMode::reliable_unordered, "remotes-unordered"),
            of(channels.reliable_ordered, ChannelMode::reliable_ordered, "remotes-ordered")};
}

Remotes::Remotes(ServerEndpoint& endpoint, RemotesConfig config) : Remotes(endpoint, &endpoint, config) {}
Remotes::Remotes(ClientEndpoint& endpoint, RemotesConfig config) : Remotes(endpoint, nullptr, config) {}
Remotes::Remotes(Endpoint& endpoint, ServerEndpoint* server, RemotesConfig config)
    : own_workspace_(config.workspace == nullptr ? std::make_unique<Workspace>() : nullptr),
      workspace_(config.workspace == nullptr ? *own_workspace_ : *config.workspace),
      scratch(workspace_.scratch),
      frame(workspace_.frame),
      endpoint_(endpoint),
      server_(server),
      config_(config),
      rtts_(config.contract_rtt_weight) {
    endpoint_.set_account(this);
}
Remotes::~Remotes() {
    endpoint_.set_account(nullptr);
}

void Remotes::set_trace(trace::Sink* sink, std::uint32_t source) {
    trace_ = sink;
    trace_source_ = source;
    endpoint_.set_trace(sink, source);
}

void Remotes::trace(TimePoint now, trace::EventKind kind, ConnectionId peer, const RemoteInfo& remote,
                    std::uint32_t detail, std::size_t bytes, Bytes payload) const {
    if (trace_ == nullptr) return;
    trace::Event event;
    event.at = now;
    event.kind = kind;
    event.channel = channel_of(remote.mode);
    event.source = trace_source_;
    event.connection = peer;
    event.id = remote.index + std::uint64_t{1};
    event.bytes = static_cast<std::uint32_t>(bytes);
    event.detail = detail;
    event.payload = payload;
    trace_->on_event(event);
}

void Remotes::trace_call(TimePoint now, TimePoint made_at, ConnectionId peer, const RemoteInfo& remote,
                         const Error* error) const {
    trace(now, trace::EventKind::call_settled, peer, remote,
          saturated((now - made_at) / std::chrono::microseconds(1)),
          error == nullptr ? 0 : static_cast<std::size_t>(error->code) + 1);
}

void Remotes::on_transmission(ChannelId channel, std::uint16_t tag, ByteCause cause, std::size_t wire_bytes,
                              std::size_t payload_bytes) {
    const bool is_remotes = tag > 0 && tag <= remotes_.size() && channel.value < kModeCount;
    ByteLedger& ledger = is_remotes ? remotes_[tag - 1U]->statistics_.on_wire : other_on_wire_;
    if (cause != ByteCause::payload) return ledger.add(cause, wire_bytes);
    ledger.add(ByteCause::payload, payload_bytes);
    ledger.add(ByteCause::framing, wire_bytes - payload_bytes);
}

std::uint16_t Remotes::tag_of(ChannelId channel, Bytes beginning) const {
    if (channel.value >= kModeCount) return 0;
    ByteReader reader(beginning);
    const std::uint64_t number = reader.read_varint();
    return reader.ok() && number <= remotes_.size() ? static_cast<std::uint16_t>(number) : std::uint16_t{0};
}

// --- declaring

Result<> Remotes::check_name(std::string_view name) const {
    if (is_sealed_)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("remote '{}': declare all remotes before the first peer and the first message",
                        name));
    if (name.empty() || name.size() > kMaxNameBytes)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("a remote's name has {} bytes; needs 1 to {}", name.size(), kMaxNameBytes));
    if (remotes_.size() >= kMaxRemotes)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("remote '{}': there are {} already, no more are possible", name, kMaxRemotes));
    if (find(name) != nullptr)
        return fail(ErrorCode::invalid_argument, fmt::format("remote '{}' is declared twice", name));
    return {};
}

void Remotes::number_remotes() {
    is_sealed_ = true;
    std::ranges::sort(remotes_, {},
                      [](const auto& remote) -> const std::string& { return remote->info_.name; });
    for (std::size_t i = 0; i < remotes_.size(); ++i)
        remotes_[i]->info_.index = static_cast<std::uint32_t>(i);
}

const Remote* Remotes::find(std::string_view name) const {
    for (const auto* list : {&remotes_, &codecs_only_})
        for (const auto& remote : *list)
            if (remote->info_.name == name) return remote.get();
    return nullptr;
}

std::vector<const Remote*> Remotes::remotes() const {
    std::vector<const Remote*> out;
    for (const auto& remote : remotes_) out.push_back(remote.get());
    return out;
}

// --- peers

bool Remotes::is_ready(ConnectionId peer) const {
    const Peer* const found = find_peer(peer);
    return found != nullptr && found->is_ready;
}

bool Remotes::has_rejoined(ConnectionId peer) const {
    const Peer* const found = find_peer(peer);
    return found != nullptr && found->has_rejoined;
}

std::optional<ConnectionId> Remotes::connection_of(ClientId player) const {
    const auto place = by_client_.find(player);
    return place == by_client_.end() ? std::nullopt : std::optional(place->second);
}

std::optional<ClientId> Remotes::client_of(ConnectionId peer) const {
    const Peer* const found = find_peer(peer);
    return found == nullptr ? std::nullopt : std::optional(found->client);
}

void Remotes::disconnect(TimePoint now, ConnectionId peer, DisconnectReason reason) {
    if (Peer* const found = find_peer(peer)) found->is_ended = true;
    endpoint_.disconnect(now, peer, reason);
    must_drain_ = true;
}

// --- sending

Remotes::Sent Remotes::send_as(TimePoint now, Remote& remote, ChannelMode mode, ConnectionId id,
                               Bytes message, MessageId* notify, MessageId* number) {
    Peer* const peer = find_peer(id);
    if (peer == nullptr) return Sent::unsent;
    // Games send to everybody in a row: who is next is a good guess.
    if (const std::size_t next = std::size_t{id.slot} + 2; next < peers_.size())
        squall::prefetch(peers_[next].get(), offsetof(Peer, greet_until));
    if (undo_log_) {
        held_.push_back({&remote, mode, id, {}, {message.begin(), message.end()}});
        return Sent::waiting;
    }
    const ChannelId channel = channel_of(mode);
    if (!peer->is_ready && (notify != nullptr || peer->is_mismatched)) return Sent::unsent;
    const Bytes leaving = remote.info_.is_compressed ? staged(remote, message) : message;
    if (!peer->is_ready) {
        return peer->waiting.add(now, mode, leaving, config_.waiting) ? Sent::waiting : Sent::unsent;
    }
    const auto sent = endpoint_.send(
        now, id, channel, leaving,
        {.notify = notify != nullptr, .tag = static_cast<std::uint16_t>(remote.info_.index + 1)});
    if (!sent) return Sent::unsent;
    if (number != nullptr) *number = *sent;
    if (notify != nullptr) {
        *notify = *sent;
        peer->pending[channel.value].push_back({sent->value, &remote});
    }
    return Sent::sent;
}

Remotes::Sent Remotes::send_to_player(TimePoint now, Remote& remote, ClientId player, Bytes message) {
    if (undo_log_) {
        held_.push_back({&remote, remote.info_.mode, {}, player, {message.begin(), message.end()}});
        return Sent::waiting;
    }
    auto place = absent_.find(player);
    if (place == absent_.end()) {
        if (absent_.size() >= config_.max_absent_players) {
            for (auto& [id, queue] : absent_) queue.drop_old(now, config_.waiting);
            std::erase_if(absent_, [&](const auto& entry) {
                if (entry.second.empty()) dropped_while_waiting_ += entry.second.dropped();
                return entry.second.empty();
            });
        }
        if (absent_.size() >= config_.max_absent_players) return Sent::unsent;
        place = absent_.try_emplace(player).first;
    }
    return place->second.add(now, remote.info_.mode, staged(remote, message), config_.waiting) ? Sent::waiting
                                                                                               : Sent::unsent;
}

Remotes::Sent Remotes::send_to_coming_server(TimePoint now, Remote& remote, Bytes message) {
    return for_server_.add(now, remote.info_.mode, staged(remote, message), config_.waiting) ? Sent::waiting
                                                                                             : Sent::unsent;
}

// --- what happens

void Remotes::drain(TimePoint now) {
    must_drain_ = false;
    while (const auto event = endpoint_.poll_event()) {
        if (const auto* message = std::get_if<MessageReceived>(&*event)) {
            on_message(now, *message);
        } else if (const auto* settled = std::get_if<MessageSettled>(&*event)) {
            on_settled(now, *settled);
        } else if (const auto* connected = std::get_if<Connected>(&*event)) {
            on_connected(now, *connected);
        } else if (const auto* disconnected = std::get_if<Disconnected>(&*event)) {
            on_disconnected(now, *disconnected);
        } else if (on_other_) {
            on_other_(now, *event);
        }
    }
    for (std::size_t i = 0; i < drained_.size(); ++i) {
        drained_[i]->awaits_end_ = false;
        drained_[i]->end_drain(now);
    }
    drained_.clear();
}

void Remotes::at_end_of_drain(Remote& remote) {
    if (!std::exchange(remote.awaits_end_, true)) drained_.push_back(&remote);
}

void Remotes::on_connected(TimePoint now, const Connected& event) {
    if (authorise_) {
        if (const auto allowed = authorise_(now, event.connection, event.client_id); !allowed) {
            endpoint_.disconnect(now, event.connection, DisconnectReason::unauthorised);
            if (on_unauthorised_) on_unauthorised_(now, event.connection, event.client_id, allowed.error());
            return;
        }
    }
    if (event.connection.slot >= peers_.size()) peers_.resize(event.connection.slot + 1);
    auto& place = peers_[event.connection.slot];
    place = std::make_unique<Peer>();
    place->id = event.connection;
    place->client = event.client_id;
    place->has_rejoined = event.rejoined;
    by_client_[event.client_id] = event.connection;
    expect_greeting(*place, now + config_.greeting_timeout);
    greet(now, *place);
}

void Remotes::on_disconnected(TimePoint now, const Disconnected& event) {
    Peer* const peer = find_peer(event.connection);
    if (peer == nullptr) {
        if (on_other_) on_other_(now, EndpointEvent(event));  // refused, or it never came about
        return;
    }
    const bool was_ready = peer->is_ready;
    dropped_while_waiting_ +=
        peer->waiting.dropped() + peer->waiting.size() + peer->early.dropped() + peer->early.size();
    expect_greeting(*peer, kNever);
    if (const auto place = by_client_.find(peer->client);
        place != by_client_.end() && place->second == peer->id)
        by_client_.erase(place);
    if (!was_ready && on_other_) on_other_(now, EndpointEvent(event));
    peers_[event.connection.slot].reset();
    rtts_.forget(event.connection);
    if (!was_ready) return;
    std::erase(ready_, event.connection);
    for (const auto& remote : remotes_) remote->on_gone(now, event.connection);
    if (on_leave_) on_leave_(now, event.connection, event.reason);
}

void Remotes::on_message(TimePoint now, const MessageReceived& event) {
    Peer* const peer = find_peer(event.connection);
    if (peer == nullptr) return;  // refused, or ended in this drain
    if (peer->is_ended) {
        ++dropped_after_end_;
        return;
    }
    if (event.channel.value >= kModeCount) {
        if (on_other_) on_other_(now, EndpointEvent(event));
        return;
    }
    if (!peer->messages.take(now, config_.messages) ||
        !peer->bytes.take(now, config_.bytes, event.bytes.size()))
        return stop_stray(now, *peer, Outcome::rate_limited, event.bytes.size());
    dispatch(now, *peer, static_cast<ChannelMode>(event.channel.value), event.message, event.bytes);
}

void Remotes::dispatch(TimePoint now, Peer& peer, ChannelMode mode, MessageId message, Bytes bytes) {
    ByteReader reader(bytes);
    const std::uint64_t number = reader.read_varint();
    if (!reader.ok()) return stop_stray(now, peer, Outcome::malformed, bytes.size());
    const Bytes body = bytes.subspan(reader.position());
    if (number == 0) {
        const Outcome outcome =
            mode == ChannelMode::reliable_ordered ? on_control(now, peer, body) : Outcome::malformed;
        if (outcome != Outcome::passed) stop_stray(now, peer, outcome, bytes.size());
        return;
    }
    if (!peer.is_ready) {
        // The peer is ready before we are: what it sends on another channel may overtake its greeting.
        if (!peer.is_mismatched) (void)peer.early.add(now, mode, bytes, config_.waiting, message);
        return;
    }
    if (number > remotes_.size() || !remotes_[number - 1]->speaks_on(mode))
        return stop_stray(now, peer, Outcome::unknown_remote, bytes.size());
    Remote& remote = *remotes_[number - 1];
    ++remote.statistics_.in.messages;
    remote.statistics_.in.bytes += reader.position();
    const ConnectionId id = peer.id;
    message_at_hand_ = message;
    const bool is_timed = trace_ != nullptr && stopwatch_;
    const Duration start = is_timed ? stopwatch_() : Duration{0};
    const Outcome outcome = hand_to(now, id, remote, body);
    const Duration taken = is_timed ? stopwatch_() - start : Duration{0};
    trace(now, trace::EventKind::remote_received, id, remote.info_, static_cast<std::uint32_t>(outcome),
          bytes.size(), bytes);
    if (is_timed)
        trace(now, trace::EventKind::remote_handled, id, remote.info_, saturated(taken.count()),
              bytes.size());
    settle(now, id, remote, outcome);
}

void Remotes::settle(TimePoint now, ConnectionId peer, Remote& remote, Outcome outcome) {
    if (outcome == Outcome::passed) return;
    ++remote.statistics_.in.stopped[static_cast<std::size_t>(outcome)];
    note_offence(now, peer, remote.info_.name, outcome);
}

void Remotes::expect_greeting(Peer& peer, TimePoint until) {
    greetings_.erase({peer.greet_until, peer.id});
    peer.greet_until = until;
    if (until != kNever) greetings_.insert({until, peer.id});
    greet_again_ = first_greeting();
}

void Remotes::stop_stray(TimePoint now, Peer& peer, Outcome outcome, std::size_t bytes) {
    ++strays_.messages;
    strays_.bytes += bytes;
    ++strays_.stopped[static_cast<std::size_t>(outcome)];
    note_offence(now, peer.id, {}, outcome);
}

void Remotes::note_offence(TimePoint now, ConnectionId id, std::string_view remote, Outcome outcome) {
    if (on_refused_ && is_offence(outcome)) on_refused_(now, id, remote, outcome);
    const std::uint32_t cost = config_.offence_costs[static_cast<std::size_t>(outcome)];
    if (cost == 0 || !is_server()) return;
    Peer* const peer = find_peer(id);
    if (peer == nullptr || peer->is_ended) return;
    if (!peer->offences.take(now, config_.offences, cost))
        disconnect(now, id, DisconnectReason::rate_limited);
}

void Remotes::on_settled(TimePoint now, const MessageSettled& event) {
    Peer* const peer = find_peer(event.connection);
    if (peer == nullptr) return;
    if (event.channel.value >= kModeCount) {
        if (on_other_) on_other_(now, EndpointEvent(event));
        return;
    }
    auto& pending = peer->pending[event.channel.value];
    std::size_t low = 0;
    for (std::size_t high = pending.size(); low < high;) {
        const std::size_t middle = (low + high) / 2;
        if (pending[middle].message < event.message.value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == pending.size() || pending[low].message != event.message.value) return;
    Remote* const remote = std::exchange(pending[low].remote, nullptr);
    while (!pending.empty() && pending.front().remote == nullptr) pending.pop_front();
    if (remote != nullptr) remote->on_settled(now, event.connection, event.message, event.fate);
}

void Remotes::report_error(TimePoint now, ConnectionId peer, const RemoteInfo& remote, Bytes payload,
                           const char* what) {
    trace(now, trace::EventKind::remote_failed, peer, remote, 0, payload.size(), payload);
    if (on_error_)
        on_error_({{now, peer},
                   remote.name,
                   remote.kind,
                   is_server() ? client_of(peer) : std::nullopt,
                   what,
                   payload.size(),
                   stable_hash(as_text(payload))});
}

// --- Node

void Remotes::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    endpoint_.receive(now, from, datagram);
    drain(now);
}

std::optional<Transmit> Remotes::poll_transmit(TimePoint now, MutableBytes buffer) {
    if (wants_flush_) flush_values(now, false);
    return endpoint_.poll_transmit(now, buffer);
}

TimePoint Remotes::poll_timeout() const {
    if (must_drain_ || wants_flush_) return TimePoint{};
    TimePoint next = std::min({endpoint_.poll_timeout(), flush_again_, greet_again_});
    for (const Remote* const remote : timed_) next = std::min(next, remote->poll_timeout());
    return next;
}

void Remotes::handle_timeout(TimePoint now) {
    if (endpoint_.poll_timeout() <= now) endpoint_.handle_timeout(now);
    drain(now);
    while (greet_again_ <= now) {
        const ConnectionId late = greetings_.begin()->second;
        greetings_.erase(greetings_.begin());
        greet_again_ = first_greeting();
        endpoint_.disconnect(now, late, DisconnectReason::protocol_error);
    }
    for (std::size_t i = 0; i < timed_.size();) {
        Remote& remote = *timed_[i];
        if (remote.poll_timeout() <= now) remote.handle_timeout(now);
        if (remote.poll_timeout() != kNever) {
            ++i;
            continue;
        }
        remote.is_timed_ = false;
        timed_.erase(timed_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    drain(now);
    if (wants_flush_ || flush_again_ <= now) flush_values(now, false);
}

void Remotes::expect(const Address& from, unsigned step) {
    // A server's registry is in the cache: it serves every datagram.
    if (is_server()) return endpoint_.expect(from, step);
    if (step == 0) return prefetch_object(this, kHotBytes);
    endpoint_.expect(from, step - 1);
    if (step == 1) {
        squall::prefetch(remotes_.data(), kRemotesExpected * sizeof(remotes_[0]));
        squall::prefetch(peers_.data(), kCacheLineBytes);
    } else if (step == 2) {
        for (std::size_t i = 0; i < std::min(remotes_.size(), kRemotesExpected); ++i)
            prefetch_object(remotes_[i].get(), sizeof(Remote));
        if (const Peer* const peer = peers_.empty() ? nullptr : peers_.front().get())
            squall::prefetch(peer, offsetof(Peer, greet_until));
    }
}

}  // namespace squall::remotes
