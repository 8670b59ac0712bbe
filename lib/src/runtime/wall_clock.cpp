#include "squall/runtime/wall_clock.hpp"

#include <ctime>

namespace squall {

UnixSeconds system_wall_clock() {
    timespec time{};
    (void)::clock_gettime(CLOCK_REALTIME, &time);
    return UnixSeconds{static_cast<std::uint64_t>(time.tv_sec)};
}

std::int64_t system_realtime_ns() {
    timespec time{};
    (void)::clock_gettime(CLOCK_REALTIME, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace squall
