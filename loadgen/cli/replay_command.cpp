// `squall-loadgen replay`: a recording run again and compared, or its clients played against a server.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>

#include "cli/commands.hpp"
#include "cli/outputs.hpp"
#include "cli/own_program.hpp"
#include "cli/rerun_orders.hpp"
#include "cli/run_follower.hpp"
#include "replay/playback_orders.hpp"
#include "replay/redrive.hpp"
#include "replay/redrive_scenario.hpp"
#include "replay/rerun_session.hpp"
#include "report/exit_code.hpp"
#include "report/progress_view.hpp"
#include "report/terminal_report.hpp"
#include "runner/run.hpp"
#include "squall/core/units.hpp"
#include "squall/runtime/asio_host.hpp"

namespace squall::loadgen {
namespace {

int refuse(std::string_view text) {
    fmt::print(stderr, "squall-loadgen replay: {}\n", text);
    return static_cast<int>(ExitCode::bad_input);
}

double seconds(Duration span) {
    return std::chrono::duration<double>(span).count();
}

// --- run again and compared

std::string counts_text(const RerunSession& session) {
    const Rerun::Counts& counts = session.counts();
    return fmt::format("{:.3f} s, tick {}: {} datagrams in, {} out compared ({:.1f} MB), {} states",
                       seconds(session.position()), session.tick(), grouped(counts.received),
                       grouped(counts.compared), static_cast<double>(counts.bytes_compared) / 1e6,
                       counts.hashes);
}

int conclude(const RerunSession& session, bool is_whole) {
    if (session.source().cut()) fmt::print("note: {}; all before that was taken\n", *session.source().cut());
    if (session.state() == RerunSession::State::different) {
        fmt::print("{}", session.difference_text());
        fmt::print("DIFFERENT after {} (exit code {})\n", counts_text(session),
                   static_cast<int>(ExitCode::thresholds_failed));
        return static_cast<int>(ExitCode::thresholds_failed);
    }
    fmt::print("IDENTICAL{} {}: {}, 0 differences (exit code 0)\n",
               session.is_to_the_byte() ? " to the datagram's byte" : "", is_whole ? "to the end" : "so far",
               counts_text(session));
    return 0;
}

int obey_orders(RerunSession& session) {
    OrderLines lines;
    const auto host = AsioHost::make();
    if (!host) return refuse(host.error().message);
    RerunOrders orders(session, lines, **host);
    const bool is_person = isatty(STDIN_FILENO) != 0;
    if (is_person) fmt::print("{}\n", kRerunOrders);
    while (session.state() == RerunSession::State::going && !orders.has_quit()) {
        if (is_person) fmt::print("> ");
        (void)std::fflush(stdout);
        const auto line = lines.wait();
        if (!line) break;
        const auto done = orders.obey(*line);
        if (!done) return refuse(done.error().message);
        fmt::print("{}\n", done->empty() ? counts_text(session) : *done);
    }
    return conclude(session, session.state() == RerunSession::State::ended);
}

int verify(const ReplayCommand& command, std::optional<Duration> until) {
    auto session = RerunSession::open(command.file);
    if (!session) return refuse(session.error().message);
    const auto& facts = (*session)->source().facts();
    fmt::print("recording: {} ({})\n", command.file, recorder::find_fact(facts, "session.title"));
    if (command.step) return obey_orders(**session);
    const bool shows_progress = !command.quiet && isatty(STDERR_FILENO) != 0;
    std::uint64_t records = 0;
    const auto result = (*session)->run([&](const RerunSession& so_far) {
        if (until && so_far.position() >= *until) return false;
        constexpr std::uint64_t kBetweenLines = 16'384;
        if (shows_progress && ++records % kBetweenLines == 0)
            fmt::print(stderr, "\r\x1b[K{}", counts_text(so_far));
        return true;
    });
    if (shows_progress) fmt::print(stderr, "\r\x1b[K");
    if (!result) return refuse(result.error().message);
    return conclude(**session, *result != RerunSession::State::going);
}

// --- played against a server

Result<> load(const std::string& path, std::optional<Duration> until, RecordedSessions& out,
              recorder::Facts& facts) {
    auto source = RecordSource::open(path);
    if (!source) return std::unexpected(source.error());
    facts = (*source)->facts();
    for (;;) {
        auto record = (*source)->next();
        if (!record) return std::unexpected(record.error());
        if (!*record || (until && out.length() > *until)) break;
        if (auto added = out.add(**record); !added)
            return fail(added.error().code, path + ": " + added.error().message);
    }
    if ((*source)->cut()) fmt::print("note: {}; all before that is played\n", *(*source)->cut());
    if (out.sessions().empty())
        return fail(
            ErrorCode::unsupported,
            fmt::format("{}: no client connects in it; a later file of a flight recorder holds sessions that "
                        "began before",
                        path));
    return {};
}

int redrive(const ReplayCommand& command, std::optional<Duration> until) {
    RecordedSessions sessions;
    recorder::Facts facts;
    if (auto loaded = load(command.file, until, sessions, facts); !loaded)
        return refuse(loaded.error().message);
    const auto recorded = recorded_arena(facts);
    if (!recorded) return refuse(command.file + ": " + recorded.error().message);
    const Plan plan = plan_of(sessions, command.copies);
    const Duration length = length_of(sessions, command.copies);
    const auto scenario = redrive_scenario(command, *recorded, length, plan);
    if (!scenario) {
        for (const auto& line : scenario.error()) fmt::print(stderr, "{}\n", line);
        return static_cast<int>(ExitCode::bad_input);
    }
    auto outputs = RunOutputs::open(scenario->outputs, command.out_folder);
    if (!outputs) return refuse(outputs.error().message);
    fmt::print("recording: {} ({})\n", command.file, recorder::find_fact(facts, "session.title"));
    fmt::print("replay: {} clients with {} messages in {}, {}{}\n", grouped(sessions.sessions().size()),
               grouped(sessions.message_count()), squall::to_string(sessions.length()),
               command.speed == 0 ? std::string("as fast as it goes") : fmt::format("at {} x", command.speed),
               command.copies == 1 ? "" : fmt::format(", {} copies of each", grouped(command.copies)));
    if (const std::uint64_t there = sessions.was_there_count(); there > 0)
        fmt::print("note: {} of them were there before the recording began; they join at its beginning\n",
                   grouped(there));
    PlaybackClock playback(command.speed);
    const RecordedClientMaker maker(sessions, playback, protocol_id_of(scenario->target));
    std::function<std::pair<std::string, bool>(TimePoint, const std::string&)> on_order;
    if (command.control) {
        fmt::print("{}\n", kPlaybackOrders);
        on_order = [&playback](TimePoint now, const std::string& line) {
            Obeyed obeyed = obey(now, line, playback);
            return std::pair(std::move(obeyed.answer), obeyed.has_changed);
        };
    }
    const RunPlayers players{plan,
                             maker,
                             &playback,
                             length,
                             {Metric::snapshot_age, Metric::request_rtt, Metric::chat_age, Metric::snapshots},
                             "recorded clients know messages, not what they mean",
                             on_order};
    ProgressView view(*scenario, style_of(stderr), stderr);
    RunFollower follower(*scenario, command.quiet ? nullptr : &view, *outputs);
    RunOptions options{command.virtual_time, own_program()};
    auto record = run_players(*scenario, players, options, follower);
    if (!record) return refuse(record.error().message);
    const auto failures = outputs->finish(*record, *scenario, command.overrides);
    fmt::print("{}", terminal_report(*record, *scenario, style_of(stdout).colour));
    for (const auto& failure : failures) fmt::print(stderr, "output error: {}\n", failure);
    for (const auto& path : outputs->paths()) fmt::print("written: {}\n", path);
    return static_cast<int>(record->verdict.code);
}

}  // namespace

int replay_command(const ReplayCommand& command) {
    if (command.verify == !command.target.empty())
        return refuse(
            "say what to do with the recording: --verify runs its server again and compares; --target arena "
            "(or an "
            "address) plays its clients against a server");
    std::optional<Duration> until;
    if (!command.until.empty()) {
        const auto parsed = parse_duration(command.until);
        if (!parsed) return refuse(fmt::format("--until: {}", parsed.error().message));
        until = *parsed;
    }
    return command.verify ? verify(command, until) : redrive(command, until);
}

}  // namespace squall::loadgen
