// The numbers of the wire format: packet types, sizes and version strings of netcode 1.02 and of Squall's
// extensions (lib/STANDARD.md, sections 2 to 4). Knows no behaviour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "squall/core/bytes.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/suite.hpp"

namespace squall::secure {

enum class PacketType : std::uint8_t {
    request = 0,
    denied = 1,
    challenge = 2,
    response = 3,
    keep_alive = 4,
    payload = 5,
    disconnect = 6,
    // Squall's extensions: a standard peer ignores them.
    denied_with_reason = 7,
    disconnect_with_reason = 8,
    connection_id = 9,
    payload_with_id = 10,
    path_challenge = 11,
    path_response = 12,
    probe = 13,
};

// Types that carry the connection id in clear behind the sequence number.
[[nodiscard]] constexpr bool carries_id(PacketType type) {
    return type == PacketType::payload_with_id || type == PacketType::path_response ||
           type == PacketType::probe;
}
// Types under the keys of the token; all others are under the keys of the session (the same for suite
// netcode).
[[nodiscard]] constexpr bool is_handshake(PacketType type) {
    return type <= PacketType::response || type == PacketType::denied_with_reason;
}

inline constexpr std::size_t kVersionBytes = 13;
using VersionInfo = std::array<std::byte, kVersionBytes>;
// "NETCODE 1.02" and its kin, with the terminating zero.
[[nodiscard]] const VersionInfo& version_info(Suite suite);
[[nodiscard]] std::optional<Suite> suite_of_version(Bytes version);

inline constexpr std::size_t kTagBytes = 16;
inline constexpr std::size_t kNonceBytes = 24;
inline constexpr std::size_t kPrivateTokenBytes = 1024;
inline constexpr std::size_t kChallengeTokenBytes = 300;
inline constexpr std::size_t kRequestBytes = 1 + kVersionBytes + 8 + 8 + kNonceBytes + kPrivateTokenBytes;
static_assert(kRequestBytes == 1078);
inline constexpr std::size_t kChallengeBodyBytes = 8 + kChallengeTokenBytes;
inline constexpr std::size_t kKeepAliveBodyBytes = 8;
inline constexpr std::size_t kReasonBodyBytes = 1;
inline constexpr std::size_t kConnectionIdBytes = 8;
inline constexpr std::size_t kPathDataBytes = 8;
inline constexpr std::size_t kProbeBodyBytes = 8;
inline constexpr std::size_t kMaxPayloadBytes = 1200;
inline constexpr std::size_t kMaxHeaderBytes = 1 + 8 + kConnectionIdBytes;
inline constexpr std::size_t kMaxPacketBytes = kMaxHeaderBytes + kMaxPayloadBytes + kTagBytes;
// The largest packet that the layer builds by itself, apart from the request: a challenge or a response.
inline constexpr std::size_t kMaxControlBytes = 1 + 8 + kChallengeBodyBytes + kTagBytes;
// A probe is never smaller than the path challenge that answers it.
static_assert(1 + 1 + kConnectionIdBytes + kProbeBodyBytes >= 1 + 8 + kPathDataBytes);
// Each refusal is smaller than the request that caused it, and so is the challenge.
static_assert(kMaxControlBytes < kRequestBytes);

// Until the server knows that its client is connected, and while a client connects: 10 Hz.
inline constexpr Duration kHandshakeInterval = std::chrono::milliseconds(100);
// Disconnect packets are sent so often, all at once: with extensions, the first half of them tells the
// reason.
inline constexpr unsigned kFarewellPackets = 10;
// The server tells a connection id so often, once a keep-alive interval, unless the client confirms it first.
inline constexpr unsigned kConnectionIdSends = 10;

}  // namespace squall::secure
