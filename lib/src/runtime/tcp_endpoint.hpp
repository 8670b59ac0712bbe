// Address as asio's TCP wants it and back, and asio's errors as ours. To be included in .cpp files only.
#pragma once

#include "runtime/asio_config.hpp"

#include <algorithm>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <cstring>

#include "runtime/socket_address.hpp"
#include "runtime/system_error.hpp"

namespace squall::runtime {

[[nodiscard]] inline asio::ip::tcp::endpoint to_endpoint(const Address& address) {
    asio::ip::tcp::endpoint endpoint;
    SocketAddress raw{};
    const socklen_t length = write_address(address, family_of(address), raw);
    if (length == 0) return endpoint;
    std::memcpy(endpoint.data(), &raw, length);
    endpoint.resize(length);
    return endpoint;
}

[[nodiscard]] inline Address to_address(const asio::ip::tcp::endpoint& endpoint) {
    SocketAddress raw{};
    std::memcpy(&raw, endpoint.data(), std::min<std::size_t>(endpoint.size(), sizeof raw));
    return read_address(raw);
}

}  // namespace squall::runtime
