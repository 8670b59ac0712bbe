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
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "squall/remotes/registry.hpp"
#include "squall/wire/delta.hpp"

namespace squall::remotes {

namespace detail {

// Values behind the newest that may be a delta's baseline.
inline constexpr std::uint64_t kBaselineWindow = 32;

struct PropertyHead {
    std::uint64_t version = 0;   // of this sender's values to this receiver, from 1
    std::uint64_t baseline = 0;  // 0: a whole value
};
[[nodiscard]] bool read_property_head(ByteReader& reader, PropertyHead& head);
void write_property_head(std::vector<std::byte>& out, std::uint32_t index, const PropertyHead& head);

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
    Result<> set(TimePoint now, const T& value) {
        owner_.seal();
        if (!may_set())
            return fail(ErrorCode::unauthorised, info_.name + ": this side is not the property's authority");
        if (auto valid = wire::validate(wire::view(value)); !valid) return valid;
        change(Origin{now, {}}, value);
        return {};
    }
    void set_owner(ConnectionId peer) { owner_peer_ = peer; }
    // A client claims to be the owner; the server decides by set_owner() and refuses others' values.
    void claim() { is_owner_ = true; }
    void watch(Watcher watcher) { watchers_.push_back(std::move(watcher)); }

  private:
    // After the transport had no room.
    static constexpr Duration kTryAgain = std::chrono::milliseconds(50);

    struct Version {
        std::uint64_t number = 0;
        T value{};
    };
    // What one peer has of our value, and what it sent us of its own.
    struct PeerCopy {
        ConnectionId peer{};
        std::optional<Version> acked;
        RingBuffer<std::pair<MessageId, Version>> under_way;
        std::uint64_t last_version = 0;
        std::uint64_t sent_revision = 0;  // 0: none; the initial value is known at both ends
        TimePoint next_send{};
        RingBuffer<Version> received;
    };

    void change(const Origin& origin, const T& value) {
        if (!wire::differs(value_, value, wire::DeltaOptions{0})) return;
        const T before = std::exchange(value_, value);
        ++revision_;
        for (const auto& copy : copies_)
            if (copy != nullptr && copy->peer != origin.peer) send_if_due(origin.now, *copy);
        for (std::size_t i = 0; i < watchers_.size(); ++i) {
            const Watcher watcher = watchers_[i];  // it may add watchers
            (void)owner_.guarded(origin.now, origin.peer, *this, {},
                                 [&] { watcher(origin, before, value_); });
        }
    }

    // --- sending
    void on_ready(TimePoint now, ConnectionId peer) override {
        if (peer.slot >= copies_.size()) copies_.resize(peer.slot + 1);
        copies_[peer.slot] = std::make_unique<PeerCopy>();
        copies_[peer.slot]->peer = peer;
        send_if_due(now, *copies_[peer.slot]);
    }
    void on_gone(TimePoint /*now*/, ConnectionId peer) override {
        if (find_copy(peer) != nullptr) copies_[peer.slot].reset();
    }
    [[nodiscard]] bool sends_to(ConnectionId peer) const {
        if (owner_.is_server()) return options_.authority == Authority::server || peer != owner_peer_;
        return options_.authority == Authority::owner && is_owner_;
    }
    [[nodiscard]] bool owes(const PeerCopy& copy) const {
        return revision_ > 0 && copy.sent_revision != revision_ && sends_to(copy.peer);
    }
    void send_if_due(TimePoint now, PeerCopy& copy) {
        if (!owes(copy)) return;
        if (now < copy.next_send) {
            next_due_ = std::min(next_due_, copy.next_send);
            return;
        }
        const bool has_baseline =
            copy.acked.has_value() && copy.last_version + 1 - copy.acked->number <= kBaselineWindow;
        const PropertyHead head{copy.last_version + 1, has_baseline ? copy.acked->number : 0};
        std::vector<std::byte>& frame = owner_.frame;
        frame.clear();
        write_property_head(frame, info_.index, head);
        const std::size_t start = frame.size();
        T reconstructed{};
        if (!append_value(frame, has_baseline ? &copy.acked->value : nullptr, reconstructed)) return;
        ++statistics_.encodings;
        if (!passes_chain(now, copy.peer, Bytes(frame).subspan(start))) {
            copy.sent_revision = revision_;
            return;
        }
        MessageId message{};
        if (owner_.send(now, *this, copy.peer, frame, &message) != Remotes::Sent::sent) {
            ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::unsent)];
            copy.next_send = now + std::max(options_.interval, kTryAgain);
            next_due_ = std::min(next_due_, copy.next_send);
            return;
        }
        ++statistics_.out.messages;
        statistics_.out.bytes += frame.size();
        copy.last_version = head.version;
        copy.sent_revision = revision_;
        copy.next_send = now + options_.interval;
        if (copy.under_way.size() == kBaselineWindow) copy.under_way.pop_front();
        copy.under_way.push_back({message, Version{head.version, reconstructed}});
    }
    // Writes the value, whole or as a delta, and gives what the receiver will make of it.
    bool append_value(std::vector<std::byte>& frame, const T* baseline, T& reconstructed) {
        const wire::DeltaOptions delta{options_.epsilon};
        const std::size_t bits =
            baseline != nullptr ? wire::measure_delta(*baseline, value_, delta) : wire::measure(value_);
        owner_.scratch.resize((bits + 7) / 8);
        const std::optional<Bytes> encoded =
            baseline != nullptr ? wire::encode_delta(owner_.scratch, *baseline, value_, delta)
                                : wire::encode(owner_.scratch, value_);
        if (!encoded) return false;
        const bool is_read = baseline != nullptr ? wire::decode_delta(*encoded, *baseline, reconstructed)
                                                 : wire::decode(*encoded, reconstructed);
        if (!is_read) return false;
        const Bytes written = *encoded;
        frame.insert(frame.end(), written.begin(), written.end());
        return true;
    }
    bool passes_chain(TimePoint now, ConnectionId peer, Bytes payload) {
        if (outbound_.empty() && owner_.chain(Direction::outbound).empty()) return true;
        const std::vector<std::byte> own_frame = owner_.frame;
        T copy = value_;
        Message message(now, Direction::outbound, peer, info_, *codec_, wire::codec_type<T>(), &copy,
                        payload);
        const Outcome outcome = run_chains(outbound_, owner_.chain(Direction::outbound), message,
                                           [](Message&) { return Outcome::passed; });
        owner_.frame = own_frame;
        if (outcome == Outcome::passed) return true;
        ++statistics_.out.stopped[static_cast<std::size_t>(outcome)];
        return false;
    }
    void on_settled(TimePoint now, ConnectionId peer, MessageId message, MessageFate fate) override {
        PeerCopy* const copy = find_copy(peer);
        if (copy == nullptr) return;
        for (std::size_t i = 0; i < copy->under_way.size(); ++i) {
            auto& [id, version] = copy->under_way[i];
            if (id != message) continue;
            if (fate == MessageFate::delivered) {
                if (!copy->acked || copy->acked->number < version.number) copy->acked = version;
                while (!copy->under_way.empty() &&
                       copy->under_way.front().second.number <= copy->acked->number)
                    copy->under_way.pop_front();
            } else if (version.number == copy->last_version) {
                copy->sent_revision = 0;  // the newest was lost: the present value takes its place
                copy->next_send = std::max(copy->next_send, now);
                send_if_due(now, *copy);
            }
            return;
        }
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return next_due_;  // or before
    }
    void handle_timeout(TimePoint now) override {
        next_due_ = kNever;
        for (const auto& copy : copies_)
            if (copy != nullptr) send_if_due(now, *copy);
    }

    // --- receiving
    Outcome on_message(TimePoint now, ConnectionId peer, Bytes body) override {
        if (owner_.is_server() && (options_.authority == Authority::server || peer != owner_peer_))
            return Outcome::unauthorised;
        PeerCopy* const copy = find_copy(peer);
        ByteReader reader(body);
        PropertyHead head;
        if (copy == nullptr || !read_property_head(reader, head)) return Outcome::malformed;
        const T* baseline = nullptr;
        for (std::size_t i = 0; i < copy->received.size() && head.baseline != 0; ++i)
            if (copy->received[i].number == head.baseline) baseline = &copy->received[i].value;
        if (head.baseline != 0 && baseline == nullptr)
            return Outcome::passed;  // superseded since: too old to use
        T value{};
        const Bytes payload = reader.read_bytes(reader.remaining());
        const bool is_read = baseline != nullptr ? wire::decode_delta(payload, *baseline, value)
                                                 : wire::decode(payload, value);
        if (!is_read) return Outcome::malformed;
        Message message(now, Direction::inbound, peer, info_, *codec_, wire::codec_type<T>(), &value, body);
        message.mark_decoded();
        return run_chains(owner_.chain(Direction::inbound), inbound_, message, [&](Message&) {
            const bool is_newest = copy->received.empty() || copy->received.back().number < head.version;
            keep(*copy, Version{head.version, value});
            if (!is_newest) return Outcome::passed;  // a late one may still be a baseline
            change(Origin{now, peer}, value);
            return Outcome::passed;
        });
    }
    void keep(PeerCopy& copy, Version version) {
        // In order of number, so that the oldest leaves first.
        copy.received.push_back(std::move(version));
        for (std::size_t i = copy.received.size() - 1;
             i > 0 && copy.received[i].number < copy.received[i - 1].number; --i)
            std::swap(copy.received[i], copy.received[i - 1]);
        while (copy.received.front().number + kBaselineWindow < copy.received.back().number)
            copy.received.pop_front();
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
    ConnectionId owner_peer_{};
    bool is_owner_ = false;
    std::vector<std::unique_ptr<PeerCopy>> copies_;  // by slot
    TimePoint next_due_ = kNever;                    // nobody is owed a value before
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
    detail::PropertyRemote<T>* remote_;
};

template <wire::Described T>
Result<RemoteProperty<T>> Remotes::property(std::string name, const PropertyOptions<T>& options) {
    if (auto checked = check_name(name); !checked) return std::unexpected(checked.error());
    if (auto valid = wire::validate(wire::view(options.initial)); !valid)
        return std::unexpected(valid.error());
    auto remote = std::make_unique<detail::PropertyRemote<T>>(
        *this, RemoteInfo{std::move(name), RemoteKind::property, ChannelMode::unreliable, 0}, options);
    RemoteProperty<T> handle(*remote);
    adopt(std::move(remote));
    return handle;
}

}  // namespace squall::remotes
