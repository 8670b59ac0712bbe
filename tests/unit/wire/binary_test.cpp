// Plain bytes by << and >>: sizes, round trips of random objects, refusals.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/binary.hpp"
#include "unit/wire/random_object.hpp"
#include "unit/wire/schema_types.hpp"

namespace squall::wire {
namespace {

using namespace test;

TEST(Binary, WritesPositionVelocityAndHealthInTwentyEightBytes) {
    std::array<std::byte, 28> buffer;
    BinaryWriter writer(buffer);
    writer << Vec3{1, 2, 3} << Vec3{4, 5, 6} << 100;
    ASSERT_TRUE(writer.ok());
    EXPECT_EQ(writer.size(), 28U);
    EXPECT_EQ(to_hex(writer.written().first(8)), "0000803f00000040");
    Vec3 position;
    Vec3 velocity;
    int health = 0;
    BinaryReader reader(writer.written());
    reader >> position >> velocity >> health;
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(velocity, (Vec3{4, 5, 6}));
    EXPECT_EQ(health, 100);
    writer << true;
    EXPECT_FALSE(writer.ok());
    EXPECT_TRUE(writer.written().empty());
    reader >> health;
    EXPECT_FALSE(reader.ok());
}

template <class T>
void round_trip(std::uint64_t seed) {
    Rng rng(seed);
    RandomObject random(rng);
    std::vector<std::byte> buffer(1 << 16);
    for (int i = 0; i < 300; ++i) {
        T value;
        random.fill(view(value));
        BinaryWriter writer(buffer);
        writer << value;
        ASSERT_TRUE(writer.ok());
        T read;
        random.fill(view(read));
        BinaryReader reader(writer.written());
        reader >> read;
        ASSERT_TRUE(reader.at_end());
        ASSERT_TRUE(same(view(value), view(read)));
        for (std::size_t cut = 0; cut < writer.size(); cut += 1 + writer.size() / 9) {
            const std::vector<std::byte> part(writer.written().begin(),
                                              writer.written().begin() + static_cast<std::ptrdiff_t>(cut));
            BinaryReader shorter(part);
            shorter >> read;
            ASSERT_FALSE(shorter.ok());
        }
        std::vector<std::byte> noise(rng.below(80));
        for (auto& byte : noise) byte = static_cast<std::byte>(rng.below(rng.below(2) == 0 ? 3 : 256));
        BinaryReader odd(noise);
        T any;
        odd >> any;
        ASSERT_TRUE(!odd.ok() || validate(any)) << validate(any).error().message;
    }
}

TEST(Binary, RoundTripsRandomObjects) {
    round_trip<Player>(1);
    round_trip<Everything>(2);
    round_trip<Account>(3);
    round_trip<Entity>(4);
}

TEST(Binary, RefusesWhatIsOutOfRange) {
    std::array<std::byte, 64> buffer{};
    BinaryWriter writer(buffer);
    writer << Player{0, 0, 31, 0, 0, false, 0};
    EXPECT_FALSE(writer.ok());
    buffer[0] = std::byte{7};
    BinaryReader reader(buffer);
    Weapon weapon = Weapon::rail;
    reader >> weapon;
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(weapon, Weapon::rail);
    buffer[0] = std::byte{60};  // elements that are not there
    BinaryReader list(Bytes(buffer).first(9));
    std::vector<std::uint64_t> numbers;
    list >> numbers;
    EXPECT_FALSE(list.ok());
    EXPECT_EQ(numbers.capacity(), 0U);
}

}  // namespace
}  // namespace squall::wire
