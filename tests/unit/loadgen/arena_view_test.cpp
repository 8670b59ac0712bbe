// What viewers of an arena are shown: places always, views of one or of all.
#include "runner/arena_view.hpp"

#include <gtest/gtest.h>

#include <set>

#include "unit/arena/virtual_match.hpp"

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;

class ArenaView : public ::testing::Test {
  protected:
    ArenaView() {
        match_.join_many(8);
        match_.run(2s);
    }
    [[nodiscard]] recorder::World view(ConnectionId viewpoint, std::uint32_t max_in_view = 48) {
        return *arena_view(match_.host_.now(), *match_.server_, viewpoint, max_in_view);
    }
    [[nodiscard]] static std::set<std::uint32_t> viewers(const recorder::World& world) {
        std::set<std::uint32_t> ids;
        for (const auto& [from, to] : world.sees) ids.insert(from);
        return ids;
    }
    arena::VirtualMatch match_;
};

TEST_F(ArenaView, OfAFewPlayersAllViewsAreShown) {
    const recorder::World world = view({});
    ASSERT_EQ(world.entities.size(), 8U);
    EXPECT_FALSE(world.sees.empty());
    EXPECT_GT(viewers(world).size(), 1U);
    // Seeing is mutual here: nobody has more in view than fit.
    const std::set<std::pair<std::uint32_t, std::uint32_t>> pairs(world.sees.begin(), world.sees.end());
    EXPECT_EQ(pairs.size(), world.sees.size());
    for (const auto& [from, to] : pairs) {
        EXPECT_NE(from, to);
        EXPECT_TRUE(pairs.contains({to, from})) << to << " does not see " << from;
    }
}

TEST_F(ArenaView, AViewpointShowsItsViewOnly) {
    const recorder::World all = view({});
    const std::uint32_t chosen = all.sees.front().first;
    for (const recorder::WorldEntity& entity : all.entities) {
        if (entity.id != chosen) continue;
        const recorder::World one = view(entity.connection);
        EXPECT_EQ(viewers(one), std::set{chosen});
        EXPECT_EQ(static_cast<std::ptrdiff_t>(one.sees.size()),
                  std::ranges::count(all.sees, chosen, [](const auto& pair) { return pair.first; }));
    }
}

TEST_F(ArenaView, OfACrowdOnlyPlacesAreShown) {
    const recorder::World world = view({}, 4000);  // 8 times 4,000 pairs would be too many
    EXPECT_EQ(world.entities.size(), 8U);
    EXPECT_TRUE(world.sees.empty());
}

}  // namespace
}  // namespace squall::loadgen
