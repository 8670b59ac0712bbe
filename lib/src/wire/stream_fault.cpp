#include "squall/wire/stream_fault.hpp"

namespace squall::wire {

std::string_view to_string(StreamFault fault) {
    switch (fault) {
        case StreamFault::none: return "no fault";
        case StreamFault::end_of_buffer: return "the buffer ended";
        case StreamFault::out_of_range: return "a value is out of its range";
        case StreamFault::too_long: return "more than the limit allows";
        case StreamFault::not_canonical: return "the encoding is not canonical";
    }
    return "an unknown fault";
}

}  // namespace squall::wire
