#include "bench/support/machine.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

namespace squall::bench {

std::string machine_text() {
    std::string processor = "unknown processor";
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("model name")) continue;
        processor = line.substr(line.find(':') + 2);
        break;
    }
    utsname system{};
    ::uname(&system);
#if defined(__clang__)
    const std::string compiler = fmt::format("clang++ {}.{}", __clang_major__, __clang_minor__);
#else
    const std::string compiler = fmt::format("g++ {}.{}", __GNUC__, __GNUC_MINOR__);
#endif
#ifdef NDEBUG
    const std::string_view build = "asserts off";
#else
    const std::string_view build = "asserts on";
#endif
    return fmt::format("{}, {} cores, {} {}, {}, {}", processor, ::sysconf(_SC_NPROCESSORS_ONLN),
                       system.sysname, system.release, compiler, build);
}

}  // namespace squall::bench
