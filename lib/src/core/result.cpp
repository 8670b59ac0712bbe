// Names of the error codes.
#include "squall/core/result.hpp"

namespace squall {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid argument";
        case ErrorCode::too_large: return "too large";
        case ErrorCode::unknown_id: return "unknown id";
        case ErrorCode::not_connected: return "not connected";
        case ErrorCode::queue_full: return "queue full";
        case ErrorCode::malformed: return "malformed";
        case ErrorCode::expired: return "expired";
        case ErrorCode::unauthorised: return "unauthorised";
        case ErrorCode::address_in_use: return "address in use";
        case ErrorCode::permission_denied: return "permission denied";
        case ErrorCode::io: return "input/output error";
        case ErrorCode::unsupported: return "unsupported";
    }
    return "unknown error";
}

}  // namespace squall
