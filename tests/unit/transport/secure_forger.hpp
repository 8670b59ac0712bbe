// Writes packets as an attacker or a strange peer would: anything, under keys that are known from a token.
// For tests.
#pragma once

#include "transport/secure/challenge_token.hpp"
#include "transport/secure/connection_request.hpp"
#include "transport/secure/packet.hpp"
#include "transport/secure/session_key.hpp"
#include "unit/transport/secure_net.hpp"

namespace squall::secure::testing {

inline Datagram request_datagram(const ConnectTokenBytes& token) {
    std::array<std::byte, kRequestBytes> bytes;
    write_connection_request(*ConnectToken::parse(token), bytes);
    return {bytes.begin(), bytes.end()};
}

// Knows both keys of one connection, as both of its ends do.
class Forger {
  public:
    Forger(const ConnectTokenBytes& token_bytes) : Forger(*ConnectToken::parse(token_bytes)) {}
    Forger(const ConnectToken& token) : token_(token), binding_(token.suite, token.protocol_id) {
        use_keys(token.client_to_server_key, token.server_to_client_key);
    }
    // From now on the keys of the session that this challenge packet, sent by the server, leads to.
    void follow(Datagram challenge_packet) {
        const auto header = *read_header(challenge_packet);
        const auto body = *binding_.open(*client_reads_, header, challenge_packet);
        const auto number = ByteReader(body).read<std::uint64_t>();
        const auto sealed = body.subspan<8, kChallengeTokenBytes>();
        use_keys(derive_session_key(token_.suite, token_.client_to_server_key, sealed, number),
                 derive_session_key(token_.suite, token_.server_to_client_key, sealed, number));
    }
    [[nodiscard]] Datagram from_client(PacketType type, std::uint64_t sequence, Bytes body = {},
                                       std::uint64_t id = 0) const {
        return write(*client_writes_, type, sequence, body, id);
    }
    [[nodiscard]] Datagram from_server(PacketType type, std::uint64_t sequence, Bytes body = {}) const {
        return write(*server_writes_, type, sequence, body, 0);
    }
    [[nodiscard]] std::optional<Datagram> open_from_server(Datagram packet) const {
        const auto header = read_header(packet);
        if (!header) return std::nullopt;
        const auto body = binding_.open(*client_reads_, *header, packet);
        if (!body) return std::nullopt;
        return Datagram(body->begin(), body->end());
    }
    [[nodiscard]] std::optional<Datagram> open_from_client(Datagram packet) const {
        const auto header = read_header(packet);
        if (!header) return std::nullopt;
        const auto body = binding_.open(*server_reads_, *header, packet);
        if (!body) return std::nullopt;
        return Datagram(body->begin(), body->end());
    }

  private:
    void use_keys(const Key& up, const Key& down) {
        client_writes_ = make_packet_cipher(token_.suite, up, down);
        server_writes_ = make_packet_cipher(token_.suite, down, up);
        client_reads_ = make_packet_cipher(token_.suite, up, down);
        server_reads_ = make_packet_cipher(token_.suite, down, up);
    }
    [[nodiscard]] Datagram write(const PacketCipher& cipher, PacketType type, std::uint64_t sequence,
                                 Bytes body, std::uint64_t id) const {
        PacketHeader header;
        header.type = type;
        header.sequence = sequence;
        header.connection_id = id;
        const auto offset = header_bytes(type, sequence);
        Datagram buffer(offset + body.size() + cipher.tag_bytes());
        std::ranges::copy(body, buffer.begin() + static_cast<std::ptrdiff_t>(offset));
        buffer.resize(binding_.seal(cipher, header, buffer, body.size()));
        return buffer;
    }
    ConnectToken token_;
    PacketBinding binding_;
    std::unique_ptr<PacketCipher> client_writes_;
    std::unique_ptr<PacketCipher> server_writes_;
    std::unique_ptr<PacketCipher> client_reads_;
    std::unique_ptr<PacketCipher> server_reads_;
};

}  // namespace squall::secure::testing
