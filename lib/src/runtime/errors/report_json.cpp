#include "runtime/errors/report_json.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "squall/runtime/error_reporter.hpp"

namespace squall {
namespace {

// Keeps the order of its members.
using Json = nlohmann::ordered_json;

// Compact, on one line; bytes that are no UTF-8 become U+FFFD.
std::string to_text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string hex(std::uint64_t number) {
    return fmt::format("{:#x}", number);
}

}  // namespace

std::string to_json(const remotes::ErrorReport& report) {
    Json json;
    json["time"] = runtime::rfc3339(report.time);
    json["remote"] = report.remote;
    json["kind"] = remotes::to_string(report.kind);
    json["connection"] = fmt::format("{}.{}", report.peer.slot, report.peer.generation);
    if (report.player) json["player"] = report.player->value;
    json["type"] = report.type;
    json["what"] = report.what;
    json["payload_bytes"] = report.payload_bytes;
    json["payload_hash"] = fmt::format("{:016x}", report.payload_hash);
    if (report.suppressed > 0) json["suppressed"] = report.suppressed;
    Json trace = Json::array();
    for (const auto& frame : report.trace) {
        Json entry;
        if (!frame.function.empty()) entry["function"] = frame.function;
        entry["module"] = frame.module;
        entry["offset"] = hex(frame.offset);
        trace.push_back(std::move(entry));
    }
    json["trace"] = std::move(trace);
    return to_text(json);
}

namespace runtime {

std::string rfc3339(UnixSeconds time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(time.value)));
}

std::string sentry_event(const remotes::ErrorReport& report, std::string_view event_id,
                         const SentryProgram& program) {
    Json frames = Json::array();
    // Sentry wants the oldest call first.
    for (std::size_t i = report.trace.size(); i-- > 0;) {
        const auto& frame = report.trace[i];
        Json entry;
        if (!frame.function.empty()) entry["function"] = frame.function;
        entry["package"] = frame.module;
        entry["instruction_addr"] = hex(frame.address);
        frames.push_back(std::move(entry));
    }
    Json exception;
    exception["type"] = report.type;
    exception["value"] = report.what;
    exception["mechanism"] = {{"type", "squall.remotes"}, {"handled", true}};
    // "A non-empty list", or none at all.
    if (!frames.empty()) exception["stacktrace"] = {{"frames", std::move(frames)}};

    Json event;
    event["event_id"] = event_id;
    event["timestamp"] = report.time.value;
    event["platform"] = "native";
    event["level"] = "error";
    event["logger"] = "squall.remotes";
    event["transaction"] = report.remote;
    if (!program.server_name.empty()) event["server_name"] = program.server_name;
    if (!program.release.empty()) event["release"] = program.release;
    if (!program.environment.empty()) event["environment"] = program.environment;
    event["exception"] = {{"values", Json::array({std::move(exception)})}};
    event["tags"] = {{"remote", report.remote}, {"kind", remotes::to_string(report.kind)}};
    if (report.player) event["user"] = {{"id", std::to_string(report.player->value)}};
    event["extra"] = {{"connection", fmt::format("{}.{}", report.peer.slot, report.peer.generation)},
                      {"payload_bytes", report.payload_bytes},
                      {"payload_hash", fmt::format("{:016x}", report.payload_hash)},
                      {"suppressed", report.suppressed}};
    return to_text(event);
}

std::string sentry_envelope(std::string_view event, std::string_view event_id, UnixSeconds sent_at) {
    return fmt::format(
        "{{\"event_id\":\"{}\",\"sent_at\":\"{}\"}}\n"
        "{{\"type\":\"event\",\"length\":{},\"content_type\":\"application/json\"}}\n{}\n",
        event_id, rfc3339(sent_at), event.size(), event);
}

}  // namespace runtime
}  // namespace squall
