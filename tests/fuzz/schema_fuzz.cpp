// Bytes from nowhere as objects, deltas, snapshots and plain bytes of a schema with one of everything: what
// is accepted is valid, stable when sent again, and never larger than its limits. The first byte chooses.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/binary.hpp"
#include "squall/wire/snapshot.hpp"
#include "unit/wire/random_object.hpp"
#include "unit/wire/schema_types.hpp"

namespace {

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;

void require(bool condition) {
    if (!condition) std::abort();
}

template <class T>
void check(const T& value) {
    require(validate(value).has_value());
    static std::vector<std::byte> buffer(1 << 20);
    const auto bytes = encode(buffer, value);
    require(bytes.has_value());
    T again{};
    require(decode(*bytes, again));
    T settled = value;
    require(settle(settled));
    require(same(view(again), view(settled)));
}

// Any object of the type, one of 256.
template <class T>
const T& baseline_of(std::uint8_t seed) {
    static const std::vector<T> baselines = [] {
        std::vector<T> made(256);
        for (std::size_t i = 0; i < made.size(); ++i) {
            Rng rng(i);
            RandomObject(rng).fill(view(made[i]));
            require(settle(made[i]));
        }
        return made;
    }();
    return baselines[seed];
}

template <class T>
void try_all(Bytes in, std::uint8_t seed) {
    T value{};
    if (decode(in, value)) check(value);
    const T& baseline = baseline_of<T>(seed);
    T patched{};
    if (decode_delta(in, baseline, patched)) {
        require(validate(patched).has_value());
        // And the way that a sender would have gone.
        require(settle(patched));
        static std::vector<std::byte> buffer(1 << 20);
        const auto delta = encode_delta(buffer, baseline, patched, {.epsilon = 0});
        T restored{};
        require(delta && decode_delta(*delta, baseline, restored) && same(view(restored), view(patched)));
    }
    BinaryReader binary(in);
    T plain{};
    binary >> plain;
    if (binary.ok()) require(validate(plain).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const Bytes in = std::as_bytes(std::span(data + 2, size - 2));
    switch (data[0] % 6) {
        case 0: try_all<Everything>(in, data[1]); break;
        case 1: try_all<Entity>(in, data[1]); break;
        case 2: try_all<Player>(in, data[1]); break;
        case 3: try_all<Account>(in, data[1]); break;
        case 4: try_all<std::map<std::string, std::vector<Everything>>>(in, data[1]); break;
        default: {
            std::vector<Entity> world(data[1]);
            BitReader delta(in);
            if (read_snapshot_delta(delta, world))
                for (const Entity& entity : world) require(validate(entity).has_value());
            BitReader full(in);
            if (read_snapshot(full, world, 100)) require(world.size() <= 100);
        }
    }
    return 0;
}
