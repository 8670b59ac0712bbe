// How many bytes may go to, or come from, each peer and all of them together, with a warning before it is too
// late. One budget may stand in several chains: they share it. It counts the objects' bytes; what packets add
// is in the remotes' ledgers, and the wire itself is bounded by TransportConfig::maximum_rate (with
// burst_bytes to the datagram) and ServerConfig::total_rate.
#pragma once

#include <cstdint>
#include <functional>

#include "squall/core/units.hpp"
#include "squall/remotes/message.hpp"
#include "squall/remotes/per_connection.hpp"
#include "squall/remotes/token_bucket.hpp"

namespace squall::remotes {

struct BudgetWarning {
    TimePoint now{};
    ConnectionId peer{};     // not valid: the budget of all
    bool is_over = false;    // a message was stopped; else the budget is nearly used up
    std::uint64_t left = 0;  // bytes that may still go now
};

struct BandwidthBudgetConfig {
    RateLimit per_peer{};  // bytes; not limited unless set
    RateLimit total{};
    // How much of a burst may be used before it is told; told anew after half of that was free again.
    Ratio warn_at = percent(80);
    std::function<void(const BudgetWarning&)> on_warning{};
};

class BandwidthBudget {
  public:
    explicit BandwidthBudget(BandwidthBudgetConfig config) : config_(std::move(config)) {}
    BandwidthBudget(const BandwidthBudget&) = delete;
    BandwidthBudget& operator=(const BandwidthBudget&) = delete;

    // What is above either budget is over_budget, and takes from neither. The budget must outlive the
    // registry.
    [[nodiscard]] Middleware middleware();
    // Bytes that went through, of all peers and of one since it connected.
    [[nodiscard]] std::uint64_t passed_bytes() const { return total_.passed; }
    [[nodiscard]] std::uint64_t passed_bytes(ConnectionId peer) const;
    [[nodiscard]] std::uint64_t stopped_bytes() const { return stopped_; }

  private:
    struct Account {
        TokenBucket bucket;
        std::uint64_t passed = 0;
        bool is_near = false;
        bool is_over = false;
    };
    Outcome pass(Message& message, const Next& next);
    void warn(TimePoint now, ConnectionId peer, Account& account, const RateLimit& limit,
              std::uint64_t wanted);

    BandwidthBudgetConfig config_;
    Account total_;
    PerConnection<Account> peers_;
    std::uint64_t stopped_ = 0;
};

}  // namespace squall::remotes
