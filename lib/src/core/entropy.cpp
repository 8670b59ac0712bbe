// The repeatable entropy source of virtual runs.
#include "squall/core/entropy.hpp"

namespace squall {

std::uint64_t EntropySource::u64() {
    const auto raw = bytes<8>();
    return ByteReader(raw).read<std::uint64_t>();
}

void SeededEntropy::fill(MutableBytes out) {
    ByteWriter writer(out);
    while (writer.remaining() > 0)
        writer.write_low_bytes(rng_.next(), writer.remaining() < 8 ? writer.remaining() : 8);
}

}  // namespace squall
