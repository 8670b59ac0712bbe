#include "transport/secure/session_key.hpp"

#include <sodium.h>

namespace squall::secure {

Key derive_session_key(Suite suite, const Key& token_key,
                       std::span<const std::byte, kChallengeTokenBytes> sealed_challenge,
                       std::uint64_t challenge_sequence) {
    if (suite == Suite::netcode) return token_key;
    std::array<std::byte, kVersionBytes + kTagBytes + 8> message;
    ByteWriter writer(message);
    writer.write_bytes(version_info(suite));
    writer.write_bytes(sealed_challenge.last<kTagBytes>());
    writer.write(challenge_sequence);
    Key key;
    crypto_generichash(reinterpret_cast<unsigned char*>(key.data()), key.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                       reinterpret_cast<const unsigned char*>(token_key.data()), token_key.size());
    return key;
}

}  // namespace squall::secure
