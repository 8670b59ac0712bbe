// Events: fired at one side, heard at the other by every listener, once. Reliable or not, in order or not, by
// the channel mode of the declaration. Encoded once for any number of recipients.
#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include "squall/remotes/early_events.hpp"
#include "squall/remotes/registry.hpp"

namespace squall::remotes {

namespace detail {

template <wire::Described T>
class EventRemote final : public Remote {
  public:
    using Listener = std::function<void(const Origin&, const T&)>;

    EventRemote(Remotes& owner, RemoteInfo info, const EventOptions& options)
        : Remote(owner, std::move(info), *options.codec, options.other_codecs),
          early_(options.max_early_events, options.early),
          max_held_(options.max_held) {}

    Fired fire(TimePoint now, const T& value, const Recipients& to) {
        Fired out;
        owner_.seal();
        if (!encode_frame(value, *codec_)) {
            ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::invalid)];
            out.unsent = 1;
            return out;
        }
        const bool has_chain = !outbound_.empty() || !owner_.chain(Direction::outbound).empty();
        if (!has_chain && codecs_.size() == 1) {
            const Bytes frame = owner_.frame;
            send_to_all(now, to, frame, out, [&](ConnectionId peer) {
                count(owner_.send(now, *this, peer, frame, nullptr, &out.message), frame.size(), out);
            });
            return out;
        }
        // What the chain does may fire as well, and would write over the registry's buffers.
        Frames frames;
        frames.emplace_back(codec_, owner_.frame);
        send_to_all(now, to, Bytes(owner_.frame), out, [&](ConnectionId peer) {
            const Bytes frame = frame_for(peer, value, frames);
            if (frame.empty()) {
                ++out.stopped;
                ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::invalid)];
            } else if (has_chain) {
                T copy = value;
                send_through_chain(now, copy, peer, frame, 0, out);
            } else {
                count(owner_.send(now, *this, peer, frame, nullptr, &out.message), frame.size(), out);
            }
        });
        return out;
    }

    // To one peer that is ready, with its number; what becomes of it is told.
    Result<MessageId> fire_tracked(TimePoint now, const T& value, ConnectionId peer) {
        owner_.seal();
        if (!owner_.is_ready(peer))
            return fail(ErrorCode::not_connected, info_.name + ": the peer is not ready");
        if (owner_.undo_log() != nullptr)
            return fail(ErrorCode::unsupported, info_.name + ": a transaction's handler tracks no events");
        const wire::Codec& codec = owner_.codec_for(peer, *this);
        if (!encode_frame(value, codec)) {
            ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::invalid)];
            // What is wrong with it, at leisure.
            const Result<> why = codec.encode(value, owner_.scratch);
            return why ? fail(ErrorCode::invalid_argument, info_.name + ": a value is not valid")
                       : std::unexpected(why.error());
        }
        if (outbound_.empty() && owner_.chain(Direction::outbound).empty())
            return post_tracked(now, peer, owner_.frame);
        return track_through_chain(now, value, peer, codec);
    }
    using OnSettled = std::function<void(TimePoint, ConnectionId, MessageId, MessageFate)>;
    void on_settled(OnSettled hook) { settled_ = std::move(hook); }

    ListenerId listen(Listener listener) {
        const ListenerId id{++last_listener_};
        listeners_.push_back(Listening{id, std::move(listener)});
        tell_early();
        return id;
    }
    bool forget(ListenerId id) {
        const auto place = std::ranges::find(listeners_, id, &Listening::id);
        if (id == ListenerId{} || place == listeners_.end()) return false;
        if (depth_ == 0) {
            listeners_.erase(place);
        } else {
            has_forgotten_ = true;
            place->id = ListenerId{};  // it may be running: removed when all have heard
        }
        return true;
    }
    [[nodiscard]] std::uint64_t early_dropped() const { return early_.dropped(); }
    void on_early_dropped(std::function<void(TimePoint, ConnectionId)> hook) {
        early_dropped_ = std::move(hook);
    }
    // A fire() as a step of a transaction.
    [[nodiscard]] Result<std::unique_ptr<ProposedStep>> propose(const T& value) {
        auto step = std::make_unique<ProposedFire>(*this, value);
        ++statistics_.encodings;
        if (auto encoded = codec_->encode(value, step->payload); !encoded)
            return std::unexpected(encoded.error());
        return step;
    }

  private:
    struct ProposedFire final : ProposedStep {
        ProposedFire(EventRemote& its_event, const T& its_value)
            : ProposedStep(its_event), event(its_event), value(its_value) {}
        Result<> write(TimePoint now, ConnectionId peer, std::vector<std::byte>& out) override {
            return event.owner_.append_step(now, event, peer, value, payload, out);
        }
        EventRemote& event;
        T value;
        std::vector<std::byte> payload;
    };
    struct AdmittedFire final : AdmittedStep {
        AdmittedFire(EventRemote& its_event, const Origin& its_origin, std::size_t its_bytes)
            : event(its_event), origin(its_origin), bytes(its_bytes) {}
        Result<> run(std::vector<std::byte>& /*reply*/) override {
            is_heard = !event.listeners_.empty();
            if (event.tell_listeners(origin, value, {}) == Outcome::passed) return {};
            return fail(ErrorCode::unsupported, event.info_.name + ": a handler failed");
        }
        void finish() override {
            if (!is_heard && event.subscribers_.empty()) return event.keep_early(origin, value, bytes);
            event.tell_subscribers(origin, wire::codec_type<T>(), &value, {});
        }
        EventRemote& event;
        Origin origin;
        std::size_t bytes;
        T value{};
        bool is_heard = false;
    };
    Admission admit(TimePoint now, ConnectionId peer, Bytes body) override {
        auto step = std::make_unique<AdmittedFire>(*this, Origin{now, peer}, body.size());
        Message message(now, Direction::inbound, peer, info_, owner_.codec_for(peer, *this),
                        wire::codec_type<T>(), &step->value, body);
        message.mark_step();
        const Outcome outcome = run_chains(
            owner_.chain(Direction::inbound), inbound_, message,
            [](Message& passed) { return passed.decode() ? Outcome::passed : Outcome::malformed; });
        return {outcome, std::move(step)};
    }
    struct Listening {
        ListenerId id{};
        Listener call;
    };
    // What came before is for whoever listens first.
    void tell_early() {
        for (const auto& early : early_.take()) (void)tell(early.origin, early.value, {});
    }
    void on_subscribed() override { tell_early(); }

    // Into the registry's frame. False if the codec cannot say the value.
    [[nodiscard]] bool encode_frame(const T& value, const wire::Codec& codec) {
        ++statistics_.encodings;
        if (!codec.encode(value, owner_.scratch)) return false;
        owner_.frame.clear();
        append_varint(owner_.frame, std::uint64_t{info_.index} + 1);
        owner_.frame.insert(owner_.frame.end(), owner_.scratch.begin(), owner_.scratch.end());
        return true;
    }
    // One message in each codec that a recipient uses; empty where the codec cannot say it.
    using Frames = std::list<std::pair<const wire::Codec*, std::vector<std::byte>>>;
    [[nodiscard]] Bytes frame_for(ConnectionId peer, const T& value, Frames& frames) {
        const wire::Codec* const codec = &owner_.codec_for(peer, *this);
        for (const auto& [its_codec, frame] : frames)
            if (its_codec == codec) return frame;
        const bool is_encoded = encode_frame(value, *codec);
        frames.emplace_back(codec, is_encoded ? owner_.frame : std::vector<std::byte>());
        return frames.back().second;
    }
    bool recode(Bytes body, const wire::Codec& to, std::vector<std::byte>& out) override {
        T value{};
        std::vector<std::byte> anew;
        if (!codec_->decode(body, value) || !to.encode(value, anew)) return false;
        out.insert(out.end(), anew.begin(), anew.end());
        return true;
    }

    // --- tracked
    Result<MessageId> post_tracked(TimePoint now, ConnectionId peer, Bytes frame) {
        MessageId id{};
        Fired fired;
        count(owner_.send(now, *this, peer, frame, &id), frame.size(), fired);
        if (fired.sent == 1) return id;
        return fail(ErrorCode::queue_full, info_.name + ": the connection does not take it");
    }
    Result<MessageId> track_through_chain(TimePoint now, const T& value, ConnectionId peer,
                                          const wire::Codec& codec) {
        const std::vector<std::byte> frame = owner_.frame;
        T copy = value;
        Message message(now, Direction::outbound, peer, info_, codec, wire::codec_type<T>(), &copy,
                        Bytes(frame).subspan(varint_size(std::uint64_t{info_.index} + 1)));
        message.mark_step();  // its number is wanted now, so it cannot wait
        Result<MessageId> posted = MessageId{};
        const auto to_wire = [&](Message& passed) {
            if (passed.is_edited() && !encode_frame(copy, codec)) return Outcome::invalid;
            posted = post_tracked(now, peer, passed.is_edited() ? owner_.frame : frame);
            return Outcome::passed;
        };
        const Outcome outcome = run_chains(outbound_, owner_.chain(Direction::outbound), message, to_wire);
        if (outcome == Outcome::passed) return posted;
        ++statistics_.out.stopped[static_cast<std::size_t>(outcome)];
        return fail(ErrorCode::unauthorised,
                    info_.name + ": stopped before it was sent: " + std::string(to_string(outcome)));
    }
    void on_settled(TimePoint now, ConnectionId peer, MessageId message, MessageFate fate) override {
        if (settled_) (void)owner_.guarded(now, peer, *this, {}, [&] { settled_(now, peer, message, fate); });
    }

    template <class SendToPeer>
    void send_to_all(TimePoint now, const Recipients& to, Bytes frame, Fired& out,
                     const SendToPeer& to_peer) {
        switch (to.kind()) {
            case Recipients::Kind::listed: std::ranges::for_each(to.listed(), to_peer); break;
            case Recipients::Kind::player:
                if (const auto peer = owner_.connection_of(to.client())) {
                    to_peer(*peer);
                } else {
                    count(owner_.send_to_player(now, *this, to.client(), frame), frame.size(), out);
                }
                break;
            default:
                if (owner_.peers().empty() && !owner_.is_server()) {
                    count(owner_.send_to_coming_server(now, *this, frame), frame.size(), out);
                    break;
                }
                // By place: a chain may disconnect somebody.
                for (std::size_t i = 0; i < owner_.peers().size(); ++i)
                    if (to.kind() == Recipients::Kind::everyone || owner_.peers()[i] != to.excepted())
                        to_peer(owner_.peers()[i]);
        }
    }
    // From the place `start` of the chain on.
    void send_through_chain(TimePoint now, T& value, ConnectionId peer, Bytes frame, std::size_t start,
                            Fired& out) {
        const std::size_t head = varint_size(std::uint64_t{info_.index} + 1);
        const wire::Codec& codec = owner_.codec_for(peer, *this);
        Message message(now, Direction::outbound, peer, info_, codec, wire::codec_type<T>(), &value,
                        frame.subspan(head));
        const auto to_wire = [&](Message& passed) {
            if (passed.is_edited()) {
                if (!encode_frame(value, codec)) return Outcome::invalid;
                count(owner_.send(now, *this, peer, owner_.frame, nullptr, &out.message), owner_.frame.size(),
                      out);
            } else {
                count(owner_.send(now, *this, peer, frame, nullptr, &out.message), frame.size(), out);
            }
            return Outcome::passed;
        };
        Outcome outcome = run_chains(outbound_, owner_.chain(Direction::outbound), message, to_wire, start);
        if (outcome == Outcome::held) outcome = hold_outbound(message, value, frame);
        if (outcome == Outcome::passed) return;
        ++(outcome == Outcome::held ? out.waiting : out.stopped);
        ++statistics_.out.stopped[static_cast<std::size_t>(outcome)];
    }

    // --- what a middleware holds back
    struct Held {
        Direction direction{};
        ConnectionId peer{};
        std::size_t start = 0;  // in the chain
        T value{};
        std::vector<std::byte> bytes;  // inbound the object's, outbound the frame
        MessageId number{};            // inbound
    };
    Outcome keep_held(const Message& message, const T& value, Bytes bytes, MessageId number = {}) {
        if (held_.size() >= max_held_) return Outcome::over_budget;
        owner_.keep_time(*this);
        held_.emplace(message.held_until(), Held{message.direction,
                                                 message.peer,
                                                 message.held_at(),
                                                 value,
                                                 {bytes.begin(), bytes.end()},
                                                 number});
        return Outcome::held;
    }
    Outcome hold_outbound(const Message& message, const T& value, Bytes frame) {
        if (!message.is_edited()) return keep_held(message, value, frame);
        if (!encode_frame(value, owner_.codec_for(message.peer, *this))) return Outcome::invalid;
        return keep_held(message, value, owner_.frame);
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return std::min(held_.empty() ? kNever : held_.begin()->first, early_.first_end());
    }
    void handle_timeout(TimePoint now) override {
        early_.drop_old(now);
        tell_dropped(now);
        // What is held anew meanwhile, and is due at once, waits for the next call.
        for (std::size_t left = held_.size(); left > 0 && !held_.empty() && held_.begin()->first <= now;
             --left) {
            Held held = std::move(held_.extract(held_.begin()).mapped());
            if (held.direction == Direction::outbound) {
                Fired fired;
                send_through_chain(now, held.value, held.peer, held.bytes, held.start, fired);
            } else {
                owner_.settle(
                    now, held.peer, *this,
                    receive_through_chain({now, held.peer, held.number}, held.value, held.bytes, held.start)
                        .outcome);
            }
        }
    }
    void on_gone(TimePoint now, ConnectionId peer) override {
        std::erase_if(held_, [&](const auto& entry) { return entry.second.peer == peer; });
        early_.forget(peer);
        tell_dropped(now);
    }

    void count(Remotes::Sent sent, std::size_t bytes, Fired& out) {
        if (sent == Remotes::Sent::unsent) {
            ++out.unsent;
            ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::unsent)];
            return;
        }
        ++(sent == Remotes::Sent::sent ? out.sent : out.waiting);
        ++statistics_.out.messages;
        statistics_.out.bytes += bytes;
    }

    Outcome on_message(TimePoint now, ConnectionId peer, Bytes body) override {
        const Origin origin{now, peer, owner_.message_at_hand()};
        // Bits write over all of an object, its memory is used again. Other codecs leave fields that are
        // missing as they were.
        if constexpr (!std::is_trivially_destructible_v<T>) {
            if (owner_.codec_for(peer, *this).id() == wire::CodecId::bits) {
                Workspace::Lease<T> lease(owner_.workspace());
                const Passage passage = receive(origin, lease.value(), body);
                if (passage.is_edited) lease.spoil();
                return passage.outcome;
            }
        }
        T value{};
        return receive(origin, value, body).outcome;
    }
    struct Passage {
        Outcome outcome{};
        bool is_edited = false;
    };
    Passage receive(const Origin& origin, T& value, Bytes body) {
        if (!inbound_.empty() || !owner_.chain(Direction::inbound).empty())
            return receive_through_chain(origin, value, body, 0);
        if (!owner_.codec_for(origin.peer, *this).decode(body, value)) return {Outcome::malformed};
        return {hear(origin, value, body)};
    }
    Passage receive_through_chain(const Origin& origin, T& value, Bytes body, std::size_t start) {
        const auto [now, peer, number] = origin;
        Message message(now, Direction::inbound, peer, info_, owner_.codec_for(peer, *this),
                        wire::codec_type<T>(), &value, body);
        if (start > 0) message.mark_decoded();  // it was held, and perhaps edited, before
        const auto to_listeners = [&](Message& passed) {
            return passed.decode() ? hear(origin, value, body) : Outcome::malformed;
        };
        const Outcome outcome =
            run_chains(owner_.chain(Direction::inbound), inbound_, message, to_listeners, start);
        return {outcome == Outcome::held ? keep_held(message, value, body, number) : outcome,
                message.is_edited()};
    }

    Outcome hear(const Origin& origin, const T& value, Bytes body) {
        if (!listeners_.empty() || !subscribers_.empty()) return tell(origin, value, body);
        keep_early(origin, value, body.size());
        return Outcome::passed;
    }
    Outcome tell(const Origin& origin, const T& value, Bytes body) {
        const Outcome outcome = tell_listeners(origin, value, body);
        tell_subscribers(origin, wire::codec_type<T>(), &value, body);
        return outcome;
    }
    Outcome tell_listeners(const Origin& origin, const T& value, Bytes body) {
        Outcome worst = Outcome::passed;
        ++depth_;
        // A listener may add listeners, who hear the next event, and remove them, who hear nothing more.
        std::size_t left = listeners_.size();
        for (auto place = listeners_.begin(); left > 0; ++place, --left) {
            if (place->id == ListenerId{}) continue;
            const Outcome outcome =
                owner_.guarded(origin.now, origin.peer, *this, body, [&] { place->call(origin, value); });
            if (outcome != Outcome::passed) worst = outcome;
        }
        if (--depth_ == 0 && std::exchange(has_forgotten_, false))
            listeners_.remove_if([](const Listening& l) { return l.id == ListenerId{}; });
        return worst;
    }

    void keep_early(const Origin& origin, const T& value, std::size_t bytes) {
        early_.add(origin, value, bytes);
        if (early_.first_end() != kNever) owner_.keep_time(*this);
        tell_dropped(origin.now);
    }
    void tell_dropped(TimePoint now) {
        for (std::size_t i = 0; early_dropped_ && i < early_.dropped_now.size(); ++i) {
            const ConnectionId peer = early_.dropped_now[i];
            (void)owner_.guarded(now, peer, *this, {}, [&] { early_dropped_(now, peer); });
        }
        early_.dropped_now.clear();
    }

    std::string contract_text() const override { return wire::schema_text<T>(); }

    std::list<Listening> listeners_;
    OnSettled settled_;
    EarlyEvents<T> early_;
    std::function<void(TimePoint, ConnectionId)> early_dropped_;
    std::multimap<TimePoint, Held> held_;
    std::size_t max_held_;
    std::uint64_t last_listener_ = 0;
    unsigned depth_ = 0;  // of tell()
    bool has_forgotten_ = false;
};

}  // namespace detail

// A handle, to copy freely; valid as long as its registry.
template <class T>
class RemoteEvent {
  public:
    using Listener = typename detail::EventRemote<T>::Listener;
    explicit RemoteEvent(detail::EventRemote<T>& remote) : remote_(&remote) {}

    // Encodes once and queues a message for each recipient that the chain lets through.
    Fired fire(TimePoint now, const T& value, const Recipients& to = Recipients::everyone()) const {
        return remote_->fire(now, value, to);
    }
    // Queues it for one peer that is ready, and gives the message's number there, as Origin::message will
    // name it; what became of it is told to the hook of on_settled(), once, unless the connection ends first.
    // For what is built upon what the other end is known to have. Errors: not_connected (not ready),
    // queue_full (or larger than its channel takes), unauthorised (stopped by the chain), unsupported (inside
    // a transaction's handler), and the codec's. A middleware that would hold it back lets it pass.
    Result<MessageId> fire_tracked(TimePoint now, const T& value, ConnectionId peer) const {
        return remote_->fire_tracked(now, value, peer);
    }
    void on_settled(typename detail::EventRemote<T>::OnSettled hook) const {
        remote_->on_settled(std::move(hook));
    }
    // Calls `listener` for each event that arrives from now on, and at once for those that came early.
    ListenerId listen(Listener listener) const { return remote_->listen(std::move(listener)); }
    // False if there is no such listener.
    bool forget(ListenerId id) const { return remote_->forget(id); }
    void use(Direction direction, Middleware middleware) const {
        remote_->use(direction, std::move(middleware));
    }
    [[nodiscard]] const RemoteStatistics& statistics() const { return remote_->statistics(); }
    [[nodiscard]] const Remote& remote() const { return *remote_; }
    // Events that nobody listened to in time, or that did not fit (EventOptions::early): how many, and each
    // as it is dropped, with who sent it.
    [[nodiscard]] std::uint64_t early_dropped() const { return remote_->early_dropped(); }
    void on_early_dropped(std::function<void(TimePoint, ConnectionId)> hook) const {
        remote_->on_early_dropped(std::move(hook));
    }

  private:
    friend class Transaction;
    detail::EventRemote<T>* remote_;
};

template <wire::Described T>
Result<RemoteEvent<T>> Remotes::event(std::string name, const EventOptions& options) {
    if (auto checked = check_name(name); !checked) return std::unexpected(checked.error());
    if (auto good = check_codecs(name, options.codec, options.other_codecs); !good)
        return std::unexpected(good.error());
    auto remote = std::make_unique<detail::EventRemote<T>>(
        *this, detail::info_of(std::move(name), RemoteKind::event, options), options);
    RemoteEvent<T> handle(*remote);
    adopt(std::move(remote));
    return handle;
}

}  // namespace squall::remotes
