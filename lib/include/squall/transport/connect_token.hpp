// Connect tokens of netcode 1.02: what a backend mints for a player, what the client holds, and what only
// servers can open. Layouts: netcode STANDARD.md, "Connect Token". Knows no connection and no clock; wall
// time is an argument.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/entropy.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/suite.hpp"

namespace squall {

inline constexpr std::size_t kConnectTokenBytes = 2048;
inline constexpr std::size_t kUserDataBytes = 256;
inline constexpr std::size_t kMaxServerAddresses = 32;

using UserData = std::array<std::byte, kUserDataBytes>;

// What the issuer decides about one player's way in.
struct ConnectTokenRequest {
    std::uint64_t protocol_id = 0;
    Suite suite = Suite::netcode;
    ClientId client_id{};
    UnixSeconds now{};
    // Seconds from `now` in which a connection must be made; 1 or more.
    std::uint32_t lifetime_seconds = 45;
    // Silence after which either end gives up, in seconds; negative: never (development only). Not 0.
    std::int32_t timeout_seconds = 10;
    // Servers to try, in order: 1 to 32, each valid and with a port.
    std::vector<Address> public_addresses{};
    // What the servers know themselves as, if that differs (behind a NAT or proxy); empty: the public ones.
    // As many as those.
    std::vector<Address> internal_addresses{};
    UserData user_data{};
};

// The 2048 bytes that the client receives (over HTTPS, say). Holds the client's keys: do not log it.
using ConnectTokenBytes = std::array<std::byte, kConnectTokenBytes>;

// Errors: invalid_argument (no or too many addresses, a zero lifetime ...).
[[nodiscard]] Result<ConnectTokenBytes> mint_connect_token(const ConnectTokenRequest& request,
                                                           const Key& private_key, EntropySource& entropy);

// The public part, as a client reads it.
struct ConnectToken {
    std::uint64_t protocol_id = 0;
    Suite suite = Suite::netcode;
    UnixSeconds created{};
    UnixSeconds expires{};
    std::array<std::byte, 24> nonce{};
    std::array<std::byte, 1024> sealed_private{};
    std::int32_t timeout_seconds = 0;
    std::vector<Address> server_addresses;
    Key client_to_server_key{};
    Key server_to_client_key{};

    // Errors: malformed (with what is wrong), unsupported (another version), invalid_argument (created after
    // it expires).
    [[nodiscard]] static Result<ConnectToken> parse(Bytes bytes);
};

}  // namespace squall
