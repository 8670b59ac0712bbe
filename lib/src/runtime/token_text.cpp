#include "runtime/token_text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

namespace squall::runtime {
namespace {

constexpr std::size_t kTextBytes = (kConnectTokenBytes + 2) / 3 * 4;

}  // namespace

std::string token_to_text(const ConnectTokenBytes& token) {
    std::vector<unsigned char> text(kTextBytes + 1);
    EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(token.data()),
                    static_cast<int>(token.size()));
    return {text.begin(), text.end() - 1};
}

std::optional<ConnectTokenBytes> token_from_text(std::string_view text) {
    if (text.size() != kTextBytes) return std::nullopt;
    std::vector<unsigned char> bytes(kTextBytes / 4 * 3);
    const int count = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()));
    if (count < static_cast<int>(kConnectTokenBytes)) return std::nullopt;
    ConnectTokenBytes token;
    std::ranges::transform(bytes.begin(), bytes.begin() + kConnectTokenBytes, token.begin(),
                           [](unsigned char byte) { return static_cast<std::byte>(byte); });
    // What OpenSSL is lenient with (blanks, wrong padding) does not come out the same again.
    if (token_to_text(token) != text) return std::nullopt;
    return token;
}

}  // namespace squall::runtime
