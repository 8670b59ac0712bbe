// What can become of a packet on a simulated link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace squall::simulator {

// The numbers are written into trace events: they stay as they are.
enum class Verdict : std::uint8_t {
    delivered = 0,      // as it was sent
    corrupted = 1,      // delivered with one bit flipped
    duplicate = 2,      // the second copy of a packet that was delivered as well
    lost = 3,           // independent random loss
    lost_in_burst = 4,  // lost by the Gilbert-Elliott model, in either of its states
    queue_full = 5,     // tail drop before the bottleneck
    too_big = 6,        // larger than the link's MTU
    blackhole = 7,      // the link is down
    partitioned = 8,    // the two hosts are cut off from each other
    unroutable = 9,     // nobody has this address (any more)
    overflow = 10,  // the simulator's own memory limit: a fault of the set-up, never of the simulated network
};
inline constexpr std::size_t kVerdictCount = 11;

[[nodiscard]] std::string_view to_string(Verdict verdict);
[[nodiscard]] constexpr bool is_drop(Verdict verdict) {
    return verdict >= Verdict::lost;
}

}  // namespace squall::simulator
