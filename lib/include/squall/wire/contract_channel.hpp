// One contract between one end and its peers, as bytes and time: messages with and without an id,
// acknowledgements, deltas that name the message they build upon, round trips. Sans I/O: what send() and
// poll_acknowledgement() give is carried by whoever calls, in any order and with any loss. Knows no remote
// and no transport. The layout is section 6 of STANDARD.md.
//
//     ContractChannel state(Contract<State>{"state"}, rtts, on_message);
//     state.add_peer(peer);
//     const auto sent = state.send(now, peer, value, Tracking::tracked, buffer);   // sent->message goes out
//     state.receive(now, peer, bytes);                                             // calls on_message
//     while (auto ack = state.poll_acknowledgement(buffer)) ...                    // ack->message goes to
//     ack->peer
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "squall/core/ids.hpp"
#include "squall/core/result.hpp"
#include "squall/core/ring_buffer.hpp"
#include "squall/core/sequence.hpp"
#include "squall/core/time.hpp"
#include "squall/wire/contract.hpp"
#include "squall/wire/rtt_average.hpp"

namespace squall::wire {

// With an id a message is acknowledged, gives a round trip, and may be what later deltas build upon.
enum class Tracking : std::uint8_t { untracked, tracked };

struct ContractChannelOptions {
    bool auto_acknowledge = true;
    // How many objects are kept a peer and direction, 1 to 64. Both ends must have the same: a delta builds
    // upon one of so many last messages, or is none.
    std::size_t baselines_max = 32;
    // Objects older than this are no baselines any more.
    Duration baseline_lifetime = std::chrono::seconds(10);
    std::size_t peers_max = 65536;
};

struct ContractCounters {
    std::uint64_t full_sent = 0;
    std::uint64_t deltas_sent = 0;
    std::uint64_t received = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t stale = 0;              // so late that nobody knows whether they came already
    std::uint64_t unknown_baselines = 0;  // deltas that build upon what is not here (any more)
    std::uint64_t malformed = 0;
    std::uint64_t refused = 0;           // by the inspector
    std::uint64_t acknowledgements = 0;  // received, each id once
    std::uint64_t forgotten = 0;         // messages whose acknowledgement was not awaited any longer
};

namespace detail {

// What an acknowledgement says: an id, and which of the 16 before it are acknowledged too.
struct ContractAck {
    std::uint16_t id = 0;
    std::uint16_t earlier = 0;  // bit 0: the one before
};
inline constexpr unsigned kEarlierAcks = 16;
inline constexpr unsigned kBaselineBits = 6;

void put_ack(BitWriter& writer, const ContractAck& ack);
void get_ack(BitReader& reader, ContractAck& ack);

// Which of the last 64 ids are in a set; the newest is known by its full number.
class RecentIds {
  public:
    [[nodiscard]] std::uint64_t newest() const { return newest_; }
    [[nodiscard]] bool contains(std::uint64_t id) const {
        return any_ && id <= newest_ && newest_ - id < 64 && ((mask_ >> (newest_ - id)) & 1) != 0;
    }
    // Too long ago to know.
    [[nodiscard]] bool is_stale(std::uint64_t id) const { return any_ && id < newest_ && newest_ - id >= 64; }
    void insert(std::uint64_t id);
    // The bits of a ContractAck.
    [[nodiscard]] std::uint16_t before(std::uint64_t id) const;

  private:
    bool any_ = false;
    std::uint64_t newest_ = 0;
    std::uint64_t mask_ = 0;
};

}  // namespace detail

template <class ContractType>
class ContractChannel {
  public:
    using Object = typename ContractType::Object;
    // The object, its id if it has one, whether it came as a delta, from whom, and this channel.
    using OnMessage = std::function<void(const Object& object, std::optional<MessageId> id, bool is_delta,
                                         ConnectionId peer, ContractChannel& channel)>;
    // Once for each message with an id that reached the peer's application.
    using OnAcknowledge = std::function<void(MessageId id, ConnectionId peer, ContractChannel& channel)>;

    // An object that came, before it is decoded.
    class Arrival {
      public:
        template <class Decoder>
        Arrival(Object& its_object, Decoder& decoder)
            : object(its_object),
              decoder_(&decoder),
              run_decoder_([](void* self) { return (*static_cast<Decoder*>(self))(); }) {}
        Object& object;  // as it will be told; to read and to change once it is decoded
        // Once; false if its bytes are no valid object.
        [[nodiscard]] bool decode() {
            if (state_ == State::undecoded) state_ = run_decoder_(decoder_) ? State::good : State::bad;
            return state_ == State::good;
        }
        [[nodiscard]] bool is_bad() const { return state_ == State::bad; }

      private:
        enum class State : std::uint8_t { undecoded, good, bad };
        void* decoder_;
        bool (*run_decoder_)(void*);
        State state_ = State::undecoded;
    };
    // Looks at an object that came before it is acknowledged, kept and told; whoever needs it decodes it.
    // False: none of these happens, as if it had been lost. Its bytes are the message's, header included.
    using Inspector = std::function<bool(Arrival& arrival, Bytes message, ConnectionId peer)>;

    // Without on_message the contract is a codec only: nothing is sent, received or measured. `rtts` outlives
    // it.
    ContractChannel(ContractType contract, PeerRtts& rtts, OnMessage on_message = {},
                    OnAcknowledge on_acknowledge = {}, ContractChannelOptions options = {})
        : contract_(std::move(contract)),
          rtts_(rtts),
          on_message_(std::move(on_message)),
          on_acknowledge_(std::move(on_acknowledge)),
          options_(options) {
        options_.baselines_max = std::clamp<std::size_t>(options_.baselines_max, 1, 64);
    }
    ContractChannel(const ContractChannel&) = delete;
    ContractChannel& operator=(const ContractChannel&) = delete;

    void set_inspector(Inspector inspector) { inspector_ = std::move(inspector); }

    [[nodiscard]] const ContractType& contract() const { return contract_; }
    [[nodiscard]] const ContractChannelOptions& options() const { return options_; }
    [[nodiscard]] bool is_codec_only() const { return !on_message_; }
    [[nodiscard]] const ContractCounters& counters() const { return counters_; }
    [[nodiscard]] Duration rtt(ConnectionId peer) const {
        return is_codec_only() ? Duration{0} : rtts_.of(peer).average();
    }

    // Peers come and go with their connections; all that is kept about them goes too.
    Result<> add_peer(ConnectionId peer) {
        if (peers_.size() >= options_.peers_max && !peers_.contains(peer))
            return fail(ErrorCode::too_large, "contract " + to_string(contract_.id()) +
                                                  ": no room for another peer; peers_max is " +
                                                  std::to_string(options_.peers_max));
        peers_.try_emplace(peer);
        return {};
    }
    void remove_peer(ConnectionId peer) {
        peers_.erase(peer);  // its acknowledgements are passed over when they are polled
    }
    // The objects that are kept for a peer, both directions: for those who watch memory.
    [[nodiscard]] std::size_t baselines_of(ConnectionId peer) const {
        const auto place = peers_.find(peer);
        return place == peers_.end() ? 0 : place->second.sent.size() + place->second.received.size();
    }

    struct Sent {
        Bytes message;  // in the caller's buffer; empty if the contract is a codec only
        std::optional<MessageId> id;
        bool is_delta = false;
    };
    // A delta to the newest object that the peer acknowledged, or the whole object if there is none that both
    // ends still have. An object that breaks the contract is refused, and nothing has happened.
    Result<Sent> send(TimePoint now, ConnectionId peer, const Object& object, Tracking tracking,
                      MutableBytes out);

    // The same bytes, without any effect: for who wants to look at them before they are sent.
    Result<Bytes> preview(TimePoint now, ConnectionId peer, const Object& object, Tracking tracking,
                          MutableBytes out) const;

    // What came from a peer: a message or an acknowledgement. An error says why it was ignored.
    Result<> receive(TimePoint now, ConnectionId peer, Bytes message);

    // For channels that do not by themselves. Refused for ids that were not received.
    Result<> acknowledge(ConnectionId peer, MessageId id);

    struct Acknowledgement {
        ConnectionId peer;
        Bytes message;
    };
    // Drain it after receive() and acknowledge(), or after several of them: one acknowledgement then speaks
    // for up to 17 messages of a peer.
    std::optional<Acknowledgement> poll_acknowledgement(MutableBytes out);

    // When something expires next; kNever if nothing is kept.
    [[nodiscard]] TimePoint poll_timeout() const;
    void handle_timeout(TimePoint now);

  private:
    static constexpr std::size_t kPendingAcksMax = 4096;

    // An object that the peer has, or may have.
    struct Kept {
        std::uint64_t id = 0;
        TimePoint at{};
        bool acknowledged = false;
        Object object{};
    };
    struct Peer {
        std::uint64_t next_id = 0;
        std::optional<std::uint64_t> measured;  // the newest id that gave a round trip
        std::optional<std::uint64_t> baseline;  // the newest id that was acknowledged
        RingBuffer<Kept> sent;                  // ids ascend
        RingBuffer<Kept> received;              // in the order of their coming
        detail::RecentIds seen;
        detail::RecentIds acknowledged;
    };
    struct Ack {
        ConnectionId peer;
        std::uint64_t id = 0;
        std::uint64_t oldest = 0;  // that it has to speak for
    };
    // An object as it leaves.
    struct Written {
        Bytes message;
        std::size_t header_bits = 0;
        const Kept* baseline = nullptr;
    };

    Result<Written> write_message(TimePoint now, const Peer& state, const Object& object, bool tracked,
                                  MutableBytes out) const;
    [[nodiscard]] const Kept* baseline_for(TimePoint now, const Peer& state, std::uint64_t id) const;
    // Ids of sent objects follow each other, and only the oldest leave.
    static const Kept* find_sent(const RingBuffer<Kept>& sent, std::uint64_t id) {
        if (sent.empty() || id < sent.front().id || id - sent.front().id >= sent.size()) return nullptr;
        return &sent[id - sent.front().id];
    }
    // Baselines are mostly recent.
    static const Kept* find_received(const RingBuffer<Kept>& received, std::uint64_t id) {
        for (std::size_t i = received.size(); i > 0; --i)
            if (received[i - 1].id == id) return &received[i - 1];
        return nullptr;
    }
    void keep(RingBuffer<Kept>& kept, Kept entry, bool counts) {
        if (kept.size() >= options_.baselines_max) {
            if (counts && !kept.front().acknowledged) ++counters_.forgotten;
            kept.pop_front();
        }
        kept.push_back(std::move(entry));
    }
    void expire(TimePoint now, Peer& state) {
        const auto drop = [&](RingBuffer<Kept>& kept, Duration age, bool counts) {
            while (!kept.empty() && now - kept.front().at > age) {
                if (counts && !kept.front().acknowledged) ++counters_.forgotten;
                kept.pop_front();
            }
        };
        drop(state.sent, options_.baseline_lifetime, true);
        // Twice as long as the sender, whose clock started when the message left.
        drop(state.received, 2 * options_.baseline_lifetime, false);
    }
    // A caller that does not drain loses the oldest, which later ones repeat.
    void queue_ack(ConnectionId peer, std::uint64_t id) {
        if (!acks_.empty() && acks_.back().peer == peer && id > acks_.back().id &&
            id - acks_.back().oldest <= detail::kEarlierAcks) {
            acks_.back().id = id;
            return;
        }
        if (acks_.size() >= kPendingAcksMax) acks_.pop_front();
        acks_.push_back({peer, id, id});
    }
    Result<> receive_ack(TimePoint now, ConnectionId peer, Peer& state, BitReader& reader);
    Result<> receive_object(TimePoint now, ConnectionId peer, Bytes message, BitReader& reader);
    void take_ack(ConnectionId peer, std::uint64_t id);
    std::unexpected<Error> refuse_bits(const BitReader& reader) {
        ++counters_.malformed;
        return std::unexpected(detail::contract_fault(contract_.id(), reader));
    }
    std::unexpected<Error> refuse(ErrorCode code, std::string_view why) const {
        return fail(code, "contract " + to_string(contract_.id()) + ": " + std::string(why));
    }

    ContractType contract_;
    PeerRtts& rtts_;
    OnMessage on_message_;
    OnAcknowledge on_acknowledge_;
    Inspector inspector_;
    ContractChannelOptions options_;
    ContractCounters counters_;
    std::map<ConnectionId, Peer> peers_;
    RingBuffer<Ack> acks_;
};

template <class C>
auto ContractChannel<C>::baseline_for(TimePoint now, const Peer& state, std::uint64_t id) const
    -> const Kept* {
    if (!state.baseline || id - *state.baseline > options_.baselines_max) return nullptr;
    const Kept* kept = find_sent(state.sent, *state.baseline);
    return kept != nullptr && now - kept->at <= options_.baseline_lifetime ? kept : nullptr;
}

template <class C>
auto ContractChannel<C>::write_message(TimePoint now, const Peer& state, const Object& object, bool tracked,
                                       MutableBytes out) const -> Result<Written> {
    const std::uint64_t id = state.next_id;
    const Kept* const baseline = baseline_for(now, state, id);
    BitWriter writer(out);
    writer.boolean(false);  // no acknowledgement
    writer.boolean(tracked);
    if (tracked) writer.bits(static_cast<std::uint16_t>(id), 16);
    writer.boolean(baseline == nullptr);
    if (baseline != nullptr && tracked) writer.bits(id - baseline->id - 1, detail::kBaselineBits);
    if (baseline != nullptr && !tracked) writer.bits(static_cast<std::uint16_t>(baseline->id), 16);
    const std::size_t header_bits = writer.bit_count();
    if (baseline == nullptr) {
        contract_.put_full(writer, object);
    } else {
        contract_.put_delta(writer, baseline->object, object);
    }
    if (writer.ok()) return Written{writer.finish(), header_bits, baseline};
    if (auto valid = contract_.check(object); !valid) return std::unexpected(valid.error());
    return std::unexpected(detail::contract_too_large(contract_.id(), writer.bit_count(), out.size()));
}

template <class C>
auto ContractChannel<C>::preview(TimePoint now, ConnectionId peer, const Object& object, Tracking tracking,
                                 MutableBytes out) const -> Result<Bytes> {
    if (is_codec_only()) return Bytes{};
    const auto place = peers_.find(peer);
    if (place == peers_.end()) return refuse(ErrorCode::unknown_id, "no such peer; add_peer() comes first");
    auto written = write_message(now, place->second, object, tracking == Tracking::tracked, out);
    if (!written) return std::unexpected(written.error());
    return written->message;
}

template <class C>
auto ContractChannel<C>::send(TimePoint now, ConnectionId peer, const Object& object, Tracking tracking,
                              MutableBytes out) -> Result<Sent> {
    if (is_codec_only()) return Sent{};
    const auto place = peers_.find(peer);
    if (place == peers_.end()) return refuse(ErrorCode::unknown_id, "no such peer; add_peer() comes first");
    Peer& state = place->second;
    expire(now, state);

    const bool tracked = tracking == Tracking::tracked;
    const auto written = write_message(now, state, object, tracked, out);
    if (!written) return std::unexpected(written.error());
    Sent sent{written->message, std::nullopt, written->baseline != nullptr};
    if (tracked) {
        // What the peer will have: not what we have, where numbers are quantised or changes were too small.
        Kept entry{state.next_id, now, false, sent.is_delta ? written->baseline->object : Object{}};
        BitReader reader(sent.message);
        reader.skip(written->header_bits);
        if (sent.is_delta) {
            contract_.get_delta(reader, entry.object);
        } else {
            contract_.get_full(reader, entry.object);
        }
        sent.id = MessageId{entry.id};
        keep(state.sent, std::move(entry), true);
        ++state.next_id;
    }
    ++(sent.is_delta ? counters_.deltas_sent : counters_.full_sent);
    return sent;
}

template <class C>
Result<> ContractChannel<C>::receive(TimePoint now, ConnectionId peer, Bytes message) {
    if (is_codec_only()) return refuse(ErrorCode::unsupported, "it is a codec only and receives nothing");
    const auto place = peers_.find(peer);
    if (place == peers_.end()) return refuse(ErrorCode::unknown_id, "no such peer; add_peer() comes first");
    expire(now, place->second);
    BitReader reader(message);
    bool is_ack = false;
    reader.boolean(is_ack);
    if (is_ack) return receive_ack(now, peer, place->second, reader);
    return receive_object(now, peer, message, reader);
}

template <class C>
Result<> ContractChannel<C>::receive_ack(TimePoint now, ConnectionId peer, Peer& state, BitReader& reader) {
    detail::ContractAck ack;
    detail::get_ack(reader, ack);
    if (!reader.finish()) return refuse_bits(reader);
    const std::uint64_t id = WireSequence<std::uint16_t>{ack.id}.unwrap(state.next_id);
    if (id >= state.next_id) {
        ++counters_.malformed;
        return refuse(ErrorCode::malformed, "an acknowledgement of what was not sent");
    }
    // The message itself, before the others, is what the round trip is measured by.
    const Kept* const entry = find_sent(state.sent, id);
    if (entry != nullptr && !entry->acknowledged && (!state.measured || id > *state.measured)) {
        state.measured = id;
        rtts_.observe(peer, now - entry->at);
    }
    for (unsigned back = detail::kEarlierAcks; back > 0; --back)
        if (((ack.earlier >> (back - 1)) & 1) != 0 && id >= back) take_ack(peer, id - back);
    take_ack(peer, id);
    return {};
}

template <class C>
void ContractChannel<C>::take_ack(ConnectionId peer, std::uint64_t id) {
    const auto place = peers_.find(peer);  // a handler may have removed it
    if (place == peers_.end()) return;
    Peer& state = place->second;
    if (find_sent(state.sent, id) == nullptr) return;
    Kept& entry = state.sent[id - state.sent.front().id];
    if (entry.acknowledged) return;
    entry.acknowledged = true;
    state.baseline = std::max(state.baseline.value_or(id), id);
    ++counters_.acknowledgements;
    if (on_acknowledge_) on_acknowledge_(MessageId{id}, peer, *this);
}

template <class C>
Result<> ContractChannel<C>::receive_object(TimePoint now, ConnectionId peer, Bytes message,
                                            BitReader& reader) {
    Peer& state = peers_.find(peer)->second;
    bool tracked = false;
    bool full = false;
    std::uint16_t short_id = 0;
    std::uint64_t baseline_id = 0;
    reader.boolean(tracked);
    if (tracked) reader.bits(short_id, 16);
    const std::uint64_t id = WireSequence<std::uint16_t>{short_id}.unwrap(state.seen.newest());
    reader.boolean(full);
    if (!full && tracked) {
        std::uint64_t distance = 0;
        reader.bits(distance, detail::kBaselineBits);
        if (distance + 1 > id) reader.refuse(StreamFault::out_of_range);
        baseline_id = id - distance - 1;
    } else if (!full) {
        std::uint16_t short_baseline = 0;
        reader.bits(short_baseline, 16);
        baseline_id = WireSequence<std::uint16_t>{short_baseline}.unwrap(state.seen.newest());
    }
    if (!reader.ok()) return refuse_bits(reader);
    if (tracked && state.seen.is_stale(id)) {
        ++counters_.stale;
        return refuse(ErrorCode::expired, "a message that is more than 64 ids old");
    }
    if (tracked && state.seen.contains(id)) {
        ++counters_.duplicates;
        // Its acknowledgement may have been lost.
        if (state.acknowledged.contains(id)) queue_ack(peer, id);
        return {};
    }
    if (!full && find_received(state.received, baseline_id) == nullptr) {
        ++counters_.unknown_baselines;
        return refuse(ErrorCode::expired, "a delta to message " + std::to_string(baseline_id) +
                                              ", which is not here; it is neither applied nor acknowledged");
    }
    Kept entry{id, now, false, {}};
    // Another than is kept: what is told may be changed, and who hears it may remove the peer.
    Object told{};
    auto decode = [&] {
        const auto here = peers_.find(peer);
        const Kept* const baseline =
            full || here == peers_.end() ? nullptr : find_received(here->second.received, baseline_id);
        if (!full && baseline == nullptr) return false;
        if (full) {
            contract_.get_full(reader, entry.object);
        } else {
            entry.object = baseline->object;
            contract_.get_delta(reader, entry.object);
        }
        if (!reader.finish()) return false;
        told = entry.object;
        return true;
    };
    Arrival arrival(told, decode);
    if (inspector_ && !inspector_(arrival, message, peer)) {
        if (arrival.is_bad()) return refuse_bits(reader);
        ++counters_.refused;
        return {};
    }
    if (!arrival.decode()) return refuse_bits(reader);
    ++counters_.received;
    if (!tracked) {
        on_message_(told, std::nullopt, !full, peer, *this);
        return {};
    }
    if (const auto place = peers_.find(peer); place != peers_.end()) {
        place->second.seen.insert(id);
        keep(place->second.received, std::move(entry), false);
        if (options_.auto_acknowledge) (void)acknowledge(peer, MessageId{id});
    }
    on_message_(told, MessageId{id}, !full, peer, *this);
    return {};
}

template <class C>
Result<> ContractChannel<C>::acknowledge(ConnectionId peer, MessageId id) {
    const auto place = peers_.find(peer);
    if (place == peers_.end()) return refuse(ErrorCode::unknown_id, "no such peer");
    if (!place->second.seen.contains(id.value))
        return refuse(ErrorCode::unknown_id,
                      "message " + std::to_string(id.value) + " was not received lately");
    place->second.acknowledged.insert(id.value);
    queue_ack(peer, id.value);
    return {};
}

template <class C>
auto ContractChannel<C>::poll_acknowledgement(MutableBytes out) -> std::optional<Acknowledgement> {
    while (!acks_.empty()) {
        const Ack ack = acks_.front();
        acks_.pop_front();
        const auto place = peers_.find(ack.peer);
        if (place == peers_.end()) continue;
        BitWriter writer(out);
        writer.boolean(true);
        detail::put_ack(writer,
                        {static_cast<std::uint16_t>(ack.id), place->second.acknowledged.before(ack.id)});
        return Acknowledgement{ack.peer, writer.finish()};
    }
    return std::nullopt;
}

template <class C>
TimePoint ContractChannel<C>::poll_timeout() const {
    TimePoint next = kNever;
    for (const auto& [id, state] : peers_) {
        if (!state.sent.empty()) next = std::min(next, state.sent.front().at + options_.baseline_lifetime);
        if (!state.received.empty())
            next = std::min(next, state.received.front().at + 2 * options_.baseline_lifetime);
    }
    return next == kNever ? next : next + Duration{1};
}

template <class C>
void ContractChannel<C>::handle_timeout(TimePoint now) {
    for (auto& [id, state] : peers_) expire(now, state);
}

}  // namespace squall::wire
