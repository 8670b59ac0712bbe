// Reports to a Sentry server, in its envelope format over HTTP or HTTPS, by a thread of its own. While the
// server cannot be reached, reports wait in a folder, within bounds, also over a restart. The key is in no
// log, no error and no file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "squall/core/entropy.hpp"
#include "squall/core/result.hpp"
#include "squall/remotes/error_report.hpp"
#include "squall/remotes/token_bucket.hpp"
#include "squall/runtime/http_client.hpp"
#include "squall/runtime/wall_clock.hpp"

namespace squall {

// A project's address: "https://<public key>@<host>[:<port>][/<path>]/<project>".
struct SentryDsn {
    std::string public_key;
    Url endpoint;  // where envelopes go: .../api/<project>/envelope/

    // Errors (malformed, unsupported) say which part is wrong and what would be right, never the key. An old
    // DSN's secret key is dropped.
    [[nodiscard]] static Result<SentryDsn> parse(std::string_view text);
};

struct SentryOptions {
    std::string dsn{};
    std::string release{};
    std::string environment{};
    std::string server_name{};
    // Where reports wait that could not be sent; made if it is not there. Empty: they are dropped.
    std::string buffer_folder{};
    std::size_t max_buffered = 200;
    std::uint64_t max_buffered_bytes = 4 * 1024 * 1024;
    // Reports that may wait in memory for the thread.
    std::size_t max_queued = 64;
    // Reports sent, so many a second in the long run and so many at once; more are dropped.
    remotes::RateLimit rate{.per_second = 1, .burst = 30};
    // After a failure it is tried again so much later, each time twice as long, at most the second.
    Duration first_retry = std::chrono::seconds(5);
    Duration last_retry = std::chrono::minutes(5);
    HttpClientOptions http{.connect_timeout = std::chrono::seconds(2),
                           .idle_timeout = std::chrono::seconds(5),
                           .total_timeout = std::chrono::seconds(10)};
    std::function<UnixSeconds()> wall_clock = system_wall_clock;
};

struct SentryCounts {
    std::uint64_t sent = 0;
    std::uint64_t buffered = 0;      // written to the folder
    std::uint64_t dropped = 0;       // by our own limits: rate, queue, folder
    std::uint64_t rate_limited = 0;  // dropped because the server asked for it
    std::uint64_t refused = 0;       // the server took it for wrong
    std::uint64_t failures = 0;      // attempts that reached no server, or met one that has trouble
};

class SentrySink final : public remotes::ErrorSink {
  public:
    // The entropy names the events; it must outlive the sink, and is used by its thread only. Errors: those
    // of SentryDsn::parse() and HttpClient::make(), io (the folder cannot be made).
    [[nodiscard]] static Result<std::unique_ptr<SentrySink>> make(const SentryOptions& options,
                                                                  EntropySource& entropy);
    // What is not sent yet goes to the folder; waits for one request at most.
    ~SentrySink() override;

    void report(const remotes::ErrorReport& report) override;
    // Waits until all that was reported is sent, kept or dropped, and tries once what waits in the folder.
    void flush();
    [[nodiscard]] SentryCounts counts() const;

  private:
    struct State;
    explicit SentrySink(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall
