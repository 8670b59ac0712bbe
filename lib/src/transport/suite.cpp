// Names of the suites and whether this machine runs them. Knows no cipher: see secure/packet_cipher.
#include "squall/transport/suite.hpp"

#include <sodium.h>

#include "transport/secure/crypto.hpp"

namespace squall {

std::string_view to_string(Suite suite) {
    switch (suite) {
        case Suite::netcode: return "netcode";
        case Suite::aes256_gcm: return "aes256-gcm";
        case Suite::hmac_signed: return "signed";
        case Suite::none: return "none";
    }
    return "unknown";
}

std::optional<Suite> suite_from_string(std::string_view name) {
    for (const auto suite : {Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed, Suite::none})
        if (to_string(suite) == name) return suite;
    return std::nullopt;
}

bool is_available(Suite suite) {
    if (suite != Suite::aes256_gcm) return static_cast<std::size_t>(suite) < kSuiteCount;
    secure::prepare_crypto();
    return crypto_aead_aes256gcm_is_available() == 1;
}

}  // namespace squall
