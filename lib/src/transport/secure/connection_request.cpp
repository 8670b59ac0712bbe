#include "transport/secure/connection_request.hpp"

#include <algorithm>

namespace squall::secure {

RequestVerifier::RequestVerifier(const ServerConfig& config, UnixSeconds server_start)
    : protocol_id_(config.transport.protocol_id),
      private_key_(config.private_key),
      addresses_(config.addresses),
      token_lifetime_seconds_(config.token_lifetime_seconds),
      server_start_(server_start) {
    for (std::size_t i = 0; i < kSuiteCount; ++i) {
        const auto suite = static_cast<Suite>(i);
        if (config.suites.contains(suite) && is_available(suite)) suites_ = suites_.with(suite);
    }
}

std::expected<ConnectionRequest, RefusalCause> RequestVerifier::verify(MutableBytes datagram,
                                                                       UnixSeconds now) const {
    if (datagram.size() != kRequestBytes) return std::unexpected(RefusalCause::wrong_size);
    ByteReader reader(datagram);
    reader.skip(1);
    const auto suite = suite_of_version(reader.read_bytes(kVersionBytes));
    if (!suite) return std::unexpected(RefusalCause::wrong_version);
    if (!suites_.contains(*suite)) return std::unexpected(RefusalCause::suite_not_accepted);
    if (reader.read<std::uint64_t>() != protocol_id_) return std::unexpected(RefusalCause::wrong_protocol);

    ConnectionRequest request;
    request.suite = *suite;
    request.expires.value = reader.read<std::uint64_t>();
    if (request.expires <= now) return std::unexpected(RefusalCause::token_expired);
    // Minted before this server started: a former run may have used its keys with the same nonces.
    if (token_lifetime_seconds_ != 0 &&
        (request.expires.value < token_lifetime_seconds_ ||
         request.expires.value - token_lifetime_seconds_ < server_start_.value))
        return std::unexpected(RefusalCause::token_expired);

    const auto nonce = reader.read_bytes(kNonceBytes).first<kNonceBytes>();
    const auto sealed = datagram.last<kPrivateTokenBytes>();
    std::ranges::copy(sealed.last<kTagBytes>(), request.tag.begin());
    if (!open_private_token(sealed, {request.suite, protocol_id_, request.expires, nonce}, private_key_))
        return std::unexpected(RefusalCause::token_forged);
    const auto token = read_private_token(sealed);
    if (!token) return std::unexpected(RefusalCause::token_invalid);
    request.token = *token;
    const auto is_ours = [&](const Address& named) {
        return std::ranges::find(addresses_, named) != addresses_.end();
    };
    if (std::ranges::none_of(token->server_addresses.view(), is_ours))
        return std::unexpected(RefusalCause::token_wrong_server);
    return request;
}

void write_connection_request(const ConnectToken& token, std::span<std::byte, kRequestBytes> out) {
    ByteWriter writer(out);
    writer.write(static_cast<std::uint8_t>(PacketType::request));
    writer.write_bytes(version_info(token.suite));
    writer.write(token.protocol_id);
    writer.write(token.expires.value);
    writer.write_bytes(token.nonce);
    writer.write_bytes(token.sealed_private);
}

}  // namespace squall::secure
