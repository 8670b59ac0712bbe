// JSON: what is written, letter by letter, what other parsers make of it, and what each refusal says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "squall/wire/codec.hpp"
#include "unit/wire/codec_objects.hpp"

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;
using testing::HasSubstr;

namespace {

template <class T>
std::string text_of(const T& object) {
    std::vector<std::byte> bytes;
    const auto written = json_codec().encode(object, bytes);
    return written ? std::string(as_text(bytes)) : written.error().message;
}
template <class T>
Result<> read(std::string_view text, T& object) {
    return json_codec().decode(as_bytes(text), object);
}
template <class T>
std::string refusal(std::string_view text) {
    T object{};
    const auto done = read(text, object);
    return done ? "it was taken" : done.error().message;
}

TEST(JsonCodec, WritesWhatAPersonWouldExpect) {
    EXPECT_EQ(text_of(Player{
                  .x = 1.5F, .z = -0.1F, .ammo = 30, .health = 100, .armour = 0, .alive = true, .user = 7}),
              R"({"x":1.5,"z":-0.1,"ammo":30,"health":100,"armour":0,"alive":true,"user":7})");
    Everything everything;
    everything.weapon = Weapon::rail;
    everything.state = Flag::lost;
    everything.name = "a\"\\\n\x01\xc3\xa4";
    everything.blob = {std::byte{0x0f}, std::byte{0xf0}};
    everything.trail = {{1, 2, 3}};
    everything.slots = {1, 2, 3};
    everything.scores = {{"ada", 5}};
    everything.arms[Weapon::pistol] = {Weapon::none, 4};
    everything.action = Walk{2};
    everything.maybe = {std::nullopt, 3};
    EXPECT_EQ(
        text_of(everything),
        R"({"flag":false,"tiny":0,"huge":0,"wide":0,"exact":0,"weapon":"rail","state":"lost",)"
        R"("name":"a\"\\\n\u0001)"
        "\xc3\xa4"
        R"(","blob":"0ff0","clan":null,"trail":[{"x":1,"y":2,"z":3}],"slots":[1,2,3],"scores":{"ada":5},)"
        R"("arms":{"pistol":{"weapon":"none","target":4}},"action":{"Walk":{"speed":2}},"target":null,)"
        R"("maybe":[null,3]})");
}

TEST(JsonCodec, StandardParsersTakeItAndGiveTheSameValues) {
    Rng rng(11);
    std::vector<std::byte> bytes;
    for (int i = 0; i < 300; ++i) {
        Everything object;
        RandomObject(rng).fill(view(object));
        make_utf8(view(object), rng);
        ASSERT_TRUE(json_codec().encode(object, bytes));
        const auto tree = nlohmann::json::parse(as_text(bytes));
        EXPECT_EQ(tree["flag"].get<bool>(), object.flag);
        EXPECT_EQ(tree["name"].get<std::string>(), object.name);
        EXPECT_EQ((tree["slots"].get<std::array<std::uint16_t, 3>>()), object.slots);
        EXPECT_EQ((tree["scores"].get<std::map<std::string, std::int32_t>>()), object.scores);
        if (std::isfinite(object.exact)) {
            EXPECT_EQ(tree["exact"].get<double>(), object.exact);
        }
        // Written by them, it is read by us.
        Everything again;
        const auto done = read(tree.dump(2), again);
        ASSERT_TRUE(done) << done.error().message;
        EXPECT_TRUE(same(view(std::as_const(again)), view(std::as_const(object))));
    }
}

TEST(JsonCodec, NumbersThatJsonOrItsParsersCannotCarryAreText) {
    Everything everything;
    everything.exact = std::numeric_limits<double>::quiet_NaN();
    everything.huge = 9'007'199'254'740'993;
    everything.wide = std::numeric_limits<std::int64_t>::min();
    const auto text = text_of(everything);
    EXPECT_THAT(text, HasSubstr(R"("exact":"NaN")"));
    EXPECT_THAT(text, HasSubstr(R"("huge":"9007199254740993")"));
    EXPECT_THAT(text, HasSubstr(R"("wide":"-9223372036854775808")"));
    Everything again;
    ASSERT_TRUE(read(text, again));
    EXPECT_TRUE(std::isnan(again.exact));
    EXPECT_EQ(again.huge, everything.huge);
    EXPECT_EQ(again.wide, everything.wide);
    ASSERT_TRUE(read(R"({"huge":18446744073709551615,"exact":"-Infinity"})", again));
    EXPECT_EQ(again.huge, ~std::uint64_t{0});
    EXPECT_EQ(again.exact, -std::numeric_limits<double>::infinity());
}

TEST(JsonCodec, MinusZeroKeepsItsSignAndSmallNumbersTheirDigits) {
    for (const double number : {-0.0, 5e-324, 1.7976931348623157e308, 0.1, 1e22, 123456789012345678.0}) {
        Everything everything;
        everything.exact = number;
        Everything again;
        ASSERT_TRUE(read(text_of(everything), again));
        EXPECT_EQ(again.exact, number);
        EXPECT_EQ(std::signbit(again.exact), std::signbit(number));
    }
}

TEST(JsonCodec, ReadsOtherWaysToSayTheSame) {
    Everything e;
    ASSERT_TRUE(read(
        " { \"weapon\" : 2 , \"tiny\" : -5.0 , \"exact\" : 3, \"name\" : \"\\u00e4\\ud83c\\udfae\" } ", e));
    EXPECT_EQ(e.weapon, Weapon::rail);
    EXPECT_EQ(e.tiny, -5);
    EXPECT_EQ(e.exact, 3.0);
    EXPECT_EQ(e.name, "\xc3\xa4\xf0\x9f\x8e\xae");
    ASSERT_TRUE(read(R"({"arms":{"2":{"weapon":1}}})", e));
    EXPECT_EQ(e.arms.at(Weapon::rail).weapon, Weapon::pistol);
}

TEST(JsonCodec, UnknownFieldsArePassedOverWhateverIsInThem) {
    Player player;
    ASSERT_TRUE(
        read(R"({"new":{"a":[1,{"ammo":99},"x",null]},"ammo":5,"list":[[],{}],"n":null,"t":true})", player));
    EXPECT_EQ(player.ammo, 5);
    const std::string deep = R"({"new":)" + std::string(65, '[') + std::string(65, ']') + "}";
    EXPECT_THAT(refusal<Player>(deep), HasSubstr("nested more than 64 deep"));
    const std::string endless = R"({"new":)" + std::string(500'000, '[');
    EXPECT_THAT(refusal<Player>(endless), HasSubstr("nested more than 64 deep"));
}

TEST(JsonCodec, RefusalsNameTheField) {
    EXPECT_EQ(refusal<Player>(R"({"ammo":31})"), "json: Player.ammo: 31; it must be 0 to 30");
    EXPECT_EQ(refusal<Player>(R"({"ammo":-1})"), "json: Player.ammo: -1; it must be 0 to 30");
    EXPECT_THAT(refusal<Player>(R"({"ammo":1.5})"), HasSubstr("Player.ammo: 1.5; it must be a whole number"));
    EXPECT_THAT(refusal<Player>(R"({"ammo":"x"})"), HasSubstr("Player.ammo: a text; it must be an integer"));
    EXPECT_THAT(refusal<Player>(R"({"ammo":" 1"})"), HasSubstr("Player.ammo: a text"));
    EXPECT_THAT(refusal<Player>(R"({"ammo":null})"), HasSubstr("Player.ammo: null; it must be"));
    EXPECT_THAT(refusal<Player>(R"({"ammo":[1]})"), HasSubstr("Player.ammo: an array; it must be"));
    EXPECT_THAT(refusal<Player>(R"({"ammo":{}})"), HasSubstr("Player.ammo: an object; it must be"));
    EXPECT_THAT(refusal<Player>(R"({"ammo":1,"x":2,"ammo":1})"),
                HasSubstr("Player.ammo: the field is there twice"));
    EXPECT_THAT(refusal<Player>(R"({"x":1e39})"), HasSubstr("Player.x: 1e+39; it must fit a 32-bit float"));
    EXPECT_THAT(refusal<Player>(R"({"alive":1})"), HasSubstr("Player.alive"));
    EXPECT_THAT(refusal<Everything>(R"({"weapon":"sword"})"),
                HasSubstr("Everything.weapon: 'sword' is no name in Weapon"));
    EXPECT_THAT(refusal<Everything>(R"({"weapon":9})"), HasSubstr("Everything.weapon"));
    EXPECT_THAT(refusal<Everything>(R"({"trail":[{"x":0},{"x":101}]})"),
                HasSubstr("Everything.trail[1].x: 101"));
    EXPECT_THAT(refusal<Everything>(R"({"trail":[{},{},{},{},{},{},{},{},{}]})"),
                HasSubstr("9 elements; 8 is the limit"));
    EXPECT_THAT(refusal<Everything>(R"({"slots":[1,2]})"), HasSubstr("Everything.slots"));
    EXPECT_THAT(refusal<Everything>(R"({"slots":[1,2,3,4]})"), HasSubstr("Everything.slots"));
    EXPECT_THAT(refusal<Everything>(R"({"scores":{"a":1,"a":2}})"),
                HasSubstr("Everything.scores{key}: the key is there already"));
    EXPECT_THAT(refusal<Everything>(R"({"scores":{"a":1001}})"), HasSubstr("Everything.scores{value}: 1001"));
    EXPECT_THAT(refusal<Everything>(R"({"arms":{"sword":{}}})"), HasSubstr("Everything.arms{key}: 'sword'"));
    EXPECT_THAT(refusal<Everything>(R"({"action":{"Fly":{}}})"),
                HasSubstr("Everything.action: 'Fly' is none of its alternatives"));
    EXPECT_THAT(refusal<Everything>(R"({"action":{}})"), HasSubstr("Everything.action: an empty object"));
    EXPECT_THAT(refusal<Everything>(R"({"action":{"Idle":{},"Walk":{}}})"),
                HasSubstr("more than one alternative"));
    EXPECT_THAT(refusal<Everything>(R"({"action":{"Shoot":{"target":65536}}})"),
                HasSubstr("Everything.action<Shoot>.target: 65536"));
    EXPECT_THAT(refusal<Everything>(R"({"blob":"0f0"})"),
                HasSubstr("Everything.blob: bytes must be hexadecimal"));
    EXPECT_THAT(refusal<Nested>(R"({"twice":[1,2]})"), HasSubstr("Nested.twice"));
}

TEST(JsonCodec, WhatIsNotJsonIsRefused) {
    for (const std::string_view text :
         {"", "{", "{}x", "{'a':1}", "{\"ammo\":01}", "{\"ammo\":1,}", "[]", "1", "null", "{\"x\":NaN}",
          "{\"x\":1e999}", "\xff", "{\"new\":\"\xff\"}", "{\"ammo\":1}{}"})
        EXPECT_THAT(refusal<Player>(text), HasSubstr("json: ")) << text;
    EXPECT_THAT(refusal<Player>("{\"ammo\": ]"), HasSubstr("byte 10 is not JSON"));
    Everything bad;
    bad.name = "\xc0\x80";
    EXPECT_THAT(text_of(bad), HasSubstr("Everything.name: the text is not UTF-8"));
}

}  // namespace
