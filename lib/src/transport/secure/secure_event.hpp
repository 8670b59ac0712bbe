// What the secure layer (netcode handshake and packet protection) reports upwards.
#pragma once

#include <cstdint>

#include "squall/core/bytes.hpp"
#include "squall/transport/disconnect_reason.hpp"

namespace squall::secure {

struct SecureEvent {
    enum class Kind : std::uint8_t {
        connected,
        payload,
        disconnected,
        path_changed,
        resting,  // servers only: nothing was sent to this client for a keep-alive interval
    };
    Kind kind{};
    DisconnectReason reason = DisconnectReason::none;  // disconnected
    std::uint32_t slot = 0;                            // servers only; 0 at clients
    std::uint64_t packet_number = 0;                   // payload
    MutableBytes payload{};          // payload: opened, inside the datagram given to receive()
    std::size_t datagram_bytes = 0;  // payload: size of the whole datagram
};

}  // namespace squall::secure
