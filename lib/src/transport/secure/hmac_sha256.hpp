// HMAC-SHA256 (RFC 2104, FIPS 198-1) with the key's two hash blocks computed once and kept. Knows no packet.
//
// Why not one EVP_MAC context a key: measured on OpenSSL 3.0 a context is 928 bytes and 251 ns a 94-byte
// message; the two kept midstates are 64 bytes and 145 ns. A test holds the result against EVP_MAC and RFC
// 4231.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "squall/core/bytes.hpp"

namespace squall::secure {

class HmacSha256 {
  public:
    using Digest = std::array<std::byte, 32>;

    explicit HmacSha256(Bytes key);
    HmacSha256(const HmacSha256&) = default;
    HmacSha256& operator=(const HmacSha256&) = default;
    ~HmacSha256();

    // The MAC of the parts in a row, as if they were one message.
    [[nodiscard]] Digest compute(std::initializer_list<Bytes> parts) const;

  private:
    // SHA-256 after the block key ^ ipad, and after key ^ opad.
    std::array<std::uint32_t, 8> inner_{};
    std::array<std::uint32_t, 8> outer_{};
};

}  // namespace squall::secure
