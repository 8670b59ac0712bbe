// Middleware that ships. Each is a function to give to use(); what it keeps per peer it keeps by the slot of
// the connection, and starts anew with the next one in it. Those with a state to ask for have a header of
// their own: bandwidth_budget.hpp, profile.hpp, record_ring.hpp.
//
// The order in a chain is the order of use(). Inbound the registry's chain comes first, then the remote's,
// then the handler; outbound the remote's, then the registry's, then the wire. Inbound, put what refuses
// cheaply first: limits by number and size, then who may (authorise), then what needs the object decoded
// (validate, filter, interest). What holds messages back (delay, batch) comes last outbound and first
// inbound, so that the others see each message when it is really on its way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "squall/remotes/message.hpp"
#include "squall/remotes/per_connection.hpp"
#include "squall/remotes/token_bucket.hpp"

namespace squall::remotes {

// What a limit does with what is above it.
enum class Overflow : std::uint8_t {
    drop,  // stops it
    warn,  // lets it go on: to see what a limit would do
    kick,  // stops it, and ends the peer's connection with rate_limited
};
struct LimitCounts {
    std::uint64_t within = 0;
    std::uint64_t dropped = 0;  // kicked ones included
    std::uint64_t warned = 0;   // above, and let through
    std::uint64_t kicked = 0;   // connections ended
};
struct LimitPolicy {
    Overflow overflow = Overflow::drop;
    // Called for the first message above the limit after one within it.
    std::function<void(TimePoint, ConnectionId)> on_over{};
    // Counts of all peers together, if wanted; must outlive the registry.
    LimitCounts* counts = nullptr;
};

// At most so many messages of this chain a peer. What is above is rate_limited: an offence, if inbound.
[[nodiscard]] Middleware limit_rate(RateLimit limit, LimitPolicy policy = {});

// At most so many object bytes a peer; what is above is over_budget, which is no offence.
[[nodiscard]] Middleware limit_bandwidth(RateLimit bytes, LimitPolicy policy);
[[nodiscard]] Middleware limit_bandwidth(RateLimit bytes,
                                         std::function<void(TimePoint, ConnectionId)> warn = {});

// Only peers for which `may` is true; the rest are unauthorised.
[[nodiscard]] Middleware authorise(std::function<bool(TimePoint, ConnectionId)> may);

// Only those for whom `wants` is true; the others are filtered, which is no offence. For interest management:
// outbound, `peer` is the recipient.
template <wire::Described T>
[[nodiscard]] Middleware filter(std::function<bool(ConnectionId peer, const T& object)> wants) {
    return [wants = std::move(wants)](Message& message, const Next& next) {
        if (message.is_repeat() || message.is_other_part<T>()) return next();
        const T* const object = message.object<T>();
        if (object == nullptr) return Outcome::malformed;
        return wants(message.peer, *object) ? next() : Outcome::filtered;
    };
}

// Who sees what, with hysteresis: `thing` names what the object is about, `distance` says how far it is from
// the recipient. What is at most `enter` away is seen, and stays so until it is more than `leave` away; the
// rest is filtered. So a thing on the border does not flicker.
//
// Of a table's objects the recipient has those that it sees: one that comes near begins there with its whole
// value, one that goes away ends there. Each pair of an object and a peer is asked about when the object
// changes, and each TableOptions::recheck. A property that is out of sight keeps its last value there, and
// has the present one when it is seen again. Events that are out of sight are not told.
struct InterestRange {
    double enter = 0;
    double leave = 0;  // at least `enter`
    // Things that are remembered as seen, a peer; for those beyond, `enter` alone counts.
    std::size_t max_seen = 4096;
};
template <wire::Described T>
[[nodiscard]] Middleware interest(std::function<std::uint64_t(const T&)> thing,
                                  std::function<double(ConnectionId peer, const T&)> distance,
                                  InterestRange range) {
    return [thing = std::move(thing), distance = std::move(distance), range,
            seen = PerConnection<std::vector<std::uint64_t>>()](Message& message, const Next& next) mutable {
        if (message.is_other_part<T>()) return next();
        const T* const object = message.object<T>();
        if (object == nullptr) return Outcome::malformed;
        const std::uint64_t id = thing(*object);
        const double away = distance(message.peer, *object);
        std::vector<std::uint64_t>& things = seen[message.peer];
        const auto place = std::ranges::lower_bound(things, id);
        const bool was_seen = place != things.end() && *place == id;
        const bool is_seen = away <= (was_seen ? std::max(range.enter, range.leave) : range.enter);
        if (was_seen && !is_seen) {
            things.erase(place);
        } else if (is_seen && !was_seen && things.size() < range.max_seen) {
            things.insert(place, id);
        }
        if (!is_seen) return message.withdraw();
        message.look_again();
        return next();
    };
}

// Conditions. Only while `holds` is true: a phase of the game, an option; the rest is filtered.
[[nodiscard]] Middleware only_while(std::function<bool(const Message&)> holds);
// Nothing of, or for, the peers for which it is true.
[[nodiscard]] Middleware drop_for(std::function<bool(ConnectionId)> is_dropped);
// Events go on so much later; with spans that differ they may change their order, with one span they keep it.
// Calls and properties are not held up.
[[nodiscard]] Middleware delay(std::function<Duration(const Message&)> span);
[[nodiscard]] Middleware delay(Duration span);
// Events go on together at the next multiple of the interval. Whatever is fired between two drains leaves
// together anyway, in as few datagrams as it needs: this is for collecting over more than one drain.
[[nodiscard]] Middleware batch(Duration interval);

// The rules of the game for what comes in: whether this peer may say that now. What breaks them is invalid:
// an offence. In a function's chains, validate<Request> asks about the requests and validate<Reply> about the
// answers (where both are one type, about both: Message::is_reply() tells them apart); a request that comes
// again is not asked about again.
template <wire::Described T>
[[nodiscard]] Middleware validate(
    std::function<bool(TimePoint now, ConnectionId peer, const T& object)> is_valid) {
    return [is_valid = std::move(is_valid)](Message& message, const Next& next) {
        if (message.is_repeat() || message.is_other_part<T>()) return next();
        const T* const object = message.object<T>();
        if (object == nullptr) return Outcome::malformed;
        return is_valid(message.now, message.peer, *object) ? next() : Outcome::invalid;
    };
}

// Looks at every message and lets it through: for recording and for counting.
[[nodiscard]] Middleware observe(std::function<void(const Message&)> look);

// Stops a part of the messages, by a number that each message gets from `draw` (0 to 999,999): for trying out
// what losing them does, in tests and demonstrations. Repeatable if `draw` is.
[[nodiscard]] Middleware lose(std::uint32_t per_million, std::function<std::uint32_t()> draw);

}  // namespace squall::remotes
