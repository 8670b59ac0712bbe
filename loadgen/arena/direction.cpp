#include "arena/direction.hpp"

namespace squall::arena {

std::uint8_t heading_towards(std::int64_t dx, std::int64_t dy) {
    if (dx == 0 && dy == 0) return 0;
    // The dot product has one maximum around the circle: walk to it by halving steps from the quadrant's
    // diagonal.
    const auto along = [&](unsigned heading) {
        const UnitVector& unit = kDirections[heading % 256];
        return dx * unit.x + dy * unit.y;
    };
    unsigned heading = dx >= 0 ? (dy >= 0 ? 32 : 224) : (dy >= 0 ? 96 : 160);
    for (unsigned step = 16; step > 0; step /= 2) {
        const std::int64_t here = along(heading);
        if (along(heading + step) > here) {
            heading += step;
        } else if (along(heading + 256 - step) > here) {
            heading += 256 - step;
        }
    }
    // The halving may stop one short of the maximum.
    while (along(heading + 1) > along(heading)) ++heading;
    while (along(heading + 255) > along(heading)) heading += 255;
    return static_cast<std::uint8_t>(heading % 256);
}

}  // namespace squall::arena
