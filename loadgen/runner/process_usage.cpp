#include "runner/process_usage.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace squall::loadgen {

std::optional<ProcessUsage> usage_of(pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/stat", process));
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    // The second field is the program's name in parentheses and may hold anything; what follows the last ')'
    // is regular.
    const auto after = line.rfind(')');
    if (after == std::string::npos) return std::nullopt;
    std::istringstream fields(line.substr(after + 1));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    std::uint64_t user = 0, system = 0, pages = 0;
    fields >> user >> system;
    for (int i = 16; i < 24; ++i) fields >> skipped;
    fields >> pages;
    if (!fields) return std::nullopt;
    const auto ticks = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    ProcessUsage out;
    out.cpu = Duration{static_cast<std::int64_t>((user + system) * (1'000'000'000 / ticks))};
    out.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return out;
}

Duration own_cpu_time() {
    timespec now{};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return Duration{now.tv_sec * 1'000'000'000 + now.tv_nsec};
}

}  // namespace squall::loadgen
