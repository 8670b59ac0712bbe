// One address under validation: the server has sent a challenge there and uses the address only when it comes
// back from there. Knows no packet.
#pragma once

#include <array>

#include "squall/core/address.hpp"
#include "squall/core/time.hpp"
#include "transport/secure/format.hpp"

namespace squall::secure {

struct PathCheck {
    // An unanswered challenge blocks other addresses for so long.
    static constexpr Duration kPatience = std::chrono::seconds(1);
    // It is repeated, when the client asks on, not more often than this.
    static constexpr Duration kRepeat = kHandshakeInterval;

    Address address;
    std::array<std::byte, kPathDataBytes> data{};
    TimePoint sent_at{};
};

}  // namespace squall::secure
