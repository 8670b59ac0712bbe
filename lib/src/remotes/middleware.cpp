#include "squall/remotes/middleware.hpp"

namespace squall::remotes {
namespace {

struct Account {
    TokenBucket bucket;
    bool is_over = false;
};

// Above the limit: what the policy says. `stopped` is the outcome of what does not go on.
Outcome overflow(Message& message, const Next& next, const LimitPolicy& policy, Account& account,
                 Outcome stopped) {
    const bool was_over = std::exchange(account.is_over, true);
    LimitCounts* const counts = policy.counts;
    if (policy.overflow == Overflow::warn) {
        if (counts != nullptr) ++counts->warned;
        if (!was_over && policy.on_over) policy.on_over(message.now, message.peer);
        return next();
    }
    if (counts != nullptr) ++counts->dropped;
    if (policy.overflow == Overflow::kick && !was_over) {
        if (counts != nullptr) ++counts->kicked;
        message.end_connection(DisconnectReason::rate_limited);
    }
    if (!was_over && policy.on_over) policy.on_over(message.now, message.peer);
    return stopped;
}

// A limit per peer on what `units` says of a message.
template <class Units>
Middleware limit(RateLimit limit, LimitPolicy policy, Outcome stopped, Units units) {
    return [limit, policy = std::move(policy), stopped, units, accounts = PerConnection<Account>()](
               Message& message, const Next& next) mutable {
        if (message.is_look()) return next();
        Account& account = accounts[message.peer];
        if (!account.bucket.take(message.now, limit, units(message)))
            return overflow(message, next, policy, account, stopped);
        account.is_over = false;
        if (policy.counts != nullptr) ++policy.counts->within;
        return next();
    };
}

}  // namespace

Middleware limit_rate(RateLimit rate, LimitPolicy policy) {
    return limit(rate, std::move(policy), Outcome::rate_limited,
                 [](const Message&) -> std::uint64_t { return 1; });
}

Middleware limit_bandwidth(RateLimit bytes, LimitPolicy policy) {
    return limit(bytes, std::move(policy), Outcome::over_budget,
                 [](const Message& message) -> std::uint64_t { return message.bytes().size(); });
}
Middleware limit_bandwidth(RateLimit bytes, std::function<void(TimePoint, ConnectionId)> warn) {
    return limit_bandwidth(bytes, LimitPolicy{.on_over = std::move(warn)});
}

Middleware authorise(std::function<bool(TimePoint, ConnectionId)> may) {
    return [may = std::move(may)](Message& message, const Next& next) {
        return may(message.now, message.peer) ? next() : Outcome::unauthorised;
    };
}

Middleware only_while(std::function<bool(const Message&)> holds) {
    return [holds = std::move(holds)](Message& message, const Next& next) {
        return holds(message) ? next() : Outcome::filtered;
    };
}

Middleware drop_for(std::function<bool(ConnectionId)> is_dropped) {
    return [is_dropped = std::move(is_dropped)](Message& message, const Next& next) {
        return is_dropped(message.peer) ? Outcome::filtered : next();
    };
}

Middleware delay(std::function<Duration(const Message&)> span) {
    return [span = std::move(span)](Message& message, const Next& next) {
        const Duration later = span(message);
        return later.count() > 0 ? message.hold(message.now + later, next) : next();
    };
}
Middleware delay(Duration span) {
    return delay([span](const Message&) { return span; });
}

Middleware batch(Duration interval) {
    return [interval](Message& message, const Next& next) {
        const auto into = message.now.time_since_epoch() % interval;
        return into.count() == 0 ? next() : message.hold(message.now + (interval - into), next);
    };
}

Middleware observe(std::function<void(const Message&)> look) {
    return [look = std::move(look)](Message& message, const Next& next) {
        if (!message.is_look()) look(message);
        return next();
    };
}

Middleware lose(std::uint32_t per_million, std::function<std::uint32_t()> draw) {
    return [per_million, draw = std::move(draw)](Message& message, const Next& next) {
        return !message.is_look() && draw() < per_million ? Outcome::filtered : next();
    };
}

}  // namespace squall::remotes
