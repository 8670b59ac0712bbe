// Checks what the application configures, before anything is built from it.
#pragma once

#include "squall/transport/endpoint.hpp"

namespace squall::endpoint {

// Each error names the field, the value and the range.
[[nodiscard]] Result<> check(const TransportConfig& config);
[[nodiscard]] Result<> check(const ServerConfig& config);

}  // namespace squall::endpoint
