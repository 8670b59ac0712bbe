// The private part of a connect token: what only the issuer and the servers read. Layout, sealing and
// opening; knows neither connections nor time.
#pragma once

#include <optional>
#include <span>

#include "squall/transport/connect_token.hpp"
#include "transport/secure/address_list.hpp"
#include "transport/secure/format.hpp"

namespace squall::secure {

struct PrivateToken {
    ClientId client_id{};
    std::int32_t timeout_seconds = 0;
    AddressList server_addresses;
    Key client_to_server_key{};
    Key server_to_client_key{};
    UserData user_data{};
};

using PrivateTokenBytes = std::span<std::byte, kPrivateTokenBytes>;

// Writes the plain form, padded with zeros; the last 16 bytes are left for the tag.
void write_private_token(const PrivateToken& token, PrivateTokenBytes out);
// Nothing if an address list or a length is impossible.
[[nodiscard]] std::optional<PrivateToken> read_private_token(
    std::span<const std::byte, kPrivateTokenBytes> bytes);

// What the private part is bound to; it cannot be moved to another suite, protocol or expiry.
struct TokenBinding {
    Suite suite = Suite::netcode;
    std::uint64_t protocol_id = 0;
    UnixSeconds expires{};
    std::span<const std::byte, kNonceBytes> nonce;
};
void seal_private_token(PrivateTokenBytes bytes, const TokenBinding& binding, const Key& private_key);
[[nodiscard]] bool open_private_token(PrivateTokenBytes bytes, const TokenBinding& binding,
                                      const Key& private_key);

}  // namespace squall::secure
