// What the bit streams cost: the seven-field player of the wire study (wire formats measured against each
// other), full, 128 bits. Its floor there was 13 ns to write and 17 ns to read.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/serialise.hpp"

namespace squall::wire {
namespace {

struct Player {
    std::uint32_t x = 0;
    std::uint32_t z = 0;
    std::int32_t ammo = 0;
    std::int32_t health = 0;
    std::int32_t armour = 0;
    bool alive = false;
    std::uint64_t user = 0;
};

template <BitStream Stream>
void serialise(Stream& stream, Ref<Stream, Player> player) {
    stream.bits(player.x, 32);
    stream.bits(player.z, 32);
    stream.ranged(player.ammo, 0, 30);
    stream.ranged(player.health, 0, 100);
    stream.ranged(player.armour, 0, 100);
    stream.boolean(player.alive);
    stream.ranged(player.user, 0U, (std::uint64_t{1} << 44) - 1);
}

std::vector<Player> players() {
    Rng rng(1);
    std::vector<Player> all(4096);
    for (Player& player : all)
        player = {static_cast<std::uint32_t>(rng.next()),
                  static_cast<std::uint32_t>(rng.next()),
                  static_cast<std::int32_t>(rng.below(31)),
                  static_cast<std::int32_t>(rng.below(101)),
                  static_cast<std::int32_t>(rng.below(101)),
                  rng.below(2) != 0,
                  rng.below(10'000'000'000)};
    return all;
}

void wire_write_player(benchmark::State& state) {
    const auto all = players();
    std::array<std::byte, 64> buffer;
    std::size_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(encode(buffer, all[at++ % all.size()]));
        benchmark::ClobberMemory();
    }
}
BENCHMARK(wire_write_player);

void wire_measure_player(benchmark::State& state) {
    const auto all = players();
    std::size_t at = 0;
    for (auto _ : state) benchmark::DoNotOptimize(encoded_bits(all[at++ % all.size()]));
}
BENCHMARK(wire_measure_player);

void wire_read_player(benchmark::State& state) {
    const auto all = players();
    std::vector<std::array<std::byte, 16>> bytes(all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        if (!encode(bytes[i], all[i])) return state.SkipWithError("16 bytes do not hold a player");
    Player player;
    std::size_t at = 0;
    for (auto _ : state) {
        if (!decode(bytes[at++ % bytes.size()], player)) state.SkipWithError("refused");
        benchmark::DoNotOptimize(player);
    }
}
BENCHMARK(wire_read_player);

}  // namespace
}  // namespace squall::wire
