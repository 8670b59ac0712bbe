#include "squall/runtime/system_entropy.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace squall {

void SystemEntropy::fill(MutableBytes out) {
    while (!out.empty()) {
        const ssize_t count = ::getrandom(out.data(), out.size(), 0);
        if (count > 0) {
            out = out.subspan(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            std::perror("squall: the kernel delivers no random bytes (getrandom)");
            std::abort();
        }
    }
}

}  // namespace squall
