// Address as the socket calls want it and back. An IPv4 address that reaches a dual-stack IPv6 socket travels
// mapped
// (::ffff:a.b.c.d); here it is unmapped on the way in and mapped on the way out, so that nobody else sees the
// mapping.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "squall/core/address.hpp"

namespace squall::runtime {

union SocketAddress {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

// Writes `address` for a socket of the given family (AF_INET or AF_INET6). Returns the length; 0 if the
// address has no form in that family (IPv6 on an IPv4 socket, or an invalid address).
[[nodiscard]] socklen_t write_address(const Address& address, int family, SocketAddress& out);
// An invalid Address for an unknown family.
[[nodiscard]] Address read_address(const SocketAddress& address);
// AF_INET, AF_INET6 or AF_UNSPEC.
[[nodiscard]] int family_of(const Address& address);

}  // namespace squall::runtime
