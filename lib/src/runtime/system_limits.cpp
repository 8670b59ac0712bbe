#include "squall/runtime/system_limits.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <fstream>

#include "runtime/system_error.hpp"

namespace squall {
namespace {

std::string shortfall(std::string_view who, std::string_view which, std::string_view sysctl,
                      std::size_t wanted, std::size_t granted) {
    return fmt::format(
        "the {} buffer of {} is {} KiB where {} KiB were asked for: raise the limit with 'sudo sysctl -w "
        "{}={}'",
        which, who, granted / 1024, (wanted + 1023) / 1024, sysctl, wanted);
}

}  // namespace

DescriptorLimit descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
    return {limit.rlim_cur, limit.rlim_max};
}

Result<std::uint64_t> require_descriptors(std::uint64_t wanted) {
    const auto limit = descriptor_limit();
    if (limit.soft >= wanted) return limit.soft;
    const rlimit raised{wanted, wanted > limit.hard ? wanted : limit.hard};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return wanted;
    return fail(ErrorCode::permission_denied,
                fmt::format("{} open files are needed and this process may have {} at most: raise the limit "
                            "with 'ulimit -n {}' "
                            "as root, or in /etc/security/limits.conf ('* hard nofile {}')",
                            wanted, limit.hard, wanted, wanted));
}

std::optional<PortRange> ephemeral_port_range() {
    std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
    PortRange range;
    if (!(file >> range.first >> range.last) || range.last < range.first) return std::nullopt;
    return range;
}

std::optional<std::string> buffer_advice(std::string_view who, const SocketBuffers& wanted,
                                         const SocketBuffers& granted) {
    std::string text;
    if (granted.receive < wanted.receive)
        text = shortfall(who, "receive", "net.core.rmem_max", wanted.receive, granted.receive);
    if (granted.send < wanted.send) {
        if (!text.empty()) text += "; ";
        text += shortfall(who, "send", "net.core.wmem_max", wanted.send, granted.send);
    }
    if (text.empty()) return std::nullopt;
    return text;
}

Result<> pin_timer_slack() {
    if (::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL) == 0) return {};
    return std::unexpected(runtime::system_error(errno, "cannot set the timer slack"));
}

}  // namespace squall
