// Which keys protect a connection's packets after the handshake. Knows no packet.
#pragma once

#include <cstdint>
#include <span>

#include "transport/secure/format.hpp"

namespace squall::secure {

// netcode: the token's own key, as the standard has it. The other suites:
//   BLAKE2b-256(key = token's key of that direction, message = version info || tag of the encrypted challenge
//   || its sequence number)
// A challenge is never issued twice (random key per server start, counted sequence number), so neither is a
// session key, and every session may count its packets from 0.
[[nodiscard]] Key derive_session_key(Suite suite, const Key& token_key,
                                     std::span<const std::byte, kChallengeTokenBytes> sealed_challenge,
                                     std::uint64_t challenge_sequence);

}  // namespace squall::secure
