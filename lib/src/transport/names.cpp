// The text form of the transport's closed enumerations, for logs, reports and error messages. Knows nothing
// else.
#include "squall/transport/channel.hpp"
#include "squall/transport/disconnect_reason.hpp"
#include "squall/transport/endpoint.hpp"
#include "squall/transport/statistics.hpp"

namespace squall {

std::string_view to_string(DisconnectReason reason) {
    switch (reason) {
        case DisconnectReason::none: return "none";
        case DisconnectReason::requested: return "requested";
        case DisconnectReason::requested_by_peer: return "requested by peer";
        case DisconnectReason::timed_out: return "timed out";
        case DisconnectReason::server_full: return "server full";
        case DisconnectReason::denied: return "denied";
        case DisconnectReason::server_shutdown: return "server shutdown";
        case DisconnectReason::kicked: return "kicked";
        case DisconnectReason::protocol_error: return "protocol error";
        case DisconnectReason::queue_overflow: return "queue overflow";
        case DisconnectReason::request_timed_out: return "request timed out";
        case DisconnectReason::response_timed_out: return "response timed out";
        case DisconnectReason::token_expired: return "token expired";
        case DisconnectReason::token_invalid: return "token invalid";
        case DisconnectReason::rate_limited: return "rate limited";
        case DisconnectReason::unauthorised: return "unauthorised";
        case DisconnectReason::replaced: return "replaced";
        case DisconnectReason::reserved_slot_expired: return "reserved slot expired";
    }
    return "unknown";
}

std::string_view to_string(ByteCause cause) {
    switch (cause) {
        case ByteCause::payload: return "payload";
        case ByteCause::retransmission: return "retransmission";
        case ByteCause::early_repeat: return "early repeat";
        case ByteCause::framing: return "framing";
        case ByteCause::acknowledgement: return "acknowledgement";
        case ByteCause::packet_header: return "packet header";
        case ByteCause::protection: return "protection";
        case ByteCause::handshake: return "handshake";
        case ByteCause::keep_alive: return "keep-alive";
        case ByteCause::disconnect: return "disconnect";
        case ByteCause::padding: return "padding";
    }
    return "unknown";
}

std::string_view to_string(RefusalCause cause) {
    switch (cause) {
        case RefusalCause::too_small: return "too small";
        case RefusalCause::too_large: return "too large";
        case RefusalCause::unknown_packet_type: return "unknown packet type";
        case RefusalCause::unknown_sender: return "unknown sender";
        case RefusalCause::wrong_version: return "wrong version";
        case RefusalCause::wrong_protocol: return "wrong protocol";
        case RefusalCause::suite_not_accepted: return "suite not accepted";
        case RefusalCause::token_expired: return "token expired";
        case RefusalCause::token_forged: return "token forged";
        case RefusalCause::token_invalid: return "token invalid";
        case RefusalCause::token_wrong_server: return "token for another server";
        case RefusalCause::token_reused: return "token reused";
        case RefusalCause::already_connected: return "already connected";
        case RefusalCause::bad_challenge: return "bad challenge";
        case RefusalCause::not_authentic: return "not authentic";
        case RefusalCause::replayed: return "replayed";
        case RefusalCause::too_old: return "too old";
        case RefusalCause::wrong_size: return "wrong size";
        case RefusalCause::wrong_state: return "wrong state";
        case RefusalCause::malformed_payload: return "malformed payload";
        case RefusalCause::over_limit: return "over limit";
        case RefusalCause::server_full: return "server full";
        case RefusalCause::stale_path: return "stale path";
    }
    return "unknown";
}

std::string_view to_string(ClientState state) {
    switch (state) {
        case ClientState::token_expired: return "token expired";
        case ClientState::invalid_token: return "invalid token";
        case ClientState::timed_out: return "timed out";
        case ClientState::response_timed_out: return "response timed out";
        case ClientState::request_timed_out: return "request timed out";
        case ClientState::denied: return "denied";
        case ClientState::disconnected: return "disconnected";
        case ClientState::sending_request: return "sending request";
        case ClientState::sending_response: return "sending response";
        case ClientState::connected: return "connected";
    }
    return "unknown";
}

std::string_view to_string(ChannelMode mode) {
    switch (mode) {
        case ChannelMode::unreliable: return "unreliable";
        case ChannelMode::unreliable_sequenced: return "unreliable sequenced";
        case ChannelMode::reliable_unordered: return "reliable unordered";
        case ChannelMode::reliable_ordered: return "reliable ordered";
    }
    return "unknown";
}

std::string_view to_string(MessageFate fate) {
    switch (fate) {
        case MessageFate::delivered: return "delivered";
        case MessageFate::lost: return "lost";
        case MessageFate::superseded: return "superseded";
        case MessageFate::dropped_by_budget: return "dropped by budget";
        case MessageFate::connection_ended: return "connection ended";
    }
    return "unknown";
}

}  // namespace squall
