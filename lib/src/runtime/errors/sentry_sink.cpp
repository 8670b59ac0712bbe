#include "squall/runtime/sentry_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <mutex>

#include "runtime/errors/event_folder.hpp"
#include "runtime/errors/report_json.hpp"
#include "runtime/errors/report_worker.hpp"

namespace squall {
namespace {

// What Sentry's documents say to assume when a 429 names no time.
constexpr std::uint64_t kDefaultPauseSeconds = 60;
constexpr std::uint64_t kMaxPauseSeconds = 24 * 3600;

std::uint64_t seconds_in(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    std::uint64_t seconds = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), seconds);  // a fraction is cut off
    return std::min(seconds, kMaxPauseSeconds);
}

// One limit, "seconds:categories:scope...": does it hold for errors?
bool is_for_errors(std::string_view limit) {
    const std::size_t begin = limit.find(':');
    if (begin == std::string_view::npos) return true;
    std::string_view categories = limit.substr(begin + 1);
    categories = categories.substr(0, categories.find(':'));
    if (categories.empty()) return true;
    while (!categories.empty()) {
        const std::size_t end = std::min(categories.find(';'), categories.size());
        if (categories.substr(0, end) == "error") return true;
        categories.remove_prefix(std::min(end + 1, categories.size()));
    }
    return false;
}

// How long the server wants no more errors; 0: it says nothing.
std::uint64_t pause_of(const HttpClientResult& answer) {
    if (const auto limits = answer.headers.find("X-Sentry-Rate-Limits")) {
        std::uint64_t longest = 0;
        std::string_view rest = *limits;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(','), rest.size());
            const std::string_view limit = rest.substr(0, end);
            if (is_for_errors(limit)) longest = std::max(longest, seconds_in(limit));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        return longest;
    }
    if (answer.status_code != 429) return 0;
    const auto retry_after = answer.headers.find("Retry-After");
    const std::uint64_t seconds = retry_after ? seconds_in(*retry_after) : 0;
    return seconds == 0 ? kDefaultPauseSeconds : seconds;
}

}  // namespace

struct SentrySink::State {
    State(SentryOptions its_options, SentryDsn its_dsn, std::unique_ptr<HttpClient> its_client,
          std::optional<runtime::EventFolder> its_folder, EntropySource& its_entropy)
        : options(std::move(its_options)),
          dsn(std::move(its_dsn)),
          client(std::move(its_client)),
          folder(std::move(its_folder)),
          entropy(its_entropy),
          worker(
              options.max_queued, [this](const remotes::ErrorReport& report) { take(report); },
              [this] { return try_folder(); }) {}

    // --- on the worker's thread
    void take(const remotes::ErrorReport& report) {
        const UnixSeconds now = options.wall_clock();
        if (now.value < paused_until) return count(&SentryCounts::rate_limited);
        // The bucket's time is the wall's: reports are rare.
        if (!bucket.take(TimePoint(std::chrono::seconds(now.value)), options.rate))
            return count(&SentryCounts::dropped);
        const std::string id = new_event_id();
        const std::string event =
            runtime::sentry_event(report, id, {options.release, options.environment, options.server_name});
        // Offline, or going down: nothing is waited for, and nothing overtakes what waits.
        if (worker_is_stopping() || is_offline || (folder && folder->size() > 0)) return keep(id, event);
        if (!send(id, event)) keep(id, event);
    }
    std::optional<Duration> try_folder() {
        if (!folder || folder->size() == 0) return std::nullopt;
        const bool is_asked_to = must_try.exchange(false);
        const std::uint64_t now = options.wall_clock().value;
        const std::uint64_t not_before = std::max(paused_until, is_asked_to ? 0 : retry_at);
        if (now < not_before) return std::chrono::seconds(not_before - now);
        while (const auto event = folder->front()) {
            if (worker_is_stopping()) return std::nullopt;
            if (!send(event->id, event->text)) {
                retry_in = std::clamp(retry_in * 2, options.first_retry, options.last_retry);
                retry_at =
                    options.wall_clock().value +
                    static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(retry_in).count());
                return retry_in;
            }
            folder->pop_front();
        }
        return std::nullopt;
    }
    // True if the event is done with, well or not; false if it may be sent later.
    bool send(const std::string& id, const std::string& event) {
        const UnixSeconds now = options.wall_clock();
        if (now.value < paused_until) {
            count(&SentryCounts::rate_limited);
            return true;
        }
        HttpHeaders headers;
        headers.add(
            "X-Sentry-Auth",
            fmt::format("Sentry sentry_version=7, sentry_client=squall/0.1, sentry_key={}", dsn.public_key));
        const auto answer = client->post(dsn.endpoint,
                                         HttpRequestContent::text(runtime::sentry_envelope(event, id, now),
                                                                  "application/x-sentry-envelope"),
                                         headers);
        if (!answer || answer->status_code >= 500) {
            is_offline = true;
            count(&SentryCounts::failures);
            return false;
        }
        is_offline = false;
        retry_in = Duration{0};
        const std::uint64_t pause = pause_of(*answer);
        paused_until = std::max(paused_until, now.value + pause);
        count(answer->is_success()         ? &SentryCounts::sent
              : answer->status_code == 429 ? &SentryCounts::rate_limited
                                           : &SentryCounts::refused);
        return true;
    }
    void keep(const std::string& id, const std::string& event) {
        if (!folder) return count(&SentryCounts::dropped);
        const std::uint64_t before = folder->dropped();
        const bool is_kept = folder->add(id, event);
        const std::lock_guard lock(mutex);
        counts.buffered += is_kept ? 1 : 0;
        counts.dropped += folder->dropped() - before;
    }
    // UUID v4 without its dashes.
    std::string new_event_id() {
        std::array<std::byte, 16> bytes{};
        entropy.fill(bytes);
        bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
        bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
        std::string out;
        for (const std::byte byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned>(byte));
        return out;
    }
    void count(std::uint64_t SentryCounts::* what) {
        const std::lock_guard lock(mutex);
        ++(counts.*what);
    }
    // While the members are being made there is no worker to ask.
    [[nodiscard]] bool worker_is_stopping() const { return is_made && worker.is_stopping(); }

    SentryOptions options;
    SentryDsn dsn;
    std::unique_ptr<HttpClient> client;
    std::optional<runtime::EventFolder> folder;
    EntropySource& entropy;
    remotes::TokenBucket bucket;
    std::uint64_t paused_until = 0;  // wall time
    bool is_offline = false;
    Duration retry_in{0};
    std::uint64_t retry_at = 0;  // wall time
    std::atomic<bool> must_try{false};
    std::mutex mutex;  // of the counts
    SentryCounts counts;
    std::atomic<bool> is_made{false};
    runtime::ReportWorker worker;  // ends first
};

Result<std::unique_ptr<SentrySink>> SentrySink::make(const SentryOptions& options, EntropySource& entropy) {
    auto dsn = SentryDsn::parse(options.dsn);
    if (!dsn) return std::unexpected(dsn.error());
    auto client = HttpClient::make(options.http);
    if (!client) return std::unexpected(client.error());
    std::optional<runtime::EventFolder> folder;
    if (!options.buffer_folder.empty()) {
        auto opened = runtime::EventFolder::open(options.buffer_folder,
                                                 {options.max_buffered, options.max_buffered_bytes});
        if (!opened) return std::unexpected(opened.error());
        folder = std::move(*opened);
    }
    auto state =
        std::make_unique<State>(options, std::move(*dsn), std::move(*client), std::move(folder), entropy);
    state->is_made = true;
    return std::unique_ptr<SentrySink>(new SentrySink(std::move(state)));
}

SentrySink::SentrySink(std::unique_ptr<State> state) : state_(std::move(state)) {}
SentrySink::~SentrySink() = default;

void SentrySink::report(const remotes::ErrorReport& report) {
    if (!state_->worker.add(report)) state_->count(&SentryCounts::dropped);
}
void SentrySink::flush() {
    state_->must_try = true;
    state_->worker.flush();
}
SentryCounts SentrySink::counts() const {
    const std::lock_guard lock(state_->mutex);
    return state_->counts;
}

}  // namespace squall
