// The game's rules, the grid and the interest, each against the slow obvious way.
#include "arena/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "arena/interest.hpp"

namespace squall::arena {
namespace {

TEST(Direction, HeadingTowardsIsTheBestOfAllHeadings) {
    Rng rng(4);
    for (int i = 0; i < 20'000; ++i) {
        const std::int64_t reach = std::int64_t{1} << rng.below(16);
        const std::int64_t dx = rng.between(-reach, reach);
        const std::int64_t dy = rng.between(-reach, reach);
        if (dx == 0 && dy == 0) continue;
        const auto along = [&](const UnitVector& unit) { return dx * unit.x + dy * unit.y; };
        const auto best = std::max_element(kDirections.begin(), kDirections.end(),
                                           [&](auto& a, auto& b) { return along(a) < along(b); });
        ASSERT_EQ(along(kDirections[heading_towards(dx, dy)]), along(*best)) << dx << ", " << dy;
    }
}

TEST(Direction, RingDistanceIsTheShortestWay) {
    for (const std::uint32_t side : {7U, 8U}) {
        for (std::uint32_t a = 0; a < side; ++a) {
            for (std::uint32_t b = 0; b < side; ++b) {
                const std::int32_t way = ring_distance(a, b, side);
                EXPECT_EQ(ring_wrap(std::int64_t{a} + way, side), b);
                EXPECT_LE(std::abs(way) * 2, static_cast<int>(side));
            }
        }
    }
}

TEST(Grid, FindsWhomTheSlowWayFinds) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Rng rng(seed);
        const auto side = static_cast<std::uint32_t>(rng.between(4096, 60'000));
        const auto radius = static_cast<std::uint32_t>(rng.between(1, 5000));
        std::vector<GridEntry> entries(rng.below(400));
        for (std::size_t i = 0; i < entries.size(); ++i)
            entries[i] = {static_cast<std::uint32_t>(rng.below(side)),
                          static_cast<std::uint32_t>(rng.below(side)), static_cast<std::uint16_t>(i)};
        Grid grid(side, static_cast<std::uint32_t>(rng.between(1, 4000)) + radius / 4);
        grid.rebuild(entries);
        Interest interest(400, 400);
        for (int query = 0; query < 50; ++query) {
            const auto x = static_cast<std::uint32_t>(rng.below(side));
            const auto y = static_cast<std::uint32_t>(rng.below(side));
            std::vector<std::uint16_t> slow;
            for (const auto& entry : entries) {
                const std::int64_t dx = ring_distance(x, entry.x, side);
                const std::int64_t dy = ring_distance(y, entry.y, side);
                if (dx * dx + dy * dy <= std::int64_t{radius} * radius) slow.push_back(entry.id);
            }
            const auto found = interest.query(grid, x, y, radius);
            ASSERT_EQ(std::vector<std::uint16_t>(found.begin(), found.end()), slow) << "seed " << seed;
        }
    }
}

TEST(Interest, KeepsTheNearestWhereThereAreTooMany) {
    std::vector<GridEntry> entries;
    for (std::uint16_t i = 0; i < 200; ++i)
        entries.push_back({1000U + 7 * i, 1000, static_cast<std::uint16_t>(199 - i)});
    Grid grid(10'000, 500);
    grid.rebuild(entries);
    Interest interest(200, 20);
    const auto found = interest.query(grid, 1000, 1000, 3000);
    ASSERT_EQ(found.size(), 20U);
    EXPECT_EQ(found.front(), 180);
    EXPECT_EQ(found.back(), 199);
}

TEST(World, SizeGivesTheDensityThatWasAskedFor) {
    for (const std::uint32_t players : {500U, 2000U}) {
        World world({world_side_for(players, 30), players, 20}, Rng(players));
        for (std::uint32_t id = 0; id < players; ++id) world.join(id);
        world.step();
        Interest interest(players, 255);
        std::size_t seen = 0;
        for (std::uint32_t id = 0; id < players; ++id)
            seen +=
                interest.query(world.grid(), world.state(id).x, world.state(id).y, kViewRadius).size() - 1;
        EXPECT_NEAR(static_cast<double>(seen) / players, 30.0, 1.5);
    }
}

class TwoPlayers : public testing::Test {
  protected:
    TwoPlayers() {
        world.join(0);
        world.join(1);
        world.step();
    }
    // Turns player 0 towards player 1.
    [[nodiscard]] PlayerInput aimed() const {
        const EntityState& a = world.state(0);
        const EntityState& b = world.state(1);
        PlayerInput input;
        input.heading =
            heading_towards(ring_distance(a.x, b.x, world.side()), ring_distance(a.y, b.y, world.side()));
        return input;
    }
    [[nodiscard]] std::int64_t distance() const {
        const EntityState& a = world.state(0);
        const EntityState& b = world.state(1);
        const std::int64_t dx = ring_distance(a.x, b.x, world.side());
        const std::int64_t dy = ring_distance(a.y, b.y, world.side());
        return dx * dx + dy * dy;
    }
    void walk_together() {
        while (distance() > std::int64_t{500} * 500) {
            PlayerInput input = aimed();
            input.speed = kMaxSpeed;
            world.set_input(0, input);
            world.step();
        }
    }
    World world{{kMinWorldSideForTest, 2, 20}, Rng(7)};
    static constexpr std::uint32_t kMinWorldSideForTest = 4096;
};

TEST_F(TwoPlayers, WalkAtTheSpeedThatTheirInputSays) {
    const EntityState before = world.state(0);
    PlayerInput east;
    east.speed = kMaxSpeed;
    for (int tick = 0; tick < 20; ++tick) {
        world.set_input(0, east);
        world.step();
    }
    // Six metres in a second, to the quantum.
    EXPECT_NEAR(ring_distance(before.x, world.state(0).x, world.side()), 6 * kWireUnitsPerMetre, 1);
    EXPECT_EQ(world.state(0).y, before.y);
}

TEST_F(TwoPlayers, StopWhenTheirInputsFallSilent) {
    PlayerInput east;
    east.speed = kMaxSpeed;
    world.set_input(0, east);
    for (int tick = 0; tick < 25; ++tick) world.step();
    const EntityState before = world.state(0);
    for (int tick = 0; tick < 25; ++tick) world.step();
    EXPECT_EQ(world.state(0).x, before.x);
}

TEST_F(TwoPlayers, ShootFallScoreAndRise) {
    walk_together();
    int ticks = 0;
    for (; ticks < 400 && world.state(1).health > 0; ++ticks) {
        PlayerInput input = aimed();
        input.fire = true;
        world.set_input(0, input);
        world.step();
    }
    EXPECT_EQ(world.state(1).health, 0);
    EXPECT_EQ(world.state(0).score, 1);
    EXPECT_GE(ticks, 72);  // ten hits of ten, 400 ms apart
    EXPECT_EQ(world.buy(1, 4), ItemResult::not_alive);
    world.set_input(0, {});
    for (int tick = 0; tick < 61; ++tick) world.step();
    EXPECT_EQ(world.state(1).health, kMaxHealth);
}

TEST_F(TwoPlayers, BuyWhatTheyCanPay) {
    EXPECT_EQ(world.credits(0), 200U);
    EXPECT_EQ(world.buy(0, 3), ItemResult::too_expensive);
    EXPECT_EQ(world.buy(0, 1), ItemResult::bought);
    EXPECT_EQ(world.credits(0), 50U);
    EXPECT_EQ(world.buy(0, 1), ItemResult::already_owned);
    EXPECT_EQ(world.buy(0, 4), ItemResult::bought);
    EXPECT_EQ(world.credits(0), 0U);
    world.step();
    EXPECT_EQ(world.state(0).weapon, 1);
}

TEST_F(TwoPlayers, ComeBackAsTheyWere) {
    ASSERT_EQ(world.buy(0, 1), ItemResult::bought);
    world.step();
    const EntityState before = world.state(0);
    world.leave(0);
    world.step();
    EXPECT_FALSE(world.is_present(0));
    std::size_t seen = 0;
    world.grid().visit_within(0, 0, 4096, [&](const GridEntry&, std::int64_t) { ++seen; });
    EXPECT_EQ(seen, 1U);
    EXPECT_TRUE(world.resume(0));
    world.step();
    EXPECT_EQ(world.state(0), before);
    world.join(0);
    world.step();
    EXPECT_EQ(world.state(0).weapon, 0);
}

TEST(World, IsTheSameForTheSameSeedAndInputs) {
    const auto run = [](std::uint64_t seed) {
        World world({world_side_for(200, 30), 256, 20}, Rng(seed).fork("world"));
        Rng rng = Rng(seed).fork("inputs");
        for (std::uint32_t id = 0; id < 200; ++id) world.join(id);
        for (int tick = 0; tick < 300; ++tick) {
            for (std::uint32_t id = 0; id < 200; ++id) {
                if (!world.is_present(id) || rng.below(4) != 0) continue;
                world.set_input(
                    id, {static_cast<std::uint8_t>(rng.below(256)), static_cast<std::uint8_t>(rng.below(4)),
                         rng.below(2) != 0, rng.below(5) == 0});
                if (rng.below(50) == 0) (void)world.buy(id, static_cast<std::uint8_t>(rng.below(kItemCount)));
                if (rng.below(200) == 0) world.leave(id);
            }
            const auto back = static_cast<std::uint32_t>(rng.below(200));
            if (!world.is_present(back)) (void)world.resume(back);
            world.step();
        }
        return world.hash();
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
    EXPECT_EQ(run(1), 13'685'316'393'804'896'327U);  // the same with every compiler
}

}  // namespace
}  // namespace squall::arena
