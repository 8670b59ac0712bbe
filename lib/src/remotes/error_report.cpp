#include "squall/remotes/error_report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::remotes {
namespace {

constexpr std::size_t kMaxWhatBytes = 500;

// What came from elsewhere cannot end a log's line, nor move a terminal's cursor.
std::string printable(std::string_view text) {
    std::string out(text.substr(0, kMaxWhatBytes));
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
    return out;
}

}  // namespace

std::string to_line(const ErrorReport& report) {
    std::string out = fmt::format("error in {} '{}'", to_string(report.kind), printable(report.remote));
    if (report.player) out += fmt::format(" of player {}", report.player->value);
    out += fmt::format(" (connection {}.{}): {}: {}; payload of {} bytes, hash {:016x}", report.peer.slot,
                       report.peer.generation, printable(report.type), printable(report.what),
                       report.payload_bytes, report.payload_hash);
    if (report.suppressed > 0) out += fmt::format("; {} more not reported", report.suppressed);
    for (std::size_t i = 0; i < report.trace.size(); ++i) {
        const StackFrame& frame = report.trace[i];
        out += i == 0 ? "; at " : " < ";
        out += frame.function.empty() ? fmt::format("{}+{:#x}", frame.module, frame.offset)
                                      : printable(frame.function);
    }
    return out;
}

}  // namespace squall::remotes
