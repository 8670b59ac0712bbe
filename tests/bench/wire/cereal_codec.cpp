// cereal's binary archives in the contest; changes behind a mask written by hand, for it has none.
#include <cereal/archives/binary.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <sstream>

#include "bench/wire/contest.hpp"

namespace squall::bench {

template <class A>
void serialize(A& archive, Player& p) {
    archive(p.x, p.z, p.ammo, p.health, p.armour, p.alive, p.user);
}
template <class A>
void serialize(A& archive, Entity& e) {
    archive(e.position.x, e.position.y, e.position.z, e.rotation.x, e.rotation.y, e.rotation.z, e.rotation.w,
            e.velocity.x, e.velocity.y, e.velocity.z, e.health);
}

namespace {

// Reads and writes bytes that are there, without copying them into a string.
class ByteBuffer : public std::streambuf {
  public:
    ByteBuffer(std::byte* bytes, std::size_t size) {
        auto* begin = reinterpret_cast<char*>(bytes);
        setp(begin, begin + size);
        setg(begin, begin, begin + size);
    }
    [[nodiscard]] std::size_t written() const { return static_cast<std::size_t>(pptr() - pbase()); }
};

struct Codec {
    template <class F>
    static std::size_t store(std::byte* out, std::size_t room, F&& fill) {
        ByteBuffer buffer(out, room);
        std::ostream stream(&buffer);
        cereal::BinaryOutputArchive archive(stream);
        fill(archive);
        return buffer.written();
    }
    template <class F>
    static bool take(Bytes bytes, F&& fill) {
        ByteBuffer buffer(const_cast<std::byte*>(bytes.data()), bytes.size());
        std::istream stream(&buffer);
        cereal::BinaryInputArchive archive(stream);
        fill(archive);
        return true;
    }
    static std::size_t write(const Player& p, std::byte* out) {
        return store(out, sizeof(Scratch), [&](auto& archive) { archive(p); });
    }
    static bool read(Bytes bytes, Player& p) {
        return take(bytes, [&](auto& archive) { archive(p); });
    }
    static void settle(Player&) {}
    static std::size_t write_change(const Player& a, const Player& b, std::byte* out) {
        const unsigned bits = (a.x != b.x ? 1U : 0U) | (a.z != b.z ? 2U : 0U) | (a.ammo != b.ammo ? 4U : 0U) |
                              (a.health != b.health ? 8U : 0U) | (a.armour != b.armour ? 16U : 0U) |
                              (a.alive != b.alive ? 32U : 0U) | (a.user != b.user ? 64U : 0U);
        return store(out, sizeof(Scratch), [&](auto& archive) {
            archive(static_cast<std::uint8_t>(bits));
            Player copy = b;
            each(archive, bits, copy);
        });
    }
    template <class A>
    static void each(A& archive, unsigned bits, Player& p) {
        if ((bits & 1) != 0) archive(p.x);
        if ((bits & 2) != 0) archive(p.z);
        if ((bits & 4) != 0) archive(p.ammo);
        if ((bits & 8) != 0) archive(p.health);
        if ((bits & 16) != 0) archive(p.armour);
        if ((bits & 32) != 0) archive(p.alive);
        if ((bits & 64) != 0) archive(p.user);
    }
    static bool read_change(Bytes bytes, Player& p) {
        return take(bytes, [&](auto& archive) {
            std::uint8_t bits = 0;
            archive(bits);
            each(archive, bits, p);
        });
    }
    static void write_world(const std::vector<Entity>& world, std::vector<std::byte>& bytes) {
        bytes.resize(64 * kEntities);
        bytes.resize(store(bytes.data(), bytes.size(), [&](auto& archive) { archive(world); }));
    }
    static void write_moved(const std::vector<Entity>& world, const std::vector<std::uint32_t>& dirty,
                            std::vector<std::byte>& bytes) {
        bytes.resize(64 * kMoved);
        bytes.resize(store(bytes.data(), bytes.size(), [&](auto& archive) {
            archive(static_cast<std::uint32_t>(dirty.size()));
            for (const std::uint32_t i : dirty) archive(i, const_cast<Entity&>(world[i]));
        }));
    }
    static bool read_moved(Bytes bytes, std::vector<Entity>& world) {
        bool good = true;
        take(bytes, [&](auto& archive) {
            std::uint32_t count = 0;
            archive(count);
            for (std::uint32_t i = 0; i < count && good; ++i) {
                std::uint32_t index = 0;
                archive(index);
                good = index < world.size();
                if (good) archive(world[index]);
            }
        });
        return good;
    }
    static std::size_t write_fighter(const Fighter& f, std::byte* out) {
        return store(out, sizeof(Scratch), [&](auto& archive) {
#define SQUALL_BENCH_ARCHIVE(name) archive(f.name);
            SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_ARCHIVE)
        });
    }
    static bool read_fighter(Bytes bytes, Fighter& f) {
        return take(bytes, [&](auto& archive) { SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_ARCHIVE) });
    }
    static std::size_t write_fighter_change(const Fighter& a, const Fighter& f, std::byte* out) {
        unsigned bits = 0;
        unsigned bit = 1;
#define SQUALL_BENCH_MASK(name)          \
    bits |= a.name != f.name ? bit : 0U; \
    bit <<= 1;
        SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_MASK)
        return store(out, sizeof(Scratch), [&](auto& archive) {
            archive(static_cast<std::uint16_t>(bits));
            unsigned place = 1;
#define SQUALL_BENCH_ARCHIVE_MASKED(name)     \
    if ((bits & place) != 0) archive(f.name); \
    place <<= 1;
            SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_ARCHIVE_MASKED)
        });
    }
    static bool read_fighter_change(Bytes bytes, Fighter& f) {
        return take(bytes, [&](auto& archive) {
            std::uint16_t bits = 0;
            unsigned place = 1;
            archive(bits);
            SQUALL_BENCH_ATTRIBUTES(SQUALL_BENCH_ARCHIVE_MASKED)
        });
    }
    static bool read_world(Bytes bytes, std::vector<Entity>& world) {
        return take(bytes, [&](auto& archive) { archive(world); });
    }
};

}  // namespace

void add_cereal(const Payload& payload, Tables& tables) {
    tables.full.push_back(measure_full<Codec>("cereal, binary", payload));
    tables.change.push_back(measure_change<Codec>("cereal, binary behind a mask by hand", payload));
    tables.world.push_back(measure_world<Codec>("cereal, vector", payload));
    tables.moved.push_back(measure_moved<Codec>("cereal, those with their numbers", payload));
    tables.fighter.push_back(measure_fighter<Codec>("cereal, binary", payload));
    tables.fighter_change.push_back(
        measure_fighter_change<Codec>("cereal, binary behind a mask by hand", payload));
}

}  // namespace squall::bench
