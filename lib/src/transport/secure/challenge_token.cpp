#include "transport/secure/challenge_token.hpp"

namespace squall::secure {

void write_challenge_token(const ChallengeToken& token, ChallengeTokenBytes out) {
    ByteWriter writer(out);
    writer.write(token.client_id.value);
    writer.write_bytes(token.user_data);
    writer.write_zeros(writer.remaining());
}

ChallengeToken read_challenge_token(std::span<const std::byte, kChallengeTokenBytes> bytes) {
    ByteReader reader(bytes);
    ChallengeToken token;
    token.client_id.value = reader.read<std::uint64_t>();
    std::memcpy(token.user_data.data(), reader.read_bytes(kUserDataBytes).data(), kUserDataBytes);
    return token;
}

void seal_challenge_token(ChallengeTokenBytes bytes, std::uint64_t sequence, const PacketCipher& cipher) {
    cipher.seal(sequence, {}, bytes);
}

bool open_challenge_token(ChallengeTokenBytes bytes, std::uint64_t sequence, const PacketCipher& cipher) {
    return cipher.open(sequence, {}, bytes);
}

}  // namespace squall::secure
