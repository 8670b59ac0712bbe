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

// What each file of a library adds; one that the machine lacks is not built.
struct Tables {
    std::vector<Row> full;
    std::vector<Row> change;
    std::vector<Row> world;
    std::vector<Row> moved;
};
void add_squall(const Payload& payload, Tables& tables);
#define SQUALL_BENCH_PEERS(X) X(protobuf) X(msgpack) X(flatbuffers) X(nlohmann) X(cereal)
#define SQUALL_BENCH_DECLARE(name) void add_##name(const Payload& payload, Tables& tables);
SQUALL_BENCH_PEERS(SQUALL_BENCH_DECLARE)
#undef SQUALL_BENCH_DECLARE

}  // namespace squall::bench
