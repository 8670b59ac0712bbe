// What a process used of the machine, from /proc. Linux only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "squall/core/time.hpp"

namespace squall::loadgen {

struct ProcessUsage {
    Duration cpu{};  // of all its threads, user and system, since it started
    std::uint64_t resident_bytes = 0;
};

// The kernel tells times in steps of 10 ms: over less than this their difference says nothing.
inline constexpr Duration kShortestSample = std::chrono::milliseconds(500);

// Nothing if there is no such process (any more).
[[nodiscard]] std::optional<ProcessUsage> usage_of(pid_t process);
// CPU time of this process, to the nanosecond.
[[nodiscard]] Duration own_cpu_time();

}  // namespace squall::loadgen
