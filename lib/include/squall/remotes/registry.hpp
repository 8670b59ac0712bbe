// The registry: all remotes of one endpoint, declared once under the same names at both ends. It drives the
// endpoint and is a Node itself, so a Host or a simulated network drives it like any other. Sans-I/O:
// datagrams and time go in, calls of handlers, datagrams and the next deadline come out.
//
//     auto shots = remotes.event<Shot>("shot", {.mode = ChannelMode::unreliable});   // both sides
//     shots->listen([](const Origin& origin, const Shot& shot) { ... });             // one side
//     shots->fire(now, Shot{...});                                                   // the other
//
// When two ends meet they compare what they declared; where it differs, both are told which remote and which
// field, and the connection ends. Messages wait until that is done.
//
// Handlers and hooks may fire, call, set and disconnect, but not destroy the registry, nor drive it (receive,
// handle_timeout).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/ring_buffer.hpp"
#include "squall/remotes/recipients.hpp"
#include "squall/remotes/remote.hpp"
#include "squall/remotes/remote_options.hpp"
#include "squall/remotes/subscription.hpp"
#include "squall/remotes/token_bucket.hpp"
#include "squall/remotes/waiting_queue.hpp"
#include "squall/remotes/workspace.hpp"
#include "squall/wire/dynamic_contract.hpp"
#include "squall/wire/rtt_average.hpp"

namespace squall::remotes {

template <class T>
class RemoteEvent;
template <class Request, class Reply>
class RemoteFunction;
template <class T>
class RemoteProperty;
template <class Object>
class RemoteContract;
struct ContractOrigin;
namespace detail {
template <class Object>
class ContractRemote;
}
// What handlers of a contract look like. `id` is empty if the message was not tracked.
template <class Object>
using OnContractMessage =
    std::function<void(const Object& data, std::optional<MessageId> id, bool is_delta,
                       const ContractOrigin& from, const RemoteContract<Object>& contract)>;
template <class Object>
using OnContractAcknowledge =
    std::function<void(MessageId id, const ContractOrigin& from, const RemoteContract<Object>& contract)>;
class RemoteTransactions;
template <wire::Described T>
class ObjectEvent;
template <class T>
class RemoteTable;

// What the channels of the four modes are set to: weights, redundancy, limits (ChannelConfig says what each
// field does). A mode is what it is, whatever stands here; a name that is empty gets its own.
//
//     // Every packet repeats the last three player inputs, and they go before anything else.
//     transport.channels = remote_channels({.unreliable_sequenced = {.weight = 100, .redundancy = 3}});
struct RemoteChannels {
    ChannelConfig unreliable{};
    ChannelConfig unreliable_sequenced{};
    ChannelConfig reliable_unordered{};
    ChannelConfig reliable_ordered{};
};
// The four channels that remotes need, one a mode, in the order of ChannelMode. They are the first of the
// transport's configuration at both ends; others may follow.
[[nodiscard]] std::vector<ChannelConfig> remote_channels(RemoteChannels channels = {});

struct RemotesConfig {
    // Flood protection, per peer, before a message is looked at. Not limited unless set.
    RateLimit messages{};
    RateLimit bytes{};
    // What a peer may get wrong before it is cut off with DisconnectReason::rate_limited: points, of which
    // each refused message takes what its cause costs. per_second 0: never.
    RateLimit offences{.per_second = 10, .burst = 100};
    OffenceCosts offence_costs = default_offence_costs();
    // Messages for a peer that is not ready, per peer, and for players who are not there, per player.
    WaitingLimits waiting{};
    std::size_t max_absent_players = 1024;
    // A peer that has not said what it declares after so long is disconnected with protocol_error.
    Duration greeting_timeout = std::chrono::seconds(10);
    // Of remotes that compress: the largest message before compression. What claims to be larger is refused
    // before anything is allocated for it.
    std::size_t max_decompressed_bytes = wire::kMaxEncodedBytes + 1024;
    wire::CompressionOptions compression{};
    // Memory to work in, which several registries of one thread may share; it must outlive them. nullptr: the
    // registry has its own.
    Workspace* workspace = nullptr;
    // The weight of a new sample in the round trips that contracts measure.
    Ratio contract_rtt_weight{1, 5};
};

struct HandlerError {
    Origin origin;
    std::string remote;
    RemoteKind kind{};
    std::optional<ClientId> player;  // at a server
    std::string what;                // of the exception
    std::size_t bytes = 0;
    std::uint64_t payload_hash = 0;
};

class Remotes final : public Node, private TransmissionAccount {
  public:
    // The endpoint must outlive the registry, and be driven through it alone.
    Remotes(ServerEndpoint& endpoint, RemotesConfig config = {});
    Remotes(ClientEndpoint& endpoint, RemotesConfig config = {});
    ~Remotes() override;
    Remotes(const Remotes&) = delete;
    Remotes& operator=(const Remotes&) = delete;

    // --- Declaring, before the first peer and the first message. A name is 1 to 100 bytes, and unique.
    // Errors: invalid_argument (the name, or too late).
    template <wire::Described T>
    Result<RemoteEvent<T>> event(std::string name, const EventOptions& options = {});
    template <wire::Described Request, wire::Described Reply>
    Result<RemoteFunction<Request, Reply>> function(std::string name, const FunctionOptions& options = {});
    template <wire::Described T>
    Result<RemoteProperty<T>> property(std::string name, const PropertyOptions<T>& options = {});
    // A contract (remote_contract.hpp) whose attributes are the fields of T. Its id is a number or a name,
    // and unique among contracts. Without on_message it is a codec only: nothing travels. Else messages with
    // an id are acknowledged before on_message is called, unless auto_acknowledge is false.
    template <wire::Described T>
    Result<RemoteContract<T>> contract(wire::ContractId id, OnContractMessage<T> on_message = {},
                                       OnContractAcknowledge<T> on_acknowledge = {},
                                       bool auto_acknowledge = true, const ContractOptions& options = {});
    // The same with attributes from a list. Errors besides: what wire::DynamicContract::make() refuses.
    Result<RemoteContract<wire::DynamicObject>> contract(
        wire::ContractId id, std::vector<wire::Attribute> attributes,
        OnContractMessage<wire::DynamicObject> on_message = {},
        OnContractAcknowledge<wire::DynamicObject> on_acknowledge = {}, bool auto_acknowledge = true,
        const ContractOptions& options = {});

    // Of many objects of a kind: an event that names its objects (object_event.hpp), and a value for each
    // object (remote_table.hpp).
    template <wire::Described T>
    Result<ObjectEvent<T>> object_event(std::string name, const EventOptions& options = {});
    template <wire::Described T>
    Result<RemoteTable<T>> table(std::string name, const TableOptions& options = {});
    // What makes one thing of several sets, events and calls: transaction.hpp.
    Result<RemoteTransactions> transactions(std::string name, const TransactionOptions& options = {});

    // --- Hooks
    // Whether a peer that connected may stay. Of one that may not nothing is kept; it is told
    // DisconnectReason::unauthorised, by its on_other(). The error's text stays here: see on_unauthorised().
    void authorise(std::function<Result<>(TimePoint, ConnectionId, ClientId)> hook) {
        authorise_ = std::move(hook);
    }
    // Somebody was not let in, with authorise()'s error: for a log.
    void on_unauthorised(std::function<void(TimePoint, ConnectionId, ClientId, const Error&)> hook) {
        on_unauthorised_ = std::move(hook);
    }
    void on_join(std::function<void(TimePoint, ConnectionId, ClientId)> hook) { on_join_ = std::move(hook); }
    void on_leave(std::function<void(TimePoint, ConnectionId, DisconnectReason)> hook) {
        on_leave_ = std::move(hook);
    }
    // The peer declares something else; the text says what.
    void on_mismatch(std::function<void(TimePoint, ConnectionId, const std::string&)> hook) {
        on_mismatch_ = std::move(hook);
    }
    // A message was refused for a cause that is_offence(), before what it costs is counted. `remote` is empty
    // where none can be blamed.
    void on_refused(std::function<void(TimePoint, ConnectionId, std::string_view remote, Outcome)> hook) {
        on_refused_ = std::move(hook);
    }
    // A handler or a middleware threw. It never ends the program.
    void on_error(std::function<void(const HandlerError&)> hook) { on_error_ = std::move(hook); }
    // What the endpoint reports and remotes do not use: messages of other channels, changed paths, and
    // connections that ended before they were ready (those that were have on_leave).
    void on_other(std::function<void(TimePoint, const EndpointEvent&)> hook) { on_other_ = std::move(hook); }
    // Middleware of all remotes: before a remote's own inbound, behind it outbound.
    void use(Direction direction, Middleware middleware) {
        (direction == Direction::inbound ? inbound_ : outbound_).push_back(std::move(middleware));
    }

    // --- Subscriptions: `subscriber` is told whatever remotes with names that fit the pattern hear: events,
    // requests and replies that come, values that change. Of those declared by now and of those that will be.
    // A table is heard by its own name, and each of its objects as "name/id". Error: invalid_argument (the
    // pattern).
    Result<SubscriptionId> subscribe(std::string_view pattern, Subscriber subscriber);
    // False if there is no such subscription. Nothing more is told, not even of what is being told.
    bool unsubscribe(SubscriptionId id);

    // Hands every changed value to the transport now, also those whose interval is not over. What is fired,
    // called and set leaves with the next drain without this, all in as few datagrams as it fits in.
    void flush(TimePoint now);

    // --- Peers that are ready, in the order in which they became so.
    [[nodiscard]] std::span<const ConnectionId> peers() const { return ready_; }
    [[nodiscard]] bool is_ready(ConnectionId peer) const;
    // The same player is back in its slot (Connected::rejoined). Of those that are connected, ready or not.
    [[nodiscard]] bool has_rejoined(ConnectionId peer) const;
    // A leave hook follows with the next drive. Outside of handlers, wake the host.
    void disconnect(TimePoint now, ConnectionId peer, DisconnectReason reason = DisconnectReason::kicked);

    [[nodiscard]] const Remote* find(std::string_view name) const;
    // All remotes, by name; complete once the first peer came or the first message was sent.
    [[nodiscard]] std::vector<const Remote*> remotes() const;
    // Messages that named no remote, by outcome; offences that no remote can be blamed for.
    [[nodiscard]] const Traffic& strays() const { return strays_; }
    [[nodiscard]] std::uint64_t dropped_while_waiting() const { return dropped_while_waiting_; }
    // Messages that came in one drain behind what their peer was cut off for: not looked at.
    [[nodiscard]] std::uint64_t dropped_after_end() const { return dropped_after_end_; }
    [[nodiscard]] bool is_server() const { return server_ != nullptr; }
    [[nodiscard]] Endpoint& endpoint() { return endpoint_; }

    // Round trips as the acknowledgements of contracts show them: one estimate a peer over all contracts.
    [[nodiscard]] wire::PeerRtts& contract_rtts() { return rtts_; }
    [[nodiscard]] Duration mean_contract_rtt() const;

    // What messages that are of no remote took in packets: greetings, and those of other channels.
    [[nodiscard]] const ByteLedger& other_bytes_on_wire() const { return other_on_wire_; }
    // Where the endpoint's trace events go; nullptr: nowhere.
    void set_trace(trace::Sink* sink, std::uint32_t source);
    // With a stopwatch (a reading that never goes back) the trace tells how long each inbound message took,
    // chain and handler; empty: it does not. Where work takes no time, in virtual time, leave it.
    void set_stopwatch(std::function<Duration()> stopwatch) { stopwatch_ = std::move(stopwatch); }

    // --- Node
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override;
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override;
    [[nodiscard]] TimePoint poll_timeout() const override;
    void handle_timeout(TimePoint now) override;
    void expect(const Address& from, unsigned step) override;

    // What events and calls of this remote are encoded with, to and from this peer. Until the peer is ready,
    // the first that was declared.
    [[nodiscard]] const wire::Codec& codec_for(ConnectionId peer, const Remote& remote) const {
        if (remote.codecs_.size() < 2) return *remote.codec_;
        const Peer* const found = find_peer(peer);
        return found == nullptr || found->codecs.empty() ? *remote.codec_
                                                         : *found->codecs[remote.info_.index];
    }

    // --- For remotes
    // What became of handing a frame to a peer. `notify`: the remote gets on_settled(). `number`: the
    // message's, if it was sent.
    enum class Sent : std::uint8_t { sent, waiting, unsent };
    Sent send(TimePoint now, Remote& remote, ConnectionId peer, Bytes message, MessageId* notify = nullptr,
              MessageId* number = nullptr) {
        return send_as(now, remote, remote.info_.mode, peer, message, notify, number);
    }
    // On the channel of another mode than the remote's.
    Sent send_as(TimePoint now, Remote& remote, ChannelMode mode, ConnectionId peer, Bytes message,
                 MessageId* notify = nullptr, MessageId* number = nullptr);
    void keep(std::unique_ptr<Belonging> belonging) { belongings_.push_back(std::move(belonging)); }
    Sent send_to_player(TimePoint now, Remote& remote, ClientId player, Bytes message);
    [[nodiscard]] std::optional<ConnectionId> connection_of(ClientId player) const;
    // On a client that has no server yet: the message waits for it.
    Sent send_to_coming_server(TimePoint now, Remote& remote, Bytes message);
    [[nodiscard]] const Next::Chain& chain(Direction direction) const {
        return direction == Direction::inbound ? inbound_ : outbound_;
    }
    // A remote has changed values: they are sent when the registry is drained.
    void want_flush(Remote& remote) {
        wants_flush_ = true;
        if (std::exchange(remote.is_dirty_, true)) return;
        dirty_.push_back(&remote);
    }
    // A remote has a deadline: it is asked for it until it says kNever.
    void keep_time(Remote& remote) {
        if (std::exchange(remote.is_timed_, true)) return;
        timed_.push_back(&remote);
    }
    // The number of the message that is being handled.
    [[nodiscard]] MessageId message_at_hand() const { return message_at_hand_; }
    // Numbers all that changes values at this side.
    [[nodiscard]] std::uint64_t next_serial() { return ++last_serial_; }
    // There while a transaction is being applied.
    [[nodiscard]] detail::UndoLog* undo_log() { return undo_log_.get(); }
    void begin_undo_log();
    // The log ends: all changes since it began are undone, and what was sent since is dropped; or else
    // that leaves, and watchers are told. `of`: whose log it is.
    void undo_all(TimePoint now, const Remote& of);
    std::vector<Remote*> confirm_all(TimePoint now);  // returns what changed
    [[nodiscard]] std::optional<ClientId> client_of(ConnectionId peer) const;
    // The remote of this number on the wire; nullptr: none.
    [[nodiscard]] Remote* by_number(std::uint64_t number) const {
        return number == 0 || number > remotes_.size() ? nullptr : remotes_[number - 1].get();
    }
    [[nodiscard]] const std::vector<std::unique_ptr<Subscription>>& subscriptions() const {
        return subscriptions_;
    }
    // The remote gets end_drain() when all that arrived together is handled.
    void at_end_of_drain(Remote& remote);
    // Counts what became of an inbound message that was not settled when it came, offences included.
    void settle(TimePoint now, ConnectionId peer, Remote& remote, Outcome outcome);
    // A trace event of a remote, if anybody listens.
    void trace(TimePoint now, trace::EventKind kind, ConnectionId peer, const RemoteInfo& remote,
               std::uint32_t detail, std::size_t bytes, Bytes payload = {}) const;
    // Of a call that was made at that time, and its answer's error, if it is one.
    void trace_call(TimePoint now, TimePoint made_at, ConnectionId peer, const RemoteInfo& remote,
                    const Error* error) const;
    // A transaction's step, at the side that is asked.
    [[nodiscard]] detail::Admission admit(TimePoint now, ConnectionId peer, Remote& remote, Bytes body);
    // And at the proposing side: the object's bytes, as the outbound chains leave it.
    template <wire::Described T>
    Result<> append_step(TimePoint now, Remote& remote, ConnectionId peer, const T& value, Bytes payload,
                         std::vector<std::byte>& out) {
        T copy = value;
        const wire::Codec& codec = codec_for(peer, remote);
        std::vector<std::byte> anew;
        if (&codec != remote.codec_) {
            if (auto encoded = codec.encode(value, anew); !encoded) return encoded;
            payload = anew;
        }
        Message message(now, Direction::outbound, peer, remote.info_, codec, wire::codec_type<T>(), &copy,
                        payload);
        message.mark_step();
        const Outcome outcome = run_chains(remote.outbound_, outbound_, message, [&](Message& passed) {
            if (!passed.is_edited()) return Outcome::passed;
            return codec.encode(copy, anew) ? Outcome::passed : Outcome::invalid;
        });
        if (outcome != Outcome::passed) {
            ++remote.statistics_.out.stopped[static_cast<std::size_t>(outcome)];
            return fail(ErrorCode::unauthorised, remote.info_.name + ": stopped before it was sent: " +
                                                     std::string(to_string(outcome)));
        }
        const Bytes bytes = message.is_edited() ? Bytes(anew) : payload;
        out.insert(out.end(), bytes.begin(), bytes.end());
        return {};
    }
    // Declares no more; gives each remote its number.
    void seal() {
        if (!is_sealed_) number_remotes();
    }
    // Runs a handler and catches what it throws.
    template <class Handler>
    Outcome guarded(TimePoint now, ConnectionId peer, const Remote& remote, Bytes payload, Handler handler) {
        try {
            handler();
            return Outcome::passed;
        } catch (const std::exception& thrown) {
            report_error(now, peer, remote.info(), payload, thrown.what());
        } catch (...) {
            report_error(now, peer, remote.info(), payload, "something that is no std::exception");
        }
        return Outcome::failed;
    }
    void report_error(TimePoint now, ConnectionId peer, const RemoteInfo& remote, Bytes payload,
                      const char* what);
    [[nodiscard]] Workspace& workspace() { return workspace_; }

  private:
    const std::unique_ptr<Workspace> own_workspace_;  // unless it is shared
    Workspace& workspace_;

  public:
    // Reused by remotes while they encode; empty it first.
    std::vector<std::byte>& scratch;
    std::vector<std::byte>& frame;

  private:
    friend class Remote;
    struct Held {
        Remote* remote = nullptr;
        ChannelMode mode{};
        ConnectionId peer{};
        ClientId player{};  // if the peer is none
        std::vector<std::byte> bytes;
    };
    struct Pending {
        std::uint64_t message = 0;
        Remote* remote = nullptr;
    };
    struct Peer {
        ConnectionId id{};
        ClientId client{};
        bool is_ready = false;
        bool is_comparing = false;  // its hash is another; the lists say why
        bool is_mismatched = false;
        bool is_ended = false;  // by us; the event that says so has not come yet
        bool has_rejoined = false;
        std::vector<const wire::Codec*> codecs;      // by remote; empty: each remote's first
        std::array<RingBuffer<Pending>, 4> pending;  // by channel, message ids grow
        // Not of each message.
        TimePoint greet_until = kNever;
        TokenBucket messages;
        TokenBucket bytes;
        TokenBucket offences;
        WaitingQueue waiting;  // for it, until it is ready
        WaitingQueue early;    // from it, until then
    };

    Remotes(Endpoint& endpoint, ServerEndpoint* server, RemotesConfig config);
    Result<> check_name(std::string_view name) const;
    static Result<> check_codecs(std::string_view name, const wire::Codec* first,
                                 const std::vector<const wire::Codec*>& others);
    template <class R>
    void adopt(std::unique_ptr<R> remote) {
        remotes_.push_back(std::move(remote));
        remotes_.back()->info_.registry = this;
        for (std::size_t i = 0; i < subscriptions_.size(); ++i) remotes_.back()->join(*subscriptions_[i]);
    }
    void number_remotes();
    void flush_values(TimePoint now, bool all);
    void drop_ended_subscriptions();
    // A message that waited, in the codec that the peer uses: the same bytes, or `out`; nothing if it cannot
    // be said in it.
    [[nodiscard]] Bytes recoded(ConnectionId peer, Bytes message, std::vector<std::byte>& out);
    // What is sent of a remote's message: the same, unless it compresses. Valid until the next call.
    [[nodiscard]] Bytes staged(Remote& remote, Bytes message);
    [[nodiscard]] Outcome hand_to(TimePoint now, ConnectionId peer, Remote& remote, Bytes body);
    template <class Object>
    Result<RemoteContract<Object>> adopt_contract(typename detail::ContractRemote<Object>::Type contract,
                                                  OnContractMessage<Object> on_message,
                                                  OnContractAcknowledge<Object> on_acknowledge,
                                                  bool auto_acknowledge, const ContractOptions& options);
    [[nodiscard]] Peer* find_peer(ConnectionId id) const {
        Peer* const peer = id.slot < peers_.size() ? peers_[id.slot].get() : nullptr;
        return peer != nullptr && peer->id == id ? peer : nullptr;
    }
    void drain(TimePoint now);
    void on_transmission(ChannelId channel, std::uint16_t tag, ByteCause cause, std::size_t wire_bytes,
                         std::size_t payload_bytes) override;
    [[nodiscard]] std::uint16_t tag_of(ChannelId channel, Bytes beginning) const override;
    void on_connected(TimePoint now, const Connected& event);
    void on_disconnected(TimePoint now, const Disconnected& event);
    void on_message(TimePoint now, const MessageReceived& event);
    void dispatch(TimePoint now, Peer& peer, ChannelMode mode, MessageId message, Bytes bytes);
    void on_settled(TimePoint now, const MessageSettled& event);
    void expect_greeting(Peer& peer, TimePoint until);
    [[nodiscard]] TimePoint first_greeting() const {
        return greetings_.empty() ? kNever : greetings_.begin()->first;
    }
    void stop_stray(TimePoint now, Peer& peer, Outcome outcome, std::size_t bytes);
    void note_offence(TimePoint now, ConnectionId peer, std::string_view remote, Outcome outcome);

    // --- the greeting (greeting.cpp)
    void greet(TimePoint now, Peer& peer);
    [[nodiscard]] Outcome on_control(TimePoint now, Peer& peer, Bytes body);
    void send_contract(TimePoint now, Peer& peer);
    [[nodiscard]] Outcome on_contract(TimePoint now, Peer& peer, Bytes body);
    void become_ready(TimePoint now, Peer& peer);
    void hand_over(TimePoint now, ConnectionId peer, const WaitingQueue::Entry& waited);
    [[nodiscard]] std::uint64_t contract_hash() const;

    // What each message touches stands together: with thousands of registries, waiting for memory is most of
    // what a message costs (prefetch.hpp).
    Endpoint& endpoint_;
    ServerEndpoint* server_;
    trace::Sink* trace_ = nullptr;
    std::uint32_t trace_source_ = 0;
    bool is_sealed_ = false;
    bool must_drain_ = false;
    bool wants_flush_ = false;
    bool is_flushing_ = false;
    TimePoint flush_again_ = kNever;
    TimePoint greet_again_ = kNever;                // the first of greetings_
    std::vector<std::unique_ptr<Remote>> remotes_;  // by name once sealed
    std::vector<std::unique_ptr<Peer>> peers_;      // by slot
    std::vector<ConnectionId> ready_;
    std::vector<Remote*> drained_;
    std::vector<Remote*> timed_;  // those with a deadline
    std::unique_ptr<detail::UndoLog> undo_log_;
    MessageId message_at_hand_{};
    Next::Chain inbound_;
    Next::Chain outbound_;
    RemotesConfig config_;

    std::vector<std::unique_ptr<Belonging>> belongings_;
    std::vector<std::unique_ptr<Remote>> codecs_only_;  // contracts that nothing is sent with
    wire::PeerRtts rtts_;
    struct Compressing;
    std::unique_ptr<Compressing> compressing_;  // once it is needed
    std::map<ClientId, ConnectionId> by_client_;
    std::set<std::pair<TimePoint, ConnectionId>> greetings_;  // that are awaited
    std::map<ClientId, WaitingQueue> absent_;
    WaitingQueue for_server_;
    Traffic strays_;
    ByteLedger other_on_wire_;
    std::function<Duration()> stopwatch_;
    std::uint64_t dropped_while_waiting_ = 0;
    std::uint64_t dropped_after_end_ = 0;
    std::vector<Remote*> dirty_;
    std::vector<Due> due_;
    std::uint64_t last_serial_ = 0;
    std::vector<Held> held_;  // messages of handlers that run in a transaction
    std::vector<std::unique_ptr<Subscription>> subscriptions_;
    std::uint64_t last_subscription_ = 0;
    unsigned telling_ = 0;  // depth of subscribers' calls
    std::function<Result<>(TimePoint, ConnectionId, ClientId)> authorise_;
    std::function<void(TimePoint, ConnectionId, ClientId, const Error&)> on_unauthorised_;
    std::function<void(TimePoint, ConnectionId, ClientId)> on_join_;
    std::function<void(TimePoint, ConnectionId, DisconnectReason)> on_leave_;
    std::function<void(TimePoint, ConnectionId, const std::string&)> on_mismatch_;
    std::function<void(TimePoint, ConnectionId, std::string_view, Outcome)> on_refused_;
    std::function<void(const HandlerError&)> on_error_;
    std::function<void(TimePoint, const EndpointEvent&)> on_other_;
};

}  // namespace squall::remotes
