// The objects of the wire study, and how a codec is measured with them: bytes, time to write, time to read. A
// codec is a struct of static functions; what it lacks is left out. Knows no library.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "bench/contract/payload.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/rng.hpp"

namespace squall::bench {

// Seven attributes.
struct Player {
    float x = 0;
    float z = 0;
    std::int32_t ammo = 0;    // 0 to 30
    std::int32_t health = 0;  // 0 to 100
    std::int32_t armour = 0;  // 0 to 100
    bool alive = false;
    std::uint64_t user = 0;  // ten digits
};

struct Vec3 {
    float x = 0;
    float y = 0;
    float z = 0;
};
struct Quat {
    float x = 0;
    float y = 0;
    float z = 0;
    float w = 1;
};
// x and z within 256 m, the height within 16 m.
struct Position {
    float x = 0;
    float y = 0;
    float z = 0;
};
struct Entity {
    Position position;
    Quat rotation;
    Vec3 velocity;
    std::uint8_t health = 0;
};

// Every attribute of a Fighter (contract/payload.hpp) but its nick: X(name), in order.
#define SQUALL_BENCH_NUMBERS(X) \
    X(position_x)               \
    X(position_y)               \
    X(position_z)               \
    X(body_x)                   \
    X(body_y)                   \
    X(body_z)                   \
    X(look_x)                   \
    X(look_y)                   \
    X(look_z)                   \
    X(ammo)                     \
    X(health)                   \
    X(armour)                   \
    X(weapon)                   \
    X(alive)                    \
    X(user)
#define SQUALL_BENCH_ATTRIBUTES(X) SQUALL_BENCH_NUMBERS(X) X(nick)

inline constexpr std::size_t kPlayers = 4096;
inline constexpr std::size_t kEntities = 1000;
inline constexpr std::size_t kMoved = 100;
using Scratch = std::array<std::byte, 1024>;

struct Payload {
    std::vector<Player> players;
    std::vector<Player> changed;  // the same with exactly two of their six changeable attributes changed
    std::vector<Entity> world;
    std::vector<Entity> moved;  // one step later
    std::vector<std::uint32_t> dirty;
    std::vector<Fighter> fighters = make_fighters(kPlayers);  // each made from seed_fighter()
    Payload();
};

struct Row {
    std::string codec;
    double bytes = 0;
    double write_ns = 0;
    double read_ns = 0;
};

// What the compiler must not remove.
inline void keep(const void* value) {
    asm volatile("" : : "r"(value) : "memory");
}

// Nanoseconds a call of one of `count` calls: the least of several rounds, for the machine is shared.
template <class F>
double least_time(std::size_t count, F&& one_round, int rounds = 15) {
    double least = 1e18;
    for (int round = 0; round < rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        one_round();
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
        least = std::min(least, took.count() / static_cast<double>(count));
    }
    return least;
}

inline void expect(bool good, std::string_view what) {
    if (good) return;
    std::fprintf(stderr, "wire_codecs: %.*s does not give back what it got\n", static_cast<int>(what.size()),
                 what.data());
    std::exit(1);
}

// C::write(player, out) -> bytes, C::read(bytes, player) -> bool
template <class C>
Row measure_full(std::string name, const Payload& payload) {
    std::vector<Scratch> buffers(kPlayers);
    std::vector<std::size_t> sizes(kPlayers);
    std::size_t total = 0;
    for (std::size_t i = 0; i < kPlayers; ++i) {
        sizes[i] = C::write(payload.players[i], buffers[i].data());
        total += sizes[i];
        Player read;
        expect(C::read(Bytes(buffers[i].data(), sizes[i]), read) && read.user == payload.players[i].user &&
                   read.ammo == payload.players[i].ammo && read.armour == payload.players[i].armour,
               name);
    }
    Row row{std::move(name), static_cast<double>(total) / kPlayers, 0, 0};
    Scratch out;
    row.write_ns = least_time(kPlayers, [&] {
        for (const Player& player : payload.players) {
            const std::size_t size = C::write(player, out.data());
            keep(&size);
            keep(out.data());
        }
    });
    Player read;
    row.read_ns = least_time(kPlayers, [&] {
        for (std::size_t i = 0; i < kPlayers; ++i) {
            const bool good = C::read(Bytes(buffers[i].data(), sizes[i]), read);
            keep(&good);
            keep(&read);
        }
    });
    return row;
}

// C::write_change(old, now, out) finds the difference too; C::read_change(bytes, player) applies it.
template <class C>
Row measure_change(std::string name, const Payload& payload) {
    std::vector<Player> old = payload.players;
    for (Player& player : old) C::settle(player);
    std::vector<Scratch> buffers(kPlayers);
    std::vector<std::size_t> sizes(kPlayers);
    std::size_t total = 0;
    for (std::size_t i = 0; i < kPlayers; ++i) {
        sizes[i] = C::write_change(old[i], payload.changed[i], buffers[i].data());
        total += sizes[i];
        Player read = old[i];
        expect(C::read_change(Bytes(buffers[i].data(), sizes[i]), read) &&
                   read.ammo == payload.changed[i].ammo && read.alive == payload.changed[i].alive &&
                   read.armour == payload.changed[i].armour,
               name);
    }
    Row row{std::move(name), static_cast<double>(total) / kPlayers, 0, 0};
    Scratch out;
    row.write_ns = least_time(kPlayers, [&] {
        for (std::size_t i = 0; i < kPlayers; ++i) {
            const std::size_t size = C::write_change(old[i], payload.changed[i], out.data());
            keep(&size);
            keep(out.data());
        }
    });
    Player read;
    row.read_ns = least_time(kPlayers, [&] {
        for (std::size_t i = 0; i < kPlayers; ++i) {
            read = old[i];
            const bool good = C::read_change(Bytes(buffers[i].data(), sizes[i]), read);
            keep(&good);
            keep(&read);
        }
    });
    return row;
}

// C::write_world(world, out), C::read_world(bytes, world)
template <class C>
Row measure_world(std::string name, const Payload& payload) {
    std::vector<std::byte> bytes;
    C::write_world(payload.world, bytes);
    std::vector<Entity> read;
    expect(
        C::read_world(bytes, read) && read.size() == kEntities && read[7].health == payload.world[7].health,
        name);
    Row row{std::move(name), static_cast<double>(bytes.size()), 0, 0};
    row.write_ns = least_time(1, [&] { C::write_world(payload.world, bytes), keep(bytes.data()); }, 200);
    row.read_ns = least_time(
        1, [&] { keep(&(read[0] = Entity{})), C::read_world(bytes, read), keep(read.data()); }, 200);
    return row;
}

// C::write_moved(world, dirty, bytes) writes those entities with their numbers; C::read_moved(bytes, world).
template <class C>
Row measure_moved(std::string name, const Payload& payload) {
    std::vector<std::byte> bytes;
    C::write_moved(payload.moved, payload.dirty, bytes);
    std::vector<Entity> read = payload.world;
    expect(C::read_moved(bytes, read), name);
    for (const std::uint32_t i : payload.dirty)
        expect(read[i].position.x == payload.moved[i].position.x &&
                   read[i].rotation.w == payload.moved[i].rotation.w,
               name);
    Row row{std::move(name), static_cast<double>(bytes.size()), 0, 0};
    row.write_ns =
        least_time(1, [&] { C::write_moved(payload.moved, payload.dirty, bytes), keep(bytes.data()); }, 500);
    row.read_ns =
        least_time(1, [&] { keep(read.data()), C::read_moved(bytes, read), keep(read.data()); }, 500);
    return row;
}

// A contract's sixteen attributes. C::write_fighter(fighter, out) -> bytes, C::read_fighter(bytes, fighter).
template <class Write, class Read>
Row measure_fighters(std::string name, const Payload& payload, const Write& write, const Read& read) {
    const Fighter seed = seed_fighter();
    std::vector<Scratch> buffers(kPlayers);
    std::vector<std::size_t> sizes(kPlayers);
    std::size_t total = 0;
    for (std::size_t i = 0; i < kPlayers; ++i) {
        sizes[i] = write(payload.fighters[i], buffers[i].data());
        total += sizes[i];
        Fighter fighter = seed;
        expect(read(Bytes(buffers[i].data(), sizes[i]), fighter) && fighter == payload.fighters[i], name);
    }
    Row row{std::move(name), static_cast<double>(total) / kPlayers, 0, 0};
    Scratch out;
    row.write_ns = least_time(kPlayers, [&] {
        for (const Fighter& fighter : payload.fighters) {
            const std::size_t size = write(fighter, out.data());
            keep(&size);
            keep(out.data());
        }
    });
    Fighter fighter = seed;
    row.read_ns = least_time(kPlayers, [&] {
        for (std::size_t i = 0; i < kPlayers; ++i) {
            const bool good = read(Bytes(buffers[i].data(), sizes[i]), fighter);
            keep(&good);
            keep(&fighter);
        }
    });
    return row;
}
template <class C>
Row measure_fighter(std::string name, const Payload& payload) {
    return measure_fighters(
        std::move(name), payload,
        [](const Fighter& fighter, std::byte* out) { return C::write_fighter(fighter, out); },
        [](Bytes bytes, Fighter& fighter) { return C::read_fighter(bytes, fighter); });
}
// Against the seed object: C::write_fighter_change(old, now, out), C::read_fighter_change(bytes, fighter).
template <class C>
Row measure_fighter_change(std::string name, const Payload& payload) {
    const Fighter seed = seed_fighter();
    return measure_fighters(
        std::move(name), payload,
        [&](const Fighter& now, std::byte* out) { return C::write_fighter_change(seed, now, out); },
        [&](Bytes bytes, Fighter& fighter) {
            fighter = seed;
            return C::read_fighter_change(bytes, fighter);
        });
}

// What each file of a library adds; one that the machine lacks is not built.
struct Tables {
    std::vector<Row> full;
    std::vector<Row> change;
    std::vector<Row> world;
    std::vector<Row> moved;
    std::vector<Row> fighter;
    std::vector<Row> fighter_change;
};
void add_squall(const Payload& payload, Tables& tables);
#define SQUALL_BENCH_PEERS(X) X(protobuf) X(msgpack) X(flatbuffers) X(nlohmann) X(cereal)
#define SQUALL_BENCH_DECLARE(name) void add_##name(const Payload& payload, Tables& tables);
SQUALL_BENCH_PEERS(SQUALL_BENCH_DECLARE)
#undef SQUALL_BENCH_DECLARE

}  // namespace squall::bench
