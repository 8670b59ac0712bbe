#include "squall/remotes/message.hpp"

#include "squall/remotes/registry.hpp"

namespace squall::remotes {

std::string_view to_string(RemoteKind kind) {
    switch (kind) {
        case RemoteKind::event: return "event";
        case RemoteKind::function: return "function";
        case RemoteKind::property: return "property";
        case RemoteKind::contract: return "contract";
        case RemoteKind::table: return "table";
        case RemoteKind::transaction: return "transaction";
    }
    return "?";
}

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::passed: return "passed";
        case Outcome::filtered: return "filtered";
        case Outcome::rate_limited: return "rate limited";
        case Outcome::over_budget: return "over budget";
        case Outcome::unauthorised: return "unauthorised";
        case Outcome::invalid: return "invalid";
        case Outcome::malformed: return "malformed";
        case Outcome::unknown_remote: return "unknown remote";
        case Outcome::failed: return "failed";
        case Outcome::unsent: return "unsent";
        case Outcome::held: return "held";
    }
    return "?";
}

bool Message::decode() {
    if (is_decoded_) return true;
    if (is_bad_) return false;
    is_decoded_ =
        decoder_ != nullptr ? run_decoder_(decoder_) : codec_->decode(*type_, payload_, object_).has_value();
    is_bad_ = !is_decoded_;
    return is_decoded_;
}

std::optional<ClientId> Message::player() const {
    const Remotes& registry = *remote.registry;
    return registry.is_server() ? registry.client_of(peer) : std::nullopt;
}

void Message::end_connection(DisconnectReason reason) const {
    remote.registry->disconnect(now, peer, reason);
}

Outcome Message::report_throw(const char* what) const {
    remote.registry->report_error(now, peer, remote, payload_, what);
    return Outcome::failed;
}

Outcome Message::hold(TimePoint until, const Next& next) {
    if (remote.kind != RemoteKind::event || is_step_) return next();
    if (!decode()) return Outcome::malformed;
    held_until_ = until;
    held_at_ = next.position();
    return Outcome::held;
}

}  // namespace squall::remotes
