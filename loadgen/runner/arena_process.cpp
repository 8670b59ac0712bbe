#include "runner/arena_process.hpp"

#include <fmt/format.h>
#include <poll.h>

#include "runner/key_text.hpp"
#include "runner/process_usage.hpp"
#include "squall/core/bytes.hpp"
#include "squall/recorder/profile_codec.hpp"

namespace squall::loadgen {

namespace {

void add_recording(std::vector<std::string>& arguments, const RecordingOrder& record) {
    if (!record.is_wanted()) return;
    arguments.insert(arguments.end(), {"--record", record.path});
    if (record.keys) arguments.emplace_back("--record-keys");
    if (!record.payload) arguments.emplace_back("--no-payload");
    if (record.anonymize) arguments.emplace_back("--anonymize");
    if (record.durable) arguments.emplace_back("--durable");
    if (!record.keep.empty()) arguments.insert(arguments.end(), {"--flight-recorder", record.keep});
    for (const auto& [name, value] : record.facts)
        arguments.insert(arguments.end(), {"--record-fact", fmt::format("{}={}", name, value)});
}

}  // namespace

Result<std::unique_ptr<ArenaProcess>> ArenaProcess::start(AsioHost& host, const std::string& program,
                                                          const ArenaSettings& settings, const Key& key,
                                                          const RecordingOrder& record,
                                                          const LiveOptions& live) {
    std::vector<std::string> arguments{program,
                                       "serve-arena",
                                       "--key-stdin",
                                       "--tick-rate",
                                       fmt::format("{}", settings.tick_rate),
                                       "--snapshot-rate",
                                       fmt::format("{}", settings.snapshot_rate),
                                       "--players-in-view",
                                       fmt::format("{}", settings.players_in_view),
                                       "--expected-players",
                                       fmt::format("{}", settings.expected_players),
                                       "--max-clients",
                                       fmt::format("{}", settings.max_clients),
                                       "--protocol-id",
                                       fmt::format("{}", settings.protocol_id),
                                       "--suite",
                                       std::string(to_string(settings.suite))};
    add_recording(arguments, record);
    if (live.port) arguments.insert(arguments.end(), {"--live", fmt::format("{}", *live.port)});
    if (live.metrics) arguments.insert(arguments.end(), {"--metrics", squall::to_string(*live.metrics)});
    auto child = ChildProcess::start(arguments);
    if (!child) return std::unexpected(child.error());
    std::unique_ptr<ArenaProcess> out(new ArenaProcess(host, std::move(*child), key));
    out->child_.write(to_text(key) + "\n");
    if (const auto ready = out->wait_until_ready(); !ready) return std::unexpected(ready.error());
    if (const auto watched = out->watch(); !watched) return std::unexpected(watched.error());
    out->sampled_at_ = host.now();
    if (const auto usage = usage_of(out->child_.id())) out->sampled_cpu_ = usage->cpu;
    return out;
}

ArenaProcess::~ArenaProcess() {
    if (output_watch_) host_.unwatch(*output_watch_);
    if (errors_watch_) host_.unwatch(*errors_watch_);
}

Result<> ArenaProcess::wait_until_ready() {
    constexpr int kStepMs = 50;
    constexpr int kSteps = 200;
    for (int i = 0; i < kSteps; ++i) {
        pollfd ends[2] = {{child_.output(), POLLIN, 0}, {child_.errors(), POLLIN, 0}};
        poll(ends, 2, kStepMs);
        read_errors();
        output_.read_from(child_.output());
        if (const auto line = output_.next_line()) {
            const auto parsed = line->starts_with("READY ")
                                    ? Address::parse(std::string_view(*line).substr(6))
                                    : Address::parse("?");
            if (!parsed)
                return fail(ErrorCode::io,
                            fmt::format("the server said '{}' instead of READY and its address", *line));
            address_ = *parsed;
            return {};
        }
        if (const auto ended = child_.ended())
            return fail(ErrorCode::io, fmt::format("the server ended before it listened ({}):{}", *ended,
                                                   last_errors_.text("  ")));
    }
    return fail(ErrorCode::io, "the server did not listen within 10 s");
}

Result<> ArenaProcess::watch() {
    const auto output = host_.watch(child_.output(), [this] { read_output(); });
    if (!output) return std::unexpected(output.error());
    output_watch_ = *output;
    const auto errors = host_.watch(child_.errors(), [this] { read_errors(); });
    if (!errors) return std::unexpected(errors.error());
    errors_watch_ = *errors;
    return {};
}

std::string ArenaProcess::description() const {
    return fmt::format("embedded arena, process {}, at {}", child_.id(), squall::to_string(address_));
}

ServerReport ArenaProcess::report_on(TimePoint now, std::uint32_t second) {
    ServerReport out;
    out.second = second;
    const auto usage = usage_of(child_.id());
    const Duration elapsed = now - sampled_at_;
    if (usage && elapsed >= kShortestSample) {
        out.cpu_ppm = static_cast<std::uint64_t>(
            std::max<std::int64_t>(0, (usage->cpu - sampled_cpu_).count()) * 1'000'000 / elapsed.count());
        out.resident_bytes = usage->resident_bytes;
        sampled_cpu_ = usage->cpu;
        sampled_at_ = now;
    }
    return out;
}

void ArenaProcess::end_second(TimePoint now, std::uint32_t second) {
    asked_.push_back(report_on(now, second));
    if (!child_.write("sample\n")) asked_.pop_back();
}

void ArenaProcess::read_output() {
    const bool open = output_.read_from(child_.output());
    while (const auto line = output_.next_line()) take_sample(*line);
    if (open) return;
    // The end of its output is the end of the server: let the run notice now, not at the end of the second.
    if (output_watch_) host_.unwatch(*std::exchange(output_watch_, std::nullopt));
    if (!stopping_) host_.stop();
}

void ArenaProcess::read_errors() {
    const bool open = errors_.read_from(child_.errors());
    constexpr std::string_view kNote = "note: ";
    constexpr std::size_t kMostNotes = 10;
    while (const auto line = errors_.next_line()) {
        last_errors_.add(*line);
        if (line->starts_with(kNote) && notes_.size() < kMostNotes)
            notes_.push_back(line->substr(kNote.size()));
    }
    if (!open && errors_watch_) host_.unwatch(*std::exchange(errors_watch_, std::nullopt));
}

void ArenaProcess::take_sample(const std::string& line) {
    auto sample = parse_server_sample(line);
    if (!sample) {
        broken_ = true;
        last_errors_.add(sample.error().message);
        return;
    }
    ServerReport out;
    if (!asked_.empty()) {
        out = std::move(asked_.front());
        asked_.pop_front();
    }
    out.inside = std::move(*sample);
    report(out);
}

std::optional<std::string> ArenaProcess::lost() {
    if (stopping_) return std::nullopt;
    if (broken_) return "the server's process said what it must not:" + last_errors_.text("  ");
    const auto ended = child_.ended();
    if (!ended) return std::nullopt;
    read_errors();
    const std::string tail = last_errors_.text("  ");
    return fmt::format("the server's process ended: {}{}{}", *ended,
                       tail.empty() ? "" : "; its last words:", tail);
}

void ArenaProcess::tell(const recorder::ProfileFrame& frame) {
    std::vector<std::byte> bytes;
    if (recorder::encode(frame, bytes)) child_.write(fmt::format("told {}\n", to_hex(bytes)));
}

void ArenaProcess::stop(TimePoint now) {
    if (stopping_) return;
    stopping_ = true;
    asked_.push_back(report_on(now, asked_.empty() ? ~std::uint32_t{0} : asked_.back().second));
    child_.write("stop\n");
    child_.close_input();
    child_.wait(std::chrono::seconds(5), [this] {
        output_.read_from(child_.output());
        while (const auto line = output_.next_line()) take_sample(*line);
        read_errors();
    });
}

}  // namespace squall::loadgen
