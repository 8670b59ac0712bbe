// Reads a disconnect reason that a peer sent. Knows the numbers only.
#pragma once

#include "squall/transport/disconnect_reason.hpp"

namespace squall::secure {

// What the peer's reason means at this end: what it requested was requested by the peer. Numbers of a later
// version, and those that only this end can tell, say no more than that the peer ended it.
[[nodiscard]] constexpr DisconnectReason reason_from_peer(std::uint8_t number) {
    const auto reason = static_cast<DisconnectReason>(number);
    switch (reason) {
        case DisconnectReason::timed_out:
        case DisconnectReason::server_full:
        case DisconnectReason::denied:
        case DisconnectReason::server_shutdown:
        case DisconnectReason::kicked:
        case DisconnectReason::protocol_error:
        case DisconnectReason::queue_overflow:
        case DisconnectReason::token_expired:
        case DisconnectReason::token_invalid:
        case DisconnectReason::rate_limited:
        case DisconnectReason::unauthorised:
        case DisconnectReason::replaced:
        case DisconnectReason::reserved_slot_expired: return reason;
        case DisconnectReason::none:
        case DisconnectReason::requested:
        case DisconnectReason::requested_by_peer:
        case DisconnectReason::request_timed_out:
        case DisconnectReason::response_timed_out: break;
    }
    return DisconnectReason::requested_by_peer;
}

}  // namespace squall::secure
