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
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/channel.hpp"
#include "squall/wire/codec.hpp"

namespace squall::remotes {

enum class RemoteKind : std::uint8_t { event, function, property, contract };
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
    failed,          // the handler threw
    unsent,          // the transport did not take it
};
inline constexpr std::size_t kOutcomeCount = 10;
[[nodiscard]] std::string_view to_string(Outcome outcome);
// True for what a correct and friendly peer does not cause; these count towards being cut off.
[[nodiscard]] constexpr bool is_offence(Outcome outcome) {
    return outcome == Outcome::rate_limited || outcome == Outcome::unauthorised ||
           outcome == Outcome::invalid || outcome == Outcome::malformed || outcome == Outcome::unknown_remote;
}

// What middleware may know of a remote.
struct RemoteInfo {
    std::string name;
    RemoteKind kind{};
    ChannelMode mode{};
    std::uint32_t index = 0;  // on the wire; the place of its name among all
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
    // Decodes, if that was not done; false if the bytes are no valid object.
    bool decode();

  private:
    const wire::Codec* codec_;
    const wire::CodecType* type_;
    void* object_;
    Bytes payload_;
    bool is_decoded_;
    bool is_bad_ = false;
    bool is_edited_ = false;
};

class Next;
using Middleware = std::function<Outcome(Message&, const Next&)>;

// What follows in the chain; calling it goes on.
class Next {
  public:
    using Chain = std::vector<Middleware>;
    // `end` is what happens when nobody stopped the message.
    template <class End>
    Next(const Chain& first, const Chain& second, Message& message, End& end)
        : chains_{&first, &second},
          message_(&message),
          end_(&end),
          run_end_([](void* self, Message& m) { return (*static_cast<End*>(self))(m); }) {}

    Outcome operator()() const {
        Next rest = *this;
        while (rest.chain_ < 2 && rest.place_ == rest.chains_[rest.chain_]->size()) {
            ++rest.chain_;
            rest.place_ = 0;
        }
        if (rest.chain_ == 2) return run_end_(end_, *message_);
        const Middleware& middleware = (*rest.chains_[rest.chain_])[rest.place_++];
        return middleware(*message_, rest);
    }

  private:
    std::array<const Chain*, 2> chains_;
    Message* message_;
    void* end_;
    Outcome (*run_end_)(void*, Message&);
    std::size_t chain_ = 0;
    std::size_t place_ = 0;
};

// Runs a message through two chains, one after the other, and then `end`. Two empty chains cost two
// comparisons.
template <class End>
Outcome run_chains(const Next::Chain& first, const Next::Chain& second, Message& message, End end) {
    if (first.empty() && second.empty()) return end(message);
    return Next(first, second, message, end)();
}

}  // namespace squall::remotes
