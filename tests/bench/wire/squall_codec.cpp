// Squall's codecs in the contest: bits without loss, bits quantised, plain bytes.
#include "bench/wire/contest.hpp"
#include "squall/wire/binary.hpp"
#include "squall/wire/contract.hpp"
#include "squall/wire/snapshot.hpp"

namespace squall::bench {

// The same seven attributes with coordinates in steps of 1/128 m.
struct CompactPlayer : Player {
    SQUALL_FIELDS(x, z, ammo, health, armour, alive, user)
};

}  // namespace squall::bench

namespace squall::wire {

using bench::CompactPlayer;
using bench::Entity;
using bench::Player;

template <>
inline constexpr auto field<&Player::ammo> = range(0, 30);
template <>
inline constexpr auto field<&Player::health> = range(0, 100);
template <>
inline constexpr auto field<&Player::armour> = range(0, 100);
template <>
inline constexpr auto field<&Player::user> = range(0, 17'592'186'044'415);

template <>
inline constexpr auto field<member<CompactPlayer>("x")> = quantised(-256, 256, 16);
template <>
inline constexpr auto field<member<CompactPlayer>("z")> = quantised(-256, 256, 16);
template <>
inline constexpr auto field<member<CompactPlayer>("ammo")> = range(0, 30);
template <>
inline constexpr auto field<member<CompactPlayer>("health")> = range(0, 100);
template <>
inline constexpr auto field<member<CompactPlayer>("armour")> = range(0, 100);
template <>
inline constexpr auto field<member<CompactPlayer>("user")> = range(0, 17'592'186'044'415);

template <>
inline constexpr auto field<&Entity::position> = quantised(-256, 256, 18) | moves(10);
template <>
inline constexpr auto field<&bench::Position::y> = quantised(-16, 16, 14);
template <>
inline constexpr auto field<&Entity::rotation> = unit_quaternion(9);
template <>
inline constexpr auto field<&Entity::velocity> = fixed_point(-10, 10, 20.0 / 2046) | at_rest();
template <>
inline constexpr auto field<&Entity::health> = range(0, 100);

}  // namespace squall::wire

namespace squall::bench {

namespace {

template <class P>
struct Bits {
    static std::size_t write(const Player& player, std::byte* out) {
        return wire::encode(MutableBytes(out, sizeof(Scratch)), of(player))->size();
    }
    static bool read(Bytes bytes, Player& player) {
        P read;
        const bool good = wire::decode(bytes, read);
        player = read;
        return good;
    }
    static void settle(Player& player) {
        P settled = of(player);
        (void)wire::settle(settled);
        player = settled;
    }
    static std::size_t write_change(const Player& old, const Player& now, std::byte* out) {
        return wire::encode_delta(MutableBytes(out, sizeof(Scratch)), of(old), of(now))->size();
    }
    static bool read_change(Bytes bytes, Player& player) {
        P patched = of(player);
        wire::BitReader reader(bytes);
        wire::read_delta(reader, patched);
        player = patched;
        return reader.finish();
    }

  private:
    static P of(const Player& player) {
        if constexpr (std::is_same_v<P, Player>) {
            return player;
        } else {
            P copy;
            static_cast<Player&>(copy) = player;
            return copy;
        }
    }
};

struct PlainBytes {
    static std::size_t write(const Player& player, std::byte* out) {
        wire::BinaryWriter writer(MutableBytes(out, sizeof(Scratch)));
        writer << player;
        return writer.written().size();
    }
    static bool read(Bytes bytes, Player& player) {
        wire::BinaryReader reader(bytes);
        reader >> player;
        return reader.at_end();
    }
};

struct World {
    static void write_world(const std::vector<Entity>& world, std::vector<std::byte>& bytes) {
        static std::vector<std::byte> buffer(64 * kEntities);
        wire::BitWriter writer(buffer);
        wire::write_objects<Entity>(writer, world);
        const Bytes written = writer.finish();
        bytes.assign(written.begin(), written.end());
    }
    static bool read_world(Bytes bytes, std::vector<Entity>& world) {
        wire::BitReader reader(bytes);
        world.resize(kEntities);
        return wire::read_objects(reader, std::span<Entity>(world)) && reader.finish();
    }
};

struct Contracted {
    static inline const wire::Contract<Fighter> kContract{"fighter"};
    static std::size_t write_fighter(const Fighter& fighter, std::byte* out) {
        return kContract.encode(MutableBytes(out, sizeof(Scratch)), fighter)->size();
    }
    static bool read_fighter(Bytes bytes, Fighter& fighter) {
        return kContract.decode(bytes, fighter).has_value();
    }
    static std::size_t write_fighter_change(const Fighter& old, const Fighter& now, std::byte* out) {
        return kContract.diff(MutableBytes(out, sizeof(Scratch)), old, now)->size();
    }
    static bool read_fighter_change(Bytes bytes, Fighter& fighter) {
        return kContract.patch_in_place(fighter, bytes).has_value();
    }
};

Row measure_our_moved(const Payload& payload) {
    std::vector<Entity> baseline = payload.world;
    for (Entity& entity : baseline) expect(wire::settle(entity), "settle");
    std::vector<Entity> settled = baseline;
    std::vector<std::byte> buffer(64 * kEntities);
    std::vector<std::uint32_t> dirty;
    Bytes written;
    const auto write = [&] {
        dirty = payload.dirty;
        for (const std::uint32_t i : dirty) {
            settled[i] = payload.moved[i];
            expect(wire::settle(settled[i]), "settle");
        }
        wire::BitWriter writer(buffer);
        wire::write_snapshot_delta<Entity>(writer, baseline, settled, dirty);
        written = writer.finish();
    };
    std::vector<Entity> read = baseline;
    const auto take = [&] {
        for (const std::uint32_t i : dirty) read[i] = baseline[i];
        wire::BitReader reader(written);
        expect(wire::read_snapshot_delta(reader, read) && reader.finish(), "squall's snapshot delta");
    };
    Row row{"squall bits, quantised", 0, 0, 0};
    row.write_ns = least_time(1, write, 500);
    row.bytes = static_cast<double>(written.size());
    row.read_ns = least_time(1, take, 500);
    return row;
}

}  // namespace

void add_squall(const Payload& payload, Tables& tables) {
    tables.full.push_back(measure_full<Bits<CompactPlayer>>("squall bits, quantised", payload));
    tables.full.push_back(measure_full<Bits<Player>>("squall bits, lossless", payload));
    tables.full.push_back(measure_full<PlainBytes>("squall plain bytes", payload));
    tables.change.push_back(measure_change<Bits<CompactPlayer>>("squall bits, quantised", payload));
    tables.change.push_back(measure_change<Bits<Player>>("squall bits, lossless", payload));
    tables.world.push_back(measure_world<World>("squall bits, quantised", payload));
    tables.moved.push_back(measure_our_moved(payload));
    tables.fighter.push_back(measure_fighter<Contracted>("squall contract", payload));
    tables.fighter_change.push_back(measure_fighter_change<Contracted>("squall contract", payload));
}

}  // namespace squall::bench
