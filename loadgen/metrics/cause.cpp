#include "metrics/cause.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace squall::loadgen {
namespace {

constexpr auto kLastReason = static_cast<std::size_t>(DisconnectReason::reserved_slot_expired);

// The reasons' texts with '_' for blanks, so that they can be tags; by number.
const std::array<std::string, kLastReason + 1>& disconnect_names() {
    static const auto kNames = [] {
        std::array<std::string, kLastReason + 1> out;
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = to_string(static_cast<DisconnectReason>(i));
            std::replace(out[i].begin(), out[i].end(), ' ', '_');
        }
        return out;
    }();
    return kNames;
}

std::vector<std::string_view> disconnect_causes() {
    const auto& names = disconnect_names();
    return {names.begin() + 1, names.end()};  // the first is no reason at all
}

}  // namespace

std::string_view cause_of(DisconnectReason reason) {
    const auto index = static_cast<std::size_t>(reason);
    return disconnect_names()[index <= kLastReason ? index : 0];
}

const std::vector<std::string_view>& causes_of(Metric metric) {
    static const std::vector<std::string_view> kDisconnects = disconnect_causes();
    static const std::vector<std::string_view> kErrors = {kErrorProtocol, kErrorSocket, kErrorToken,
                                                          kErrorStuck};
    static const std::vector<std::string_view> kNone;
    if (metric == Metric::disconnects) return kDisconnects;
    if (metric == Metric::errors) return kErrors;
    return kNone;
}

std::string_view canonical_cause(std::string_view cause) {
    if (cause == "timeout") return cause_of(DisconnectReason::timed_out);
    return cause;
}

}  // namespace squall::loadgen
