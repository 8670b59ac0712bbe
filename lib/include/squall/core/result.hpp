// How the library refuses: a closed code to act on and a sentence to read. Never an exception.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace squall {

enum class ErrorCode {
    invalid_argument,   // a value outside its range, or of the wrong kind; the message says what would be
                        // right
    too_large,          // more bytes than this can ever carry; the message names the limit
    unknown_id,         // no such connection, channel, socket or name
    not_connected,      // the connection is not (or no longer) established
    queue_full,         // a bounded queue has no room now; a later try may succeed
    malformed,          // bytes or text that do not follow their format
    expired,            // a token or a deadline that has passed
    unauthorised,       // a signature, key or token that does not fit
    address_in_use,     // the port is taken
    permission_denied,  // the system does not let us
    io,                 // any other failure of the system; the message carries its text
    unsupported,        // valid, but not offered by this build or version; the message says what is
};

[[nodiscard]] std::string_view to_string(ErrorCode code);

struct Error {
    ErrorCode code = ErrorCode::invalid_argument;
    // What is wrong, where, and what would be right: one line, no full stop.
    std::string message;
};

template <class T = void>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
    return std::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace squall
