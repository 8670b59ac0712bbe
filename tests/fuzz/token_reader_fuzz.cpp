// Any bytes as a connect token, public and private: read or refused, and what is read can be written and read
// again.
#include <cstdint>
#include <cstdlib>

#include "squall/transport/connect_token.hpp"
#include "transport/secure/private_token.hpp"

using namespace squall;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void read_public(Bytes bytes) {
    const auto token = ConnectToken::parse(bytes);
    if (!token) return check(!token.error().message.empty());
    check(bytes.size() == kConnectTokenBytes);
    check(token->created <= token->expires);
    check(!token->server_addresses.empty() && token->server_addresses.size() <= kMaxServerAddresses);
}

void read_private(Bytes bytes) {
    std::array<std::byte, secure::kPrivateTokenBytes> buffer{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), buffer.size()), buffer.begin());
    const auto token = secure::read_private_token(buffer);
    if (!token) return;
    std::array<std::byte, secure::kPrivateTokenBytes> written;
    secure::write_private_token(*token, written);
    const auto again = secure::read_private_token(written);
    check(again && again->client_id == token->client_id && again->timeout_seconds == token->timeout_seconds);
    check(again->server_addresses.items == token->server_addresses.items &&
          again->user_data == token->user_data);
    check(again->client_to_server_key == token->client_to_server_key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    read_public(bytes);
    read_private(bytes);
    // The fuzzer need not find the length and the version by itself.
    std::array<std::byte, kConnectTokenBytes> framed{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), framed.size()), framed.begin());
    const auto suite = static_cast<Suite>(size % kSuiteCount);
    std::copy_n(secure::version_info(suite).begin(), secure::kVersionBytes, framed.begin());
    read_public(framed);
    return 0;
}
