#include "squall/remotes/bandwidth_budget.hpp"

namespace squall::remotes {

Middleware BandwidthBudget::middleware() {
    return [this](Message& message, const Next& next) { return pass(message, next); };
}

std::uint64_t BandwidthBudget::passed_bytes(ConnectionId peer) const {
    const Account* const account = peers_.find(peer);
    return account == nullptr ? 0 : account->passed;
}

Outcome BandwidthBudget::pass(Message& message, const Next& next) {
    if (message.is_look()) return next();
    const std::uint64_t bytes = message.bytes().size();
    Account& peer = peers_[message.peer];
    const bool fits = peer.bucket.available(message.now, config_.per_peer) >= bytes &&
                      total_.bucket.available(message.now, config_.total) >= bytes;
    // A warning may fire, set or disconnect: what is kept here is settled before it.
    if (fits) {
        (void)peer.bucket.take(message.now, config_.per_peer, bytes);
        (void)total_.bucket.take(message.now, config_.total, bytes);
        peer.passed += bytes;
        total_.passed += bytes;
    } else {
        stopped_ += bytes;
    }
    warn(message.now, message.peer, peer, config_.per_peer, bytes);
    warn(message.now, {}, total_, config_.total, bytes);
    return fits ? next() : Outcome::over_budget;
}

void BandwidthBudget::warn(TimePoint now, ConnectionId peer, Account& account, const RateLimit& limit,
                           std::uint64_t wanted) {
    if (!limit.is_limited()) return;
    const std::uint64_t burst = limit.burst == 0 ? limit.per_second : limit.burst;
    const std::uint64_t left = account.bucket.available(now, limit);
    const auto used = static_cast<unsigned __int128>(burst - left) * config_.warn_at.denominator;
    const auto threshold = static_cast<unsigned __int128>(burst) * config_.warn_at.numerator;
    const bool is_near = used >= threshold;
    // Only what could not pass for this budget's own sake is over it.
    const bool is_over = left < wanted && is_near;
    const bool tells_near = is_near && !account.is_near;
    const bool tells_over = is_over && !account.is_over;
    account.is_near = is_near || (account.is_near && used * 2 > threshold);
    account.is_over = is_over || (account.is_over && is_near);
    if (!config_.on_warning || !(tells_near || tells_over)) return;
    config_.on_warning({now, peer, tells_over, left});
}

}  // namespace squall::remotes
