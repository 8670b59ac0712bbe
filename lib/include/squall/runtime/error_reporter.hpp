// Turns what handlers throw into reports and hands them to sinks: a log, a file of JSON lines, a Sentry
// server (sentry_sink.hpp). Bounded in what it makes: a handler that throws at each message is reported a few
// times, and then counted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/time.hpp"
#include "squall/remotes/error_report.hpp"
#include "squall/remotes/registry.hpp"

namespace squall {

struct ErrorReporterOptions {
    WallClockAnchor wall_clock{};
    // Reports a remote may cause: per_second and burst. What is above is counted in the next report.
    remotes::RateLimit per_remote{.per_second = 1, .burst = 10};
    std::size_t max_frames = 32;
};

class ErrorReporter {
  public:
    explicit ErrorReporter(ErrorReporterOptions options = {}) : options_(options) {}
    ErrorReporter(const ErrorReporter&) = delete;
    ErrorReporter& operator=(const ErrorReporter&) = delete;

    // The sink must outlive the reporter.
    void add(remotes::ErrorSink& sink) { sinks_.push_back(&sink); }
    // Takes the registry's on_error hook; the reporter must outlive the registry.
    void watch(remotes::Remotes& registry);
    // For hooks of one's own; to be called in the catch, for the trace is of this thread's last throw.
    void report(const remotes::HandlerError& error);
    [[nodiscard]] std::uint64_t reported() const { return reported_; }
    [[nodiscard]] std::uint64_t suppressed() const { return suppressed_; }

  private:
    struct Account {
        remotes::TokenBucket bucket;
        std::uint64_t suppressed = 0;
    };
    ErrorReporterOptions options_;
    std::vector<remotes::ErrorSink*> sinks_;
    std::map<std::string, Account, std::less<>> accounts_;  // by remote
    std::uint64_t reported_ = 0;
    std::uint64_t suppressed_ = 0;
};

// Reports as lines of text, to a function.
class ErrorLog final : public remotes::ErrorSink {
  public:
    explicit ErrorLog(std::function<void(std::string_view)> write) : write_(std::move(write)) {}
    void report(const remotes::ErrorReport& report) override { write_(remotes::to_line(report)); }

  private:
    std::function<void(std::string_view)> write_;
};

// The report as one JSON object without line breaks.
[[nodiscard]] std::string to_json(const remotes::ErrorReport& report);

struct ErrorFileOptions {
    std::string path{};
    // Beyond it the file is renamed to PATH.1, which replaces an older one, and begun anew.
    std::uint64_t max_bytes = 16 * 1024 * 1024;
    std::size_t max_queued = 256;
};

// Reports as JSON lines in a file, written by a thread of its own.
class ErrorFile final : public remotes::ErrorSink {
  public:
    // Error: io (the file cannot be opened; says which and why).
    [[nodiscard]] static Result<std::unique_ptr<ErrorFile>> open(const ErrorFileOptions& options);
    // Writes what is queued.
    ~ErrorFile() override;
    void report(const remotes::ErrorReport& report) override;
    // Waits until all that was reported is written.
    void flush();
    // The queue was full, or the disk.
    [[nodiscard]] std::uint64_t dropped() const;

  private:
    struct State;
    explicit ErrorFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall
