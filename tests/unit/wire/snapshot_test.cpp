// Snapshots of many entities: sizes of the wire study, exact results, refusals.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/snapshot.hpp"
#include "unit/wire/schema_types.hpp"
#include "unit/wire/world.hpp"

namespace squall::wire {
namespace {

using namespace test;

Bytes full(std::vector<std::byte>& buffer, const std::vector<Entity>& world) {
    buffer.assign(64000, {});
    BitWriter writer(buffer);
    write_snapshot<Entity>(writer, world);
    return writer.finish();
}

TEST(Snapshot, OfAThousandEntitiesTakesFifteenThousandBytes) {
    Rng rng(1);
    std::vector<Entity> world = random_world(rng, 1000);
    std::vector<std::byte> buffer(15'000);
    BitWriter exact(buffer);
    write_objects<Entity>(exact, world);
    EXPECT_EQ(exact.finish().size(), 15'000U);
    const Bytes bytes = full(buffer, world);
    EXPECT_LE(bytes.size(), 15'002U);  // the two bytes are the number of entities
    BitReader reader(bytes);
    std::vector<Entity> read;
    ASSERT_TRUE(read_snapshot(reader, read, 1000));
    ASSERT_TRUE(reader.finish());
    for (Entity& entity : world) ASSERT_TRUE(settle(entity));
    EXPECT_TRUE(read == world);  // settle() is what a reader gets
    BitReader again(bytes);
    EXPECT_FALSE(read_snapshot(again, read, 999));
    EXPECT_EQ(again.fault(), StreamFault::too_long);
}

TEST(Snapshot, DeltaOfATenthStaysBelowTheStudysNineHundredSixtyThreeBytes) {
    Rng rng(2);
    std::vector<Entity> world = random_world(rng, 1000);
    std::vector<Entity> settled = world;
    for (Entity& entity : settled) ASSERT_TRUE(settle(entity));
    std::vector<Entity> receiver = settled;
    for (int tick = 0; tick < 20; ++tick) {
        const std::vector<Entity> baseline = settled;
        std::vector<std::uint32_t> dirty = move_some(rng, world, 100);
        for (const std::uint32_t i : dirty) {
            settled[i] = world[i];
            ASSERT_TRUE(settle(settled[i]));
        }
        std::vector<std::byte> buffer(4000);
        BitWriter writer(buffer);
        write_snapshot_delta<Entity>(writer, baseline, settled, dirty);
        const Bytes bytes = writer.finish();
        EXPECT_LE(bytes.size(), 963U);
        EXPECT_GE(bytes.size(), 400U);
        BitReader reader(bytes);
        ASSERT_TRUE(read_snapshot_delta(reader, receiver));
        ASSERT_TRUE(reader.finish());
        ASSERT_TRUE(receiver == settled);
    }
}

TEST(Snapshot, DeltaTakesOutWhatDidNotChange) {
    std::vector<Entity> world(10);
    std::vector<Entity> now = world;
    now[3].health = 5;
    now[9].health = 6;
    std::vector<std::uint32_t> dirty{0, 3, 4, 9};
    std::array<std::byte, 64> buffer;
    BitWriter writer(buffer);
    write_snapshot_delta<Entity>(writer, world, now, dirty);
    EXPECT_EQ(dirty, (std::vector<std::uint32_t>{3, 9}));
    EXPECT_EQ(writer.bit_count(), 4U + (1 + 2 + 4 + 7) + (2 + 2 + 4 + 7));
    BitReader reader(writer.finish());
    ASSERT_TRUE(read_snapshot_delta(reader, world));
    EXPECT_TRUE(world == now);
}

TEST(Snapshot, SurvivesRandomBytes) {
    Rng rng(3);
    for (int i = 0; i < 3000; ++i) {
        std::vector<std::byte> bytes(rng.below(200));
        for (auto& byte : bytes) byte = static_cast<std::byte>(rng.below(rng.below(2) == 0 ? 3 : 256));
        std::vector<Entity> world(rng.below(50));
        BitReader delta(bytes);
        (void)read_snapshot_delta(delta, world);
        for (const Entity& entity : world) ASSERT_TRUE(validate(entity));
        BitReader whole(bytes);
        (void)read_snapshot(whole, world, 50);
        ASSERT_LE(world.size(), 50U);
    }
}

}  // namespace
}  // namespace squall::wire
