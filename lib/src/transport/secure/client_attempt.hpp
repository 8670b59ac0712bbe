// One attempt of a client to connect: its token, the server that it is trying, and the challenge that it
// answers. Given up once connected. Knows no time line of packets.
#pragma once

#include <array>
#include <memory>

#include "squall/transport/connect_token.hpp"
#include "transport/secure/format.hpp"
#include "transport/secure/packet_cipher.hpp"

namespace squall::secure {

struct ClientAttempt {
    ConnectToken token;
    std::unique_ptr<PacketCipher> cipher;  // under the token's keys
    TimePoint started{};
    TimePoint server_since{};  // last packet of this server, or when it was first tried
    std::size_t server_index = 0;
    std::uint64_t response_sequence =
        0;  // suites of our own: they count responses apart, from a random number
    std::uint64_t challenge_sequence = 0;
    std::array<std::byte, kChallengeTokenBytes> challenge{};

    [[nodiscard]] bool has_next_server() const { return server_index + 1 < token.server_addresses.size(); }
    [[nodiscard]] TimePoint expires() const {
        // Hours of patience are for ever: no time line overflows.
        constexpr std::uint64_t longest = std::uint64_t{10} * 365 * 24 * 3600;
        const auto seconds = token.expires.value - token.created.value;
        return seconds > longest ? kNever : started + std::chrono::seconds(seconds);
    }
};

}  // namespace squall::secure
