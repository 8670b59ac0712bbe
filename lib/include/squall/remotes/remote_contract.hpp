// Contracts: an object that is sent whole or as what changed since a message that the receiver acknowledged,
// with and without an id, acknowledged by itself or by hand. The attributes are a struct, or a list made at
// run time.
//
//     auto state = *remotes.contract<State>("state", [](const State& state, std::optional<MessageId> id,
//                                                       bool is_delta, const ContractOrigin& from,
//                                                       const RemoteContract<State>& contract) { ... });
//     state.send(now, State{...}, Tracking::tracked);                    // to every peer
//     auto loadout = *remotes.contract(17U, {{"ammo", AttributeKind::integer, range(0, 30)}}, on_loadout);
//
// Contracts are sent to peers that are ready; what is sent to others is `unsent`, and nothing waits. What is
// not delivered is not sent again by the contract: the next message has it, for it builds upon what arrived.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "squall/remotes/registry.hpp"
#include "squall/wire/contract_channel.hpp"
#include "squall/wire/dynamic_contract.hpp"

namespace squall::remotes {

using wire::ContractId;
using wire::Tracking;

// Who sent what is being handled: `peer` is the connection, and `player` its client id; of a client, whose
// messages all come from its server, it is empty.
struct ContractOrigin : Origin {
    std::optional<ClientId> player;
};

// What became of one send().
struct ContractSent {
    Fired fired;
    // If it was tracked: the id of the message to the last of the recipients. Ids count for each of them.
    std::optional<MessageId> id;
    std::uint32_t deltas = 0;  // of the messages that were sent
};

template <class Object>
class RemoteContract;

// An inbound or outbound message of a contract made from a list, as middleware sees it; nullptr if it is
// none. (Of a contract made from a struct it is message.object<T>().) Changing what comes in changes what is
// told; changing what goes out changes what is sent, to this peer.
[[nodiscard]] const wire::DynamicObject* attributes_of(Message& message);
[[nodiscard]] wire::DynamicObject* edit_attributes(Message& message);

namespace detail {

[[nodiscard]] std::string contract_name(const ContractId& id);
// Stands for wire::DynamicObject, which has no description.
[[nodiscard]] const wire::CodecType& dynamic_type();
// What a refusal of the channel counts as. Late messages and deltas to what is gone are the network's doing.
[[nodiscard]] Outcome contract_outcome(const Error& error);
[[nodiscard]] std::string contract_declaration(std::string schema, const wire::ContractChannelOptions& kept);

template <class Object>
struct ContractTypes {
    using Type = wire::Contract<Object>;
    static const wire::CodecType& codec_type() { return wire::codec_type<Object>(); }
};
template <>
struct ContractTypes<wire::DynamicObject> {
    using Type = wire::DynamicContract;
    static const wire::CodecType& codec_type() { return dynamic_type(); }
};

template <class Object>
class ContractRemote final : public Remote {
  public:
    using Type = typename ContractTypes<Object>::Type;
    using Channel = wire::ContractChannel<Type>;

    ContractRemote(Remotes& owner, RemoteInfo info, Type contract, OnContractMessage<Object> on_message,
                   OnContractAcknowledge<Object> on_acknowledge, const wire::ContractChannelOptions& options)
        : Remote(owner, std::move(info), wire::bits_codec()),
          on_message_(std::move(on_message)),
          on_acknowledge_(std::move(on_acknowledge)),
          channel_(
              std::move(contract), owner.contract_rtts(),
              on_message_ ? typename Channel::OnMessage(
                                [this](const Object& data, std::optional<MessageId> id, bool is_delta,
                                       ConnectionId peer, Channel&) { tell(data, id, is_delta, peer); })
                          : nullptr,
              [this](MessageId id, ConnectionId peer, Channel&) { tell_acknowledged(id, peer); }, options) {
        channel_.set_inspector([this](typename Channel::Arrival& arrival, Bytes message, ConnectionId peer) {
            return inspect(arrival, message, peer);
        });
    }

    [[nodiscard]] const Channel& channel() const { return channel_; }
    [[nodiscard]] const Type& contract() const { return channel_.contract(); }
    [[nodiscard]] Duration mean_rtt() const { return owner_.mean_contract_rtt(); }

    Result<ContractSent> send(TimePoint now, const Object& data, Tracking tracking, const Recipients& to) {
        ContractSent out;
        if (channel_.is_codec_only()) return out;
        owner_.seal();
        Result<> done;
        const auto to_peer = [&](ConnectionId peer) {
            if (done) done = send_to(now, peer, data, tracking, out);
        };
        switch (to.kind()) {
            case Recipients::Kind::listed: std::ranges::for_each(to.listed(), to_peer); break;
            case Recipients::Kind::player:
                // Names nobody if the player is not there.
                to_peer(owner_.connection_of(to.client()).value_or(ConnectionId{}));
                break;
            default:
                if (owner_.peers().empty() && !owner_.is_server()) to_peer(ConnectionId{});
                // By place: a chain may disconnect somebody.
                for (std::size_t i = 0; i < owner_.peers().size(); ++i)
                    if (to.kind() == Recipients::Kind::everyone || owner_.peers()[i] != to.excepted())
                        to_peer(owner_.peers()[i]);
        }
        // Writing checks; without anybody to write to, that is still to be done.
        if (done && out.fired.sent == 0) done = contract().check(data);
        if (done) return out;
        ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::invalid)];
        return std::unexpected(done.error());
    }
    Result<> acknowledge(TimePoint now, ConnectionId peer, MessageId id) {
        if (channel_.is_codec_only()) return {};
        if (auto known = channel_.acknowledge(peer, id); !known) return known;
        send_acknowledgements(now);
        return {};
    }

    // A send() as a step of a transaction: whole, and without an id.
    [[nodiscard]] Result<std::unique_ptr<ProposedStep>> propose(const Object& data) {
        if (channel_.is_codec_only())
            return fail(ErrorCode::invalid_argument, info_.name + ": has no handler, so nothing travels");
        auto step = std::make_unique<ProposedSend>(*this, data);
        if (auto encoded = encode_whole(data, step->payload); !encoded)
            return std::unexpected(encoded.error());
        return step;
    }

  private:
    static constexpr std::size_t kFirstBuffer = 512;

    // --- as a step of a transaction
    Result<> encode_whole(const Object& data, std::vector<std::byte>& out) {
        ++statistics_.encodings;
        for (std::size_t room = kFirstBuffer;; room *= 2) {
            out.resize(room);
            const auto written = contract().encode(out, data);
            if (written) {
                out.resize(written->size());
                return {};
            }
            if (written.error().code != ErrorCode::too_large || room > wire::kMaxEncodedBytes)
                return std::unexpected(written.error());
        }
    }
    struct ProposedSend final : ProposedStep {
        ProposedSend(ContractRemote& its_contract, const Object& its_data)
            : ProposedStep(its_contract), contract(its_contract), data(its_data) {}
        Result<> write(TimePoint now, ConnectionId peer, std::vector<std::byte>& out) override {
            Object copy = data;
            Message message(now, Direction::outbound, peer, contract.info_, *contract.codec_,
                            ContractTypes<Object>::codec_type(), &copy, payload);
            message.mark_step();
            std::vector<std::byte> anew;
            const Outcome outcome =
                run_chains(contract.outbound_, contract.owner_.chain(Direction::outbound), message,
                           [&](Message& passed) {
                               if (!passed.is_edited()) return Outcome::passed;
                               return contract.encode_whole(copy, anew) ? Outcome::passed : Outcome::invalid;
                           });
            if (outcome != Outcome::passed) {
                ++contract.statistics_.out.stopped[static_cast<std::size_t>(outcome)];
                return fail(ErrorCode::unauthorised, contract.info_.name + ": stopped before it was sent: " +
                                                         std::string(to_string(outcome)));
            }
            const Bytes bytes = message.is_edited() ? Bytes(anew) : Bytes(payload);
            out.insert(out.end(), bytes.begin(), bytes.end());
            return {};
        }
        ContractRemote& contract;
        Object data;
        std::vector<std::byte> payload;
    };
    struct AdmittedSend final : AdmittedStep {
        AdmittedSend(ContractRemote& its_contract, const Origin& its_origin)
            : contract(its_contract), from(its_origin) {}
        Result<> run(std::vector<std::byte>& /*reply*/) override {
            contract.now_ = from.now;
            const Outcome ran = contract.owner_.guarded(from.now, from.peer, contract, {}, [&] {
                contract.on_message_(data, std::nullopt, false, contract.origin(from.peer),
                                     RemoteContract<Object>(contract));
            });
            if (ran == Outcome::passed) return {};
            return fail(ErrorCode::unsupported, contract.info_.name + ": a handler failed");
        }
        void finish() override {
            contract.tell_subscribers(from, ContractTypes<Object>::codec_type(), &data, {});
        }
        ContractRemote& contract;
        Origin from;
        Object data{};
    };
    Admission admit(TimePoint now, ConnectionId peer, Bytes body) override {
        auto step = std::make_unique<AdmittedSend>(*this, Origin{now, peer});
        if (!contract().decode(body, step->data)) return {Outcome::malformed, nullptr};
        Message message(now, Direction::inbound, peer, info_, *codec_, ContractTypes<Object>::codec_type(),
                        &step->data, body);
        message.mark_decoded();
        message.mark_step();
        const Outcome outcome = run_chains(owner_.chain(Direction::inbound), inbound_, message,
                                           [](Message&) { return Outcome::passed; });
        return {outcome, std::move(step)};
    }

    // --- sending
    // The channel's message behind the remote's number. The buffer grows until it fits.
    template <class Write>
    auto in_buffer(std::vector<std::byte>& buffer, const Write& write) {
        for (std::size_t room = std::max(buffer.size(), kFirstBuffer);; room *= 2) {
            buffer.resize(room);
            ByteWriter head(buffer);
            head.write_varint(std::uint64_t{info_.index} + 1);
            auto written = write(MutableBytes(buffer).subspan(head.size()));
            if (written || written.error().code != ErrorCode::too_large || room > wire::kMaxEncodedBytes)
                return written;
        }
    }
    Result<> send_to(TimePoint now, ConnectionId peer, const Object& data, Tracking tracking,
                     ContractSent& out) {
        if (!owner_.is_ready(peer)) {
            note_unsent(out);
            return {};
        }
        if (outbound_.empty() && owner_.chain(Direction::outbound).empty())
            return post(now, peer, data, tracking, out);
        std::vector<std::byte> buffer;  // a chain may send as well
        const auto preview = in_buffer(
            buffer, [&](MutableBytes room) { return channel_.preview(now, peer, data, tracking, room); });
        if (!preview) return std::unexpected(preview.error());
        Object copy = data;
        Message message(now, Direction::outbound, peer, info_, *codec_, ContractTypes<Object>::codec_type(),
                        &copy, *preview);
        Result<> done;
        const Outcome outcome =
            run_chains(outbound_, owner_.chain(Direction::outbound), message, [&](Message&) {
                done = post(now, peer, copy, tracking, out);
                return done ? Outcome::passed : Outcome::invalid;
            });
        if (outcome != Outcome::passed) {
            ++out.fired.stopped;
            ++statistics_.out.stopped[static_cast<std::size_t>(outcome)];
        }
        return done;
    }
    Result<> post(TimePoint now, ConnectionId peer, const Object& data, Tracking tracking,
                  ContractSent& out) {
        const auto sent = in_buffer(
            buffer_, [&](MutableBytes room) { return channel_.send(now, peer, data, tracking, room); });
        if (!sent) return std::unexpected(sent.error());
        ++statistics_.encodings;
        note_kept(now);
        // The transport may have no room for it; to the channel that is a lost message.
        const Remotes::Sent handed = hand_over(now, peer, sent->message.size());
        if (handed == Remotes::Sent::unsent) {
            note_unsent(out);
            return {};
        }
        ++(handed == Remotes::Sent::sent ? out.fired.sent : out.fired.waiting);
        out.deltas += sent->is_delta ? 1 : 0;
        if (sent->id) out.id = sent->id;
        return {};
    }
    Remotes::Sent hand_over(TimePoint now, ConnectionId peer, std::size_t size) {
        const std::size_t head = varint_size(std::uint64_t{info_.index} + 1);
        const Bytes frame = Bytes(buffer_).first(head + size);
        const Remotes::Sent sent = owner_.send(now, *this, peer, frame);
        if (sent == Remotes::Sent::unsent) return sent;
        ++statistics_.out.messages;
        statistics_.out.bytes += frame.size();
        return sent;
    }
    void note_unsent(ContractSent& out) {
        ++out.fired.unsent;
        ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::unsent)];
    }
    void send_acknowledgements(TimePoint now) {
        while (true) {
            std::optional<typename Channel::Acknowledgement> ack;
            (void)in_buffer(buffer_, [&](MutableBytes room) {
                ack = channel_.poll_acknowledgement(room);
                return Result<>{};
            });
            if (!ack) return;
            (void)hand_over(now, ack->peer, ack->message.size());
        }
    }

    // --- receiving
    Outcome on_message(TimePoint now, ConnectionId peer, Bytes body) override {
        now_ = now;
        payload_ = body;
        outcome_ = Outcome::passed;
        const auto received = channel_.receive(now, peer, body);
        note_kept(now);
        owner_.at_end_of_drain(*this);
        return received ? outcome_ : contract_outcome(received.error());
    }
    void end_drain(TimePoint now) override { send_acknowledgements(now); }

    bool inspect(typename Channel::Arrival& arrival, Bytes message, ConnectionId peer) {
        if (inbound_.empty() && owner_.chain(Direction::inbound).empty()) return true;
        Message inbound(now_, Direction::inbound, peer, info_, *codec_, ContractTypes<Object>::codec_type(),
                        &arrival.object, message);
        auto decode = [&] { return arrival.decode(); };
        inbound.decode_by(decode);
        outcome_ = run_chains(owner_.chain(Direction::inbound), inbound_, inbound, [](Message& passed) {
            return passed.decode() ? Outcome::passed : Outcome::malformed;
        });
        return outcome_ == Outcome::passed;
    }
    void tell(const Object& data, std::optional<MessageId> id, bool is_delta, ConnectionId peer) {
        outcome_ = owner_.guarded(now_, peer, *this, payload_, [&] {
            on_message_(data, id, is_delta, origin(peer), RemoteContract<Object>(*this));
        });
        tell_subscribers(Origin{now_, peer}, ContractTypes<Object>::codec_type(), &data, payload_);
    }
    void tell_acknowledged(MessageId id, ConnectionId peer) {
        if (!on_acknowledge_) return;
        const Outcome outcome = owner_.guarded(now_, peer, *this, payload_, [&] {
            on_acknowledge_(id, origin(peer), RemoteContract<Object>(*this));
        });
        if (outcome != Outcome::passed) outcome_ = outcome;
    }
    [[nodiscard]] ContractOrigin origin(ConnectionId peer) const {
        return {{now_, peer}, owner_.is_server() ? owner_.client_of(peer) : std::nullopt};
    }

    // --- peers and time
    void on_ready(TimePoint /*now*/, ConnectionId peer) override { (void)channel_.add_peer(peer); }
    void on_gone(TimePoint /*now*/, ConnectionId peer) override { channel_.remove_peer(peer); }
    // Expiry is checked with each message; this is for the memory of peers that fell silent, and may be late.
    void note_kept(TimePoint now) {
        if (sweep_at_ != kNever) return;
        sweep_at_ = now + channel_.options().baseline_lifetime;
        owner_.keep_time(*this);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return sweep_at_; }
    void handle_timeout(TimePoint now) override {
        if (now < sweep_at_) return;
        channel_.handle_timeout(now);
        sweep_at_ = channel_.poll_timeout() == kNever ? kNever : now + channel_.options().baseline_lifetime;
    }
    [[nodiscard]] std::string contract_text() const override {
        return contract_declaration(contract().schema(), channel_.options());
    }

    OnContractMessage<Object> on_message_;
    OnContractAcknowledge<Object> on_acknowledge_;
    Channel channel_;
    std::vector<std::byte> buffer_;
    TimePoint sweep_at_ = kNever;
    // While a message is handled: when it came, and what became of it.
    TimePoint now_{};
    Bytes payload_;
    Outcome outcome_ = Outcome::passed;
};

}  // namespace detail

// A handle, to copy freely; valid as long as its registry. Object is the struct, or wire::DynamicObject.
template <class Object>
class RemoteContract {
  public:
    explicit RemoteContract(detail::ContractRemote<Object>& remote) : remote_(&remote) {}

    // Queues a message for each recipient that the chain lets through: what changed since the newest that it
    // acknowledged, or the whole object. Tracked messages have an id, are acknowledged, and give a round
    // trip. Errors: invalid_argument (names the attribute; nothing was sent), too_large.
    Result<ContractSent> send(TimePoint now, const Object& data, Tracking tracking = Tracking::untracked,
                              const Recipients& to = Recipients::everyone()) const {
        return remote_->send(now, data, tracking, to);
    }
    // For contracts that do not by themselves. Errors: unknown_id (no such message came lately).
    Result<> acknowledge(TimePoint now, ConnectionId peer, MessageId id) const {
        return remote_->acknowledge(now, peer, id);
    }

    // Encode, decode, diff and patch, by hand. They are all that a contract without a handler does.
    [[nodiscard]] const typename detail::ContractRemote<Object>::Type& codec() const {
        return remote_->contract();
    }
    [[nodiscard]] bool is_codec_only() const { return remote_->channel().is_codec_only(); }
    [[nodiscard]] const ContractId& id() const { return remote_->contract().id(); }

    // The round trip to a peer as all contracts together measure it; 0 before the first acknowledgement.
    // Remotes::contract_rtts() has more.
    [[nodiscard]] Duration rtt(ConnectionId peer) const { return remote_->channel().rtt(peer); }
    // A client's to its server; a server's mean over those of its peers that it knows.
    [[nodiscard]] Duration rtt() const { return is_codec_only() ? Duration{0} : remote_->mean_rtt(); }

    void use(Direction direction, Middleware middleware) const {
        remote_->use(direction, std::move(middleware));
    }
    [[nodiscard]] const RemoteStatistics& statistics() const { return remote_->statistics(); }
    [[nodiscard]] const wire::ContractCounters& counters() const { return remote_->channel().counters(); }
    // Objects that are kept for a peer, both directions together.
    [[nodiscard]] std::size_t baselines_of(ConnectionId peer) const {
        return remote_->channel().baselines_of(peer);
    }

  private:
    friend class Transaction;
    detail::ContractRemote<Object>* remote_;
};

template <class Object>
Result<RemoteContract<Object>> Remotes::adopt_contract(typename detail::ContractRemote<Object>::Type contract,
                                                       OnContractMessage<Object> on_message,
                                                       OnContractAcknowledge<Object> on_acknowledge,
                                                       bool auto_acknowledge,
                                                       const ContractOptions& options) {
    if (contract.id() == ContractId(std::string()))
        return fail(ErrorCode::invalid_argument,
                    "a contract's id is an empty text; needs a number or a name");
    std::string name = detail::contract_name(contract.id());
    if (auto checked = check_name(name); !checked) return std::unexpected(checked.error());
    const bool is_codec_only = !on_message;
    auto remote = std::make_unique<detail::ContractRemote<Object>>(
        *this, RemoteInfo{std::move(name), RemoteKind::contract, options.mode, 0, options.compress},
        std::move(contract), std::move(on_message), std::move(on_acknowledge),
        wire::ContractChannelOptions{.auto_acknowledge = auto_acknowledge,
                                     .baselines_max = options.baselines_max,
                                     .baseline_lifetime = options.baseline_lifetime});
    RemoteContract<Object> handle(*remote);
    if (is_codec_only) {
        codecs_only_.push_back(std::move(remote));
    } else {
        adopt(std::move(remote));
    }
    return handle;
}

template <wire::Described T>
Result<RemoteContract<T>> Remotes::contract(ContractId id, OnContractMessage<T> on_message,
                                            OnContractAcknowledge<T> on_acknowledge, bool auto_acknowledge,
                                            const ContractOptions& options) {
    return adopt_contract<T>(wire::Contract<T>(std::move(id), {options.epsilon}), std::move(on_message),
                             std::move(on_acknowledge), auto_acknowledge, options);
}

}  // namespace squall::remotes
