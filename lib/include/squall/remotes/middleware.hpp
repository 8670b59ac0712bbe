// Middleware that ships. Each is a function to give to use(); what it keeps per peer it keeps by the slot of
// the connection, and starts anew with the next one in it. The order in a chain is the order of use(): put
// what refuses cheaply first (limits by number and size), then who may (authorise), then what is looked into
// (validate, filter).
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "squall/remotes/message.hpp"
#include "squall/remotes/token_bucket.hpp"

namespace squall::remotes {

// At most so many messages of this chain a peer. What is above is rate_limited: an offence, if inbound.
[[nodiscard]] Middleware limit_rate(RateLimit limit);

// At most so many object bytes a peer; what is above is over_budget, which is no offence. `warn` is called
// for the first message that is stopped after one was let through.
[[nodiscard]] Middleware limit_bandwidth(RateLimit bytes,
                                         std::function<void(TimePoint, ConnectionId)> warn = {});

// Only peers for which `may` is true; the rest are unauthorised.
[[nodiscard]] Middleware authorise(std::function<bool(TimePoint, ConnectionId)> may);

// Only those for whom `wants` is true; the others are filtered, which is no offence. For interest management:
// outbound, `peer` is the recipient.
template <wire::Described T>
[[nodiscard]] Middleware filter(std::function<bool(ConnectionId peer, const T& object)> wants) {
    return [wants = std::move(wants)](Message& message, const Next& next) {
        const T* const object = message.object<T>();
        if (object == nullptr) return Outcome::malformed;
        return wants(message.peer, *object) ? next() : Outcome::filtered;
    };
}

// The rules of the game for what comes in: whether this peer may say that now. What breaks them is invalid:
// an offence.
template <wire::Described T>
[[nodiscard]] Middleware validate(
    std::function<bool(TimePoint now, ConnectionId peer, const T& object)> is_valid) {
    return [is_valid = std::move(is_valid)](Message& message, const Next& next) {
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
