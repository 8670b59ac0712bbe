// What is asked of a one-way link. A value; decides nothing itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/core/units.hpp"

namespace squall::simulator {

enum class JitterShape : std::uint8_t {
    uniform,  // evenly over delay - jitter ... delay + jitter
    normal,   // standard deviation = jitter, cut symmetrically at kNormalReach standard deviations
    table,    // drawn from jitter_table
};
// No normal draw lies further from its middle than this many standard deviations.
inline constexpr int kNormalReach = 4;

// Loss that comes in bursts: a two-state Markov chain, one step a packet (Gilbert 1960, Elliott 1963). It
// starts in its stationary distribution, so that the first packets are no better off than the rest.
struct GilbertElliott {
    Ratio enter{};            // good -> bad (p)
    Ratio leave{};            // bad -> good (r); 1/r packets is the mean length of a bad run
    Ratio loss_in_good{};     // 1 - k
    Ratio loss_in_bad{1, 1};  // 1 - h
    [[nodiscard]] bool is_on() const { return !enter.is_zero() || !loss_in_good.is_zero(); }
    friend bool operator==(const GilbertElliott&, const GilbertElliott&) = default;
};

inline constexpr Duration kNoTimeLimit = Duration::max();

// All times are one way. A packet passes, in this order: MTU, queue, serialisation at the rate, loss,
// propagation (delay, jitter, reordering), duplication, corruption. So a packet that is lost on the way has
// used the rate.
struct LinkConfig {
    Duration delay{0};

    // Every packet draws its own jitter, exactly from the distribution asked for: later packets may overtake
    // earlier ones (RFC 8868's RBPDV). With keeps_order none may (NR-BPDV): a packet that would overtake
    // arrives together with the one before it, which lengthens the delays above what the distribution says;
    // so this is not the default.
    Duration jitter{0};
    JitterShape jitter_shape = JitterShape::uniform;
    std::vector<Duration>
        jitter_table{};  // ascending quantiles of what is added to delay, equally probable steps
    bool keeps_order = false;

    Ratio loss{};
    GilbertElliott burst_loss{};
    Ratio duplicate{};
    // This share of packets arrives later (or, if negative, earlier) than its delay says, whatever
    // keeps_order says.
    Ratio reorder{};
    Duration reorder_by{0};
    Ratio corrupt{};  // one random bit flipped in each packet hit

    DataRate rate{};                    // 0: unlimited
    std::uint32_t overhead_bytes = 28;  // IPv4 and UDP headers, counted for rate, queue_bytes and mtu_bytes
    // Tail drop: of what would wait longer than queue_limit, or find so many packets or bytes waiting already
    // (0: no such limit; the packet in transmission does not wait). They mean something only with a rate.
    Duration queue_limit = std::chrono::milliseconds(200);
    std::uint32_t queue_packets = 0;
    std::uint64_t queue_bytes = 0;
    std::uint32_t mtu_bytes = 0;  // the largest IP packet, headers included; 0: no limit

    // Errors: invalid_argument, with the field, its value and the range that would be right.
    [[nodiscard]] Result<> validate() const;

    friend bool operator==(const LinkConfig&, const LinkConfig&) = default;
};

// One line with what is not at its default: "delay 50ms, jitter 5ms normal, loss 1%".
[[nodiscard]] std::string to_string(const LinkConfig& config);
// The same number for the same configuration in every process; for tables and for the config hash of a run.
[[nodiscard]] std::uint64_t fingerprint(const LinkConfig& config);

}  // namespace squall::simulator
