// Bytes of control packets, by the causes that these have: a ByteLedger in a quarter of the memory, because
// idle connections are many.
#pragma once

#include <cassert>
#include <cstdint>

#include "squall/transport/statistics.hpp"

namespace squall::secure {

struct ControlLedger {
    std::uint64_t handshake = 0;
    std::uint64_t keep_alive = 0;
    std::uint64_t disconnect = 0;

    void add(ByteCause cause, std::uint64_t count) {
        switch (cause) {
            case ByteCause::handshake: handshake += count; break;
            case ByteCause::keep_alive: keep_alive += count; break;
            default: assert(cause == ByteCause::disconnect); disconnect += count;
        }
    }
    [[nodiscard]] std::uint64_t total() const { return handshake + keep_alive + disconnect; }
    void add_to(ByteLedger& ledger) const {
        ledger.add(ByteCause::handshake, handshake);
        ledger.add(ByteCause::keep_alive, keep_alive);
        ledger.add(ByteCause::disconnect, disconnect);
    }
};

}  // namespace squall::secure
