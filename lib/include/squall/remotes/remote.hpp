// What all remotes have: a name, a place on the wire, chains of middleware, counters. Events, functions and
// properties derive from it inside the library; users hold the handles RemoteEvent, RemoteFunction and
// RemoteProperty.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/remotes/message.hpp"
#include "squall/remotes/transaction_step.hpp"
#include "squall/transport/endpoint.hpp"
#include "squall/wire/codec_compression.hpp"

namespace squall::remotes {

class Remotes;
struct Subscription;
namespace detail {
class TransactionRemote;
// Of those that have a codec.
template <class Options>
[[nodiscard]] RemoteInfo info_of(std::string name, RemoteKind kind, const Options& options) {
    return {std::move(name), kind, options.mode, 0, options.compress, nullptr, options.schema};
}
}  // namespace detail

// What a remote did, one direction each. Bytes are those of its messages: remote number, operation and
// object.
struct Traffic {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::array<std::uint64_t, kOutcomeCount> stopped{};  // by Outcome
    [[nodiscard]] std::uint64_t of(Outcome outcome) const {
        return stopped[static_cast<std::size_t>(outcome)];
    }
};
struct RemoteStatistics {
    std::uint64_t encodings = 0;  // objects encoded: one for a fan-out to any number of peers
    // What its messages took in packets, by cause: payload, framing, retransmission, early_repeat. With the
    // other causes of the connections' ledgers this adds up to the bytes of all datagrams.
    ByteLedger on_wire;
    Traffic out;  // one message a recipient
    Traffic in;
    // If the remote compresses: what went in and came out, a message to several recipients once; and the
    // bytes that were not sent for it, all recipients counted (the bytes above are as they were before).
    wire::CompressionStatistics compression;
    std::uint64_t bytes_saved = 0;
};

inline void append_varint(std::vector<std::byte>& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
    out.push_back(static_cast<std::byte>(value));
}

// Who sent what is being handled, and when.
struct Origin {
    TimePoint now{};
    ConnectionId peer{};
    // Its number among the messages that this peer sent on the channel of the remote's mode, of all remotes
    // there: what RemoteEvent::fire_tracked() gave at the other end. Meaningful for events that did not
    // travel in a transaction.
    MessageId message{};
};

// Names a thing of the game: a player, a door.
using ObjectId = StrongId<struct ObjectTag, std::uint64_t>;

// What a subscription is told: an event that came, a call that came, the reply of one that was made here, a
// value that is another now.
class Heard {
  public:
    Heard(const Origin& its_origin, const RemoteInfo& its_remote, std::optional<ObjectId> its_object,
          const wire::CodecType& type, const void* value, bool is_a_reply = false)
        : origin(its_origin),
          remote(its_remote),
          object(its_object),
          is_reply(is_a_reply),
          type_(&type),
          value_(value) {}

    const Origin& origin;
    const RemoteInfo& remote;
    const std::optional<ObjectId> object;  // of a table: whose value
    const bool is_reply;                   // of a function: what came back
    // The event, request, reply or value; nullptr if it is not a T, or if the object is gone.
    template <wire::Described T>
    [[nodiscard]] const T* value() const {
        return type_ == &wire::codec_type<T>() ? static_cast<const T*>(value_) : nullptr;
    }

  private:
    const wire::CodecType* type_;
    const void* value_;
};
using Subscriber = std::function<void(const Heard&)>;

// Names one listener; 0: none.
enum class ListenerId : std::uint64_t {};

// Lives as long as the registry that it was given to.
class Belonging {
  public:
    Belonging() = default;
    virtual ~Belonging() = default;
    Belonging(const Belonging&) = delete;
    Belonging& operator=(const Belonging&) = delete;
};

// A value that a peer is owed, and may have now.
struct Due {
    ConnectionId peer{};
    Remote* remote = nullptr;
    std::uint64_t item = 0;   // which of the remote's values
    std::uint64_t score = 0;  // the highest goes first
    bool is_critical = false;
};

class Remote {
  public:
    Remote(Remotes& owner, RemoteInfo info, const wire::Codec& codec,
           const std::vector<const wire::Codec*>& other_codecs = {})
        : owner_(owner), info_(std::move(info)), codec_(&codec), codecs_{&codec} {
        codecs_.insert(codecs_.end(), other_codecs.begin(), other_codecs.end());
    }
    virtual ~Remote() = default;
    Remote(const Remote&) = delete;
    Remote& operator=(const Remote&) = delete;

    [[nodiscard]] const RemoteInfo& info() const { return info_; }
    [[nodiscard]] const RemoteStatistics& statistics() const { return statistics_; }
    // The first choice; Remotes::codec_for() says what a connection uses.
    [[nodiscard]] const wire::Codec& codec() const { return *codec_; }
    [[nodiscard]] const std::vector<const wire::Codec*>& codecs() const { return codecs_; }
    // Adds a middleware at the end of this remote's chain.
    void use(Direction direction, Middleware middleware) {
        (direction == Direction::inbound ? inbound_ : outbound_).push_back(std::move(middleware));
    }

  protected:
    friend class Remotes;
    friend class detail::TransactionRemote;
    // Whether messages of this mode may be for it.
    [[nodiscard]] virtual bool speaks_on(ChannelMode mode) const { return mode == info_.mode; }
    // A message's bytes behind the remote's number. `passed` if its handler ran.
    virtual Outcome on_message(TimePoint now, ConnectionId peer, Bytes body) = 0;
    virtual void on_ready(TimePoint /*now*/, ConnectionId /*peer*/) {}
    virtual void on_gone(TimePoint /*now*/, ConnectionId /*peer*/) {}
    virtual void on_settled(TimePoint /*now*/, ConnectionId /*peer*/, MessageId /*message*/,
                            MessageFate /*fate*/) {}
    // Somebody subscribed to this remote's name.
    virtual void on_subscribed() {}
    virtual void join(Subscription& subscription);
    virtual void leave_ended();
    void tell_each(const std::vector<Subscription*>& subscribers, const Heard& heard, Bytes payload);
    void tell_subscribers(const Origin& origin, const wire::CodecType& type, const void* value, Bytes payload,
                          bool is_reply = false) {
        if (!subscribers_.empty())
            tell_each(subscribers_, Heard(origin, info_, std::nullopt, type, value, is_reply), payload);
    }
    // A message that was made before it was known which codec its peer uses: appends what stands behind the
    // remote's number, in that codec. False if it cannot be said in it.
    [[nodiscard]] virtual bool recode(Bytes body, const wire::Codec& /*to*/, std::vector<std::byte>& out) {
        out.insert(out.end(), body.begin(), body.end());
        return true;
    }
    // --- of values: which of them may leave for whom now (`all`: also before their interval is over), and
    // sending one, which returns its bytes.
    virtual void collect_due(TimePoint /*now*/, bool /*all*/, std::vector<Due>& /*out*/) {}
    virtual std::size_t send_due(TimePoint /*now*/, const Due& /*due*/) { return 0; }
    // --- of transactions: a step's bytes, decoded and put through the inbound chains; what it changed since
    // the log began, as it was before; the end of the log, when watchers may be told.
    virtual detail::Admission admit(TimePoint /*now*/, ConnectionId /*peer*/, Bytes /*body*/) { return {}; }
    virtual void undo() {}
    virtual void confirm() {}
    // After all that arrived together was handled; asked for by Remotes::at_end_of_drain().
    virtual void end_drain(TimePoint /*now*/) {}
    // A step that sets what the value is already, for those who do not have it yet; nullptr: none such.
    virtual std::unique_ptr<detail::ProposedStep> propose_present() { return nullptr; }
    [[nodiscard]] virtual bool sends_to(ConnectionId /*peer*/) const { return false; }
    // Asked after Remotes::keep_time(), until it is kNever.
    [[nodiscard]] virtual TimePoint poll_timeout() const { return kNever; }
    virtual void handle_timeout(TimePoint /*now*/) {}
    // All that both sides must agree on, as text: compared when they meet.
    [[nodiscard]] virtual std::string contract_text() const = 0;

    Remotes& owner_;
    RemoteInfo info_;
    const wire::Codec* codec_;  // the first of
    std::vector<const wire::Codec*> codecs_;
    Next::Chain inbound_;
    Next::Chain outbound_;
    std::vector<Subscription*> subscribers_;  // whose pattern the name fits
    RemoteStatistics statistics_;
    bool is_dirty_ = false;  // may have values that are due

  private:
    bool awaits_end_ = false;
    bool is_timed_ = false;  // the registry asks for its deadline
};

}  // namespace squall::remotes
