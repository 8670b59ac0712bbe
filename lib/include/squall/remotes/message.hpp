// One message of a remote on its way out or in, as middleware sees it, and the chain that it goes through.
//
// A middleware is a function of ten lines:
//
//     remotes.use(Direction::inbound, [](Message& message, const Next& next) {
//         if (message.bytes().size() > 100) return Outcome::filtered;
//         return next();                       // go on; the rest of the chain, then the handler or the wire
//     });
//
// Knows nothing of peers' states or connections.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/channel.hpp"
#include "squall/transport/disconnect_reason.hpp"
#include "squall/wire/codec.hpp"

namespace squall::remotes {

class Remotes;
class Next;

enum class RemoteKind : std::uint8_t { event, function, property, contract, table, transaction };
inline constexpr RemoteKind kLastRemoteKind = RemoteKind::transaction;
[[nodiscard]] std::string_view to_string(RemoteKind kind);

enum class Direction : std::uint8_t { inbound, outbound };

// What became of a message in its chain. Everything but `passed` ended it there, and is counted by remote.
enum class Outcome : std::uint8_t {
    passed,
    filtered,        // not for this peer
    rate_limited,    // more than a rate limit allows
    over_budget,     // more than a bandwidth budget allows
    unauthorised,    // this peer may not do that
    invalid,         // well formed, but against the rules of the game
    malformed,       // bytes that are no such object
    unknown_remote,  // names nothing that this side has
    failed,          // the handler threw, or a middleware
    unsent,          // the transport did not take it
    held,            // kept for later by the chain; counted again as what becomes of it then
};
inline constexpr std::size_t kOutcomeCount = 11;
[[nodiscard]] std::string_view to_string(Outcome outcome);
// True for what a correct and friendly peer does not cause; these count towards being cut off.
[[nodiscard]] constexpr bool is_offence(Outcome outcome) {
    return outcome == Outcome::rate_limited || outcome == Outcome::unauthorised ||
           outcome == Outcome::invalid || outcome == Outcome::malformed || outcome == Outcome::unknown_remote;
}
// What a refused message costs its peer, by Outcome.
using OffenceCosts = std::array<std::uint32_t, kOutcomeCount>;
// One point for each cause that is_offence().
[[nodiscard]] constexpr OffenceCosts default_offence_costs() {
    OffenceCosts costs{};
    for (std::size_t i = 0; i < costs.size(); ++i) costs[i] = is_offence(static_cast<Outcome>(i)) ? 1 : 0;
    return costs;
}

// How far the structs of the two ends may differ.
enum class SchemaMatch : std::uint8_t {
    equal,       // not at all: whoever differs is told the field, and does not get in
    compatible,  // as far as the codec that the connection uses allows (wire's README has the rules)
};

// What middleware may know of a remote.
struct RemoteInfo {
    std::string name;
    RemoteKind kind{};
    ChannelMode mode{};
    std::uint32_t index = 0;     // on the wire; the place of its name among all
    bool is_compressed = false;  // where that makes a message smaller
    Remotes* registry = nullptr;
    SchemaMatch schema = SchemaMatch::equal;
};

class Message {
  public:
    Message(TimePoint at, Direction its_direction, ConnectionId its_peer, const RemoteInfo& its_remote,
            const wire::Codec& codec, const wire::CodecType& type, void* object, Bytes payload)
        : now(at),
          direction(its_direction),
          peer(its_peer),
          remote(its_remote),
          codec_(&codec),
          type_(&type),
          object_(object),
          payload_(payload),
          is_decoded_(its_direction == Direction::outbound) {}

    const TimePoint now;
    const Direction direction;
    const ConnectionId peer;
    const RemoteInfo& remote;

    // The object as it is encoded; of an outbound message that was edited, as it was before.
    [[nodiscard]] Bytes bytes() const { return payload_; }

    // The object; nullptr if it is not a T, or if its bytes are no valid one. An inbound message is decoded
    // when somebody looks at it first: who refuses by peer or size alone pays nothing for it.
    template <wire::Described T>
    [[nodiscard]] const T* object() {
        return static_cast<const T*>(object_of(wire::codec_type<T>()));
    }
    // The same, to change it. An outbound message is then encoded anew, for this peer alone.
    template <wire::Described T>
    [[nodiscard]] T* edit() {
        return static_cast<T*>(edit_as(wire::codec_type<T>()));
    }
    // Both for a type that is known at run time.
    [[nodiscard]] const void* object_of(const wire::CodecType& type) {
        return type_ == &type && decode() ? object_ : nullptr;
    }
    [[nodiscard]] void* edit_as(const wire::CodecType& type) {
        if (object_of(type) == nullptr) return nullptr;
        is_edited_ = true;
        return object_;
    }
    [[nodiscard]] bool is_edited() const { return is_edited_; }
    // The object is there already: whoever made the message decoded it.
    void mark_decoded() { is_decoded_ = true; }
    // Decoding is more than the codec knows (a change to what came before): `decoder` does it, once, when
    // somebody looks. It must live as long as the message.
    template <class Decoder>
    void decode_by(Decoder& decoder) {
        decoder_ = &decoder;
        run_decoder_ = [](void* self) { return (*static_cast<Decoder*>(self))(); };
    }
    // Decodes, if that was not done; false if the bytes are no valid object.
    bool decode();

    // Who that peer is: the client id of its token, at a server. Of the server itself, and of a peer that has
    // left, nothing.
    [[nodiscard]] std::optional<ClientId> player() const;
    // Ends the peer's connection. Nothing more that it sent is handled, this message included if the
    // middleware stops it.
    void end_connection(DisconnectReason reason = DisconnectReason::rate_limited) const;

    // Lets the message go on at `until`, behind the middleware that says so: `return message.hold(at, next)`.
    // Only events can wait; what belongs to a function, a value or a transaction goes on at once. An event
    // has room for EventOptions::max_held; what does not fit is over_budget.
    [[nodiscard]] Outcome hold(TimePoint until, const Next& next);

    // --- Of values. One that the chain stops stays owed, and is looked at again after its `recheck`. A look
    // is a question without a message: would this pass now? It has no bytes and nothing leaves, so what
    // counts and limits lets it pass: `if (message.is_look()) return next();`.
    [[nodiscard]] bool is_look() const { return is_look_; }
    void mark_look() { is_look_ = true; }
    // Of a table's value: that its peer has the object is looked at again each `recheck`, also if nothing
    // changes. And: this peer is to have the object no more; it is told the object's end, and begins anew
    // when the chain lets it: `return message.withdraw();`. To anything else withdraw() is `filtered`.
    void look_again() { wants_look_ = true; }
    [[nodiscard]] bool wants_look() const { return wants_look_; }
    [[nodiscard]] Outcome withdraw() {
        is_withdrawn_ = true;
        return Outcome::filtered;
    }
    [[nodiscard]] bool is_withdrawn() const { return is_withdrawn_; }

    // A step of a transaction waits for nothing.
    void mark_step() { is_step_ = true; }
    // --- of functions, through whose chains both requests and answers go
    // An answer: its object is the reply, or the squall::Error that came instead of one.
    [[nodiscard]] bool is_reply() const { return is_reply_; }
    // It was here before, or belongs to a call that was (the same key), or answers what nobody waits for any
    // more: no handler will run for it. Limits and authorisation count it like any other message; the rules
    // of the game were asked when it came first, and may be others by now (validate<T> lets it pass).
    [[nodiscard]] bool is_repeat() const { return is_repeat_; }
    // For functions: which part it is, and what the other part's object is.
    void mark_reply() { is_reply_ = true; }
    void mark_repeat() { is_repeat_ = true; }
    void mark_other_part(const wire::CodecType& other) { other_type_ = &other; }
    // Outbound bytes that were encoded long ago: decoded when somebody looks at them.
    void mark_encoded() { is_decoded_ = false; }
    // T is another part's object than this message's: what is asked of a T is not asked of this.
    template <class T>
    [[nodiscard]] bool is_other_part() const {
        const wire::CodecType* const asked = &wire::codec_type<T>();
        return type_ != asked && (other_type_ == asked || type_ == &wire::codec_type<Error>());
    }
    // A middleware threw: reported like a handler's exception.
    [[nodiscard]] Outcome report_throw(const char* what) const;
    [[nodiscard]] TimePoint held_until() const { return held_until_; }
    [[nodiscard]] std::size_t held_at() const { return held_at_; }

  private:
    const wire::Codec* codec_;
    const wire::CodecType* type_;
    void* object_;
    Bytes payload_;
    bool is_decoded_;
    bool is_bad_ = false;
    bool is_edited_ = false;
    bool is_step_ = false;
    bool is_look_ = false;
    bool wants_look_ = false;
    bool is_withdrawn_ = false;
    bool is_reply_ = false;
    bool is_repeat_ = false;
    const wire::CodecType* other_type_ = nullptr;
    void* decoder_ = nullptr;
    bool (*run_decoder_)(void*) = nullptr;
    TimePoint held_until_{};
    std::size_t held_at_ = 0;
};

using Middleware = std::function<Outcome(Message&, const Next&)>;

// What follows in the chain; calling it goes on.
class Next {
  public:
    using Chain = std::vector<Middleware>;
    // One message's way through two chains; `end` is what happens when nobody stopped the message. A Next is
    // a place on it.
    class Way {
      public:
        template <class End>
        Way(const Chain& first, const Chain& second, Message& message, End& end)
            : first_(first),
              second_(second),
              message_(message),
              end_(&end),
              run_end_([](void* self, Message& m) { return (*static_cast<End*>(self))(m); }) {}

      private:
        friend class Next;
        const Chain& first_;
        const Chain& second_;
        Message& message_;
        void* end_;
        Outcome (*run_end_)(void*, Message&);
    };
    // `place` is counted over both chains.
    Next(const Way& way, std::size_t place) : way_(&way), place_(place) {}

    Outcome operator()() const {
        const std::size_t in_first = way_->first_.size();
        if (place_ < in_first) return way_->first_[place_](way_->message_, Next(*way_, place_ + 1));
        if (place_ - in_first < way_->second_.size())
            return way_->second_[place_ - in_first](way_->message_, Next(*way_, place_ + 1));
        return way_->run_end_(way_->end_, way_->message_);
    }
    // Where it goes on.
    [[nodiscard]] std::size_t position() const { return place_; }

  private:
    const Way* way_;
    std::size_t place_;
};

// Runs a message through two chains, one after the other, and then `end`. Two empty chains cost two
// comparisons. What a middleware throws is reported, and the message has failed.
template <class End>
Outcome run_chains(const Next::Chain& first, const Next::Chain& second, Message& message, End end,
                   std::size_t start = 0) {
    if (first.empty() && second.empty()) return end(message);
    try {
        return Next(Next::Way(first, second, message, end), start)();
    } catch (const std::exception& thrown) {
        return message.report_throw(thrown.what());
    } catch (...) {
        return message.report_throw("something that is no std::exception");
    }
}

}  // namespace squall::remotes
