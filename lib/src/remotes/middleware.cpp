#include "squall/remotes/middleware.hpp"

#include <vector>

namespace squall::remotes {
namespace {

// Something for each connection: as many as there are slots, whatever the number of connections was.
template <class T>
class PerConnection {
  public:
    T& operator[](ConnectionId connection) {
        if (connection.slot >= places_.size()) places_.resize(connection.slot + 1);
        Place& place = places_[connection.slot];
        if (place.generation != connection.generation) place = Place{connection.generation, T{}};
        return place.value;
    }

  private:
    struct Place {
        std::uint32_t generation = 0;
        T value{};
    };
    std::vector<Place> places_;
};

}  // namespace

Middleware limit_rate(RateLimit limit) {
    return [limit, buckets = PerConnection<TokenBucket>()](Message& message, const Next& next) mutable {
        return buckets[message.peer].take(message.now, limit) ? next() : Outcome::rate_limited;
    };
}

Middleware limit_bandwidth(RateLimit bytes, std::function<void(TimePoint, ConnectionId)> warn) {
    struct Account {
        TokenBucket bucket;
        bool is_over = false;
    };
    return [bytes, warn = std::move(warn), accounts = PerConnection<Account>()](Message& message,
                                                                                const Next& next) mutable {
        Account& account = accounts[message.peer];
        if (account.bucket.take(message.now, bytes, message.bytes().size())) {
            account.is_over = false;
            return next();
        }
        const bool was_over = std::exchange(account.is_over, true);
        if (!was_over && warn) warn(message.now, message.peer);
        return Outcome::over_budget;
    };
}

Middleware authorise(std::function<bool(TimePoint, ConnectionId)> may) {
    return [may = std::move(may)](Message& message, const Next& next) {
        return may(message.now, message.peer) ? next() : Outcome::unauthorised;
    };
}

Middleware observe(std::function<void(const Message&)> look) {
    return [look = std::move(look)](Message& message, const Next& next) {
        look(message);
        return next();
    };
}

Middleware lose(std::uint32_t per_million, std::function<std::uint32_t()> draw) {
    return [per_million, draw = std::move(draw)](Message&, const Next& next) {
        return draw() < per_million ? Outcome::filtered : next();
    };
}

}  // namespace squall::remotes
