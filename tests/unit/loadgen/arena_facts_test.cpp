// The facts of an arena, written and read back; what is missing or makes no sense is named.
#include "runner/arena_facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall::loadgen {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

recorder::Facts some_facts() {
    ArenaSettings settings;
    settings.tick_rate = 60;
    settings.snapshot_rate = 30;
    settings.players_in_view = 17;
    settings.expected_players = 900;
    settings.max_clients = 1000;
    settings.protocol_id = ~std::uint64_t{0};
    settings.suite = Suite::hmac_signed;
    SeededEntropy entropy(Rng(1));
    return arena_facts(settings, {TimePoint{5s + 7ns},
                                  *Address::parse("[::1]:40123"),
                                  Key{},
                                  {TimePoint{3s}, UnixSeconds{1'800'000'000}},
                                  entropy,
                                  Rng(0xffff'ffff'ffff'fff1),
                                  {}});
}

TEST(ArenaFacts, TellAllThatMakesTheServer) {
    const auto read = recorded_arena(some_facts());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->settings.tick_rate, 60U);
    EXPECT_EQ(read->settings.snapshot_rate, 30U);
    EXPECT_EQ(read->settings.players_in_view, 17U);
    EXPECT_EQ(read->settings.expected_players, 900U);
    EXPECT_EQ(read->settings.max_clients, 1000U);
    EXPECT_EQ(read->settings.protocol_id, ~std::uint64_t{0});
    EXPECT_EQ(read->settings.suite, Suite::hmac_signed);
    EXPECT_EQ(read->address, *Address::parse("[::1]:40123"));
    EXPECT_EQ(read->made_at, TimePoint{5s + 7ns});
    EXPECT_EQ(read->wall_clock.at, TimePoint{3s});
    EXPECT_EQ(read->wall_clock.wall.value, 1'800'000'000U);
    EXPECT_EQ(read->rng_seed, 0xffff'ffff'ffff'fff1U);
}

TEST(ArenaFacts, SayWhichOneIsMissingOrWrong) {
    EXPECT_THAT(recorded_arena({}).error().message, HasSubstr("an application without a name"));
    auto facts = some_facts();
    facts.erase("arena.suite");
    EXPECT_THAT(recorded_arena(facts).error().message, HasSubstr("lacks the fact 'arena.suite'"));
    facts = some_facts();
    facts["arena.tick_rate"] = "60Hz";
    EXPECT_THAT(recorded_arena(facts).error().message,
                HasSubstr("'60Hz'; it is a whole number from 1 to 240"));
    facts["arena.tick_rate"] = "0";
    EXPECT_FALSE(recorded_arena(facts));
    facts = some_facts();
    facts["arena.address"] = "nowhere";
    EXPECT_THAT(recorded_arena(facts).error().message, HasSubstr("arena.address"));
}

TEST(ArenaFacts, HoldNoKey) {
    for (const auto& [name, value] : some_facts()) EXPECT_EQ(name.find("key"), std::string::npos);
}

}  // namespace
}  // namespace squall::loadgen
