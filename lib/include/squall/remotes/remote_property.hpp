// Properties: a value that one side sets and the other side has. Who joins late gets the present value at
// once. Only what changed since a value that the other side is known to have travels, and each delta names
// it; where that is too old, the whole value does. Nothing is repeated that a newer value replaces.
//
// The authority sets: the server, or (Authority::owner) the one client that the server named; the server then
// checks what comes and hands it on to the others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "squall/remotes/registry.hpp"
#include "squall/remotes/transaction_step.hpp"
#include "squall/remotes/value_stream.hpp"

namespace squall::remotes {

namespace detail {

struct PropertyHead {
    std::uint64_t version = 0;   // of this sender's values to this receiver, from 1
    std::uint64_t baseline = 0;  // 0: a whole value
};
[[nodiscard]] bool read_property_head(ByteReader& reader, PropertyHead& head);
void write_property_head(std::vector<std::byte>& out, std::uint32_t index, const PropertyHead& head);
// Error: the priority is none, or values would be looked at without end.
[[nodiscard]] Result<> check_values(const std::string& name, std::uint16_t priority, Duration recheck);

template <wire::Described T>
class PropertyRemote final : public Remote {
  public:
    using Watcher = std::function<void(const Origin&, const T& before, const T& now)>;

    PropertyRemote(Remotes& owner, RemoteInfo info, const PropertyOptions<T>& options)
        : Remote(owner, std::move(info), wire::bits_codec()), options_(options), value_(options.initial) {}

    [[nodiscard]] const T& value() const { return value_; }
    [[nodiscard]] bool may_set() const {
        return options_.authority == Authority::server ? owner_.is_server() : owner_.is_server() || is_owner_;
    }
    Result<> check_set(const T& value) const {
        if (!may_set())
            return fail(ErrorCode::unauthorised, info_.name + ": this side is not the property's authority");
        return wire::validate(wire::view(value));
    }
    Result<> set(TimePoint now, const T& value) {
        owner_.seal();
        if (auto valid = check_set(value); !valid) return valid;
        change(Origin{now, {}}, value, owner_.next_serial());
        return {};
    }
    void set_owner(ConnectionId peer) {
        owner_peer_ = peer;
        owe_all(TimePoint{});
    }
    // A client claims to be the owner; the server decides by set_owner() and refuses others' values.
    void claim() {
        is_owner_ = true;
        owe_all(TimePoint{});
    }
    void watch(Watcher watcher) { watchers_.push_back(std::move(watcher)); }
    // A set() as a step of a transaction.
    [[nodiscard]] Result<std::unique_ptr<ProposedStep>> propose(const T& value) {
        if (auto valid = check_set(value); !valid) return std::unexpected(valid.error());
        auto step = std::make_unique<ProposedSet>(*this, value);
        if (!append_value<T>(step->payload, owner_.scratch, nullptr, value, 0, step->reconstructed))
            return fail(ErrorCode::invalid_argument, info_.name + ": the value cannot be encoded");
        ++statistics_.encodings;
        return step;
    }
    std::unique_ptr<ProposedStep> propose_present() override {
        auto step = std::make_unique<ProposedSet>(*this, value_);
        if (!append_value<T>(step->payload, owner_.scratch, nullptr, value_, 0, step->reconstructed))
            return nullptr;
        ++statistics_.encodings;
        step->serial = serial_;
        return step;
    }

  private:
    // After the transport had no room.
    static constexpr Duration kTryAgain = std::chrono::milliseconds(50);

    // What one peer has of our value, and what it sent us of its own.
    struct PeerCopy {
        ConnectionId peer{};
        SentValue<T> sent;
        SendSchedule schedule;
        std::uint64_t revision = 0;         // the last that left for it; 0 again if that was lost
        unsigned holds = 0;                 // transactions under way to it that set this property
        Outcome stopped = Outcome::passed;  // by the chain; looked at again with all that are
        ReceivedValue<T> received;
    };
    struct Saved {
        T value{};
        Origin origin;
        std::uint64_t revision = 0;
        std::uint64_t serial = 0;
    };

    // The value is another from now on; who is owed it gets it with the next drain, watchers are told.
    void change(const Origin& origin, const T& value, std::uint64_t serial) {
        const std::uint64_t serial_before = std::exchange(serial_, serial);
        if (!wire::differs(value_, value, wire::DeltaOptions{0})) return;
        T before = std::exchange(value_, value);
        ++revision_;
        owe_all(origin.now);
        if (UndoLog* const log = owner_.undo_log()) {
            if (!saved_) log->changed.push_back(this);
            if (!saved_) saved_ = Saved{std::move(before), origin, revision_ - 1, serial_before};
            return;  // who watches is told when all is done
        }
        tell(origin, before);
    }
    void tell(const Origin& origin, const T& before) {
        for (std::size_t i = 0; i < watchers_.size(); ++i) {
            const Watcher watcher = watchers_[i];  // it may add watchers
            (void)owner_.guarded(origin.now, origin.peer, *this, {},
                                 [&] { watcher(origin, before, value_); });
        }
        tell_subscribers(origin, wire::codec_type<T>(), &value_, {});
    }
    void undo() override {
        value_ = std::move(saved_->value);
        revision_ = saved_->revision;
        serial_ = saved_->serial;
        saved_.reset();
        for (const auto& copy : copies_)
            if (copy != nullptr && copy->revision == revision_) copy->schedule.settle_debt();
    }
    void confirm() override {
        const Saved saved = std::move(*saved_);
        saved_.reset();
        if (wire::differs(saved.value, value_, wire::DeltaOptions{0})) tell(saved.origin, saved.value);
    }

    // --- sending
    void on_ready(TimePoint now, ConnectionId peer) override {
        if (peer.slot >= copies_.size()) copies_.resize(peer.slot + 1);
        copies_[peer.slot] = std::make_unique<PeerCopy>();
        copies_[peer.slot]->peer = peer;
        owe(now, *copies_[peer.slot]);
    }
    void on_gone(TimePoint /*now*/, ConnectionId peer) override {
        if (find_copy(peer) != nullptr) copies_[peer.slot].reset();
    }
    [[nodiscard]] bool sends_to(ConnectionId peer) const override {
        if (owner_.is_server()) return options_.authority == Authority::server || peer != owner_peer_;
        return options_.authority == Authority::owner && is_owner_;
    }
    void owe(TimePoint now, PeerCopy& copy) {
        // The initial value is known at both ends.
        if (revision_ == 0 || !sends_to(copy.peer)) return;
        copy.schedule.owe(now);
        copy.stopped = Outcome::passed;
        owner_.want_flush(*this);
    }
    void owe_all(TimePoint now) {
        for (const auto& copy : copies_)
            if (copy != nullptr) owe(now, *copy);
    }
    void collect_due(TimePoint now, bool all, std::vector<Due>& out) override {
        next_due_ = kNever;
        for (const auto& copy : copies_) {
            if (copy == nullptr || !copy->schedule.is_owed() || copy->holds > 0) continue;
            if (!all && copy->stopped != Outcome::passed) continue;
            if (!all && now < copy->schedule.next()) {
                be_due(copy->schedule.next());
            } else {
                out.push_back({copy->peer, this, 0, copy->schedule.score(now, options_.priority),
                               options_.priority == kCriticalPriority});
            }
        }
    }
    std::size_t send_due(TimePoint now, const Due& due) override {
        PeerCopy* const copy = find_copy(due.peer);
        if (copy == nullptr || !copy->schedule.is_owed() || copy->holds > 0) return 0;
        if (!sends_to(copy->peer)) {
            copy->schedule.settle_debt();
            return 0;
        }
        const Version<T>* const baseline = copy->sent.baseline();
        std::vector<std::byte>& frame = owner_.frame;
        frame.clear();
        write_property_head(frame, info_.index,
                            {copy->sent.next_version(), baseline != nullptr ? baseline->number : 0});
        const std::size_t start = frame.size();
        T reconstructed{};
        if (!append_value<T>(frame, owner_.scratch, baseline != nullptr ? &baseline->value : nullptr, value_,
                             options_.epsilon, reconstructed))
            return 0;
        ++statistics_.encodings;
        const std::uint64_t revision = revision_;
        if (const Outcome outcome = ask_chain(now, copy->peer, Bytes(frame).subspan(start));
            outcome != Outcome::passed) {
            if (revision == revision_) stop(now, *copy, outcome);
            return 0;
        }
        MessageId message{};
        if (owner_.send(now, *this, copy->peer, frame, &message) != Remotes::Sent::sent) {
            ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::unsent)];
            copy->schedule.wait_until(now + std::max(options_.interval, kTryAgain));
            be_due(copy->schedule.next());
            return 0;
        }
        ++statistics_.out.messages;
        statistics_.out.bytes += frame.size();
        copy->sent.sent(message, std::move(reconstructed));
        copy->schedule.sent(now, options_.interval);
        copy->stopped = Outcome::passed;
        copy->revision = revision_;
        return frame.size();
    }
    // What the chain says of sending the present value to a peer; of a look it is not counted.
    Outcome ask_chain(TimePoint now, ConnectionId peer, Bytes payload, bool is_look = false) {
        if (outbound_.empty() && owner_.chain(Direction::outbound).empty()) return Outcome::passed;
        const std::vector<std::byte> own_frame = owner_.frame;
        T copy = value_;
        Message message(now, Direction::outbound, peer, info_, *codec_, wire::codec_type<T>(), &copy,
                        payload);
        if (is_look) message.mark_look();
        const Outcome outcome = run_chains(outbound_, owner_.chain(Direction::outbound), message,
                                           [](Message&) { return Outcome::passed; });
        owner_.frame = own_frame;
        if (outcome != Outcome::passed && !is_look)
            ++statistics_.out.stopped[static_cast<std::size_t>(outcome)];
        return outcome;
    }
    void stop(TimePoint now, PeerCopy& copy, Outcome outcome) {
        if (!stays_owed(outcome)) return copy.schedule.settle_debt();
        copy.stopped = outcome;
        // All that were stopped are looked at together: one walk over the peers in this time.
        if (recheck_at_ == kNever) recheck_at_ = now + options_.recheck;
        owner_.keep_time(*this);
    }
    void recheck(TimePoint now) {
        recheck_at_ = kNever;
        for (std::size_t slot = 0; slot < copies_.size(); ++slot) {
            PeerCopy* const copy = copies_[slot].get();
            if (copy == nullptr || copy->stopped == Outcome::passed) continue;
            const bool is_short = is_shortage(copy->stopped);
            const Outcome outcome = is_short || !copy->schedule.is_owed()
                                        ? Outcome::passed
                                        : ask_chain(now, copy->peer, {}, true);
            if (outcome != Outcome::passed) {
                stop(now, *copy, outcome);
                continue;
            }
            copy->stopped = Outcome::passed;
            if (!is_short) copy->schedule.begin_anew(now);
            owner_.want_flush(*this);
        }
    }
    void on_settled(TimePoint now, ConnectionId peer, MessageId message, MessageFate fate) override {
        PeerCopy* const copy = find_copy(peer);
        if (copy == nullptr) return;
        // The newest was lost: the present value takes its place.
        if (copy->sent.settle(message, fate) != SentValue<T>::Settled::newest_lost) return;
        copy->revision = 0;
        owe(now, *copy);
    }
    void be_due(TimePoint time) {
        next_due_ = std::min(next_due_, time);
        owner_.keep_time(*this);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return std::min(next_due_, recheck_at_); }
    void handle_timeout(TimePoint now) override {
        if (recheck_at_ <= now) recheck(now);
        if (next_due_ > now) return;
        next_due_ = kNever;
        owner_.want_flush(*this);
    }

    // --- as a step of a transaction. A peer that is asked gets the value by the transaction alone until it
    // has answered.
    struct ProposedSet final : ProposedStep {
        ProposedSet(PropertyRemote& its_property, const T& its_value)
            : ProposedStep(its_property), property(its_property), value(its_value) {}
        Result<> write(TimePoint now, ConnectionId peer, std::vector<std::byte>& out) override {
            PeerCopy* const copy = property.find_copy(peer);
            if (copy == nullptr)
                return fail(ErrorCode::not_connected, property.info_.name + ": this peer is not ready");
            if (property.ask_chain(now, peer, payload) != Outcome::passed)
                return fail(ErrorCode::unauthorised, property.info_.name + ": stopped before it was sent");
            ++copy->holds;
            versions[peer] = copy->sent.take_version();
            append_varint(out, versions[peer]);
            out.insert(out.end(), payload.begin(), payload.end());
            return {};
        }
        void apply(TimePoint now) override {
            // A set() that came after the commit stands.
            if (serial >= property.serial_) property.change(Origin{now, {}}, value, serial);
        }
        bool settle(TimePoint now, ConnectionId peer, Verdict verdict) override {
            PeerCopy* const copy = property.find_copy(peer);
            const auto version = versions.extract(peer);
            if (copy == nullptr || version.empty()) return false;
            --copy->holds;
            property.owner_.want_flush(property);
            const bool is_present = property.serial_ == serial;
            if (verdict == Verdict::accepted) copy->sent.accepted({version.mapped(), reconstructed});
            if (verdict == Verdict::accepted && is_present) {
                copy->revision = property.revision_;
                copy->schedule.settle_debt();
            } else if (verdict != Verdict::refused) {
                // It has, or may have, what is not our value.
                property.revision_ = std::max<std::uint64_t>(property.revision_, 1);
                copy->revision = 0;
                property.owe(now, *copy);
            }
            return copy->holds == 0 && copy->schedule.is_owed();
        }
        PropertyRemote& property;
        T value;
        T reconstructed{};
        std::vector<std::byte> payload;
        std::map<ConnectionId, std::uint64_t> versions;
    };
    struct AdmittedSet final : AdmittedStep {
        AdmittedSet(PropertyRemote& its_property, const Origin& its_origin)
            : property(its_property), origin(its_origin) {}
        void set() override { property.change(origin, version.value, property.owner_.next_serial()); }
        [[nodiscard]] bool is_still_allowed() const override {
            const PeerCopy* const copy = property.find_copy(origin.peer);
            return copy != nullptr && property.accepts_from(origin.peer) &&
                   copy->received.is_newest(version.number);
        }
        void finish() override {
            if (PeerCopy* const copy = property.find_copy(origin.peer)) copy->received.keep(version);
        }
        PropertyRemote& property;
        Origin origin;
        Version<T> version;
    };
    Admission admit(TimePoint now, ConnectionId peer, Bytes body) override {
        PeerCopy* const copy = find_copy(peer);
        if (!accepts_from(peer)) return {Outcome::unauthorised, nullptr};
        ByteReader reader(body);
        auto step = std::make_unique<AdmittedSet>(*this, Origin{now, peer});
        step->version.number = reader.read_varint();
        const Bytes payload = reader.read_bytes(reader.remaining());
        if (copy == nullptr || !reader.ok() || !copy->received.is_newest(step->version.number) ||
            !wire::decode(payload, step->version.value))
            return {Outcome::malformed, nullptr};
        Message message(now, Direction::inbound, peer, info_, *codec_, wire::codec_type<T>(),
                        &step->version.value, payload);
        message.mark_decoded();
        const Outcome outcome = run_chains(owner_.chain(Direction::inbound), inbound_, message,
                                           [](Message&) { return Outcome::passed; });
        return {outcome, std::move(step)};
    }

    // --- receiving
    [[nodiscard]] bool accepts_from(ConnectionId peer) const {
        return !owner_.is_server() || (options_.authority == Authority::owner && peer == owner_peer_);
    }
    Outcome on_message(TimePoint now, ConnectionId peer, Bytes body) override {
        if (!accepts_from(peer)) return Outcome::unauthorised;
        PeerCopy* const copy = find_copy(peer);
        ByteReader reader(body);
        PropertyHead head;
        if (copy == nullptr || !read_property_head(reader, head)) return Outcome::malformed;
        if (head.baseline != 0 && !copy->received.contains(head.baseline))
            return Outcome::passed;  // superseded since: too old to use
        const Bytes payload = reader.read_bytes(reader.remaining());
        const auto read = [&](T& into) {
            const T* const baseline = head.baseline != 0 ? copy->received.find(head.baseline) : nullptr;
            return (head.baseline == 0 || baseline != nullptr) && read_value(payload, baseline, into);
        };
        T value{};
        auto decode = [&] { return read(value); };
        Message message(now, Direction::inbound, peer, info_, *codec_, wire::codec_type<T>(), &value, body);
        message.decode_by(decode);
        const Outcome outcome =
            run_chains(owner_.chain(Direction::inbound), inbound_, message, [&](Message& passed) {
                if (!passed.decode()) return Outcome::malformed;
                const bool is_newest = copy->received.is_newest(head.version);
                Version<T> version{head.version, value};
                if (passed.is_edited()) (void)read(version.value);  // as it was sent
                copy->received.keep(std::move(version));
                if (!is_newest) return Outcome::passed;  // a late one may still be a baseline
                change(Origin{now, peer}, value, owner_.next_serial());
                return Outcome::passed;
            });
        if (outcome != Outcome::passed && outcome != Outcome::malformed)
            copy->received.keep_unread(head.version, head.baseline, payload);
        return outcome;
    }
    PeerCopy* find_copy(ConnectionId peer) {
        return peer.slot < copies_.size() && copies_[peer.slot] != nullptr && copies_[peer.slot]->peer == peer
                   ? copies_[peer.slot].get()
                   : nullptr;
    }

    std::string contract_text() const override { return wire::schema_text<T>(); }

    PropertyOptions<T> options_;
    T value_;
    std::uint64_t revision_ = 0;  // 0: nobody has set it
    std::uint64_t serial_ = 0;    // of the set() or transaction that the value is from
    std::optional<Saved> saved_;  // from before the transaction that is being applied
    ConnectionId owner_peer_{};
    bool is_owner_ = false;
    std::vector<std::unique_ptr<PeerCopy>> copies_;  // by slot
    TimePoint next_due_ = kNever;                    // nobody is owed a value before
    TimePoint recheck_at_ = kNever;                  // then what the chain stopped is looked at again
    std::vector<Watcher> watchers_;
};

}  // namespace detail

// A handle, to copy freely; valid as long as its registry.
template <class T>
class RemoteProperty {
  public:
    using Watcher = typename detail::PropertyRemote<T>::Watcher;
    explicit RemoteProperty(detail::PropertyRemote<T>& remote) : remote_(&remote) {}

    // The present value; the initial one until somebody sets it. Setting what it is already changes nothing.
    [[nodiscard]] const T& value() const { return remote_->value(); }
    // Errors: unauthorised (this side has no authority), invalid_argument (names the field).
    Result<> set(TimePoint now, const T& value) const { return remote_->set(now, value); }
    // Changes a part: `edit` gets a copy of the value, which is then set.
    template <class Edit>
    Result<> edit(TimePoint now, Edit edit) const {
        T value = remote_->value();
        edit(value);
        return set(now, value);
    }
    // The same for one field, named by the way to it: set_field(now, 5.0F, &Score::flag, &Vector3::x).
    template <class V, class... Members>
    Result<> set_field(TimePoint now, V field, Members... way) const {
        T value = remote_->value();
        (value.*....*way) = std::move(field);
        return set(now, value);
    }
    [[nodiscard]] bool may_set() const { return remote_->may_set(); }
    // Authority::owner, at the server: the client whose values count; at that client: it may set now.
    void set_owner(ConnectionId peer) const { remote_->set_owner(peer); }
    void claim() const { remote_->claim(); }
    // Called after each change, wherever it came from.
    void watch(Watcher watcher) const { remote_->watch(std::move(watcher)); }
    void use(Direction direction, Middleware middleware) const {
        remote_->use(direction, std::move(middleware));
    }
    [[nodiscard]] const RemoteStatistics& statistics() const { return remote_->statistics(); }

  private:
    friend class Transaction;
    detail::PropertyRemote<T>* remote_;
};

template <wire::Described T>
Result<RemoteProperty<T>> Remotes::property(std::string name, const PropertyOptions<T>& options) {
    if (auto checked = check_name(name); !checked) return std::unexpected(checked.error());
    if (auto good = detail::check_values(name, options.priority, options.recheck); !good)
        return std::unexpected(good.error());
    if (auto valid = wire::validate(wire::view(options.initial)); !valid)
        return std::unexpected(valid.error());
    auto remote = std::make_unique<detail::PropertyRemote<T>>(
        *this,
        RemoteInfo{std::move(name), RemoteKind::property, ChannelMode::unreliable, 0, options.compress},
        options);
    RemoteProperty<T> handle(*remote);
    adopt(std::move(remote));
    return handle;
}

}  // namespace squall::remotes
