#include "runtime/system_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "squall/runtime/system_limits.hpp"

namespace squall::runtime {
namespace {

ErrorCode code_of(int number) {
    switch (number) {
        case EADDRINUSE: return ErrorCode::address_in_use;
        case EACCES:
        case EPERM: return ErrorCode::permission_denied;
        case EINVAL:
        case EADDRNOTAVAIL: return ErrorCode::invalid_argument;
        case EAFNOSUPPORT:
        case EOPNOTSUPP:
        case EPROTONOSUPPORT: return ErrorCode::unsupported;
        case ENOTCONN:
        case EPIPE: return ErrorCode::not_connected;
        case EMSGSIZE: return ErrorCode::too_large;
        default: return ErrorCode::io;
    }
}

std::string port_range_text() {
    const auto range = ephemeral_port_range();
    return range ? fmt::format("{} to {}", range->first, range->last) : std::string("unknown");
}

std::string way_out(int number, const Address& address) {
    switch (number) {
        case EADDRINUSE:
            if (address.port() == 0)
                return fmt::format(
                    "no free port is left there: net.ipv4.ip_local_port_range is {}; widen it, or spread the "
                    "sockets over "
                    "further local addresses (127.0.0.2, 127.0.0.3, ...)",
                    port_range_text());
            return "the port is in use; choose another, 0 for any free one, or end the program that has it "
                   "('ss -lnp' names it)";
        case EACCES:
            return "no permission; ports below net.ipv4.ip_unprivileged_port_start (1024) need root or "
                   "CAP_NET_BIND_SERVICE";
        case EADDRNOTAVAIL:
            return "no interface of this machine has that address; bind one of its own, or 0.0.0.0 or [::] "
                   "for all";
        case EMFILE:
            return fmt::format(
                "this process may have {} open files and has them; raise the limit ('ulimit -n')",
                descriptor_limit().soft);
        case ENFILE: return "the system has no open file left; raise the sysctl fs.file-max";
        case EAFNOSUPPORT: return "this system has no IPv6; use an IPv4 address";
        default: return std::generic_category().message(number);
    }
}

}  // namespace

Error system_error(int number, const std::string& what) {
    return Error{code_of(number), fmt::format("{}: {}", what, std::generic_category().message(number))};
}

Error bind_error(int number, const char* protocol, const Address& address) {
    return Error{code_of(number), fmt::format("cannot open {} on {}: {}", protocol, to_string(address),
                                              way_out(number, address))};
}

}  // namespace squall::runtime
