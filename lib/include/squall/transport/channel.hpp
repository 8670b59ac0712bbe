// Channels: what kind of delivery a message gets. Both ends of a protocol configure the same list, in the
// same order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"

namespace squall {

enum class ChannelMode : std::uint8_t {
    unreliable,            // may be lost, may be reordered, never doubled
    unreliable_sequenced,  // may be lost; what is older than the newest delivered is dropped (superseded)
    reliable_unordered,    // each once, delivered as it arrives
    reliable_ordered,      // each once, in the order of sending
};
[[nodiscard]] std::string_view to_string(ChannelMode mode);
[[nodiscard]] constexpr bool is_reliable(ChannelMode mode) {
    return mode == ChannelMode::reliable_unordered || mode == ChannelMode::reliable_ordered;
}

// A packet names its channel in five bits.
inline constexpr std::size_t kMaxChannels = 32;
// No configuration may allow a message larger than this.
inline constexpr std::size_t kMaxMessageBytes = 1024 * 1024;

struct ChannelConfig {
    std::string name{};
    ChannelMode mode = ChannelMode::reliable_ordered;
    // Share of the bytes when the budget is short, against the other channels' weights; 1 to 1000. Nothing
    // starves.
    std::uint16_t weight = 10;
    // Unreliable channels only: every packet that carries a message of this channel also repeats the last N
    // unacknowledged ones (player inputs). 0 to 32; the receiver hands each on once.
    std::uint8_t redundancy = 0;
    // The largest message, in bytes; larger is refused with too_large. 1 to kMaxMessageBytes.
    std::size_t max_message_bytes = 64 * 1024;
    // Bytes that may wait or be in flight on the sending side; beyond it reliable sends get queue_full, and
    // unreliable channels drop their oldest waiting message (MessageFate::dropped_by_budget).
    std::size_t max_queued_bytes = 256 * 1024;
    // Unreliable channels only: a message that could not leave for so long is dropped
    // (MessageFate::dropped_by_budget).
    Duration lifetime = std::chrono::milliseconds(250);
};

}  // namespace squall
