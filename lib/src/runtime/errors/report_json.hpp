// A report as JSON: Squall's own object, and a Sentry event. Pure functions of their arguments.
#pragma once

#include <string>
#include <string_view>

#include "squall/remotes/error_report.hpp"

namespace squall::runtime {

// "2027-01-15T08:00:00Z".
[[nodiscard]] std::string rfc3339(UnixSeconds time);

// What the options say of the program, for each event.
struct SentryProgram {
    std::string release{};
    std::string environment{};
    std::string server_name{};
};
// The payload of an envelope's item of type "event", by develop.sentry.dev: attributes of the event, the
// exception and the stack trace. `event_id`: 32 hexadecimal digits.
[[nodiscard]] std::string sentry_event(const remotes::ErrorReport& report, std::string_view event_id,
                                       const SentryProgram& program);
// A whole envelope: its headers, one item of type "event", each line with its end.
[[nodiscard]] std::string sentry_envelope(std::string_view event, std::string_view event_id,
                                          UnixSeconds sent_at);

}  // namespace squall::runtime
