// What is behind a RemoteTable (remote_table.hpp): which peer has which version of which object's value, and
// which objects a peer has loaded. The layout is section 7 of STANDARD.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "squall/remotes/object_group.hpp"
#include "squall/remotes/registry.hpp"
#include "squall/remotes/remote_property.hpp"
#include "squall/remotes/table_format.hpp"
#include "squall/remotes/value_stream.hpp"

namespace squall::remotes {

// What a streamed table did not send, at a server: as if each waiting client had been sent each change.
struct Withheld {
    std::uint64_t updates = 0;
    std::uint64_t bytes = 0;
};

namespace detail {

template <wire::Described T>
struct ProposedTableChange;  // table_step.hpp
template <wire::Described T>
struct AdmittedTableChange;

template <wire::Described T>
class TableRemote final : public Remote {
  public:
    using Listeners = ObjectListeners<const T*, const T*>;  // before, now; nullptr: not there
    using Watcher = typename Listeners::Call;

    TableRemote(Remotes& owner, RemoteInfo info, const TableOptions& options)
        : Remote(owner, std::move(info), wire::bits_codec()), options_(options) {}

    Result<> spawn(TimePoint now, ObjectId object, const T& value) {
        if (auto may = check(object, value); !may) return may;
        if (find(object) != nullptr)
            return fail(ErrorCode::invalid_argument,
                        info_.name + ": there is an object " + std::to_string(object.value) + " already");
        if (cells_.size() >= options_.max_objects)
            return fail(ErrorCode::queue_full,
                        info_.name + ": " + std::to_string(options_.max_objects) + " objects are there");
        return change_here(now, object, &value);
    }
    Result<> set(TimePoint now, ObjectId object, const T& value) {
        if (auto may = check(object, value); !may) return may;
        if (find(object) == nullptr) return no_such(object);
        return change_here(now, object, &value);
    }
    Result<> forget(TimePoint now, ObjectId object) {
        if (!owner_.is_server()) return not_ours();
        if (find(object) == nullptr) return no_such(object);
        return change_here(now, object, nullptr);
    }
    [[nodiscard]] const T* find(ObjectId object) const {
        if (const auto staged = staged_.find(object); staged != staged_.end())
            return staged->second ? &*staged->second : nullptr;
        const auto place = cells_.find(object);
        return place == cells_.end() ? nullptr : &place->second.value;
    }
    [[nodiscard]] std::size_t size() const { return cells_.size(); }
    [[nodiscard]] std::vector<ObjectId> objects() const {
        std::vector<ObjectId> out;
        for (const auto& [object, cell] : cells_) out.push_back(object);
        return out;
    }
    Result<> declare(TimePoint now, std::span<const ObjectId> objects, LoadOp op);
    // spawn() or set(), or without a value forget(), as a step of a transaction.
    [[nodiscard]] Result<std::unique_ptr<ProposedStep>> propose(ObjectId object, const T* value);
    void may_load(std::function<bool(TimePoint, ConnectionId, ObjectId)> rule) {
        may_load_ = std::move(rule);
    }
    [[nodiscard]] Withheld withheld() const { return withheld_; }
    Listeners listeners;

  private:
    friend struct ProposedTableChange<T>;
    friend struct AdmittedTableChange<T>;
    static constexpr Duration kTryAgain = std::chrono::milliseconds(50);
    // So many objects are looked at in a row; the next of the same pass after a breath.
    static constexpr std::size_t kLooksInARow = 512;
    static constexpr Duration kBreath = std::chrono::milliseconds(1);

    struct Cell {
        T value{};
        std::vector<Subscription*> subscribers;
        std::size_t loaded_by = 0;  // peers, of a streamed table
        T accounted{};              // when withheld updates were counted last
        SendSchedule accounts;
    };
    // What one peer has of one object.
    struct Copy {
        std::uint64_t handle = 0;  // 0: nothing was sent yet
        SentValue<T> sent;
        SendSchedule schedule;
        Outcome stopped = Outcome::passed;  // by the chain; it is in PeerState::looked_at
    };
    // A message under way.
    struct Sent {
        ObjectId object{};
        std::uint64_t handle = 0;
        bool is_end = false;
    };
    struct PeerState {
        ConnectionId id{};
        std::uint64_t last_handle = 0;
        std::map<ObjectId, Copy> copies;
        std::set<ObjectId> owed;
        std::set<ObjectId> looked_at;  // by the next pass: what was stopped, and what interest() let through
        std::map<std::uint64_t, bool> ends;  // handles whose end the peer must know: is it owed?
        std::map<std::uint64_t, Sent> under_way;
        // Transactions under way bring it these; until it has answered they come in no other way.
        std::multiset<ObjectId> held_objects;
        std::multiset<std::uint64_t> held_handles;
        std::set<ObjectId> loaded;
        TokenBucket loads;
    };
    struct Received {
        ObjectId object{};
        ReceivedValue<T> values;
    };

    [[nodiscard]] std::unexpected<Error> not_ours() const {
        return fail(ErrorCode::unauthorised, info_.name + ": the server sets the objects of a table");
    }
    [[nodiscard]] std::unexpected<Error> no_such(ObjectId object) const {
        return fail(ErrorCode::unknown_id,
                    info_.name + ": there is no object " + std::to_string(object.value));
    }
    Result<> check(ObjectId /*object*/, const T& value) {
        owner_.seal();
        if (!owner_.is_server()) return not_ours();
        return wire::validate(wire::view(value));
    }

    // What handlers change in a transaction takes effect when that does.
    Result<> change_here(TimePoint now, ObjectId object, const T* value) {
        UndoLog* const log = owner_.undo_log();
        if (log == nullptr) {
            put(Origin{now, {}}, object, value);
            return {};
        }
        stage(*log, Origin{now, {}}, object, value);
        return {};
    }
    void stage(UndoLog& log, const Origin& origin, ObjectId object, const T* value) {
        if (staged_.empty()) log.changed.push_back(this);
        staged_from_ = origin;
        staged_.insert_or_assign(object, value == nullptr ? std::nullopt : std::optional<T>(*value));
    }
    void undo() override { staged_.clear(); }
    // All are in their places before anybody is told.
    void confirm() override {
        std::vector<Change> changes;
        for (const auto& [object, value] : std::exchange(staged_, {}))
            if (auto change = place(staged_from_, object, value ? &*value : nullptr))
                changes.push_back(std::move(*change));
        const Origin origin = staged_from_;
        for (const Change& change : changes) tell(origin, change);
    }

    // --- values: an object begins, changes or ends
    struct Change {
        ObjectId object{};
        std::optional<T> before;
        std::optional<T> now;
        Cell ended;  // if it has
    };
    void put(const Origin& origin, ObjectId object, const T* value) {
        if (const auto change = place(origin, object, value)) tell(origin, *change);
    }
    void drop(const Origin& origin, ObjectId object) {
        if (const auto change = remove(object)) tell(origin, *change);
    }
    std::optional<Change> place(const Origin& origin, ObjectId object, const T* value) {
        const auto known = cells_.find(object);
        if (value == nullptr) {
            for (const auto& peer : peers_)
                if (peer != nullptr) end_copy(*peer, object);
            return remove(object);
        }
        if (known == cells_.end()) {
            Cell& cell = cells_[object];
            cell.value = cell.accounted = *value;
            resolve(object, cell);
            for (const auto& peer : peers_) {
                if (peer == nullptr) continue;
                if (options_.streamed && peer->loaded.contains(object)) ++cell.loaded_by;
                begin_copy(origin.now, *peer, object);
            }
            return Change{object, std::nullopt, *value, {}};
        }
        Cell& cell = known->second;
        if (!wire::differs(cell.value, *value, wire::DeltaOptions{0})) return std::nullopt;
        Change change{object, std::exchange(cell.value, *value), *value, {}};
        for (const auto& peer : peers_)
            if (peer != nullptr && peer->copies.contains(object)) owe(origin.now, *peer, object);
        if (options_.streamed && owner_.is_server()) {
            cell.accounts.owe(origin.now);
            unaccounted_.insert(object);
            owner_.want_flush(*this);
        }
        return change;
    }
    std::optional<Change> remove(ObjectId object) {
        if (const auto handle = handles_.find(object); handle != handles_.end()) {
            alive_.erase(handle->second);
            handles_.erase(handle);
        }
        auto node = cells_.extract(object);
        if (node.empty()) return std::nullopt;
        unaccounted_.erase(object);
        T last = node.mapped().value;
        return Change{object, std::move(last), std::nullopt, std::move(node.mapped())};
    }
    // Who is told may change or end it.
    void tell(const Origin& origin, const Change& change) {
        tell(origin, change.object, change.before ? &*change.before : nullptr,
             change.now ? &*change.now : nullptr, change.now ? nullptr : &change.ended);
    }
    void tell(const Origin& origin, ObjectId object, const T* before, const T* now,
              const Cell* ended = nullptr) {
        listeners.each(origin.now, object, [&](const Watcher& watcher) {
            (void)owner_.guarded(origin.now, origin.peer, *this, {},
                                 [&] { watcher(origin, object, before, now); });
        });
        const Heard heard(origin, info_, object, wire::codec_type<T>(), now);
        if (!subscribers_.empty()) tell_each(subscribers_, heard, {});
        const auto place = cells_.find(object);
        const Cell* const cell = ended != nullptr ? ended : place == cells_.end() ? nullptr : &place->second;
        if (cell == nullptr || cell->subscribers.empty()) return;
        tell_each(std::vector<Subscription*>(cell->subscribers), heard, {});
    }
    // --- subscriptions to single objects, as "name/id"
    void resolve(ObjectId object, Cell& cell) {
        if (owner_.subscriptions().empty()) return;
        const std::string name = info_.name + "/" + std::to_string(object.value);
        for (const auto& subscription : owner_.subscriptions())
            if (!subscription->is_ended && subscription->pattern.matches(name))
                cell.subscribers.push_back(subscription.get());
    }
    void join(Subscription& subscription) override {
        Remote::join(subscription);
        for (auto& [object, cell] : cells_)
            if (!subscription.is_ended &&
                subscription.pattern.matches(info_.name + "/" + std::to_string(object.value)))
                cell.subscribers.push_back(&subscription);
    }
    void leave_ended() override {
        Remote::leave_ended();
        for (auto& [object, cell] : cells_)
            std::erase_if(cell.subscribers, [](const Subscription* each) { return each->is_ended; });
    }

    // --- sending
    void begin_copy(TimePoint now, PeerState& peer, ObjectId object) {
        if (!owner_.is_server() || (options_.streamed && !peer.loaded.contains(object))) return;
        if (peer.copies.try_emplace(object).second) owe(now, peer, object);
    }
    void end_copy(PeerState& peer, ObjectId object) {
        const auto node = peer.copies.extract(object);
        peer.owed.erase(object);
        peer.looked_at.erase(object);
        if (node.empty() || node.mapped().handle == 0) return;
        peer.ends[node.mapped().handle] = true;
        owner_.want_flush(*this);
    }
    void owe(TimePoint now, PeerState& peer, ObjectId object) {
        Copy& copy = peer.copies.at(object);
        copy.schedule.owe(now);
        be_collected(peer, object, copy);
    }
    void be_collected(PeerState& peer, ObjectId object, Copy& copy) {
        copy.stopped = Outcome::passed;
        peer.owed.insert(object);
        owner_.want_flush(*this);
    }
    void on_ready(TimePoint now, ConnectionId id) override {
        if (id.slot >= peers_.size()) peers_.resize(id.slot + 1);
        peers_[id.slot] = std::make_unique<PeerState>();
        peers_[id.slot]->id = id;
        if (!owner_.is_server()) {
            // A new server, or the old one again: it tells all anew.
            alive_.clear();
            handles_.clear();
            seen_ = HandleSet{};
            return send_loads(now, std::vector<ObjectId>(loaded_.begin(), loaded_.end()), LoadOp::loaded);
        }
        ++ready_;
        for (const auto& [object, cell] : cells_) begin_copy(now, *peers_[id.slot], object);
    }
    void on_gone(TimePoint now, ConnectionId id) override {
        PeerState* const peer = find_peer(id);
        if (peer == nullptr) return;
        for (const ObjectId object : peer->loaded)
            if (const auto cell = cells_.find(object); cell != cells_.end()) --cell->second.loaded_by;
        peers_[id.slot].reset();
        if (owner_.is_server()) {
            --ready_;
            return;
        }
        // What the server does not tell is not there.
        for (const ObjectId object : objects()) drop(Origin{now, id}, object);
    }
    PeerState* find_peer(ConnectionId id) {
        return id.slot < peers_.size() && peers_[id.slot] != nullptr && peers_[id.slot]->id == id
                   ? peers_[id.slot].get()
                   : nullptr;
    }
    void collect_due(TimePoint now, bool all, std::vector<Due>& out) override {
        next_due_ = kNever;
        due_.clear();
        if (all) collect_stopped();
        const bool is_critical = options_.priority == kCriticalPriority;
        for (const auto& peer : peers_) {
            if (peer == nullptr) continue;
            for (const auto& [handle, is_owed] : peer->ends) {
                if (!is_owed || peer->held_handles.contains(handle)) continue;
                out.push_back({peer->id, this, due_.size(), ~std::uint64_t{0}, is_critical});
                due_.push_back({{}, handle, true});
            }
            for (const ObjectId object : peer->owed) {
                if (peer->held_objects.contains(object)) continue;
                const SendSchedule& schedule = peer->copies.at(object).schedule;
                if (!all && now < schedule.next()) {
                    be_due(schedule.next());
                    continue;
                }
                out.push_back(
                    {peer->id, this, due_.size(), schedule.score(now, options_.priority), is_critical});
                due_.push_back({object, 0, false});
            }
        }
        account(now);
    }
    std::size_t send_due(TimePoint now, const Due& due) override {
        PeerState* const peer = find_peer(due.peer);
        const Sent item = due_[static_cast<std::size_t>(due.item)];
        if (peer == nullptr) return 0;
        return item.is_end ? send_end(now, *peer, item.handle) : send_value(now, *peer, item.object);
    }
    std::size_t send_end(TimePoint now, PeerState& peer, std::uint64_t handle) {
        const auto place = peer.ends.find(handle);
        if (place == peer.ends.end() || !place->second) return 0;
        owner_.frame.clear();
        write_table_head(owner_.frame, info_.index, {handle, TableHead::kGone, 0, {}});
        const std::size_t size = post(now, peer, {{}, handle, true});
        if (size > 0) place->second = false;
        return size;
    }
    std::size_t send_value(TimePoint now, PeerState& peer, ObjectId object) {
        const auto cell = cells_.find(object);
        const auto place = peer.copies.find(object);
        if (cell == cells_.end() || place == peer.copies.end() || !peer.owed.contains(object)) return 0;
        if (peer.held_objects.contains(object)) return 0;
        const SentValue<T>& had = place->second.sent;
        const Version<T>* const baseline = had.baseline();
        if (baseline != nullptr && baseline->number + 1 == had.next_version() &&
            !wire::differs(baseline->value, cell->second.value, wire::DeltaOptions{options_.epsilon})) {
            settle_debt(peer, object);  // a transaction brought it, or it is again what it was
            return 0;
        }
        const std::uint64_t version = had.next_version();
        const std::uint64_t handle = place->second.handle != 0 ? place->second.handle : peer.last_handle + 1;
        std::vector<std::byte>& frame = owner_.frame;
        frame.clear();
        write_table_head(frame, info_.index,
                         {handle, baseline != nullptr ? version - baseline->number : 0, version, object});
        const std::size_t start = frame.size();
        T reconstructed{};
        if (!append_value<T>(frame, owner_.scratch, baseline != nullptr ? &baseline->value : nullptr,
                             cell->second.value, options_.epsilon, reconstructed))
            return 0;
        ++statistics_.encodings;
        const Answer answer = ask_chain(now, peer.id, cell->second.value, Bytes(frame).subspan(start));
        // A chain may have ended the object, or set it.
        const auto still = peer.copies.find(object);
        if (still == peer.copies.end() || !peer.owed.contains(object)) return 0;
        if (answer.outcome != Outcome::passed) {
            stop(now, peer, object, answer);
            return 0;
        }
        Copy& copy = still->second;
        const std::size_t size = post(now, peer, {object, handle, false}, &copy, std::move(reconstructed));
        if (size == 0) {
            copy.schedule.wait_until(now + std::max(options_.interval, kTryAgain));
            be_due(copy.schedule.next());
            return 0;
        }
        if (copy.handle == 0) copy.handle = ++peer.last_handle;
        copy.schedule.sent(now, options_.interval);
        peer.owed.erase(object);
        if (answer.wants_look) look_later(now, peer, object);
        return size;
    }
    void settle_debt(PeerState& peer, ObjectId object) {
        peer.owed.erase(object);
        if (const auto copy = peer.copies.find(object); copy != peer.copies.end())
            copy->second.schedule.settle_debt();
    }
    // The registry's frame, to this peer: its bytes, or 0 if the transport had no room.
    std::size_t post(TimePoint now, PeerState& peer, const Sent& what, Copy* copy = nullptr, T value = {}) {
        MessageId message{};
        if (owner_.send(now, *this, peer.id, owner_.frame, &message) != Remotes::Sent::sent) {
            ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::unsent)];
            be_due(now + kTryAgain);
            return 0;
        }
        ++statistics_.out.messages;
        statistics_.out.bytes += owner_.frame.size();
        peer.under_way[message.value] = what;
        if (copy != nullptr) copy->sent.sent(message, std::move(value));
        return owner_.frame.size();
    }
    // What the chain says of a value for a peer; of a look it is not counted.
    struct Answer {
        Outcome outcome{};
        bool wants_look = false;
        bool is_withdrawn = false;
    };
    Answer ask_chain(TimePoint now, ConnectionId peer, const T& value, Bytes payload, bool is_look = false);

    // --- what the chain stopped, and whether a peer still may have what it has
    void look_later(TimePoint now, PeerState& peer, ObjectId object);
    void stop(TimePoint now, PeerState& peer, ObjectId object, const Answer& answer);
    // The object ends for this peer alone. What it is owed from now on is a new one, whole.
    void withdraw(TimePoint now, PeerState& peer, ObjectId object);
    // A pass over all peers' objects that are to be looked at: a number in a row, then a breath, so that the
    // work of a moment is bounded whatever their number. Passes begin `recheck` apart, or when they can.
    void look(TimePoint now);
    void look_at(TimePoint now, PeerState& peer, ObjectId object);
    void collect_stopped();
    void on_settled(TimePoint now, ConnectionId id, MessageId message, MessageFate fate) override {
        PeerState* const peer = find_peer(id);
        if (peer == nullptr) return;
        const auto node = peer->under_way.extract(message.value);
        if (node.empty()) return;
        const Sent& what = node.mapped();
        if (what.is_end) {
            const auto end = peer->ends.find(what.handle);
            if (end == peer->ends.end()) return;
            if (fate == MessageFate::delivered) {
                peer->ends.erase(end);
            } else {
                end->second = true;
                owner_.want_flush(*this);
            }
            return;
        }
        const auto copy = peer->copies.find(what.object);
        if (copy == peer->copies.end() || copy->second.handle != what.handle) return;
        if (copy->second.sent.settle(message, fate) == SentValue<T>::Settled::newest_lost)
            owe(now, *peer, what.object);
    }
    void be_due(TimePoint time) {
        next_due_ = std::min(next_due_, time);
        owner_.keep_time(*this);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return std::min(next_due_, look_at_); }
    void handle_timeout(TimePoint now) override {
        if (look_at_ <= now) look(now);
        if (next_due_ > now) return;
        next_due_ = kNever;
        owner_.want_flush(*this);
    }

    // --- streaming
    [[nodiscard]] bool speaks_on(ChannelMode mode) const override {
        if (!owner_.is_server()) return mode == info_.mode;
        return options_.streamed && mode == ChannelMode::reliable_ordered;
    }
    // What those who have not loaded an object would have been sent by now.
    void account(TimePoint now);
    static constexpr std::size_t kHeadBytes = 4;  // of a change, at least
    void send_loads(TimePoint now, const std::vector<ObjectId>& objects, LoadOp op);
    Outcome on_loads(TimePoint now, PeerState& peer, ByteReader& reader);

    // --- receiving
    Admission admit(TimePoint now, ConnectionId id, Bytes body) override;
    Outcome on_message(TimePoint now, ConnectionId id, Bytes body) override {
        PeerState* const peer = find_peer(id);
        ByteReader reader(body);
        if (peer == nullptr) return Outcome::malformed;
        if (owner_.is_server()) return on_loads(now, *peer, reader);
        TableHead head;
        if (!read_table_head(reader, head)) return Outcome::malformed;
        if (head.distance == TableHead::kGone) return on_end(Origin{now, id}, head.handle);
        const auto known = alive_.find(head.handle);
        if (known == alive_.end() && (head.distance != 0 || seen_.contains(head.handle)))
            return Outcome::passed;  // of an object that has ended, or has not begun here
        const std::uint64_t baseline = head.distance != 0 ? head.version - head.distance : 0;
        if (baseline != 0 && !known->second.values.contains(baseline))
            return Outcome::passed;  // superseded since
        if (known != alive_.end() && head.distance == 0 && known->second.object != head.object)
            return Outcome::malformed;
        const Bytes payload = reader.read_bytes(reader.remaining());
        const auto read = [&](T& into) {
            const auto alive = alive_.find(head.handle);
            const T* const upon =
                baseline != 0 && alive != alive_.end() ? alive->second.values.find(baseline) : nullptr;
            return (baseline == 0 || upon != nullptr) && read_value(payload, upon, into);
        };
        T value{};
        auto decode = [&] { return read(value); };
        Message message(now, Direction::inbound, id, info_, *codec_, wire::codec_type<T>(), &value, body);
        message.decode_by(decode);
        bool is_taken = false;
        const Outcome outcome =
            run_chains(owner_.chain(Direction::inbound), inbound_, message, [&](Message& passed) {
                if (!passed.decode()) return Outcome::malformed;
                is_taken = true;
                Version<T> version{head.version, value};
                if (passed.is_edited()) (void)read(version.value);  // as it was sent
                return take_in(Origin{now, id}, head, std::move(version), &value, {});
            });
        // What was refused arrived all the same: what comes next may build upon it.
        if (!is_taken && outcome != Outcome::malformed)
            (void)take_in(Origin{now, id}, head, {head.version, T{}}, nullptr, payload);
        return outcome;
    }
    // A value that came, as it was sent and as it is to be told; nullptr: it is not, and not read either.
    Outcome take_in(const Origin& origin, const TableHead& head, Version<T> version, const T* value,
                    Bytes unread) {
        auto known = alive_.find(head.handle);
        if (known == alive_.end()) {
            if (head.distance != 0) return Outcome::passed;
            if (const Outcome begun = begin(head); begun != Outcome::passed) return begun;
            known = alive_.find(head.handle);
            if (known == alive_.end()) return Outcome::passed;  // not loaded, or an older one
        }
        ReceivedValue<T>& values = known->second.values;
        const ObjectId object = known->second.object;
        if (value == nullptr) {
            values.keep_unread(head.version, head.distance != 0 ? head.version - head.distance : 0, unread);
            return Outcome::passed;
        }
        const bool is_newest = values.is_newest(head.version);
        values.keep(std::move(version));
        if (is_newest) put(origin, object, value);
        return Outcome::passed;
    }
    Outcome begin(const TableHead& head) {
        const auto older = handles_.find(head.object);
        if (older == handles_.end() && handles_.size() >= options_.max_objects) return Outcome::over_budget;
        if (!seen_.add(head.handle)) return Outcome::malformed;
        if (options_.streamed && !loaded_.contains(head.object)) return Outcome::passed;
        if (older != handles_.end()) {
            if (older->second > head.handle) return Outcome::passed;
            alive_.erase(older->second);
        }
        handles_[head.object] = head.handle;
        alive_[head.handle].object = head.object;
        return Outcome::passed;
    }
    Outcome on_end(const Origin& origin, std::uint64_t handle) {
        const auto known = alive_.find(handle);
        if (known == alive_.end())
            return seen_.contains(handle) || seen_.add(handle) ? Outcome::passed : Outcome::malformed;
        drop(origin, known->second.object);
        return Outcome::passed;
    }

    std::string contract_text() const override {
        return std::string(options_.streamed ? "streamed " : "") + wire::schema_text<T>();
    }

    TableOptions options_;
    std::map<ObjectId, Cell> cells_;
    std::map<ObjectId, std::optional<T>> staged_;  // by handlers of the transaction that is being applied
    Origin staged_from_;
    std::vector<std::unique_ptr<PeerState>> peers_;  // by slot
    std::size_t ready_ = 0;
    std::vector<Sent> due_;  // what was collected last
    TimePoint next_due_ = kNever;
    // Where a pass over what is looked at has come to.
    struct LookPlace {
        TimePoint began{};
        std::size_t slot = 0;
        ObjectId object{};
    };
    std::optional<LookPlace> look_place_;
    TimePoint look_at_ = kNever;
    std::set<ObjectId> unaccounted_;
    Withheld withheld_;
    std::function<bool(TimePoint, ConnectionId, ObjectId)> may_load_;
    // At a client.
    std::map<std::uint64_t, Received> alive_;  // by handle
    std::map<ObjectId, std::uint64_t> handles_;
    HandleSet seen_;
    std::set<ObjectId> loaded_;
};

}  // namespace detail
}  // namespace squall::remotes
