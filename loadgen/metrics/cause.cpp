#include "metrics/cause.hpp"

#include <cstdint>

#include "squall/transport/disconnect_reason.hpp"

namespace squall::loadgen {
namespace {

std::vector<std::string_view> disconnect_causes() {
    std::vector<std::string_view> out;
    constexpr auto kLast = static_cast<std::uint8_t>(DisconnectReason::reserved_slot_expired);
    for (std::uint8_t i = 1; i <= kLast; ++i) out.push_back(to_string(static_cast<DisconnectReason>(i)));
    return out;
}

}  // namespace

const std::vector<std::string_view>& causes_of(Metric metric) {
    static const std::vector<std::string_view> disconnects = disconnect_causes();
    static const std::vector<std::string_view> errors = {kErrorProtocol, kErrorSocket, kErrorToken,
                                                         kErrorStuck};
    static const std::vector<std::string_view> none;
    if (metric == Metric::disconnects) return disconnects;
    if (metric == Metric::errors) return errors;
    return none;
}

std::string_view canonical_cause(std::string_view cause) {
    if (cause == "timeout") return to_string(DisconnectReason::timed_out);
    return cause;
}

}  // namespace squall::loadgen
