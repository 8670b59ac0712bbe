// A connection request, from raw bytes to a verified private token. Stateless: it knows the server's key,
// addresses and suites, and neither connections nor what was seen before.
#pragma once

#include <expected>
#include <vector>

#include "squall/transport/endpoint.hpp"
#include "transport/secure/private_token.hpp"
#include "transport/secure/token_history.hpp"

namespace squall::secure {

struct ConnectionRequest {
    Suite suite = Suite::netcode;
    UnixSeconds expires{};
    TokenTag tag{};
    PrivateToken token;
};

class RequestVerifier {
  public:
    RequestVerifier(const ServerConfig& config, UnixSeconds server_start);

    // The checks of netcode's STANDARD.md, in its order, up to the server's address. Decrypts in place.
    [[nodiscard]] std::expected<ConnectionRequest, RefusalCause> verify(MutableBytes datagram,
                                                                        UnixSeconds now) const;

  private:
    std::uint64_t protocol_id_;
    Key private_key_;
    std::vector<Address> addresses_;
    SuiteSet suites_;
    std::uint32_t token_lifetime_seconds_;
    UnixSeconds server_start_;
};

// Writes the 1078 bytes of a request.
void write_connection_request(const ConnectToken& token, std::span<std::byte, kRequestBytes> out);

}  // namespace squall::secure
