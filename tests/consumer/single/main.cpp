// A program outside the tree that has Squall's core and wire as one header: bits, a delta and JSON of a
// struct.
#include <array>
#include <cstdio>

#include "squall_single.hpp"

struct Player {
    float x = 0;
    float z = 0;
    std::int32_t ammo = 0;
    bool alive = true;
    std::string nick;
    bool operator==(const Player&) const = default;
};
template <>
inline constexpr auto squall::wire::field<&Player::ammo> = range(0, 30);

int main() {
    const squall::wire::Contract<Player> contract("player");
    const Player old{1, 2, 30, true, "ada"};
    const Player now{1, 3, 29, false, "ada"};
    std::array<std::byte, 100> buffer;
    const auto delta = contract.diff(buffer, old, now);
    if (!delta || contract.patch(old, *delta) != now) return 1;
    std::vector<std::byte> packed;
    std::vector<std::byte> json;
    Player read;
    if (!squall::wire::json_codec().encode(now, json) || !squall::wire::json_codec().decode(json, read))
        return 2;
    squall::wire::Compression compression;
    compression.compress(json, packed);
    if (read != now || !compression.decompress(packed, 1000, json)) return 3;
    const auto codecs = squall::wire::CodecRegistry::standard();
    for (const auto* codec : codecs.all())
        if (!codec->encode(now, packed) || !codec->decode(packed, read) || read != now) return 4;
    squall::Rng rng(1);
    std::printf("a delta of %zu bytes, JSON of %zu, schema %016llx, %llu\n", delta->size(), json.size(),
                static_cast<unsigned long long>(squall::wire::schema_hash<Player>()),
                static_cast<unsigned long long>(rng.below(100)));
    return 0;
}
