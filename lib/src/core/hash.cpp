// Folding of byte strings into StableHash, eight bytes at a time, independent of the machine's byte order.
#include "squall/core/hash.hpp"

namespace squall {

void StableHash::add(Bytes bytes) {
    add(static_cast<std::uint64_t>(bytes.size()));
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        for (std::size_t k = 0; k < 8; ++k) word |= std::to_integer<std::uint64_t>(bytes[i + k]) << (8 * k);
        add(word);
    }
    if (i < bytes.size()) {
        std::uint64_t word = 0;
        for (std::size_t k = 0; i + k < bytes.size(); ++k)
            word |= std::to_integer<std::uint64_t>(bytes[i + k]) << (8 * k);
        add(word);
    }
}

std::uint64_t stable_hash(std::string_view text) {
    StableHash hash;
    hash.add(text);
    return hash.value();
}

}  // namespace squall
