// A token as text and back: base64 with padding. Knows nothing of what the bytes mean.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "squall/transport/connect_token.hpp"

namespace squall::runtime {

[[nodiscard]] std::string token_to_text(const ConnectTokenBytes& token);
// Nothing if it is not exactly the text of a token's number of bytes.
[[nodiscard]] std::optional<ConnectTokenBytes> token_from_text(std::string_view text);

}  // namespace squall::runtime
