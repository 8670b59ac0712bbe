// The causes that disconnects and errors are counted by.
#pragma once

#include <string_view>
#include <vector>

#include "metrics/metric.hpp"
#include "squall/transport/disconnect_reason.hpp"

namespace squall::loadgen {

// What went wrong at a client, apart from its connection's end.
inline constexpr std::string_view kErrorProtocol =
    "protocol";  // the server sent what it must not, or a send failed
inline constexpr std::string_view kErrorSocket = "socket";  // no socket could be opened
inline constexpr std::string_view kErrorToken =
    "token";  // no token could be minted, or the client refused it
inline constexpr std::string_view kErrorStuck = "stuck";  // it did not end within the graceful stop

// A disconnect's reason as a cause: "timed_out", "server_full" ...
[[nodiscard]] std::string_view cause_of(DisconnectReason reason);
// The values that the tag `cause` of this metric can have; empty where it has no causes.
[[nodiscard]] const std::vector<std::string_view>& causes_of(Metric metric);
// A cause as people write it ("timeout") in the spelling that counts ("timed_out").
[[nodiscard]] std::string_view canonical_cause(std::string_view cause);

}  // namespace squall::loadgen
