// Names to addresses, by the system's resolver. It blocks for as long as the system takes: call it at the
// start, not in a pump.
#pragma once

#include <string_view>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/result.hpp"

namespace squall {

enum class ResolveFamily { any, ipv4, ipv6 };

// All addresses of a host name (or of an address written as text, which is not looked up), in the system's
// order of preference, none twice. `localhost` is known even where the system has no table of hosts.
// Errors: unknown_id (no such name, or none of that family), io (the resolver cannot be reached),
// invalid_argument.
[[nodiscard]] Result<std::vector<Address>> resolve(std::string_view name, std::uint16_t port,
                                                   ResolveFamily family = ResolveFamily::any);
// "name:port", "127.0.0.1:40000" or "[::1]:40000".
[[nodiscard]] Result<std::vector<Address>> resolve(std::string_view name_and_port,
                                                   ResolveFamily family = ResolveFamily::any);

}  // namespace squall
