// Protocol Buffers (lite API of libprotobuf, messages reused) in the contest.
#include "bench/wire/contest.hpp"
#include "wire.pb.h"

namespace squall::bench {

namespace {

struct Codec {
    static std::size_t store(const google::protobuf::MessageLite& message, std::byte* out) {
        const std::size_t size = message.ByteSizeLong();
        message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out));
        return size;
    }
    static std::size_t write(const Player& p, std::byte* out) {
        static proto::Player m;
        m.set_x(p.x), m.set_z(p.z), m.set_ammo(p.ammo), m.set_health(p.health), m.set_armour(p.armour);
        m.set_alive(p.alive), m.set_user(p.user);
        return store(m, out);
    }
    static bool read(Bytes bytes, Player& p) {
        static proto::Player m;
        const bool good = m.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        p = {m.x(), m.z(), m.ammo(), m.health(), m.armour(), m.alive(), m.user()};
        return good;
    }
    static void settle(Player&) {}
    static std::size_t write_change(const Player& a, const Player& b, std::byte* out) {
        static proto::Player m;
        m.Clear();
        if (a.x != b.x) m.set_x(b.x);
        if (a.z != b.z) m.set_z(b.z);
        if (a.ammo != b.ammo) m.set_ammo(b.ammo);
        if (a.health != b.health) m.set_health(b.health);
        if (a.armour != b.armour) m.set_armour(b.armour);
        if (a.alive != b.alive) m.set_alive(b.alive);
        if (a.user != b.user) m.set_user(b.user);
        return store(m, out);
    }
    static bool read_change(Bytes bytes, Player& p) {
        static proto::Player m;
        const bool good = m.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        if (m.has_x()) p.x = m.x();
        if (m.has_z()) p.z = m.z();
        if (m.has_ammo()) p.ammo = m.ammo();
        if (m.has_health()) p.health = m.health();
        if (m.has_armour()) p.armour = m.armour();
        if (m.has_alive()) p.alive = m.alive();
        if (m.has_user()) p.user = m.user();
        return good;
    }
    static void write_world(const std::vector<Entity>& world, std::vector<std::byte>& bytes) {
        static proto::World m;
        m.Clear();
        for (const Entity& e : world) {
            auto& o = *m.add_entities();
            o.set_px(e.position.x), o.set_py(e.position.y), o.set_pz(e.position.z);
            o.set_rx(e.rotation.x), o.set_ry(e.rotation.y), o.set_rz(e.rotation.z), o.set_rw(e.rotation.w);
            o.set_vx(e.velocity.x), o.set_vy(e.velocity.y), o.set_vz(e.velocity.z), o.set_health(e.health);
        }
        bytes.resize(m.ByteSizeLong());
        m.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes.data()));
    }
    // Entities with their numbers; proto3 leaves out what is zero.
    static void write_moved(const std::vector<Entity>& world, const std::vector<std::uint32_t>& dirty,
                            std::vector<std::byte>& bytes) {
        static proto::World m;
        m.Clear();
        for (const std::uint32_t i : dirty) {
            const Entity& e = world[i];
            auto& o = *m.add_entities();
            o.set_index(i);
            o.set_px(e.position.x), o.set_py(e.position.y), o.set_pz(e.position.z);
            o.set_rx(e.rotation.x), o.set_ry(e.rotation.y), o.set_rz(e.rotation.z), o.set_rw(e.rotation.w);
            o.set_vx(e.velocity.x), o.set_vy(e.velocity.y), o.set_vz(e.velocity.z), o.set_health(e.health);
        }
        bytes.resize(m.ByteSizeLong());
        m.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes.data()));
    }
    static bool read_moved(Bytes bytes, std::vector<Entity>& world) {
        static proto::World m;
        if (!m.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
        for (const auto& o : m.entities()) {
            if (o.index() >= world.size()) return false;
            world[o.index()] = {{o.px(), o.py(), o.pz()},
                                {o.rx(), o.ry(), o.rz(), o.rw()},
                                {o.vx(), o.vy(), o.vz()},
                                static_cast<std::uint8_t>(o.health())};
        }
        return true;
    }
    static std::size_t write_fighter(const Fighter& f, std::byte* out) {
        static proto::Fighter m;
#define SQUALL_BENCH_SET(name) m.set_##name(f.name);
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_SET)
        return store(m, out);
    }
    static std::size_t write_fighter_change(const Fighter& a, const Fighter& f, std::byte* out) {
        static proto::Fighter m;
        m.Clear();
#define SQUALL_BENCH_SET_CHANGED(name) \
    if (a.name != f.name) m.set_##name(f.name);
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_SET_CHANGED)
        return store(m, out);
    }
    static bool read_fighter(Bytes bytes, Fighter& f) { return read_fighter_change(bytes, f); }
    static bool read_fighter_change(Bytes bytes, Fighter& f) {
        static proto::Fighter m;
        const bool good = m.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
#define SQUALL_BENCH_GET(name) \
    if (m.has_##name()) f.name = m.name();
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_GET)
        return good;
    }
    static bool read_world(Bytes bytes, std::vector<Entity>& world) {
        static proto::World m;
        if (!m.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
        world.resize(static_cast<std::size_t>(m.entities_size()));
        for (int i = 0; i < m.entities_size(); ++i) {
            const auto& o = m.entities(i);
            world[static_cast<std::size_t>(i)] = {{o.px(), o.py(), o.pz()},
                                                  {o.rx(), o.ry(), o.rz(), o.rw()},
                                                  {o.vx(), o.vy(), o.vz()},
                                                  static_cast<std::uint8_t>(o.health())};
        }
        return true;
    }
};

}  // namespace

void add_protobuf(const Payload& payload, Tables& tables) {
    tables.full.push_back(measure_full<Codec>("protobuf", payload));
    tables.change.push_back(measure_change<Codec>("protobuf, changed optional fields", payload));
    tables.world.push_back(measure_world<Codec>("protobuf", payload));
    tables.moved.push_back(measure_moved<Codec>("protobuf, those with their numbers", payload));
    tables.fighter.push_back(measure_fighter<Codec>("protobuf", payload));
    tables.fighter_change.push_back(
        measure_fighter_change<Codec>("protobuf, changed optional fields", payload));
}

}  // namespace squall::bench
