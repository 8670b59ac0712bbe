#include "cli/huge_pages.hpp"

#include <unistd.h>

#include <cstdlib>

namespace squall::loadgen {

void use_huge_pages(char** argv) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    constexpr const char* kVariable = "GLIBC_TUNABLES";
    if (std::getenv(kVariable) != nullptr) return;
    if (setenv(kVariable, "glibc.malloc.hugetlb=1", 0) == 0) execv("/proc/self/exe", argv);
#else
    (void)argv;
#endif
}

}  // namespace squall::loadgen
