#include "transport/secure/crypto.hpp"

#include <sodium.h>

#include <cstdlib>

namespace squall::secure {

void prepare_crypto() {
    if (sodium_init() < 0) std::abort();
}

}  // namespace squall::secure
