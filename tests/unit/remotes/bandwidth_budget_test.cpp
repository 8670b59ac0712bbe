// The bandwidth budget: per peer and for all, with warnings.
#include "squall/remotes/bandwidth_budget.hpp"

#include <gtest/gtest.h>

#include "squall/remotes/middleware.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Blob {
    std::string text;
};

class Budget : public ::testing::Test {
  protected:
    void start(const BandwidthBudgetConfig& config) {
        budget.emplace(config);
        net.server_remotes->use(Direction::outbound, budget->middleware());
        event.emplace(*net.server_remotes->event<Blob>("blob", {.mode = ChannelMode::unreliable}));
        for (std::size_t i = 0; i < 2; ++i) {
            auto& client = net.add_client();
            received.push_back(0);
            auto at_client = *client.remotes->event<Blob>("blob", {.mode = ChannelMode::unreliable});
            at_client.use(Direction::inbound, observe([this, i](const Message& message) {
                              received[i] += message.bytes().size();
                          }));
            at_client.listen([](const Origin&, const Blob&) {});
            net.connect(client, i + 1);
        }
        net.run(500ms);
        ASSERT_EQ(net.server_remotes->peers().size(), 2U);
    }
    BandwidthBudgetConfig config_with(RateLimit per_peer, RateLimit total) {
        return {.per_peer = per_peer, .total = total, .on_warning = [this](const BudgetWarning& warning) {
                    warnings.push_back(warning);
                }};
    }

    RemoteNet net;
    std::optional<BandwidthBudget> budget;
    std::optional<RemoteEvent<Blob>> event;
    std::vector<std::uint64_t> received;
    std::vector<BudgetWarning> warnings;
};

// 100 bytes each, text and length.
const Blob kHundred{std::string(98, 'x')};

TEST_F(Budget, EveryWindowOfASecondKeepsTheRateAndOneBurst) {
    start(config_with({.per_second = 10'000, .burst = 500}, {}));
    std::vector<std::uint64_t> at;  // by 10 ms
    for (int tick = 0; tick < 500; ++tick) {
        for (int i = 0; i < 5; ++i) event->fire(net.now, kHundred);
        net.run(10ms);
        at.push_back(received[0]);
    }
    std::uint64_t most = 0;
    for (std::size_t i = 100; i < at.size(); ++i) most = std::max(most, at[i] - at[i - 100]);
    EXPECT_LE(most, 10'500U);
    EXPECT_GE(most, 9'900U) << "and what is allowed is used";
    EXPECT_EQ(received[0], received[1]) << "each peer has its own";
    net.run(100ms);
    EXPECT_EQ(budget->passed_bytes(net.peer(0)), received[0]);
    EXPECT_EQ(budget->passed_bytes() + budget->stopped_bytes(), 500U * 5 * 2 * 100);
    EXPECT_EQ(event->statistics().out.of(Outcome::over_budget) * 100, budget->stopped_bytes());
}

TEST_F(Budget, WarnsWhenItIsNearAndWhenItIsOverOnceEach) {
    start(config_with({.per_second = 1000, .burst = 1000}, {}));
    const ConnectionId first = net.peer(0);
    for (int i = 0; i < 7; ++i) event->fire(net.now, kHundred, first);
    EXPECT_TRUE(warnings.empty()) << "70 % are used";
    event->fire(net.now, kHundred, first);
    ASSERT_EQ(warnings.size(), 1U) << "80 %";
    EXPECT_EQ(warnings[0].peer, first);
    EXPECT_FALSE(warnings[0].is_over);
    EXPECT_EQ(warnings[0].left, 200U);
    for (int i = 0; i < 10; ++i) event->fire(net.now, kHundred, first);
    ASSERT_EQ(warnings.size(), 2U) << "two more went, the third was too much; the rest is no news";
    EXPECT_TRUE(warnings[1].is_over);
    EXPECT_EQ(event->statistics().out.of(Outcome::over_budget), 8U);
    net.run(2s);  // all free again
    for (int i = 0; i < 8; ++i) event->fire(net.now, kHundred, first);
    EXPECT_EQ(warnings.size(), 3U) << "near, told anew";
}

TEST_F(Budget, TheTotalIsSharedAndNamedAsSuch) {
    start(config_with({}, {.per_second = 1000, .burst = 1000}));
    for (int i = 0; i < 20; ++i) event->fire(net.now, kHundred);
    EXPECT_EQ(budget->passed_bytes(), 1000U);
    EXPECT_EQ(budget->passed_bytes(net.peer(0)), 500U);
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_FALSE(warnings[0].peer.is_valid());
    EXPECT_TRUE(warnings[1].is_over);
}

TEST_F(Budget, WhatOneBudgetRefusesTakesNothingFromTheOther) {
    start(config_with({.per_second = 1000, .burst = 1000}, {.per_second = 100, .burst = 100}));
    for (int i = 0; i < 10; ++i) event->fire(net.now, kHundred, net.peer(0));
    EXPECT_EQ(budget->passed_bytes(), 100U);
    net.run(1s);
    // The peer's own budget is whole again but for nothing: 900 were never taken.
    event->fire(net.now, kHundred, net.peer(0));
    EXPECT_EQ(budget->passed_bytes(net.peer(0)), 200U);
}

}  // namespace
}  // namespace squall::remotes::testing
