// One message on its way out, from send() to its fate.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "squall/core/byte_pool.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/channel.hpp"

namespace squall::connection {

// Which fragments of a large message have left and arrived.
struct FragmentProgress {
    explicit FragmentProgress(std::size_t fragment_count) : copies(fragment_count), acked(fragment_count) {}
    std::vector<std::uint8_t> copies;  // of each fragment, in packets whose fate is open
    std::vector<bool> acked;
    std::size_t acked_count = 0;
    [[nodiscard]] std::size_t count() const { return copies.size(); }
};

struct OutgoingMessage {
    PooledBytes bytes;
    TimePoint queued_at{};
    TimePoint sent_at{};                          // last transmission
    std::unique_ptr<FragmentProgress> fragments;  // only for messages that do not fit a packet
    std::uint32_t size = 0;
    bool is_settled = false;
    bool notify = false;
    std::uint8_t copies = 0;         // in packets whose fate is open (unfragmented)
    std::uint8_t transmissions = 0;  // saturates
    std::uint16_t tag = 0;           // the application's, for trace events
};
static_assert(sizeof(OutgoingMessage) <= 64);

}  // namespace squall::connection
