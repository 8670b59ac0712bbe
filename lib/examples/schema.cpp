// A struct of a game, declared once: its bits, its differences, its plain bytes, its table. Run it; it prints
// what it does and exits with 1 if anything is not as it says.
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "squall/wire/binary.hpp"
#include "squall/wire/delta.hpp"
#include "squall/wire/schema.hpp"

namespace game {

enum class Weapon : std::uint8_t { none, pistol, rail };

struct Vec3 {
    float x = 0, y = 0, z = 0;
};

// Nothing in it speaks of networks.
struct Player {
    Vec3 position;
    std::int32_t ammo = 0;
    Weapon weapon = Weapon::none;
    bool alive = true;
    std::optional<std::string> clan;
    std::vector<std::uint16_t> items;
};

// Private members, bases or more than 64 members: name the fields in one line.
class Account {
  public:
    SQUALL_FIELDS(owner_, balance_)

  private:
    std::string owner_;
    std::int64_t balance_ = 0;
};

}  // namespace game

// Outside the struct, at global scope: what the wire may know. All of it is optional.
template <>
inline constexpr auto squall::wire::field<&game::Player::position> = quantised(-256, 256, 18);
template <>
inline constexpr auto squall::wire::field<&game::Player::ammo> = range(0, 30);
template <>
inline constexpr auto squall::wire::field<&game::Player::items> = max_size(15) | range(0, 999);
template <>
inline constexpr auto squall::wire::field<squall::wire::member<game::Account>("balance_")> =
    variable_length();

namespace {

bool failed = false;
void expect(bool condition, const char* what) {
    if (condition) return;
    std::printf("wrong: %s\n", what);
    failed = true;
}

// Walks any object through its table: what a text codec or a debugger does.
void print(squall::wire::ConstValue value, std::string_view name, int depth) {
    using squall::wire::Kind;
    std::printf("%*s%.*s", depth * 2, "", static_cast<int>(name.size()), name.data());
    switch (value.kind()) {
        case Kind::signed_integer:
        case Kind::unsigned_integer:
            std::printf(" = %lld\n", static_cast<long long>(value.as_integer()));
            return;
        case Kind::floating: std::printf(" = %g\n", value.as_floating()); return;
        case Kind::boolean: std::printf(" = %s\n", value.as_bool() ? "true" : "false"); return;
        case Kind::text: std::printf(" = '%s'\n", std::string(value.as_text()).c_str()); return;
        case Kind::enumeration:
            std::printf(" = %s\n", std::string(value.enumerator_name().value_or("?")).c_str());
            return;
        default: break;
    }
    std::printf("\n");
    const bool named = value.kind() == Kind::structure;
    for (std::size_t i = 0; i < value.size(); ++i)
        print(value.at(i), named ? value.name_of(i) : "-", depth + 1);
}

}  // namespace

int main() {
    namespace wire = squall::wire;
    std::array<std::byte, 256> buffer;
    game::Player player{{1.5F, 0, -20}, 30, game::Weapon::rail, true, "wind", {7, 11}};

    // Bits: each number in as few as its range needs; everything is checked when it is read.
    const auto bits = wire::encode(buffer, player);
    expect(bits && bits->size() == 17, "a player takes 17 bytes");
    game::Player read;
    expect(wire::decode(*bits, read) && read.items == player.items, "decoding gives it back");
    expect(!wire::decode(bits->first(5), read), "half a player is refused");

    // A value out of its range is refused before it is sent, and named.
    game::Player wrong = player;
    wrong.ammo = 31;
    expect(!wire::encode(buffer, wrong), "31 of 30 rounds are refused");
    expect(wire::validate(wrong).error().message == "Player.ammo: 31; it must be 0 to 30", "and it says why");

    // Differences: a bit a field, then what changed. The baseline is what the receiver has.
    game::Player baseline = player;
    expect(wire::settle(baseline), "settling is what sending does to a value");
    player.ammo = 29;
    const auto delta = wire::encode_delta(buffer, baseline, player);
    expect(delta && delta->size() == 2, "one changed number takes two bytes");
    game::Player patched;
    expect(wire::decode_delta(*delta, baseline, patched) && patched.ammo == 29, "patching gives it back");

    // Plain bytes by << and >>.
    wire::BinaryWriter writer(buffer);
    writer << player.position << game::Vec3{1, 2, 3} << 100;
    expect(writer.written().size() == 28, "two vectors and a number take 28 bytes");
    wire::BinaryReader reader(writer.written());
    game::Vec3 position;
    game::Vec3 velocity;
    int health = 0;
    reader >> position >> velocity >> health;
    expect(reader.at_end() && health == 100, "reading gives them back");

    // Two programs compare their schemas before they talk.
    const std::string ours = wire::schema_text<game::Player>();
    std::string theirs = ours;
    theirs.replace(theirs.find("0 to 30"), 7, "0 to 60");
    expect(wire::first_difference(ours, theirs) == "'ammo' is 'int32 0 to 30' here and 'int32 0 to 60' there",
           "the difference is named");
    std::printf("schema %016llx\n", static_cast<unsigned long long>(wire::schema_hash<game::Player>()));
    print(wire::view(player), "player", 0);
    return failed ? 1 : 0;
}
