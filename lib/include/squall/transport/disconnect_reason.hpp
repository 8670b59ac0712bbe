// Why a connection ended or was refused. Travels in Squall's extension packets; a standard netcode peer never
// sends one.
#pragma once

#include <cstdint>
#include <string_view>

namespace squall {

// The numbers are wire format (lib/STANDARD.md): never reuse one.
enum class DisconnectReason : std::uint8_t {
    none = 0,
    requested = 1,               // the application at this end asked for it
    requested_by_peer = 2,       // the peer's application asked for it
    timed_out = 3,               // connected, then silence
    server_full = 4,             // no free slot
    denied = 5,                  // refused without a reason (a standard netcode server says no more)
    server_shutdown = 6,         // the server is going away
    kicked = 7,                  // the application at the other end removed this client
    protocol_error = 8,          // the peer sent what no correct peer sends
    queue_overflow = 9,          // the peer let a bounded reliable queue overflow
    request_timed_out = 10,      // no answer to the connection request
    response_timed_out = 11,     // no answer to the challenge response
    token_expired = 12,          // the token expired before a connection was made
    token_invalid = 13,          // the token cannot be read
    rate_limited = 14,           // the peer sent more than the configured limits allow
    unauthorised = 15,           // the application refused this player
    replaced = 16,               // the same player connected anew
    reserved_slot_expired = 17,  // a reserved slot was not taken in time
};
[[nodiscard]] std::string_view to_string(DisconnectReason reason);

}  // namespace squall
