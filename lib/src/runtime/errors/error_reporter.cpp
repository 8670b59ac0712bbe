#include "squall/runtime/error_reporter.hpp"

#include <cxxabi.h>

#include <cstdlib>

#include "squall/runtime/throw_trace.hpp"

namespace squall {
namespace {

// Of what is being caught on this thread.
std::string caught_type() {
    const std::type_info* const type = abi::__cxa_current_exception_type();
    if (type == nullptr) return "unknown";
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
    return status == 0 && text != nullptr ? text.get() : type->name();
}

}  // namespace

void ErrorReporter::watch(remotes::Remotes& registry) {
    registry.on_error([this](const remotes::HandlerError& error) { report(error); });
}

void ErrorReporter::report(const remotes::HandlerError& error) {
    Account& account = accounts_[error.remote];
    if (!account.bucket.take(error.origin.now, options_.per_remote)) {
        ++account.suppressed;
        ++suppressed_;
        return;
    }
    ++reported_;
    const remotes::ErrorReport report{.time = options_.wall_clock.unix_seconds(error.origin.now),
                                      .remote = error.remote,
                                      .kind = error.kind,
                                      .peer = error.origin.peer,
                                      .player = error.player,
                                      .type = caught_type(),
                                      .what = error.what,
                                      .payload_bytes = error.bytes,
                                      .payload_hash = error.payload_hash,
                                      .trace = last_throw_trace(options_.max_frames),
                                      .suppressed = std::exchange(account.suppressed, 0)};
    for (remotes::ErrorSink* const sink : sinks_) sink->report(report);
}

}  // namespace squall
