// What corruption does to a packet's bytes.
#pragma once

#include <cstdint>

#include "squall/core/bytes.hpp"
#include "squall/simulator/link_model.hpp"

namespace squall::simulator {

// Flips the bit of a Delivery; kNoBit flips none.
inline void flip_bit(MutableBytes bytes, std::uint32_t bit) {
    if (bit == kNoBit) return;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
}

}  // namespace squall::simulator
