// Why a bit stream stopped being good. Knows no stream.
#pragma once

#include <cstdint>
#include <string_view>

namespace squall::wire {

enum class StreamFault : std::uint8_t {
    none,
    end_of_buffer,  // more bits than the buffer holds
    out_of_range,   // a value outside the range that both ends agreed on
    too_long,       // more elements or bytes than the limit allows
    not_canonical,  // padding that is not zero, or a varint longer than it need be
};
// A sentence's end: "the buffer ended".
[[nodiscard]] std::string_view to_string(StreamFault fault);

}  // namespace squall::wire
