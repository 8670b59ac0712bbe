// The table "When a schema changes" of the wire's README, a test a row: what schema_conflict() says of two
// versions of a struct, and what each codec then does with their bytes, both ways.
#include "squall/wire/schema_evolution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "squall/wire/codec.hpp"

namespace evolution {

struct Old {
    std::int32_t a = 0;
    std::string b{};
};
struct AddedAtTheEnd {
    std::int32_t a = 0;
    std::string b{};
    float more = 7;
};
struct AddedBetween {
    std::int32_t a = 0;
    float more = 7;
    std::string b{};
};
struct Renamed {
    std::int32_t a = 0;
    std::string text{"default"};
};
struct Reordered {
    std::string b{};
    std::int32_t a = 0;
};
struct Narrow {
    std::int8_t a = 0;
    std::string b{};
};
struct OtherSign {
    std::uint32_t a = 0;
    std::string b{};
};
struct Ranged {
    std::int32_t a = 0;
    std::string b{};
};
struct Optional {
    std::optional<std::int32_t> a{};
    std::string b{};
};

enum class Weapon : std::uint8_t { pistol, rifle };
enum class MoreWeapons : std::uint8_t { pistol, rifle, bow };
enum class OtherWeapons : std::uint8_t { rifle, pistol };
template <class E>
struct Armed {
    E weapon{};
};

struct Walk {
    float speed = 0;
};
struct Shoot {
    std::uint8_t times = 0;
};
struct Jump {
    float height = 0;
};
template <class... A>
struct Acts {
    std::variant<A...> action{};
};

template <class T>
struct Holds {
    T value{};
};
struct Inner {
    std::int32_t x = 0;
};
struct MoreInner {
    std::int32_t x = 0;
    std::int32_t y = 3;
};

}  // namespace evolution

template <>
inline constexpr auto squall::wire::field<&evolution::Ranged::a> = squall::wire::range(0, 30);
template <>
inline constexpr auto squall::wire::field<&evolution::Ranged::b> = squall::wire::max_size(3);

namespace squall::wire {
namespace {

using namespace evolution;
using ::testing::HasSubstr;

class Evolution : public ::testing::TestWithParam<const Codec*> {
  protected:
    [[nodiscard]] static const Codec& codec() { return *GetParam(); }
    [[nodiscard]] static bool is_by_name() { return codec().field_identity() == FieldIdentity::name; }

    // What the two ends would be told; it has to be the same in substance from both sides.
    template <class A, class B>
    static std::string conflict() {
        const auto one = schema_conflict(schema_text<A>(), schema_text<B>(), codec().field_identity());
        const auto other = schema_conflict(schema_text<B>(), schema_text<A>(), codec().field_identity());
        EXPECT_EQ(one.has_value(), other.has_value());
        return one.value_or("");
    }
    template <class A>
    static std::vector<std::byte> written(const A& object) {
        std::vector<std::byte> bytes;
        const auto done = codec().encode(object, bytes);
        EXPECT_TRUE(done) << done.error().message;
        return bytes;
    }
    // `object` as the other version reads it.
    template <class B, class A>
    static B as(const A& object) {
        B read{};
        const auto done = codec().decode(written(object), read);
        EXPECT_TRUE(done) << done.error().message;
        return read;
    }
    // Why the other version refuses it.
    template <class B, class A>
    static std::string refusal(const A& object) {
        B read{};
        const auto done = codec().decode(written(object), read);
        return done ? "it was read" : done.error().message;
    }
};

TEST_P(Evolution, AFieldIsAddedOrRemovedAtTheEnd) {
    EXPECT_EQ((conflict<Old, AddedAtTheEnd>()), "");
    const auto fresh = as<AddedAtTheEnd>(Old{5, "text"});
    EXPECT_EQ(fresh.a, 5);
    EXPECT_EQ(fresh.b, "text");
    EXPECT_EQ(fresh.more, 7) << "its default";
    const auto old = as<Old>(AddedAtTheEnd{6, "new", 8});
    EXPECT_EQ(old.a, 6);
    EXPECT_EQ(old.b, "new");
}

TEST_P(Evolution, AFieldIsAddedOrRemovedBetweenOthers) {
    if (!is_by_name()) {
        EXPECT_EQ((conflict<Old, AddedBetween>()), "'b' is in another place there");
        return;
    }
    EXPECT_EQ((conflict<Old, AddedBetween>()), "");
    EXPECT_EQ((as<AddedBetween>(Old{5, "text"}).b), "text");
    EXPECT_EQ((as<AddedBetween>(Old{5, "text"}).more), 7);
    EXPECT_EQ((as<Old>(AddedBetween{6, 8, "new"}).b), "new");
}

TEST_P(Evolution, AFieldIsRenamed) {
    EXPECT_EQ((conflict<Old, Renamed>()), "");
    EXPECT_EQ((as<Renamed>(Old{5, "text"}).text), is_by_name() ? "default" : "text");
    EXPECT_EQ((as<Old>(Renamed{6, "new"}).b), is_by_name() ? "" : "new");
}

TEST_P(Evolution, FieldsChangePlaces) {
    if (!is_by_name()) {
        EXPECT_THAT((conflict<Old, Reordered>()), HasSubstr("is in another place there"));
        return;
    }
    EXPECT_EQ((conflict<Old, Reordered>()), "");
    EXPECT_EQ((as<Reordered>(Old{5, "text"}).b), "text");
    EXPECT_EQ((as<Reordered>(Old{5, "text"}).a), 5);
}

TEST_P(Evolution, AnIntegerIsWidened) {
    EXPECT_EQ((conflict<Old, Narrow>()), "");
    EXPECT_EQ((as<Old>(Narrow{-100, ""}).a), -100);
    EXPECT_EQ((as<Narrow>(Old{100, ""}).a), 100);
    EXPECT_THAT((refusal<Narrow>(Old{1000, ""})), HasSubstr("Narrow.a"));
}

TEST_P(Evolution, AnIntegersSignednessChanges) {
    EXPECT_EQ((conflict<Old, OtherSign>()), "'a' is 'int32' here and 'uint32' there");
}

TEST_P(Evolution, ARangeOrALimitIsWidened) {
    EXPECT_EQ((conflict<Ranged, Old>()), "");
    EXPECT_EQ((as<Old>(Ranged{30, "abc"}).b), "abc");
    EXPECT_EQ((as<Ranged>(Old{30, "abc"}).a), 30);
    EXPECT_THAT((refusal<Ranged>(Old{31, ""})), HasSubstr("Ranged.a: 31; it must be 0 to 30"));
    EXPECT_THAT((refusal<Ranged>(Old{1, "four"})), HasSubstr("Ranged.b"));
}

TEST_P(Evolution, AFieldBecomesOptional) {
    EXPECT_EQ((conflict<Old, Optional>()), "'a' is 'int32' here and 'optional' there");
}

TEST_P(Evolution, AFloatBecomesADouble) {
    EXPECT_EQ((conflict<Holds<float>, Holds<double>>()), "'value' is 'float' here and 'double' there");
}

TEST_P(Evolution, AnEnumeratorIsAdded) {
    EXPECT_EQ((conflict<Armed<Weapon>, Armed<MoreWeapons>>()), "");
    EXPECT_EQ((as<Armed<MoreWeapons>>(Armed<Weapon>{Weapon::rifle}).weapon), MoreWeapons::rifle);
    EXPECT_EQ((as<Armed<Weapon>>(Armed<MoreWeapons>{MoreWeapons::rifle}).weapon), Weapon::rifle);
    EXPECT_THAT((refusal<Armed<Weapon>>(Armed<MoreWeapons>{MoreWeapons::bow})), HasSubstr("weapon"));
}

TEST_P(Evolution, AnEnumeratorGetsAnotherValue) {
    EXPECT_THAT((conflict<Armed<Weapon>, Armed<OtherWeapons>>()),
                HasSubstr("'weapon' is 'enum pistol=0 rifle=1' here"));
}

TEST_P(Evolution, AnAlternativeIsAddedAtTheEnd) {
    using Two = Acts<Walk, Shoot>;
    using Three = Acts<Walk, Shoot, Jump>;
    EXPECT_EQ((conflict<Two, Three>()), "");
    EXPECT_EQ(std::get<Shoot>(as<Three>(Two{Shoot{3}}).action).times, 3);
    EXPECT_EQ(std::get<Shoot>(as<Two>(Three{Shoot{4}}).action).times, 4);
    EXPECT_THAT((refusal<Two>(Three{Jump{1}})), HasSubstr("action"));
    EXPECT_THAT((conflict<Two, Acts<Shoot, Walk>>()), HasSubstr("'action' is 'variant Walk Shoot' here"));
}

TEST_P(Evolution, AnInnerStructGetsAField) {
    EXPECT_EQ((conflict<Holds<Inner>, Holds<MoreInner>>()), "");
    EXPECT_EQ((as<Holds<MoreInner>>(Holds<Inner>{{5}}).value.y), 3);
    EXPECT_EQ((as<Holds<Inner>>(Holds<MoreInner>{{6, 1}}).value.x), 6);
    using Many = Holds<std::vector<Inner>>;
    using ManyMore = Holds<std::vector<MoreInner>>;
    EXPECT_EQ((conflict<Many, ManyMore>()), "");
    EXPECT_EQ((as<ManyMore>(Many{{{5}, {6}}}).value.at(1).x), 6);
    EXPECT_EQ((as<ManyMore>(Many{{{5}, {6}}}).value.at(1).y), 3);
}

TEST_P(Evolution, AnArrayGetsAnotherSize) {
    EXPECT_EQ((conflict<Holds<std::array<int, 3>>, Holds<std::array<int, 4>>>()),
              "'value' is 'array of 3' here and 'array of 4' there");
}

INSTANTIATE_TEST_SUITE_P(All, Evolution,
                         ::testing::Values(&json_codec(), &message_pack_named_codec(), &message_pack_codec(),
                                           &protobuf_codec()),
                         [](const auto& test) {
                             std::string name(test.param->name());
                             std::erase(name, '-');
                             return name;
                         });

TEST(SchemaConflict, OfBitsIsAnyDifference) {
    EXPECT_EQ(bits_codec().field_identity(), FieldIdentity::whole_schema);
    EXPECT_EQ(schema_conflict(schema_text<Old>(), schema_text<Old>(), FieldIdentity::whole_schema),
              std::nullopt);
    EXPECT_EQ(schema_conflict(schema_text<Old>(), schema_text<AddedAtTheEnd>(), FieldIdentity::whole_schema),
              "'more' (float) is missing here");
}

// A peer may send any text.
TEST(SchemaConflict, OfWhatIsNoSchemaIsOne) {
    for (const FieldIdentity identity : {FieldIdentity::name, FieldIdentity::place})
        for (const std::string_view text : {"", "x", "\n\n", " ", "a int32\na int32\n", "?? ??",
                                            ". struct of 1\n] int32", ". struct\n. struct"})
            EXPECT_TRUE(schema_conflict(schema_text<Old>(), text, identity)) << text;
}

}  // namespace
}  // namespace squall::wire
