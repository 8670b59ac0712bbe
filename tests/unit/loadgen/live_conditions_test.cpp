// Conditions that change while a run goes on: words in, link settings out, for those who are there and those
// who come.
#include "runner/live_conditions.hpp"

#include <gtest/gtest.h>

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;

struct Silent final : Node {
    void receive(TimePoint, const Address&, MutableBytes) override {}
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override { return std::nullopt; }
    [[nodiscard]] TimePoint poll_timeout() const override { return kNever; }
    void handle_timeout(TimePoint) override {}
};

struct Stage {
    Stage() {
        Network mobile{"mobile", {}, {}};
        mobile.up.delay = mobile.down.delay = 40ms;
        scenario.networks = {mobile};
    }
    Scenario scenario;
    Silent node;
    std::unique_ptr<simulator::ConditionedNode> behind(const LiveConditions& conditions,
                                                       const Network* network) {
        const Network& present = conditions.present(network);
        return *simulator::ConditionedNode::make(node, present.up, present.down, Rng(1));
    }
};

TEST(LiveConditions, ChangesThoseWhoAreThereAndThoseWhoCome) {
    Stage stage;
    LiveConditions conditions(stage.scenario);
    const Network* const mobile = &stage.scenario.networks[0];
    const auto first = stage.behind(conditions, mobile);
    const auto other = stage.behind(conditions, nullptr);
    conditions.add(mobile, *first);
    conditions.add(nullptr, *other);
    const auto done =
        conditions.set({{"group", "mobile"}, {"direction", "outbound"}, {"loss", "5%"}, {"rate", "1mbit"}});
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_EQ(*done, "mobile from the server: loss 5%, rate 1mbit (1 clients)");
    EXPECT_EQ(first->down().config().loss, (Ratio{1, 20}));
    EXPECT_EQ(first->down().config().delay, 40ms) << "the rest stays";
    EXPECT_EQ(first->down().config().rate, megabits_per_second(1));
    EXPECT_TRUE(first->up().config().loss.is_zero());
    EXPECT_TRUE(other->down().config().loss.is_zero());
    EXPECT_EQ(stage.behind(conditions, mobile)->down().config().loss, (Ratio{1, 20}));
    ASSERT_TRUE(conditions.set({{"delay", "10ms"}, {"rate", "unlimited"}}));
    EXPECT_EQ(first->up().config().delay, 10ms);
    EXPECT_EQ(first->down().config().rate, DataRate{});
    EXPECT_EQ(other->up().config().delay, 10ms);
    conditions.remove(*first);
    ASSERT_TRUE(conditions.set({{"delay", "20ms"}}));
    EXPECT_EQ(first->up().config().delay, 10ms) << "gone";
}

TEST(LiveConditions, RefusesWithTheReasonAndChangesNothing) {
    Stage stage;
    LiveConditions conditions(stage.scenario);
    const Network* const mobile = &stage.scenario.networks[0];
    const auto node = stage.behind(conditions, mobile);
    conditions.add(mobile, *node);
    const std::vector<std::pair<std::vector<std::pair<std::string, std::string>>, std::string>> refused = {
        {{{"group", "moble"}, {"loss", "1%"}}, "there is no network 'moble'; there are mobile, plain"},
        {{{"direction", "up"}, {"loss", "1%"}}, "'up' is no direction"},
        {{{"delay", "5ms"}, {"lag", "1ms"}}, "'lag' is no condition"},
        {{{"delay", "5ms"}, {"loss", "5"}}, "loss: "},
        {{{"delay", "-5ms"}}, "delay: "},
        {{{"group", "mobile"}}, "nothing to change"},
    };
    for (const auto& [arguments, why] : refused) {
        const auto result = conditions.set(arguments);
        ASSERT_FALSE(result.has_value()) << why;
        EXPECT_NE(result.error().message.find(why), std::string::npos) << result.error().message;
        EXPECT_EQ(node->up().config().delay, 40ms) << why;
    }
}

TEST(LiveConditions, TellsViewersInWordsThatCanBeGivenBack) {
    Stage stage;
    LiveConditions conditions(stage.scenario);
    ASSERT_EQ(conditions.links().size(), 2u) << "nobody is behind the plain network";
    auto inbound = conditions.links()[0];
    EXPECT_EQ(inbound.group, "mobile");
    EXPECT_EQ(inbound.direction, recorder::Direction::inbound);
    EXPECT_EQ(inbound.settings[0], (std::pair<std::string, std::string>{"delay", "40ms"}));
    ASSERT_TRUE(conditions.set(
        {{"group", "mobile"}, {"loss", "2.5%"}, {"jitter", "3ms"}, {"reorder", "1%"}, {"rate", "8mbit"}}));
    auto given_back = conditions.links()[0].settings;
    given_back.emplace_back("group", "mobile");
    const auto before = conditions.present(&stage.scenario.networks[0]).up;
    ASSERT_TRUE(conditions.set(given_back));
    EXPECT_EQ(conditions.present(&stage.scenario.networks[0]).up, before);
}

}  // namespace
}  // namespace squall::loadgen
