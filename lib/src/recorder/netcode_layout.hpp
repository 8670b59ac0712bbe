// Where things stand in netcode's packets (STANDARD.md there, lib/STANDARD.md here), as far as a recording
// looks into them. Knows no keys: the packets are in plaintext.
#pragma once

#include <cstddef>
#include <cstdint>

#include "squall/core/bytes.hpp"

namespace squall::recorder::netcode {

inline constexpr std::size_t kRequestBytes = 1078;
inline constexpr std::size_t kRequestTokenOffset =
    54;  // prefix 1, version 13, protocol 8, expiry 8, nonce 24
inline constexpr std::size_t kRequestPublicBytes = 30;  // up to the expiry
inline constexpr std::size_t kTokenKeyBytes = 64;       // both keys
inline constexpr std::size_t kUserDataBytes = 256;
inline constexpr std::uint32_t kMaxTokenAddresses = 32;

// Types whose header goes on with a connection id of eight bytes.
[[nodiscard]] constexpr bool carries_id(unsigned type) {
    return type == 10 || type == 12 || type == 13;
}

// Bytes before the body of an encrypted packet; of a request its public part; never more than there are.
[[nodiscard]] inline std::size_t header_bytes(Bytes packet) {
    if (packet.empty()) return 0;
    const auto prefix = std::to_integer<unsigned>(packet[0]);
    const std::size_t size =
        prefix == 0 ? kRequestPublicBytes : 1 + (prefix >> 4) + (carries_id(prefix & 0x0f) ? 8 : 0);
    return size < packet.size() ? size : packet.size();
}

}  // namespace squall::recorder::netcode
