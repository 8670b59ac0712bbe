// What a remote is declared with. Both ends declare the same modes, and codecs of
// which one at least is the same; the rest is each side's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "squall/core/time.hpp"
#include "squall/remotes/message.hpp"
#include "squall/remotes/token_bucket.hpp"
#include "squall/remotes/waiting_queue.hpp"
#include "squall/transport/channel.hpp"
#include "squall/wire/codec.hpp"
#include "squall/wire/delta.hpp"

namespace squall::remotes {

// Of one remote.
inline constexpr std::size_t kMaxRemoteCodecs = 8;

struct EventOptions {
    ChannelMode mode = ChannelMode::reliable_ordered;
    const wire::Codec* codec = &wire::bits_codec();
    // Further codecs that this side can do, behind the first in order of preference. Each connection uses the
    // first of the server's that the client has too; without any the two ends do not fit.
    std::vector<const wire::Codec*> other_codecs{};
    // Events that arrive before the first listen() wait for it, per peer: so many, of so many bytes in all
    // (messages and objects), for so long, and while their peer is there. Oldest are dropped first.
    std::size_t max_early_events = 64;
    WaitingLimits early{};
    // Events that a middleware may hold back at a time (Message::hold); more are over_budget.
    std::size_t max_held = 4096;
    // Messages are compressed (zstd) where that makes them smaller; others then take a byte more. For large,
    // repetitive ones. Not for what holds a secret beside what a stranger may choose: the size tells.
    bool compress = false;
    // At both ends, for what is already in players' hands when the next version comes. An object that the
    // other version cannot hold is still refused there, as malformed.
    SchemaMatch schema = SchemaMatch::equal;
};

struct FunctionOptions {
    // With an unreliable mode, give calls some retries.
    ChannelMode mode = ChannelMode::reliable_unordered;
    const wire::Codec* codec = &wire::bits_codec();
    std::vector<const wire::Codec*> other_codecs{};  // see EventOptions
    // Answers that are kept, per peer, for calls that arrive again: so many, of so many bytes in all, for so
    // long. A call that arrives when later ones are forgotten already is refused with `expired`, because it
    // may have run; so is a call whose answer alone is larger than that, when it arrives again. The answers
    // of calls with a key are kept besides, per player, within the same limits: for who comes back on another
    // connection.
    std::size_t max_kept_answers = 1024;
    std::size_t max_kept_bytes = std::size_t{64} * 1024;
    Duration keep_answers = std::chrono::seconds(30);
    // Players of whom calls with a key are remembered; those who were there longest ago are forgotten first.
    std::size_t max_kept_players = 4096;
    // Calls of one peer that wait for respond(); more are refused with queue_full.
    std::size_t max_open_calls = 1000;
    bool compress = false;                    // see EventOptions
    SchemaMatch schema = SchemaMatch::equal;  // of request and reply; see EventOptions
};

struct TransactionOptions {
    // Of one transaction.
    std::size_t max_steps = 64;
    std::size_t max_bytes = 60 * 1024;
    // Transactions that one peer has not answered yet.
    std::size_t max_open = 64;
    // Accepted transactions with a key that are remembered at the side that was asked, a player, so that one
    // that comes again is not done again: so many, with answers of so many bytes in all, for so long.
    std::size_t max_kept = 64;
    std::size_t max_kept_bytes = 16 * 1024;
    std::size_t max_kept_players = 4096;
    Duration keep = std::chrono::seconds(60);
};

// Properties of this priority leave at once, whatever the connection's budget.
inline constexpr std::uint16_t kCriticalPriority = 65'535;
inline constexpr std::uint16_t kMaxPriority = 1000;

// A tenth of a second: what a player does not notice.
inline constexpr Duration kDefaultRecheck = std::chrono::milliseconds(100);
inline constexpr Duration kMinRecheck = std::chrono::milliseconds(1);

enum class Authority : std::uint8_t { server, owner };

template <class T>
struct PropertyOptions {
    T initial{};
    Authority authority = Authority::server;
    // Zero: a change leaves with the next drain. Else at most one message to a peer in this time.
    Duration interval{0};
    // Who goes first when the connection's budget is short: 1 to 1000, or kCriticalPriority. What waits gains
    // on the others with time, so each gets its share and none starves.
    std::uint16_t priority = 10;
    double epsilon = wire::kDefaultEpsilon;  // see wire::DeltaOptions
    bool compress = false;                   // see EventOptions
    // A value that an outbound chain stopped stays owed: so often the chain is asked again, unless another
    // value is set before.
    Duration recheck = kDefaultRecheck;
};

// The same at both ends, but for epsilon.
struct ContractOptions {
    ChannelMode mode = ChannelMode::reliable_ordered;
    // How many objects are kept a peer and direction (1 to 64), and how long: what deltas may build upon.
    std::size_t baselines_max = 32;
    Duration baseline_lifetime = std::chrono::seconds(10);
    double epsilon = wire::kDefaultEpsilon;  // see wire::DeltaOptions
    bool compress = false;                   // see EventOptions
};

struct TableOptions {
    // As of a property; for each object.
    Duration interval{0};
    std::uint16_t priority = 10;
    double epsilon = wire::kDefaultEpsilon;
    Duration recheck = kDefaultRecheck;  // and so often interest() is asked about what a peer has
    std::size_t max_objects = 65'536;
    // An object's value is sent to those clients only that have said loaded() for it.
    bool streamed = false;
    // Objects that one client may have loaded, and how often it may change its mind. More is an offence.
    std::size_t max_loaded = 4096;
    RateLimit load_rate{.per_second = 1000, .burst = 8192};
};

}  // namespace squall::remotes
