// The suites that this machine can run, strongest habit first.
#pragma once

#include <vector>

#include "squall/transport/suite.hpp"

namespace squall::bench {

[[nodiscard]] inline std::vector<Suite> available_suites() {
    std::vector<Suite> suites;
    for (const Suite suite : {Suite::aes256_gcm, Suite::netcode, Suite::hmac_signed, Suite::none})
        if (is_available(suite)) suites.push_back(suite);
    return suites;
}

}  // namespace squall::bench
