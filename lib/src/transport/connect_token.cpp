// Minting and reading connect tokens. The private part is secure/private_token's.
#include "squall/transport/connect_token.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "transport/secure/crypto.hpp"
#include "transport/secure/private_token.hpp"

namespace squall {
namespace {

using secure::kNonceBytes;
using secure::kPrivateTokenBytes;
using secure::kVersionBytes;
using secure::prepare_crypto;
using secure::PrivateToken;
using secure::read_addresses;
using secure::seal_private_token;
using secure::suite_of_version;
using secure::version_info;
using secure::write_addresses;
using secure::write_private_token;

constexpr std::size_t kSealedOffset = kVersionBytes + 8 + 8 + 8 + kNonceBytes;

Result<> check_addresses(const std::vector<Address>& addresses, const char* field) {
    if (addresses.empty() || addresses.size() > kMaxServerAddresses)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} has {} addresses; a connect token takes 1 to {}", field, addresses.size(),
                                kMaxServerAddresses));
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (addresses[i].is_valid() && addresses[i].port() != 0) continue;
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}[{}] is {}; a server address needs an IP address and a port that is not 0",
                                field, i, to_string(addresses[i])));
    }
    return {};
}

Result<> check(const ConnectTokenRequest& request) {
    if (static_cast<std::size_t>(request.suite) >= kSuiteCount)
        return fail(ErrorCode::invalid_argument, "suite is not one of netcode, aes256-gcm, signed, none");
    if (request.lifetime_seconds == 0)
        return fail(ErrorCode::invalid_argument,
                    "lifetime_seconds is 0; a connect token lives 1 second or more");
    if (request.timeout_seconds == 0)
        return fail(ErrorCode::invalid_argument,
                    "timeout_seconds is 0; it is 1 or more, or negative for never");
    if (auto checked = check_addresses(request.public_addresses, "public_addresses"); !checked)
        return checked;
    if (request.internal_addresses.empty()) return {};
    if (request.internal_addresses.size() != request.public_addresses.size())
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("internal_addresses has {} addresses and public_addresses {}; they pair up, or there "
                        "are no internal ones",
                        request.internal_addresses.size(), request.public_addresses.size()));
    return check_addresses(request.internal_addresses, "internal_addresses");
}

std::unexpected<Error> malformed(std::string what) {
    return fail(ErrorCode::malformed, std::move(what));
}

}  // namespace

Result<ConnectTokenBytes> mint_connect_token(const ConnectTokenRequest& request, const Key& private_key,
                                             EntropySource& entropy) {
    if (auto checked = check(request); !checked) return std::unexpected(checked.error());
    prepare_crypto();

    const auto nonce = entropy.bytes<kNonceBytes>();
    PrivateToken secret;
    secret.client_id = request.client_id;
    secret.timeout_seconds = request.timeout_seconds;
    const auto& internal =
        request.internal_addresses.empty() ? request.public_addresses : request.internal_addresses;
    std::ranges::copy(internal, secret.server_addresses.items.begin());
    secret.server_addresses.count = internal.size();
    entropy.fill(secret.client_to_server_key);
    entropy.fill(secret.server_to_client_key);
    secret.user_data = request.user_data;

    ConnectTokenBytes bytes;
    ByteWriter writer(bytes);
    const UnixSeconds expires{request.now.value + request.lifetime_seconds};
    writer.write_bytes(version_info(request.suite));
    writer.write(request.protocol_id);
    writer.write(request.now.value);
    writer.write(expires.value);
    writer.write_bytes(nonce);
    writer.write_zeros(kPrivateTokenBytes);
    const auto sealed = std::span(bytes).subspan<kSealedOffset, kPrivateTokenBytes>();
    write_private_token(secret, sealed);
    seal_private_token(sealed, {request.suite, request.protocol_id, expires, nonce}, private_key);
    writer.write(request.timeout_seconds);
    write_addresses(writer, request.public_addresses);
    writer.write_bytes(secret.client_to_server_key);
    writer.write_bytes(secret.server_to_client_key);
    writer.write_zeros(writer.remaining());
    sodium_memzero(&secret.client_to_server_key, kKeyBytes);
    sodium_memzero(&secret.server_to_client_key, kKeyBytes);
    return bytes;
}

Result<ConnectToken> ConnectToken::parse(Bytes bytes) {
    if (bytes.size() != kConnectTokenBytes)
        return malformed(
            fmt::format("connect token has {} bytes; it is {}", bytes.size(), kConnectTokenBytes));
    ByteReader reader(bytes);
    const auto version = reader.read_bytes(kVersionBytes);
    const auto suite = suite_of_version(version);
    if (!suite)
        return fail(ErrorCode::unsupported, fmt::format("connect token has version bytes {}; known are "
                                                        "\"NETCODE 1.02\" and \"SQUALL 1.0\" A, S and N",
                                                        to_hex(version)));
    ConnectToken token;
    token.suite = *suite;
    token.protocol_id = reader.read<std::uint64_t>();
    token.created.value = reader.read<std::uint64_t>();
    token.expires.value = reader.read<std::uint64_t>();
    if (token.created > token.expires)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("connect token was created at {} and expires at {}; it must expire later",
                                token.created.value, token.expires.value));
    const auto copy = [&](MutableBytes out) {
        const auto source = reader.read_bytes(out.size());
        if (source.size() == out.size()) std::ranges::copy(source, out.begin());
    };
    copy(token.nonce);
    copy(token.sealed_private);
    token.timeout_seconds = reader.read<std::int32_t>();
    const auto addresses = read_addresses(reader);
    if (!addresses)
        return malformed(
            fmt::format("connect token has no readable server list; it holds 1 to {} addresses of type 1 "
                        "(IPv4) or 2 (IPv6)",
                        kMaxServerAddresses));
    token.server_addresses.assign(addresses->view().begin(), addresses->view().end());
    copy(token.client_to_server_key);
    copy(token.server_to_client_key);
    if (!reader.ok()) return malformed("connect token ends before its keys");
    return token;
}

}  // namespace squall
