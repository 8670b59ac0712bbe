// Base64 with padding (RFC 4648, section 4). Knows nothing of what it carries.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/bytes.hpp"

namespace squall::trace {

[[nodiscard]] std::string base64_encode(Bytes bytes);
// Nothing if a character is not of the alphabet, padding is missing or misplaced, or unused bits are set.
[[nodiscard]] std::optional<std::vector<std::byte>> base64_decode(std::string_view text);

}  // namespace squall::trace
