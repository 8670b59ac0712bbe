// Uses squall::core alone, from the installed package.
#include <cstdio>

#include "squall/core/address.hpp"
#include "squall/core/rng.hpp"

int main() {
    const auto address = squall::Address::parse("[2001:db8::1]:40000");
    if (!address) {
        std::printf("%s\n", address.error().message.c_str());
        return 1;
    }
    squall::Rng rng = squall::Rng(7).fork("dice");
    std::printf("%s rolls %d\n", to_string(*address).c_str(), static_cast<int>(rng.between(1, 6)));
    return 0;
}
