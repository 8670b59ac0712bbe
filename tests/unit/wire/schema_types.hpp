// Structs that the tests of the schema share: untouched aggregates, and what is declared about them. No test.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "squall/wire/schema.hpp"

namespace squall::wire::test {

// The seven attributes of the wire study, without and with quantised coordinates.
struct Player {
    float x = 0;
    float z = 0;
    std::int32_t ammo = 0;
    std::int32_t health = 0;
    std::int32_t armour = 0;
    bool alive = false;
    std::uint64_t user = 0;
    friend bool operator==(const Player&, const Player&) = default;
};
struct CompactPlayer {
    float x = 0;
    float z = 0;
    std::int32_t ammo = 0;
    std::int32_t health = 0;
    std::int32_t armour = 0;
    bool alive = false;
    std::uint64_t user = 0;
    friend bool operator==(const CompactPlayer&, const CompactPlayer&) = default;
};

struct Vec3 {
    float x = 0;
    float y = 0;
    float z = 0;
    friend bool operator==(const Vec3&, const Vec3&) = default;
};
struct Quat {
    float x = 0;
    float y = 0;
    float z = 0;
    float w = 1;
    friend bool operator==(const Quat&, const Quat&) = default;
};
// x and z within 256 m, the height within 16 m, all in steps of 1/512 m.
struct Position {
    float x = 0;
    float y = 0;
    float z = 0;
    friend bool operator==(const Position&, const Position&) = default;
};
struct Entity {
    Position position;
    Quat rotation;
    Vec3 velocity;
    std::uint8_t health = 0;
    friend bool operator==(const Entity&, const Entity&) = default;
};

enum class Weapon : std::uint8_t { none, pistol, rail, flamer };
enum class Flag : std::int16_t { lost = -3, home = 0, taken = 40, secured = 100 };

struct Walk {
    float speed = 0;
    friend bool operator==(const Walk&, const Walk&) = default;
};
struct Shoot {
    Weapon weapon = Weapon::none;
    std::uint16_t target = 0;
    friend bool operator==(const Shoot&, const Shoot&) = default;
};
struct Idle {
    friend bool operator==(const Idle&, const Idle&) = default;
};

// One of everything.
struct Everything {
    bool flag = false;
    std::int8_t tiny = 0;
    std::uint64_t huge = 0;
    std::int64_t wide = 0;
    double exact = 0;
    Weapon weapon = Weapon::none;
    Flag state = Flag::home;
    std::string name;
    std::vector<std::byte> blob;
    std::optional<std::string> clan;
    std::vector<Vec3> trail;
    std::array<std::uint16_t, 3> slots{};
    std::map<std::string, std::int32_t> scores;
    std::map<Weapon, Shoot> arms;
    std::variant<Idle, Walk, Shoot> action;
    std::optional<Vec3> target;
    std::vector<std::optional<std::uint8_t>> maybe;
    friend bool operator==(const Everything&, const Everything&) = default;
};

class Account {
  public:
    SQUALL_FIELDS(owner_, balance_)
    Account() = default;
    Account(std::string owner, std::int64_t balance) : owner_(std::move(owner)), balance_(balance) {}
    friend bool operator==(const Account&, const Account&) = default;

  private:
    std::string owner_;
    std::int64_t balance_ = 0;
};
struct Savings : Player {
    SQUALL_FIELDS(user, rate)
    float rate = 0;
    friend bool operator==(const Savings&, const Savings&) = default;
};

}  // namespace squall::wire::test

template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Player::ammo> = range(0, 30);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Player::health> = range(0, 100);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Player::armour> = range(0, 100);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Player::user> = range(0, 17'592'186'044'415);

template <>
inline constexpr auto squall::wire::field<&squall::wire::test::CompactPlayer::x> = quantised(-256, 256, 16);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::CompactPlayer::z> = quantised(-256, 256, 16);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::CompactPlayer::ammo> = range(0, 30);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::CompactPlayer::health> = range(0, 100);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::CompactPlayer::armour> = range(0, 100);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::CompactPlayer::user> =
    range(0, 17'592'186'044'415);

template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Entity::position> =
    quantised(-256, 256, 18) | moves(10);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Position::y> = quantised(-16, 16, 14);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Entity::rotation> = unit_quaternion(9);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Entity::velocity> =
    fixed_point(-10, 10, 20.0 / 2046) | at_rest();
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Entity::health> = range(0, 100);

template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Everything::wide> = variable_length();
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Everything::name> = max_size(20);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Everything::trail> =
    max_size(8) | fixed_point(-100, 100, 0.1);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Everything::scores> = range(-5, 1000);
template <>
inline constexpr auto squall::wire::field<squall::wire::member<squall::wire::test::Account>("balance_")> =
    range(-100, 1'000'000);
