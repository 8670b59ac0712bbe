// msgpack-cxx in the contest: arrays for whole objects, a map of numbers to values for changes.
#include <msgpack.hpp>

#include "bench/wire/contest.hpp"

namespace squall::bench {

namespace {

struct Codec {
    static std::size_t store(const msgpack::sbuffer& buffer, std::byte* out) {
        std::copy_n(reinterpret_cast<const std::byte*>(buffer.data()), buffer.size(), out);
        return buffer.size();
    }
    static std::size_t write(const Player& p, std::byte* out) {
        static msgpack::sbuffer buffer;
        buffer.clear();
        msgpack::packer packer(buffer);
        packer.pack_array(7);
        packer.pack(p.x).pack(p.z).pack(p.ammo).pack(p.health).pack(p.armour).pack(p.alive).pack(p.user);
        return store(buffer, out);
    }
    static bool read(Bytes bytes, Player& p) {
        const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        const auto& a = handle.get().via.array;
        if (handle.get().type != msgpack::type::ARRAY || a.size != 7) return false;
        a.ptr[0].convert(p.x), a.ptr[1].convert(p.z), a.ptr[2].convert(p.ammo), a.ptr[3].convert(p.health);
        a.ptr[4].convert(p.armour), a.ptr[5].convert(p.alive), a.ptr[6].convert(p.user);
        return true;
    }
    static void settle(Player&) {}
    static std::size_t write_change(const Player& a, const Player& b, std::byte* out) {
        static msgpack::sbuffer buffer;
        buffer.clear();
        msgpack::packer packer(buffer);
        const bool changed[] = {a.x != b.x,           a.z != b.z,           a.ammo != b.ammo,
                                a.health != b.health, a.armour != b.armour, a.alive != b.alive,
                                a.user != b.user};
        packer.pack_map(static_cast<std::uint32_t>(std::count(std::begin(changed), std::end(changed), true)));
        if (changed[0]) packer.pack(0).pack(b.x);
        if (changed[1]) packer.pack(1).pack(b.z);
        if (changed[2]) packer.pack(2).pack(b.ammo);
        if (changed[3]) packer.pack(3).pack(b.health);
        if (changed[4]) packer.pack(4).pack(b.armour);
        if (changed[5]) packer.pack(5).pack(b.alive);
        if (changed[6]) packer.pack(6).pack(b.user);
        return store(buffer, out);
    }
    static bool read_change(Bytes bytes, Player& p) {
        const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (handle.get().type != msgpack::type::MAP) return false;
        const auto& map = handle.get().via.map;
        for (std::uint32_t i = 0; i < map.size; ++i) {
            const auto& value = map.ptr[i].val;
            switch (map.ptr[i].key.as<int>()) {
                case 0: value.convert(p.x); break;
                case 1: value.convert(p.z); break;
                case 2: value.convert(p.ammo); break;
                case 3: value.convert(p.health); break;
                case 4: value.convert(p.armour); break;
                case 5: value.convert(p.alive); break;
                case 6: value.convert(p.user); break;
                default: return false;
            }
        }
        return true;
    }
    static void write_world(const std::vector<Entity>& world, std::vector<std::byte>& bytes) {
        static msgpack::sbuffer buffer;
        buffer.clear();
        msgpack::packer packer(buffer);
        packer.pack_array(static_cast<std::uint32_t>(world.size()));
        for (const Entity& e : world) {
            packer.pack_array(11);
            packer.pack(e.position.x).pack(e.position.y).pack(e.position.z);
            packer.pack(e.rotation.x).pack(e.rotation.y).pack(e.rotation.z).pack(e.rotation.w);
            packer.pack(e.velocity.x).pack(e.velocity.y).pack(e.velocity.z).pack(e.health);
        }
        bytes.resize(buffer.size());
        store(buffer, bytes.data());
    }
    static void write_moved(const std::vector<Entity>& world, const std::vector<std::uint32_t>& dirty,
                            std::vector<std::byte>& bytes) {
        static msgpack::sbuffer buffer;
        buffer.clear();
        msgpack::packer packer(buffer);
        packer.pack_array(static_cast<std::uint32_t>(dirty.size()));
        for (const std::uint32_t i : dirty) {
            const Entity& e = world[i];
            packer.pack_array(12).pack(i);
            packer.pack(e.position.x).pack(e.position.y).pack(e.position.z);
            packer.pack(e.rotation.x).pack(e.rotation.y).pack(e.rotation.z).pack(e.rotation.w);
            packer.pack(e.velocity.x).pack(e.velocity.y).pack(e.velocity.z).pack(e.health);
        }
        bytes.resize(buffer.size());
        store(buffer, bytes.data());
    }
    static bool read_moved(Bytes bytes, std::vector<Entity>& world) {
        const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (handle.get().type != msgpack::type::ARRAY) return false;
        for (std::uint32_t n = 0; n < handle.get().via.array.size; ++n) {
            const auto& a = handle.get().via.array.ptr[n].via.array;
            if (a.size != 12 || a.ptr[0].as<std::uint32_t>() >= world.size()) return false;
            float f[10];
            for (std::size_t k = 0; k < 10; ++k) a.ptr[k + 1].convert(f[k]);
            world[a.ptr[0].as<std::uint32_t>()] = {{f[0], f[1], f[2]},
                                                   {f[3], f[4], f[5], f[6]},
                                                   {f[7], f[8], f[9]},
                                                   a.ptr[11].as<std::uint8_t>()};
        }
        return true;
    }
    static std::size_t write_fighter(const Fighter& f, std::byte* out) {
        static msgpack::sbuffer buffer;
        buffer.clear();
        msgpack::packer packer(buffer);
        packer.pack_array(16);
#define SQUALL_BENCH_PACK(name) packer.pack(f.name);
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_PACK)
        return store(buffer, out);
    }
    static bool read_fighter(Bytes bytes, Fighter& f) {
        const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        const auto& a = handle.get().via.array;
        if (handle.get().type != msgpack::type::ARRAY || a.size != 16) return false;
        std::uint32_t next = 0;
#define SQUALL_BENCH_CONVERT(name) a.ptr[next++].convert(f.name);
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_CONVERT)
        return true;
    }
    static std::size_t write_fighter_change(const Fighter& a, const Fighter& f, std::byte* out) {
        static msgpack::sbuffer buffer;
        buffer.clear();
        msgpack::packer packer(buffer);
        std::uint32_t changed = 0;
#define SQUALL_BENCH_COUNT(name) changed += a.name != f.name ? 1U : 0U;
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_COUNT)
        packer.pack_map(changed);
        int number = 0;
#define SQUALL_BENCH_PACK_CHANGED(name)                     \
    if (a.name != f.name) packer.pack(number).pack(f.name); \
    ++number;
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_PACK_CHANGED)
        return store(buffer, out);
    }
    static bool read_fighter_change(Bytes bytes, Fighter& f) {
        const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (handle.get().type != msgpack::type::MAP) return false;
        const auto& map = handle.get().via.map;
        for (std::uint32_t i = 0; i < map.size; ++i) {
            const int key = map.ptr[i].key.as<int>();
            int number = 0;
#define SQUALL_BENCH_CONVERT_CHANGED(name) \
    if (key == number++) map.ptr[i].val.convert(f.name);
            SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_CONVERT_CHANGED)
        }
        return true;
    }
    static bool read_world(Bytes bytes, std::vector<Entity>& world) {
        const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (handle.get().type != msgpack::type::ARRAY) return false;
        world.resize(handle.get().via.array.size);
        for (std::size_t i = 0; i < world.size(); ++i) {
            const auto& a = handle.get().via.array.ptr[i].via.array;
            if (a.size != 11) return false;
            float f[10];
            for (std::size_t k = 0; k < 10; ++k) a.ptr[k].convert(f[k]);
            world[i] = {{f[0], f[1], f[2]},
                        {f[3], f[4], f[5], f[6]},
                        {f[7], f[8], f[9]},
                        a.ptr[10].as<std::uint8_t>()};
        }
        return true;
    }
};

}  // namespace

void add_msgpack(const Payload& payload, Tables& tables) {
    tables.full.push_back(measure_full<Codec>("msgpack-cxx, array", payload));
    tables.change.push_back(measure_change<Codec>("msgpack-cxx, map of changed", payload));
    tables.world.push_back(measure_world<Codec>("msgpack-cxx, arrays", payload));
    tables.moved.push_back(measure_moved<Codec>("msgpack-cxx, those with their numbers", payload));
    tables.fighter.push_back(measure_fighter<Codec>("msgpack-cxx, array", payload));
    tables.fighter_change.push_back(measure_fighter_change<Codec>("msgpack-cxx, map of changed", payload));
}

}  // namespace squall::bench
