// The challenge token: proof that a client receives what is sent to its address. Only the server that made it
// opens it. Knows neither connections nor time.
#pragma once

#include <span>

#include "squall/transport/connect_token.hpp"
#include "transport/secure/format.hpp"
#include "transport/secure/packet_cipher.hpp"

namespace squall::secure {

struct ChallengeToken {
    ClientId client_id{};
    UserData user_data{};
};

using ChallengeTokenBytes = std::span<std::byte, kChallengeTokenBytes>;

void write_challenge_token(const ChallengeToken& token, ChallengeTokenBytes out);
[[nodiscard]] ChallengeToken read_challenge_token(std::span<const std::byte, kChallengeTokenBytes> bytes);

// The cipher is Suite::netcode's, its key random per server start; no sequence number is used twice with it.
void seal_challenge_token(ChallengeTokenBytes bytes, std::uint64_t sequence, const PacketCipher& cipher);
[[nodiscard]] bool open_challenge_token(ChallengeTokenBytes bytes, std::uint64_t sequence,
                                        const PacketCipher& cipher);

}  // namespace squall::secure
