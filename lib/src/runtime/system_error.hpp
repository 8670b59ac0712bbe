// Turns the system's error numbers into Squall's errors, with what would be right where that is known.
#pragma once

#include <string>

#include "squall/core/address.hpp"
#include "squall/core/result.hpp"

namespace squall::runtime {

// The error for a failed system call: "<what>: <the system's text>", with a code to act on.
[[nodiscard]] Error system_error(int number, const std::string& what);
// The error for a socket that could not be opened or bound: names the address, the cause and the way out.
[[nodiscard]] Error bind_error(int number, const char* protocol, const Address& address);

}  // namespace squall::runtime
