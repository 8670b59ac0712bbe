#include "squall/runtime/resolve.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "runtime/socket_address.hpp"
#include "runtime/system_error.hpp"

namespace squall {
namespace {

constexpr std::size_t kMaxNameBytes = 253;  // of a DNS name

int native_family(ResolveFamily family) {
    if (family == ResolveFamily::ipv4) return AF_INET;
    return family == ResolveFamily::ipv6 ? AF_INET6 : AF_UNSPEC;
}

// This machine, whatever the system's tables say: RFC 6761, section 6.3. Minimal systems have no /etc/hosts.
bool is_localhost(std::string_view name) {
    constexpr std::string_view kName = "localhost";
    return std::ranges::equal(name, kName,
                              [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}
std::vector<Address> loopback_addresses(std::uint16_t port, ResolveFamily family) {
    std::vector<Address> out;
    if (family != ResolveFamily::ipv6) out.push_back(Address::loopback(port));
    if (family != ResolveFamily::ipv4)
        out.push_back(Address::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, port));
    return out;
}

std::unexpected<Error> lookup_error(int code, const std::string& name, int number) {
    if (code == EAI_SYSTEM)
        return std::unexpected(runtime::system_error(number, fmt::format("cannot look up '{}'", name)));
    const bool unknown = code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY;
    return fail(
        unknown ? ErrorCode::unknown_id : ErrorCode::io,
        fmt::format("cannot look up '{}': {}; expected a host name or an address, as 127.0.0.1 or ::1", name,
                    ::gai_strerror(code)));
}

}  // namespace

Result<std::vector<Address>> resolve(std::string_view name, std::uint16_t port, ResolveFamily family) {
    if (name.empty() || name.size() > kMaxNameBytes || name.find('\0') != std::string_view::npos)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("a host name of {} bytes: expected 1 to {} characters", name.size(), kMaxNameBytes));
    const std::string text(name);
    addrinfo hints{};
    hints.ai_family = native_family(family);
    hints.ai_socktype = SOCK_DGRAM;  // one answer an address, not one a protocol
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(text.c_str(), nullptr, &hints, &list);
    if (code != 0 && is_localhost(name)) return loopback_addresses(port, family);
    if (code != 0) return lookup_error(code, text, errno);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    std::vector<Address> addresses;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        runtime::SocketAddress raw{};
        if (entry->ai_addrlen > sizeof raw) continue;
        std::memcpy(&raw, entry->ai_addr, entry->ai_addrlen);
        const Address address = runtime::read_address(raw).with_port(port);
        if (address.is_valid() && std::ranges::find(addresses, address) == addresses.end())
            addresses.push_back(address);
    }
    if (addresses.empty()) return lookup_error(EAI_NONAME, text, 0);
    return addresses;
}

Result<std::vector<Address>> resolve(std::string_view name_and_port, ResolveFamily family) {
    const auto colon = name_and_port.rfind(':');
    std::string_view name = name_and_port.substr(0, colon);
    std::uint16_t port = 0;
    bool ok = colon != std::string_view::npos;
    if (ok) {
        const std::string_view digits = name_and_port.substr(colon + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        ok = !digits.empty() && error == std::errc{} && end == digits.data() + digits.size();
    }
    if (name.starts_with('[') && name.ends_with(']'))
        name = name.substr(1, name.size() - 2);
    else if (name.find(':') != std::string_view::npos)
        ok = false;  // an IPv6 address without brackets: where would its port begin?
    if (!ok)
        return fail(
            ErrorCode::malformed,
            fmt::format(
                "'{}' names no host and port: expected example.org:40000, 127.0.0.1:40000 or [::1]:40000",
                name_and_port));
    return resolve(name, port, family);
}

}  // namespace squall
