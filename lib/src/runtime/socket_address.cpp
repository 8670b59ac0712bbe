#include "runtime/socket_address.hpp"

#include <cstring>

namespace squall::runtime {
namespace {

bool is_mapped_ipv4(const in6_addr& address) {
    static constexpr std::uint8_t kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(address.s6_addr, kPrefix, sizeof kPrefix) == 0;
}

}  // namespace

socklen_t write_address(const Address& address, int family, SocketAddress& out) {
    if (family == AF_INET && address.family() == Address::Family::ipv4) {
        out.v4 = sockaddr_in{};
        out.v4.sin_family = AF_INET;
        out.v4.sin_port = htons(address.port());
        std::memcpy(&out.v4.sin_addr, address.bytes().data(), 4);
        return sizeof out.v4;
    }
    if (family != AF_INET6 || !address.is_valid()) return 0;
    out.v6 = sockaddr_in6{};
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(address.port());
    if (address.family() == Address::Family::ipv4) {
        out.v6.sin6_addr.s6_addr[10] = 0xff;
        out.v6.sin6_addr.s6_addr[11] = 0xff;
        std::memcpy(out.v6.sin6_addr.s6_addr + 12, address.bytes().data(), 4);
    } else {
        std::memcpy(out.v6.sin6_addr.s6_addr, address.bytes().data(), 16);
    }
    return sizeof out.v6;
}

Address read_address(const SocketAddress& address) {
    if (address.any.sa_family == AF_INET) {
        const auto* b = reinterpret_cast<const std::uint8_t*>(&address.v4.sin_addr);
        return Address::ipv4(b[0], b[1], b[2], b[3], ntohs(address.v4.sin_port));
    }
    if (address.any.sa_family != AF_INET6) return {};
    const auto* b = address.v6.sin6_addr.s6_addr;
    const std::uint16_t port = ntohs(address.v6.sin6_port);
    if (is_mapped_ipv4(address.v6.sin6_addr)) return Address::ipv4(b[12], b[13], b[14], b[15], port);
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), b, bytes.size());
    return Address::ipv6(bytes, port);
}

int family_of(const Address& address) {
    if (address.family() == Address::Family::ipv4) return AF_INET;
    return address.family() == Address::Family::ipv6 ? AF_INET6 : AF_UNSPEC;
}

}  // namespace squall::runtime
