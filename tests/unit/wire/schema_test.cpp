// The schema of plain structs: names, tables, bits, text. Round trips by random objects are in
// delta_test.cpp.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "squall/core/rng.hpp"
#include "unit/wire/schema_types.hpp"

namespace squall::wire {
namespace {

using namespace test;

std::vector<std::string> names_of(const TypeDescription& type) {
    std::vector<std::string> names;
    for (const FieldDescription& each : type.fields) names.emplace_back(each.name);
    return names;
}

Everything some_of_everything() {
    Everything e;
    e.flag = true;
    e.tiny = -128;
    e.huge = ~0ULL;
    e.wide = -70;
    e.exact = 1e300;
    e.weapon = Weapon::flamer;
    e.state = Flag::taken;
    e.name = "squall";
    e.blob = {std::byte{1}, std::byte{255}};
    e.clan = "wind";
    e.trail = {{1, 2, 3}, {-100, 100, 0.5F}};
    e.slots = {1, 2, 65535};
    e.scores = {{"a", -5}, {"b", 1000}};
    e.arms = {{Weapon::pistol, {Weapon::rail, 7}}};
    e.action = Shoot{Weapon::pistol, 99};
    e.target = Vec3{0.25F, -1e9F, 3};
    e.maybe = {std::nullopt, 200, std::nullopt};
    return e;
}

TEST(Reflection, FindsNamesOfUntouchedStructs) {
    EXPECT_EQ(names_of(describe<Player>()),
              (std::vector<std::string>{"x", "z", "ammo", "health", "armour", "alive", "user"}));
    EXPECT_EQ(describe<Everything>().fields.size(), 17U);
    EXPECT_EQ(describe<Everything>().name, "Everything");
    EXPECT_EQ(describe<Idle>().fields.size(), 0U);
}

TEST(Reflection, ReachesPrivateMembersAndBasesThroughTheMacro) {
    EXPECT_EQ(names_of(describe<Account>()), (std::vector<std::string>{"owner_", "balance_"}));
    EXPECT_EQ(names_of(describe<Savings>()), (std::vector<std::string>{"user", "rate"}));
    std::array<std::byte, 64> buffer;
    const Account account("me", 12345);
    const auto bytes = encode(buffer, account);
    ASSERT_TRUE(bytes);
    Account read;
    EXPECT_TRUE(decode(*bytes, read));
    EXPECT_EQ(read, account);
    EXPECT_FALSE(encode(buffer, Account("me", -101)));
}

struct Wide {
    int a0{}, a1{}, a2{}, a3{}, a4{}, a5{}, a6{}, a7{}, a8{}, a9{}, b0{}, b1{}, b2{}, b3{}, b4{}, b5{}, b6{},
        b7{}, b8{}, b9{}, c0{}, c1{}, c2{}, c3{}, c4{}, c5{}, c6{}, c7{}, c8{}, c9{}, d0{}, d1{}, d2{}, d3{},
        d4{}, d5{}, d6{}, d7{}, d8{}, d9{}, e0{}, e1{}, e2{}, e3{}, e4{}, e5{}, e6{}, e7{}, e8{}, e9{}, f0{},
        f1{}, f2{}, f3{}, f4{}, f5{}, f6{}, f7{}, f8{}, f9{}, g0{}, g1{}, g2{}, g3{};
};

TEST(Reflection, TakesSixtyFourMembers) {
    EXPECT_EQ(describe<Wide>().fields.size(), 64U);
    EXPECT_EQ(describe<Wide>().fields[63].name, "g3");
    Wide wide;
    wide.g3 = -7;
    std::array<std::byte, 256> buffer;
    const auto bytes = encode(buffer, wide);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->size(), 256U);
    Wide read;
    ASSERT_TRUE(decode(*bytes, read));
    EXPECT_EQ(read.g3, -7);
}

TEST(Reflection, NamesEnumerators) {
    const auto& weapon = describe<Weapon>();
    ASSERT_EQ(weapon.enumerators.size(), 4U);
    EXPECT_EQ(weapon.enumerators[2].name, "rail");
    const auto& flag = describe<Flag>();
    ASSERT_EQ(flag.enumerators.size(), 4U);
    EXPECT_EQ(flag.enumerators[0].name, "lost");
    EXPECT_EQ(flag.enumerators[0].value, -3);
    EXPECT_EQ(flag.enumerators[3].value, 100);
}

TEST(BitCodec, WritesTheStudysPlayerInSixteenAndTwelveBytes) {
    EXPECT_EQ(measure(Player{1.5F, -2, 30, 100, 99, true, 2'657'657'657}), 128U);
    EXPECT_EQ(measure(CompactPlayer{1.5F, -2, 30, 100, 99, true, 2'657'657'657}), 96U);
    EXPECT_EQ(measure(Entity{{1, 2, 3}, {}, {1, 0, 0}, 100}), 120U);
    EXPECT_EQ(measure(Entity{}), 87U);
}

TEST(BitCodec, WritesGoldenBytes) {
    std::array<std::byte, 64> buffer;
    // 0x3fc00000, 0xc0000000, 30 in 5 bits, 100 and 99 in 7, true, 1 in 44.
    const auto bytes = encode(buffer, Player{1.5F, -2, 30, 100, 99, true, 1});
    ASSERT_TRUE(bytes);
    EXPECT_EQ(to_hex(*bytes), "0000c03f000000c09e3c1e0000000000");
}

TEST(BitCodec, RoundTripsOneOfEverything) {
    const Everything all = some_of_everything();
    std::array<std::byte, 512> buffer;
    const auto bytes = encode(buffer, all);
    ASSERT_TRUE(bytes);
    EXPECT_EQ((measure(all) + 7) / 8, bytes->size());
    Everything read;
    read.scores = {{"old", 1}};
    ASSERT_TRUE(decode(*bytes, read));
    EXPECT_EQ(read.trail.size(), 2U);
    read.trail = all.trail;  // a tenth is no binary number
    EXPECT_EQ(read, all);
    for (std::size_t cut = 0; cut < bytes->size(); ++cut) {
        const std::vector<std::byte> part(bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(cut));
        EXPECT_FALSE(decode(Bytes(part), read)) << cut;
    }
    std::vector<std::byte> longer(bytes->begin(), bytes->end());
    longer.push_back({});
    EXPECT_FALSE(decode(Bytes(longer), read));
}

TEST(BitCodec, RefusesWhatIsOutOfRange) {
    std::array<std::byte, 512> buffer;
    const auto fits = [&](auto change) {
        Everything all = some_of_everything();
        change(all);
        return encode(buffer, all).has_value();
    };
    EXPECT_TRUE(fits([](Everything&) {}));
    EXPECT_FALSE(fits([](Everything& e) { e.weapon = static_cast<Weapon>(4); }));
    EXPECT_FALSE(fits([](Everything& e) { e.state = static_cast<Flag>(1); }));
    EXPECT_FALSE(fits([](Everything& e) { e.name = std::string(21, 'x'); }));
    EXPECT_FALSE(fits([](Everything& e) { e.trail[0].x = 101; }));
    EXPECT_FALSE(fits([](Everything& e) { e.trail[0].x = std::nanf(""); }));
    EXPECT_FALSE(fits([](Everything& e) { e.trail.resize(9); }));
    EXPECT_FALSE(fits([](Everything& e) { e.scores["a"] = 1001; }));
    EXPECT_FALSE(encode(buffer, Player{0, 0, 31, 0, 0, false, 0}));
}

TEST(BitCodec, RefusesCodesThatNoValueHas) {
    // ammo: 31 in five bits where 30 is the highest.
    const auto bytes = from_hex("00000000000000001f000000000000");
    Player read;
    EXPECT_FALSE(decode(*bytes, read));
    // A map whose keys do not ascend.
    std::map<std::uint8_t, bool> map;
    std::array<std::byte, 8> buffer;
    BitWriter writer(buffer);
    writer.ranged(2, 0, static_cast<int>(kDefaultMaxSize));
    for (int i = 0; i < 2; ++i) {
        writer.bits(7U, 8);
        writer.boolean(true);
    }
    BitReader reader(writer.finish());
    wire::read(reader, map);
    EXPECT_EQ(reader.fault(), StreamFault::not_canonical);
}

TEST(BitCodec, ChecksLengthsBeforeItAllocates) {
    std::array<std::byte, 8> buffer{};
    BitWriter writer(buffer);
    writer.ranged(1000, 0, static_cast<int>(kDefaultMaxSize));
    BitReader reader(writer.finish());
    std::vector<std::uint64_t> list;
    wire::read(reader, list);
    EXPECT_EQ(reader.fault(), StreamFault::end_of_buffer);
    EXPECT_EQ(list.capacity(), 0U);
}

TEST(Quaternion, LosesLittleAndIsStable) {
    Rng rng(5);
    const auto component = [&] { return static_cast<float>(rng.between(-1000, 1000)) / 1000.0F; };
    for (int i = 0; i < 2000; ++i) {
        Entity entity;
        Quat& q = entity.rotation;
        q = {component(), component(), component(), component()};
        const float length = std::sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);
        if (length < 0.1F) continue;
        q = {q.x / length, q.y / length, q.z / length, q.w / length};
        std::array<std::byte, 32> buffer;
        const auto bytes = encode(buffer, entity);
        ASSERT_TRUE(bytes);
        Entity read;
        ASSERT_TRUE(decode(*bytes, read));
        const Quat& r = read.rotation;
        const float dot = q.x * r.x + q.y * r.y + q.z * r.z + q.w * r.w;
        ASSERT_GT(std::abs(dot), 0.99999F);
    }
    Entity entity;
    std::array<std::byte, 32> buffer;
    Entity read;
    ASSERT_TRUE(decode(*encode(buffer, entity), read));
    EXPECT_EQ(read, entity);  // no rotation, no speed: exact
    entity.rotation = {0.5F, 0.5F, 0.5F, 0.6F};
    EXPECT_FALSE(encode(buffer, entity));
    entity.rotation = {0, 0, 0, std::numeric_limits<float>::quiet_NaN()};
    EXPECT_FALSE(encode(buffer, entity));
}

TEST(Quaternion, RefusesCodesThatAreNoRotation) {
    // All three others at their largest: their squares add up to 1.5.
    constexpr detail::SmallestThree format{9};
    std::array<std::uint64_t, 4> codes{0, format.highest(), format.highest(), format.highest()};
    std::array<double, 4> q{};
    EXPECT_FALSE(format.restore(codes, q));
    codes = {0, 255, 255, 255};
    EXPECT_TRUE(format.restore(codes, q));
    EXPECT_EQ(q, (std::array<double, 4>{1, 0, 0, 0}));
}

TEST(Grid, GivesTheSameStepsForWhatItRestores) {
    constexpr Grid tenth = *fixed_point(-100, 100, 0.1).grid;
    EXPECT_EQ(tenth.highest, 2000U);
    constexpr Grid bits = *quantised(-256, 256, 18).grid;
    EXPECT_EQ(bits.highest, (1U << 18) - 1);
    EXPECT_EQ(bits.quantise(256.0), bits.highest);
    EXPECT_EQ(bits.quantise(256.001), std::nullopt);
    EXPECT_EQ(bits.quantise(-256.01), std::nullopt);
    EXPECT_EQ(bits.quantise(std::numeric_limits<double>::quiet_NaN()), std::nullopt);
    EXPECT_EQ(bits.quantise(std::numeric_limits<double>::infinity()), std::nullopt);
    for (std::uint64_t step = 0; step <= tenth.highest; ++step)
        ASSERT_EQ(tenth.quantise(static_cast<float>(tenth.restore(step))), step);
}

TEST(Value, ReadsAndWritesThroughTheTable) {
    Everything all = some_of_everything();
    const ConstValue root = view(static_cast<const Everything&>(all));
    EXPECT_TRUE(root.at(0).as_bool());
    EXPECT_EQ(root.at(1).as_signed(), -128);
    EXPECT_EQ(root.at(2).as_unsigned(), ~0ULL);
    EXPECT_EQ(root.at(4).as_floating(), 1e300);
    EXPECT_EQ(root.at(5).enumerator_name(), "flamer");
    EXPECT_EQ(root.at(7).as_text(), "squall");
    EXPECT_EQ(root.at(9).at(0).as_text(), "wind");
    EXPECT_EQ(root.at(10).at(1).at(1).as_floating(), 100);
    EXPECT_EQ(root.at(11).at(2).as_unsigned(), 65535U);
    EXPECT_EQ(root.at(14).alternative().type().name, "Shoot");
    std::string scores;
    root.at(12).each_entry([&](ConstValue key, ConstValue value) {
        scores += std::string(key.as_text()) + std::to_string(value.as_signed()) + ";";
        return true;
    });
    EXPECT_EQ(scores, "a-5;b1000;");

    const Value change = view(all);
    EXPECT_TRUE(change.at(3).set_integer(5));
    EXPECT_TRUE(change.at(5).set_enumerator("rail"));
    EXPECT_TRUE(change.at(10).resize(3));
    EXPECT_TRUE(change.at(10).at(2).at(0).set_floating(7));
    change.at(9).reset();
    EXPECT_TRUE(change.at(16).at(0).emplace().set_integer(9));
    EXPECT_TRUE(change.at(14).emplace_alternative(1)->at(0).set_floating(2.5));
    EXPECT_TRUE(change.at(12).insert([](Value key) { return key.set_text("c"); })->set_integer(3));
    EXPECT_EQ(all.wide, 5);
    EXPECT_EQ(all.weapon, Weapon::rail);
    EXPECT_EQ(all.trail[2].x, 7);
    EXPECT_EQ(all.clan, std::nullopt);
    EXPECT_EQ(all.maybe[0], 9);
    EXPECT_EQ(std::get<Walk>(all.action).speed, 2.5F);
    EXPECT_EQ(all.scores["c"], 3);
    change.at(12).clear();
    EXPECT_TRUE(all.scores.empty());
}

TEST(Value, RefusesWithWhatWouldBeRight) {
    Everything all = some_of_everything();
    const Everything before = all;
    const Value change = view(all);
    EXPECT_EQ(change.at(1).set_integer(128).error().message, "128; it must be -128 to 127");
    EXPECT_EQ(change.at(5).set_integer(4).error().message, "4; it must be 0 to 3");
    EXPECT_EQ(change.at(6).set_integer(1).error().message, "1 is no value of Flag");
    EXPECT_EQ(change.at(5).set_enumerator("laser").error().message, "'laser' is no name in Weapon");
    EXPECT_EQ(change.at(7).set_text(std::string(21, 'x')).error().message,
              "21 bytes of text; 20 is the limit");
    EXPECT_EQ(change.at(7).set_integer(1).error().message, "got an integer; it must be a text");
    EXPECT_EQ(change.at(10).resize(9).error().message, "9 elements; 8 is the limit");
    EXPECT_EQ(change.at(10).at(0).at(0).set_floating(101).error().message, "101; it must be -100 to 100");
    EXPECT_EQ(change.at(12).insert([](Value key) { return key.set_text("a"); }).error().message,
              "the key is there already");
    EXPECT_EQ(change.at(14).emplace_alternative(3).error().message, "alternative 3; there are 3");
    EXPECT_EQ(all, before);
}

TEST(Validate, NamesTheField) {
    EXPECT_TRUE(validate(some_of_everything()));
    EXPECT_EQ(validate(Player{0, 0, 31, 0, 0, false, 0}).error().message,
              "Player.ammo: 31; it must be 0 to 30");
    Everything all = some_of_everything();
    all.trail[1].y = 200;
    EXPECT_EQ(validate(all).error().message, "Everything.trail[1].y: 200; it must be -100 to 100");
    all = some_of_everything();
    all.action = Shoot{static_cast<Weapon>(9), 0};
    EXPECT_EQ(validate(all).error().message, "Everything.action<Shoot>.weapon: 9; it must be 0 to 3");
    Entity entity;
    entity.rotation.w = 2;
    EXPECT_EQ(validate(entity).error().message,
              "Entity.rotation: the length of the quaternion is 2; it must be 1");
}

TEST(SchemaText, IsTheSameWithEveryCompiler) {
    EXPECT_EQ(schema_text<Player>(),
              ". struct of 7\n"
              "x float\n"
              "z float\n"
              "ammo int32 0 to 30\n"
              "health int32 0 to 100\n"
              "armour int32 0 to 100\n"
              "alive bool\n"
              "user uint64 0 to 17592186044415\n");
    EXPECT_EQ(schema_hash<Player>(), schema_hash(schema_text<Player>()));
    EXPECT_EQ(schema_text<Entity>().substr(0, 130),
              ". struct of 4\n"
              "position struct of 3 moves by 10 bits\n"
              "position.x float quantised -256 to 256 by 0.001953125, 262143 steps\n"
              "position.y");
    EXPECT_EQ(schema_hash<Everything>(), 6672786716932036539U);
}

TEST(SchemaText, NamesTheFieldThatDiffers) {
    const std::string ours = schema_text<Player>();
    const auto changed = [&](std::string_view from, std::string_view to) {
        std::string theirs = ours;
        theirs.replace(theirs.find(from), from.size(), to);
        return first_difference(ours, theirs).value_or("none");
    };
    EXPECT_EQ(first_difference(ours, ours), std::nullopt);
    EXPECT_EQ(changed("0 to 30", "0 to 31"), "'ammo' is 'int32 0 to 30' here and 'int32 0 to 31' there");
    EXPECT_EQ(changed("alive bool\n", ""), "'alive' (bool) is missing there");
    EXPECT_EQ(changed("alive bool\n", "alive bool\nteam uint8\n"), "'team' (uint8) is missing here");
    EXPECT_EQ(changed("x float\nz float\n", "z float\nx float\n"), "'x' is in another place there");
}

}  // namespace
}  // namespace squall::wire
