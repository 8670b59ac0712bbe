// Deltas of random objects of many shapes, and what each kind of change costs.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/delta.hpp"
#include "unit/wire/random_object.hpp"
#include "unit/wire/schema_types.hpp"

namespace squall::wire {
namespace {

using namespace test;

struct Inner {
    std::optional<Quat> pose;
    std::array<Entity, 2> pair{};
    std::vector<std::array<float, 4>> turns;
};
struct Deep {
    std::map<std::uint16_t, std::vector<Inner>> rooms;
    std::vector<std::map<std::string, std::optional<Vec3>>> notes;
    std::optional<std::vector<std::variant<Walk, std::string, Inner>>> queue;
    std::optional<std::optional<bool>> twice;
    std::array<std::string, 3> names;
    Vec3 wind;
    double rough = 0;
    std::optional<std::int32_t> first;
    std::optional<Shoot> second;
    Weapon any{};
};

}  // namespace
}  // namespace squall::wire

template <>
inline constexpr auto squall::wire::field<&squall::wire::Inner::pose> = unit_quaternion(7) | moves(5);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Inner::turns> = unit_quaternion(12) | max_size(3);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Deep::wind> =
    fixed_point(-20, 20, 0.25) | at_rest() | moves(4);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Deep::rough> = epsilon(0.5);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Deep::any> =
    range(squall::wire::test::Weapon::none, static_cast<squall::wire::test::Weapon>(200));
template <>
inline constexpr auto squall::wire::field<&squall::wire::Deep::names> = max_size(40);

namespace squall::wire {
namespace {

template <class T>
std::vector<std::byte> bytes_of(const T& value) {
    std::vector<std::byte> buffer(1 << 16);
    const auto written = encode(buffer, value);
    EXPECT_TRUE(written) << validate(value).error().message;
    buffer.resize(written ? written->size() : 0);
    return buffer;
}
template <class T>
T received(const T& value) {
    T read;
    EXPECT_TRUE(decode(Bytes(bytes_of(value)), read));
    return read;
}

// What every schema must do, on random objects.
template <class T>
class AnySchema : public testing::Test {};
using Schemas =
    testing::Types<Player, CompactPlayer, Entity, Everything, Deep, Account, Savings, Inner,
                   std::vector<Everything>, std::map<std::string, Deep>, std::variant<Idle, Deep>>;
TYPED_TEST_SUITE(AnySchema, Schemas);

TYPED_TEST(AnySchema, RoundTripsAndIsStable) {
    Rng rng(7);
    RandomObject random(rng);
    for (int i = 0; i < 200; ++i) {
        TypeParam value{};
        random.fill(view(value));
        ASSERT_TRUE(validate(value)) << validate(value).error().message;
        const auto bytes = bytes_of(value);
        EXPECT_EQ((measure(value) + 7) / 8, bytes.size());
        TypeParam once{};
        random.fill(view(once));  // reading leaves nothing of what was there
        ASSERT_TRUE(decode(Bytes(bytes), once));
        ASSERT_TRUE(validate(once)) << validate(once).error().message;
        // What was read is a fixed point: sent again it does not change. So is what settle() makes.
        ASSERT_TRUE(same(view(once), view(received(once)))) << i;
        ASSERT_TRUE(settle(value));
        ASSERT_TRUE(same(view(once), view(value)));
    }
}

TYPED_TEST(AnySchema, PatchesOldByDiffToNew) {
    Rng rng(8);
    RandomObject random(rng);
    std::vector<std::byte> buffer(1 << 16);
    for (int i = 0; i < 300; ++i) {
        TypeParam old{};
        random.fill(view(old));
        old = received(old);
        TypeParam now = old;
        random.change(view(now));
        const TypeParam before = old;
        const auto delta = encode_delta(buffer, old, now, {.epsilon = 0});
        ASSERT_TRUE(delta);
        ASSERT_EQ((measure_delta(old, now, {.epsilon = 0}) + 7) / 8, delta->size());
        ASSERT_TRUE(same(view(old), view(before)));
        TypeParam patched{};
        ASSERT_TRUE(decode_delta(*delta, old, patched)) << i;
        if constexpr (!std::is_same_v<TypeParam, Deep> &&
                      !std::is_same_v<TypeParam, std::map<std::string, Deep>> &&
                      !std::is_same_v<TypeParam,
                                      std::variant<Idle, Deep>>) {  // Deep::rough declares an epsilon
            ASSERT_TRUE(same(view(patched), view(received(now)))) << i;
        }
        // Nothing is left to say, and each truncation is noticed or harmless.
        ASSERT_FALSE(differs(patched, now, {.epsilon = 0})) << i;
        for (std::size_t cut = 0; cut < delta->size(); cut += 1 + delta->size() / 8) {
            const std::vector<std::byte> part(delta->begin(),
                                              delta->begin() + static_cast<std::ptrdiff_t>(cut));
            ASSERT_FALSE(decode_delta(Bytes(part), old, patched));
            ASSERT_TRUE(same(view(patched), view(old)));
        }
    }
}

TYPED_TEST(AnySchema, SurvivesRandomBytes) {
    Rng rng(9);
    RandomObject random(rng);
    for (int i = 0; i < 500; ++i) {
        std::vector<std::byte> bytes(rng.below(100));
        for (auto& byte : bytes) byte = static_cast<std::byte>(rng.below(rng.below(2) == 0 ? 4 : 256));
        TypeParam value{};
        if (decode(Bytes(bytes), value)) {
            ASSERT_TRUE(validate(value)) << validate(value).error().message;
        }
        TypeParam baseline{};
        random.fill(view(baseline));
        if (decode_delta(Bytes(bytes), baseline, value)) {
            ASSERT_TRUE(validate(value)) << validate(value).error().message;
        }
    }
}

TEST(Delta, CostsWhatTheStudySays) {
    const Player old{1.5F, -2, 30, 100, 99, true, 2'657'657'657};
    Player now = old;
    EXPECT_EQ(measure_delta(old, now), 7U);
    now.alive = false;
    EXPECT_EQ(measure_delta(old, now), 7U);  // that it changed says all
    now.ammo = 3;
    EXPECT_EQ(measure_delta(old, now), 12U);
    now.x = 2;
    EXPECT_EQ(measure_delta(old, now), 44U);
    const Entity still;
    Entity moved = received(still);
    moved.position.x += 0.4F;
    EXPECT_EQ(measure_delta(received(still), moved), 4U + 1 + 30);
    moved.position.x += 40;
    EXPECT_EQ(measure_delta(received(still), moved), 4U + 1 + 50);
    moved.velocity.y = 1;
    EXPECT_EQ(measure_delta(received(still), moved), 4U + 1 + 50 + 34);
}

TEST(Delta, IgnoresWhatIsBelowEpsilonAndSendsTheDrift) {
    Player sent;
    Player now;
    std::array<std::byte, 64> buffer;
    int updates = 0;
    for (int i = 0; i < 1000; ++i) {
        now.x += 2e-6F;
        if (!differs(sent, now)) continue;
        ++updates;
        const auto delta = encode_delta(buffer, sent, now);
        ASSERT_TRUE(delta);
        ASSERT_TRUE(decode_delta(*delta, Player(sent), sent));
        ASSERT_EQ(sent.x, now.x);
    }
    EXPECT_NEAR(updates, 166, 40);  // every sixth step of 2e-6 passes 1e-5
    EXPECT_NEAR(sent.x, now.x, 1e-5);
    // 0 is exact.
    now.x = std::nextafter(sent.x, 1.0F);
    EXPECT_FALSE(differs(sent, now));
    EXPECT_TRUE(differs(sent, now, {.epsilon = 0}));
}

TEST(Delta, TakesTheFieldsOwnEpsilon) {
    Deep old;
    Deep now;
    now.rough = 0.5;
    EXPECT_FALSE(differs(old, now, {.epsilon = 0}));
    now.rough = 0.51;
    EXPECT_TRUE(differs(old, now, {.epsilon = 100}));
}

TEST(Delta, NanEqualsNanAndInfinityInfinity) {
    Player old;
    Player now;
    old.x = now.x = std::numeric_limits<float>::quiet_NaN();
    old.z = now.z = std::numeric_limits<float>::infinity();
    EXPECT_FALSE(differs(old, now));
    EXPECT_FALSE(differs(old, now, {.epsilon = 0}));
    now.z = -now.z;
    EXPECT_TRUE(differs(old, now));
    now = old;
    now.x = 1;
    EXPECT_TRUE(differs(old, now));
    EXPECT_TRUE(differs(now, old));
}

struct Sparse {
    std::optional<std::uint8_t> a, b, c, d;
};

TEST(Delta, RemovalsCostNothingUnlessThereAreOptionalsThatChange) {
    const Sparse none;
    Sparse some;
    some.a = 1;
    EXPECT_EQ(measure_delta(none, some), 4U + 8);  // it came: nothing about removals
    Sparse other = some;
    other.a = 2;
    EXPECT_EQ(measure_delta(some, other), 4U + 1 + 8);
    other.a.reset();
    EXPECT_EQ(measure_delta(some, other), 4U + 1 + 1);
    EXPECT_EQ(measure_delta(some, some), 4U);
    std::array<std::byte, 8> buffer;
    Sparse patched;
    ASSERT_TRUE(decode_delta(*encode_delta(buffer, some, other), some, patched));
    EXPECT_FALSE(patched.a.has_value());
}

TEST(Delta, RefusesAMoveOutOfTheGridAndAKeyThatComesTwice) {
    std::array<std::byte, 64> buffer;
    Entity edge;
    edge.position.x = -256;
    BitWriter writer(buffer);
    writer.bits(1U, 4);  // position changed
    writer.boolean(true);
    writer.bits(511U, 10);  // one step below the lowest
    writer.bits(512U, 10);
    writer.bits(512U, 10);
    BitReader reader(writer.finish());
    EXPECT_FALSE([&] {
        read_delta(reader, edge);
        return reader.ok();
    }());
    EXPECT_EQ(reader.fault(), StreamFault::out_of_range);

    std::map<std::uint8_t, bool> map{{7, true}};
    BitWriter again(buffer);
    again.boolean(true);   // touched
    again.boolean(false);  // gone
    again.ranged(1, 0, static_cast<int>(kDefaultMaxSize));
    again.bits(7U, 8);
    again.boolean(true);
    BitReader map_reader(again.finish());
    read_delta(map_reader, map);
    EXPECT_EQ(map_reader.fault(), StreamFault::not_canonical);
}

}  // namespace
}  // namespace squall::wire
