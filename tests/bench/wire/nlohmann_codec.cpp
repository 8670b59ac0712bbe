// nlohmann-json in the contest, as JSON text: names and values, and only those that changed.
#include <nlohmann/json.hpp>

#include "bench/wire/contest.hpp"

namespace squall::bench {

namespace {

using nlohmann::json;

struct Codec {
    static std::size_t store(const json& value, std::byte* out) {
        const std::string text = value.dump();
        std::copy_n(reinterpret_cast<const std::byte*>(text.data()), text.size(), out);
        return text.size();
    }
    static json parse(Bytes bytes) { return json::parse(as_text(bytes), nullptr, false); }
    static std::size_t write(const Player& p, std::byte* out) {
        return store({{"x", p.x},
                      {"z", p.z},
                      {"ammo", p.ammo},
                      {"health", p.health},
                      {"armour", p.armour},
                      {"alive", p.alive},
                      {"user", p.user}},
                     out);
    }
    static bool read(Bytes bytes, Player& p) { return read_change(bytes, p); }
    static void settle(Player&) {}
    static std::size_t write_change(const Player& a, const Player& b, std::byte* out) {
        json changed = json::object();
        if (a.x != b.x) changed["x"] = b.x;
        if (a.z != b.z) changed["z"] = b.z;
        if (a.ammo != b.ammo) changed["ammo"] = b.ammo;
        if (a.health != b.health) changed["health"] = b.health;
        if (a.armour != b.armour) changed["armour"] = b.armour;
        if (a.alive != b.alive) changed["alive"] = b.alive;
        if (a.user != b.user) changed["user"] = b.user;
        return store(changed, out);
    }
    static bool read_change(Bytes bytes, Player& p) {
        const json value = parse(bytes);
        if (!value.is_object()) return false;
        p.x = value.value("x", p.x), p.z = value.value("z", p.z), p.ammo = value.value("ammo", p.ammo);
        p.health = value.value("health", p.health), p.armour = value.value("armour", p.armour);
        p.alive = value.value("alive", p.alive), p.user = value.value("user", p.user);
        return true;
    }
    static json entity(const Entity& e) {
        return {e.position.x, e.position.y, e.position.z, e.rotation.x, e.rotation.y, e.rotation.z,
                e.rotation.w, e.velocity.x, e.velocity.y, e.velocity.z, e.health};
    }
    static Entity entity(const json& a, std::size_t at) {
        const auto f = [&](std::size_t i) { return a[at + i].get<float>(); };
        return {
            {f(0), f(1), f(2)}, {f(3), f(4), f(5), f(6)}, {f(7), f(8), f(9)}, a[at + 10].get<std::uint8_t>()};
    }
    static void assign(const json& value, std::vector<std::byte>& bytes) {
        const std::string text = value.dump();
        const Bytes view = as_bytes(text);
        bytes.assign(view.begin(), view.end());
    }
    static void write_world(const std::vector<Entity>& world, std::vector<std::byte>& bytes) {
        json all = json::array();
        for (const Entity& e : world) all.push_back(entity(e));
        assign(all, bytes);
    }
    static bool read_world(Bytes bytes, std::vector<Entity>& world) {
        const json all = parse(bytes);
        if (!all.is_array()) return false;
        world.resize(all.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].size() != 11) return false;
            world[i] = entity(all[i], 0);
        }
        return true;
    }
    static void write_moved(const std::vector<Entity>& world, const std::vector<std::uint32_t>& dirty,
                            std::vector<std::byte>& bytes) {
        json all = json::array();
        for (const std::uint32_t i : dirty) {
            json each = entity(world[i]);
            each.insert(each.begin(), i);
            all.push_back(std::move(each));
        }
        assign(all, bytes);
    }
    static bool read_moved(Bytes bytes, std::vector<Entity>& world) {
        const json all = parse(bytes);
        if (!all.is_array()) return false;
        for (const json& each : all) {
            if (each.size() != 12 || each[0].get<std::uint32_t>() >= world.size()) return false;
            world[each[0].get<std::uint32_t>()] = entity(each, 1);
        }
        return true;
    }
    static std::size_t write_fighter(const Fighter& f, std::byte* out) {
        json value = json::object();
#define SQUALL_BENCH_JSON(name) value[#name] = f.name;
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_JSON)
        return store(value, out);
    }
    static std::size_t write_fighter_change(const Fighter& a, const Fighter& f, std::byte* out) {
        json value = json::object();
#define SQUALL_BENCH_JSON_CHANGED(name) \
    if (a.name != f.name) value[#name] = f.name;
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_JSON_CHANGED)
        return store(value, out);
    }
    static bool read_fighter(Bytes bytes, Fighter& f) { return read_fighter_change(bytes, f); }
    static bool read_fighter_change(Bytes bytes, Fighter& f) {
        const json value = parse(bytes);
        if (!value.is_object()) return false;
#define SQUALL_BENCH_JSON_READ(name) f.name = value.value(#name, f.name);
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_JSON_READ)
        return true;
    }
};

}  // namespace

void add_nlohmann(const Payload& payload, Tables& tables) {
    tables.full.push_back(measure_full<Codec>("nlohmann-json, text", payload));
    tables.change.push_back(measure_change<Codec>("nlohmann-json, text of changed", payload));
    tables.world.push_back(measure_world<Codec>("nlohmann-json, text of arrays", payload));
    tables.moved.push_back(measure_moved<Codec>("nlohmann-json, those with their numbers", payload));
    tables.fighter.push_back(measure_fighter<Codec>("nlohmann-json, text", payload));
    tables.fighter_change.push_back(measure_fighter_change<Codec>("nlohmann-json, text of changed", payload));
}

}  // namespace squall::bench
