#include "squall/runtime/wall_clock.hpp"

#include <ctime>

namespace squall {

UnixSeconds system_wall_clock() {
    timespec time{};
    (void)::clock_gettime(CLOCK_REALTIME, &time);
    return UnixSeconds{static_cast<std::uint64_t>(time.tv_sec)};
}

}  // namespace squall
