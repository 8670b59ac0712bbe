// The codec part of contracts: of structs and of attributes known at run time, which are the same on the
// wire.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/contract.hpp"
#include "squall/wire/dynamic_contract.hpp"
#include "unit/wire/schema_types.hpp"

namespace squall::wire {
namespace {

using namespace test;

struct Loadout {
    std::optional<std::int64_t> ammo;
    std::optional<std::string> nick;
    std::optional<bool> alive;
    std::optional<std::array<float, 3>> position;
    friend bool operator==(const Loadout&, const Loadout&) = default;
};

}  // namespace
}  // namespace squall::wire

template <>
inline constexpr auto squall::wire::field<&squall::wire::Loadout::ammo> = range(0, 30);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Loadout::nick> = max_size(20);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Loadout::position> = quantised(-256, 256, 16);

namespace squall::wire {
namespace {

std::vector<Attribute> loadout_attributes() {
    return {{"ammo", AttributeKind::integer, range(0, 30)},
            {"nick", AttributeKind::text, max_size(20)},
            {"alive", AttributeKind::boolean},
            {"position", AttributeKind::singles, quantised(-256, 256, 16), 3}};
}
DynamicContract loadout() {
    return *DynamicContract::make("loadout", loadout_attributes());
}

std::vector<std::byte> copy(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

TEST(Contract, EncodesDecodesDiffsAndPatches) {
    const Contract<Loadout> contract{"loadout"};
    std::array<std::byte, 128> buffer;
    const Loadout old{7, "John", true, {{1, 2, 3}}};
    const auto full = copy(*contract.encode(buffer, old));
    EXPECT_EQ(contract_form(full), ContractForm::full);
    Loadout decoded;
    ASSERT_TRUE(contract.decode(full, decoded));
    EXPECT_EQ(decoded, old);

    Loadout now = old;
    now.ammo = 6;
    now.nick.reset();
    const auto delta = copy(*contract.diff(buffer, old, now));
    EXPECT_EQ(contract_form(delta), ContractForm::delta);
    EXPECT_EQ(delta.size(), 2U);  // flag, 4 of mask, "some gone", two of "gone?", 5 of ammo: 13 bits
    const Loadout before = old;
    EXPECT_EQ(*contract.patch(old, delta), now);
    EXPECT_EQ(old, before);
    Loadout in_place = old;
    ASSERT_TRUE(contract.patch_in_place(in_place, delta));
    EXPECT_EQ(in_place, now);
    EXPECT_EQ(contract_form({}), ContractForm::neither);
}

TEST(Contract, MatchesItsGoldenBytes) {
    const Contract<Loadout> contract{"loadout"};
    std::array<std::byte, 128> buffer;
    // 1 | 1, 7 in 5 bits | 1, 2 in 5 bits, aligned: "Jo" | 1, 1 | 0
    EXPECT_EQ(to_hex(*contract.encode(buffer, Loadout{7, "Jo", true, {}})), "9f024a6f03");
    // 0 | changed: ammo, nick, position | some gone, not ammo, nick is | 6 | 0 in steps: 32768 thrice
    EXPECT_EQ(to_hex(*contract.diff(buffer, Loadout{7, "Jo", true, {}}, Loadout{6, {}, true, {{0, 0, 0}}})),
              "b606001000100010");
}

TEST(Contract, SaysWhatIsWrong) {
    const Contract<Loadout> contract{17U};
    std::array<std::byte, 128> buffer;
    EXPECT_EQ(contract.encode(buffer, Loadout{31, {}, {}, {}}).error().message,
              "Loadout.ammo: 31; it must be 0 to 30");
    EXPECT_EQ(contract.encode(MutableBytes(buffer).first(3), Loadout{1, "abcdef", {}, {}}).error().code,
              ErrorCode::too_large);
    const auto full = copy(*contract.encode(buffer, Loadout{7, "John", true, {}}));
    Loadout read;
    EXPECT_EQ(contract.patch(read, full).error().message,
              "contract 17: got a full object; it must be a delta");
    EXPECT_EQ(contract.decode(Bytes(full).first(3), read).error().message,
              "contract 17: the buffer ended at bit 16");
    std::vector<std::byte> longer = full;
    longer.push_back({});
    EXPECT_FALSE(contract.decode(longer, read));
    EXPECT_FALSE(contract.decode({}, read));
}

TEST(Contract, AnErrorLeavesThePatchedObjectAsItWas) {
    const Contract<Loadout> contract{"loadout"};
    std::array<std::byte, 128> buffer;
    const auto delta = copy(*contract.diff(buffer, Loadout{}, Loadout{7, "John", true, {{1, 2, 3}}}));
    for (std::size_t cut = 0; cut < delta.size(); ++cut) {
        Loadout object;
        EXPECT_FALSE(contract.patch_in_place(object, Bytes(delta).first(cut)));
        EXPECT_EQ(object, Loadout{});
    }
}

TEST(DynamicContract, IsTheSameOnTheWireAsAStructOfOptionals) {
    const Contract<Loadout> fixed{"loadout"};
    const DynamicContract dynamic = loadout();
    EXPECT_EQ(dynamic.schema(), fixed.schema());
    std::array<std::byte, 128> buffer;
    const Loadout old{7, "John", true, {{1, 2, 3}}};
    const Loadout now{6, {}, true, {{1, 2, 4.5F}}};
    const DynamicObject dynamic_old{
        {"ammo", 7}, {"nick", "John"}, {"alive", true}, {"position", DynamicValue::Numbers{1, 2, 3}}};
    const DynamicObject dynamic_now{
        {"ammo", 6}, {"alive", true}, {"position", DynamicValue::Numbers{1, 2, 4.5}}};
    const auto full = copy(*fixed.encode(buffer, old));
    EXPECT_EQ(copy(*dynamic.encode(buffer, dynamic_old)), full);
    const auto delta = copy(*fixed.diff(buffer, old, now));
    EXPECT_EQ(copy(*dynamic.diff(buffer, dynamic_old, dynamic_now)), delta);
    DynamicObject read;
    ASSERT_TRUE(dynamic.decode(full, read));
    EXPECT_EQ(read, dynamic_old);
    EXPECT_EQ(*dynamic.patch(dynamic_old, delta), dynamic_now);
}

TEST(DynamicContract, RefusesAWrongListOfAttributes) {
    const auto why = [](std::vector<Attribute> attributes) {
        const auto made = DynamicContract::make(3U, std::move(attributes));
        return made ? std::string("none") : made.error().message;
    };
    EXPECT_EQ(why({{"a", AttributeKind::boolean}, {"a", AttributeKind::number}}),
              "contract 3: attribute 'a' is listed twice; each name must be used once");
    EXPECT_EQ(why({{"", AttributeKind::boolean}}),
              "contract 3: an attribute's name must not be empty or hold blanks");
    EXPECT_EQ(why({{"a", AttributeKind::boolean, range(0, 1)}}),
              "contract 3: attribute 'a': a range of integers is for integers");
    EXPECT_EQ(why({{"v", AttributeKind::numbers}}),
              "contract 3: attribute 'v': it holds 0 numbers; there must be 1 to 64");
    std::vector<Attribute> many;
    for (int i = 0; i < 64; ++i) many.push_back({"a" + std::to_string(i), AttributeKind::number});
    EXPECT_EQ(why(many), "none");
    many.push_back({"last", AttributeKind::number});
    EXPECT_EQ(why(many), "contract 3: 65 attributes; 64 is the limit of a contract and of each object in it");
    Attribute deep{"deep", AttributeKind::object};
    for (int i = 0; i < 8; ++i) deep = Attribute{"deep", AttributeKind::object, {}, 0, {deep}};
    EXPECT_EQ(why({deep}), "contract 3: objects are nested deeper than 8 levels");
}

TEST(DynamicContract, RefusesWrongObjects) {
    const DynamicContract contract = loadout();
    const auto why = [&](const DynamicObject& object) {
        std::array<std::byte, 128> buffer;
        const auto encoded = contract.encode(buffer, object);
        return encoded ? std::string("none") : encoded.error().message;
    };
    EXPECT_EQ(why({{"ammo", 1}}), "none");
    EXPECT_EQ(why({{"ammo", "many"}}), "contract 'loadout': ammo: it must be an integer");
    EXPECT_EQ(why({{"ammo", 31}}), "contract 'loadout': ammo: 31; it must be 0 to 30");
    EXPECT_EQ(why({{"position", DynamicValue::Numbers{1, 2}}}),
              "contract 'loadout': position: 2 numbers; there must be 3");
    EXPECT_EQ(why({{"armour", 1}}), "contract 'loadout': armour: the contract has no such attribute");
}

TEST(DynamicContract, IgnoresWhatIsBelowItsEpsilons) {
    const auto contract = *DynamicContract::make(1U, {{"a", AttributeKind::number},
                                                      {"b", AttributeKind::number, epsilon(0.5)},
                                                      {"v", AttributeKind::numbers, {}, 3}});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const DynamicObject old{{"a", 1.0}, {"b", 1.0}, {"v", DynamicValue::Numbers{1, 2, nan}}};
    EXPECT_FALSE(
        contract.changed(old, {{"a", 1 + 9e-6}, {"b", 1.5}, {"v", DynamicValue::Numbers{1, 2 + 1e-6, nan}}}));
    EXPECT_TRUE(
        contract.changed(old, {{"a", 1 + 2e-5}, {"b", 1.5}, {"v", DynamicValue::Numbers{1, 2, nan}}}));
    EXPECT_TRUE(contract.changed(old, {{"a", 1}, {"b", 1.6}, {"v", DynamicValue::Numbers{1, 2, nan}}}));
    EXPECT_TRUE(contract.changed(old, {{"a", 1}, {"b", 1}, {"v", DynamicValue::Numbers{1, 2, 3}}}));
    const auto exact = *DynamicContract::make(1U, {{"a", AttributeKind::number}}, {.epsilon = 0});
    EXPECT_TRUE(exact.changed({{"a", 1.0}}, {{"a", std::nextafter(1.0, 2.0)}}));
}

// A random list of attributes, and objects of it.
class RandomContract {
  public:
    explicit RandomContract(Rng& rng) : rng_(rng) {}
    std::vector<Attribute> attributes(int level = 0) {
        std::vector<Attribute> all(1 + rng_.below(level == 0 ? 12 : 4));
        for (std::size_t i = 0; i < all.size(); ++i) {
            Attribute& a = all[i];
            a.name = "a" + std::to_string(i);
            a.kind = static_cast<AttributeKind>(rng_.below(level < 3 ? 8 : 7));
            const bool some = rng_.below(2) == 0;
            if (a.kind == AttributeKind::integer && some) a.constraints = range(-7, 1000);
            if (a.kind == AttributeKind::text) a.constraints = max_size(9);
            if ((a.kind == AttributeKind::number || a.kind == AttributeKind::singles) && some)
                a.constraints = fixed_point(-10, 10, 0.01);
            if (a.kind == AttributeKind::numbers || a.kind == AttributeKind::singles)
                a.count = 1 + rng_.below(4);
            if (a.kind == AttributeKind::object) a.attributes = attributes(level + 1);
        }
        return all;
    }
    DynamicObject object(const std::vector<Attribute>& attributes) {
        DynamicObject all;
        for (const Attribute& a : attributes)
            if (rng_.below(4) != 0) all.emplace(a.name, value(a));
        return all;
    }
    // As it is, but for some.
    void change(const std::vector<Attribute>& attributes, DynamicObject& object) {
        for (const Attribute& a : attributes) {
            if (rng_.below(3) != 0) continue;
            const auto place = object.find(a.name);
            if (place == object.end()) {
                object.emplace(a.name, value(a));
            } else if (rng_.below(4) == 0) {
                object.erase(place);
            } else if (auto* inner = std::get_if<DynamicObject>(&place->second.content)) {
                change(a.attributes, *inner);
            } else {
                place->second = value(a);
            }
        }
    }

  private:
    double number() { return static_cast<double>(rng_.between(-1000, 1000)) / 100; }
    DynamicValue value(const Attribute& a) {
        switch (a.kind) {
            case AttributeKind::boolean: return rng_.below(2) != 0;
            case AttributeKind::integer: return rng_.between(-7, 1000);
            case AttributeKind::number:
            case AttributeKind::single: return number();
            case AttributeKind::text: return std::string(rng_.below(10), 'x');
            case AttributeKind::numbers:
            case AttributeKind::singles: {
                DynamicValue::Numbers numbers(a.count);
                for (double& each : numbers) each = number();
                return numbers;
            }
            case AttributeKind::object: return object(a.attributes);
        }
        return {};
    }
    Rng& rng_;
};

TEST(DynamicContract, PatchesOldByDiffToNewForRandomSchemas) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        Rng rng(seed);
        RandomContract random(rng);
        const auto attributes = random.attributes();
        const auto contract = DynamicContract::make("random", attributes, {.epsilon = 0});
        ASSERT_TRUE(contract) << contract.error().message;
        std::vector<std::byte> buffer(1 << 16);
        const auto received = [&](const DynamicObject& object) {
            DynamicObject read;
            const auto bytes = contract->encode(buffer, object);
            EXPECT_TRUE(bytes) << bytes.error().message;
            EXPECT_TRUE(contract->decode(copy(*bytes), read));
            return read;
        };
        for (int i = 0; i < 10; ++i) {
            const DynamicObject old = received(random.object(attributes));
            DynamicObject now = old;
            random.change(attributes, now);
            const auto delta = copy(*contract->diff(buffer, old, now));
            const auto patched = contract->patch(old, delta);
            ASSERT_TRUE(patched) << patched.error().message;
            ASSERT_EQ(*patched, received(now)) << seed;
            ASSERT_FALSE(contract->changed(*patched, now));
            for (std::size_t cut = 0; cut < delta.size(); ++cut)
                ASSERT_FALSE(contract->patch(old, Bytes(delta).first(cut)));
            std::vector<std::byte> noise(rng.below(60));
            for (auto& byte : noise) byte = static_cast<std::byte>(rng.below(256));
            const auto odd = contract->patch(old, noise);
            ASSERT_TRUE(!odd || contract->check(*odd));
        }
    }
}

TEST(ContractTable, KnowsEachIdOnceAndNamesWhatDiffers) {
    ContractTable ours;
    ASSERT_TRUE(ours.add(Contract<Player>{"player"}));
    ASSERT_TRUE(ours.add(Contract<Entity>{5U}));
    EXPECT_EQ(ours.add(Contract<Entity>{5U}).error().message,
              "there is a contract 5 already; each id must be used once");
    EXPECT_EQ(ours.find("player"), 0U);
    EXPECT_EQ(ours.find(5U), 1U);
    EXPECT_EQ(ours.find(6U), std::nullopt);

    ContractTable same;
    ASSERT_TRUE(same.add(Contract<Entity>{5U}));
    ASSERT_TRUE(same.add(Contract<Player>{"player"}));
    EXPECT_EQ(same.hash(), ours.hash());
    EXPECT_EQ(ContractTable::mismatch(ours.text(), same.text()), std::nullopt);

    ContractTable less;
    ASSERT_TRUE(less.add(Contract<Entity>{5U}));
    EXPECT_EQ(ContractTable::mismatch(ours.text(), less.text()), "contract 'player' is missing there");
    EXPECT_EQ(ContractTable::mismatch(less.text(), ours.text()), "contract 'player' is missing here");
    ASSERT_TRUE(less.add(Contract<CompactPlayer>{"player"}));
    EXPECT_EQ(
        ContractTable::mismatch(ours.text(), less.text()),
        "contract 'player': 'x' is 'float' here and 'float quantised -256 to 256 by 0.0078125, 65535 steps' "
        "there");
}

}  // namespace
}  // namespace squall::wire
