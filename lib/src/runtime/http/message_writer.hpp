// Writes HTTP/1.1 heads and bodies. Knows no socket: what is to be sent goes to a function.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/runtime/http_message.hpp"

namespace squall::runtime {

using Send = std::function<Result<>(Bytes)>;

// A body on its way out; what it points to stays the caller's.
struct OutgoingBody {
    Bytes bytes;
    const HttpBodySource* source = nullptr;  // in place of the bytes
    std::optional<std::uint64_t> length;     // of the source; unset: in chunks
};

// The headers that tell how long the body is and what, after the caller's own. Error: invalid_argument (a
// header that breaks the message, or one that is not the caller's to set).
[[nodiscard]] Result<std::string> head_text(std::string first_line, const HttpHeaders& headers,
                                            const std::string& content_type, const OutgoingBody* body);
// Error: what the source or `send` gave, or invalid_argument if the source yields more or less than
// announced. `sent_bytes` counts the body's bytes as they go.
Result<> write_body(const OutgoingBody& body, const Send& send, std::uint64_t& sent_bytes);

}  // namespace squall::runtime
