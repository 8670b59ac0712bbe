#include "cli/own_program.hpp"

#include <unistd.h>

#include <array>

namespace squall::loadgen {

std::string own_program() {
    std::array<char, 4096> path{};
    const ssize_t size = readlink("/proc/self/exe", path.data(), path.size() - 1);
    return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "squall-loadgen";
}

}  // namespace squall::loadgen
