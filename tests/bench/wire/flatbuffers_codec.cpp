// FlatBuffers in the contest, with its verifier.
#include "bench/wire/contest.hpp"
#include "wire_generated.h"

namespace squall::bench {

namespace {

struct Codec {
    static std::size_t store(const flatbuffers::FlatBufferBuilder& builder, std::byte* out) {
        std::copy_n(reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize(), out);
        return builder.GetSize();
    }
    static std::size_t write(const Player& p, std::byte* out) {
        static flatbuffers::FlatBufferBuilder builder(256);
        builder.Clear();
        builder.Finish(fb::CreatePlayer(builder, p.x, p.z, p.ammo, p.health, p.armour, p.alive, p.user));
        return store(builder, out);
    }
    static const fb::Player* verified(Bytes bytes) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
        flatbuffers::Verifier verifier(data, bytes.size());
        return verifier.VerifyBuffer<fb::Player>(nullptr) ? flatbuffers::GetRoot<fb::Player>(data) : nullptr;
    }
    static bool read(Bytes bytes, Player& p) {
        const fb::Player* t = verified(bytes);
        if (t == nullptr) return false;
        p = {*t->x(), *t->z(), *t->ammo(), *t->health(), *t->armour(), *t->alive(), *t->user()};
        return true;
    }
    static void settle(Player&) {}
    static std::size_t write_change(const Player& a, const Player& b, std::byte* out) {
        static flatbuffers::FlatBufferBuilder builder(256);
        builder.Clear();
        fb::PlayerBuilder table(builder);
        if (a.x != b.x) table.add_x(b.x);
        if (a.z != b.z) table.add_z(b.z);
        if (a.ammo != b.ammo) table.add_ammo(b.ammo);
        if (a.health != b.health) table.add_health(b.health);
        if (a.armour != b.armour) table.add_armour(b.armour);
        if (a.alive != b.alive) table.add_alive(b.alive);
        if (a.user != b.user) table.add_user(b.user);
        builder.Finish(table.Finish());
        return store(builder, out);
    }
    static bool read_change(Bytes bytes, Player& p) {
        const fb::Player* t = verified(bytes);
        if (t == nullptr) return false;
        if (t->x()) p.x = *t->x();
        if (t->z()) p.z = *t->z();
        if (t->ammo()) p.ammo = *t->ammo();
        if (t->health()) p.health = *t->health();
        if (t->armour()) p.armour = *t->armour();
        if (t->alive()) p.alive = *t->alive();
        if (t->user()) p.user = *t->user();
        return true;
    }
    static void write_world(const std::vector<Entity>& world, std::vector<std::byte>& bytes) {
        static flatbuffers::FlatBufferBuilder builder(64 * kEntities);
        builder.Clear();
        fb::Entity* entities = nullptr;
        const auto vector = builder.CreateUninitializedVectorOfStructs(world.size(), &entities);
        for (std::size_t i = 0; i < world.size(); ++i) {
            const Entity& e = world[i];
            entities[i] = fb::Entity(static_cast<std::uint32_t>(i), e.position.x, e.position.y, e.position.z,
                                     e.rotation.x, e.rotation.y, e.rotation.z, e.rotation.w, e.velocity.x,
                                     e.velocity.y, e.velocity.z, e.health);
        }
        builder.Finish(fb::CreateWorld(builder, vector));
        bytes.resize(builder.GetSize());
        store(builder, bytes.data());
    }
    static void write_moved(const std::vector<Entity>& world, const std::vector<std::uint32_t>& dirty,
                            std::vector<std::byte>& bytes) {
        static flatbuffers::FlatBufferBuilder builder(64 * kMoved);
        builder.Clear();
        fb::Entity* entities = nullptr;
        const auto vector = builder.CreateUninitializedVectorOfStructs(dirty.size(), &entities);
        for (const std::uint32_t i : dirty) {
            const Entity& e = world[i];
            *entities++ =
                fb::Entity(i, e.position.x, e.position.y, e.position.z, e.rotation.x, e.rotation.y,
                           e.rotation.z, e.rotation.w, e.velocity.x, e.velocity.y, e.velocity.z, e.health);
        }
        builder.Finish(fb::CreateWorld(builder, vector));
        bytes.resize(builder.GetSize());
        store(builder, bytes.data());
    }
    static bool read_moved(Bytes bytes, std::vector<Entity>& world) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
        flatbuffers::Verifier verifier(data, bytes.size());
        if (!verifier.VerifyBuffer<fb::World>(nullptr)) return false;
        for (const fb::Entity* const o : *flatbuffers::GetRoot<fb::World>(data)->entities()) {
            if (o->index() >= world.size()) return false;
            world[o->index()] = {{o->px(), o->py(), o->pz()},
                                 {o->rx(), o->ry(), o->rz(), o->rw()},
                                 {o->vx(), o->vy(), o->vz()},
                                 o->health()};
        }
        return true;
    }
    static std::size_t write_fighter(const Fighter& f, std::byte* out) {
        static flatbuffers::FlatBufferBuilder builder(256);
        builder.Clear();
        const auto nick = builder.CreateString(f.nick);
        fb::FighterBuilder table(builder);
#define SQUALL_BENCH_ADD_FIELD(name) table.add_##name(f.name);
        SQUALL_BENCH_NUMBERS(SQUALL_BENCH_ADD_FIELD)
        table.add_nick(nick);
        builder.Finish(table.Finish());
        return store(builder, out);
    }
    static std::size_t write_fighter_change(const Fighter& a, const Fighter& f, std::byte* out) {
        static flatbuffers::FlatBufferBuilder builder(256);
        builder.Clear();
        flatbuffers::Offset<flatbuffers::String> nick;
        if (a.nick != f.nick) nick = builder.CreateString(f.nick);
        fb::FighterBuilder table(builder);
#define SQUALL_BENCH_ADD_CHANGED(name) \
    if (a.name != f.name) table.add_##name(f.name);
        SQUALL_BENCH_NUMBERS(SQUALL_BENCH_ADD_CHANGED)
        if (a.nick != f.nick) table.add_nick(nick);
        builder.Finish(table.Finish());
        return store(builder, out);
    }
    static bool read_fighter(Bytes bytes, Fighter& f) { return read_fighter_change(bytes, f); }
    static bool read_fighter_change(Bytes bytes, Fighter& f) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
        flatbuffers::Verifier verifier(data, bytes.size());
        if (!verifier.VerifyBuffer<fb::Fighter>(nullptr)) return false;
        const fb::Fighter* const t = flatbuffers::GetRoot<fb::Fighter>(data);
#define SQUALL_BENCH_TAKE(name) \
    if (t->name()) f.name = *t->name();
        SQUALL_BENCH_NUMBERS(SQUALL_BENCH_TAKE)
        if (t->nick() != nullptr) f.nick.assign(t->nick()->c_str(), t->nick()->size());
        return true;
    }
    static bool read_world(Bytes bytes, std::vector<Entity>& world) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
        flatbuffers::Verifier verifier(data, bytes.size());
        if (!verifier.VerifyBuffer<fb::World>(nullptr)) return false;
        const auto& entities = *flatbuffers::GetRoot<fb::World>(data)->entities();
        world.resize(entities.size());
        for (std::uint32_t i = 0; i < entities.size(); ++i) {
            const fb::Entity& o = *entities.Get(i);
            world[i] = {{o.px(), o.py(), o.pz()},
                        {o.rx(), o.ry(), o.rz(), o.rw()},
                        {o.vx(), o.vy(), o.vz()},
                        o.health()};
        }
        return true;
    }
};

}  // namespace

void add_flatbuffers(const Payload& payload, Tables& tables) {
    tables.full.push_back(measure_full<Codec>("flatbuffers, table", payload));
    tables.change.push_back(measure_change<Codec>("flatbuffers, table of changed", payload));
    tables.world.push_back(measure_world<Codec>("flatbuffers, vector of structs", payload));
    tables.moved.push_back(measure_moved<Codec>("flatbuffers, those with their numbers", payload));
    tables.fighter.push_back(measure_fighter<Codec>("flatbuffers, table", payload));
    tables.fighter_change.push_back(measure_fighter_change<Codec>("flatbuffers, table of changed", payload));
}

}  // namespace squall::bench
