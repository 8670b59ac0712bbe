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
};

}  // namespace

void add_nlohmann(const Payload& payload, Tables& tables) {
    tables.full.push_back(measure_full<Codec>("nlohmann-json, text", payload));
    tables.change.push_back(measure_change<Codec>("nlohmann-json, text of changed", payload));
}

}  // namespace squall::bench
