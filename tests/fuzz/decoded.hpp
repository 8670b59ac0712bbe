// How many messages a fuzz target has given to the decoder that it is about, for targets that make many of
// one input. Where a target counts nothing, an input is one.
#pragma once

#include <cstdint>

namespace squall::fuzz {

inline std::uint64_t decoded = 0;

}  // namespace squall::fuzz
