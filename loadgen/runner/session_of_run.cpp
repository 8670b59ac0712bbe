#include "runner/session_of_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runner/process_usage.hpp"

namespace squall::loadgen {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
// While clients leave, the end is looked for more often.
constexpr Duration kStoppingStep = std::chrono::milliseconds(50);

}  // namespace

SessionOfRun::SessionOfRun(const Scenario& scenario, const Plan& plan, World world,
                           const InterruptGuard& interrupt, RunListener& listener)
    : scenario_(scenario),
      plan_(plan),
      world_(std::move(world)),
      interrupt_(interrupt),
      listener_(listener),
      start_(world_.host.now() + std::chrono::milliseconds(10)),
      metrics_(std::make_unique<MetricStore>(scenario.groups.size(), start_ + scenario.warmup)),
      around_{scenario,
              *metrics_,
              errors_,
              world_.net,
              world_.maker,
              start_,
              world_.server.address(),
              world_.server.key(),
              world_.wall_clock,
              world_.shared_clock,
              world_.entropy,
              world_.trace,
              world_.playback},
      population_(plan, around_),
      last_answer_(start_),
      usage_at_(start_) {
    if (world_.playback != nullptr) world_.playback->begin(start_);
}

Result<RunRecord> SessionOfRun::run() {
    world_.server.on_report([this](const ServerReport& report) { take_report(report); });
    AttachOptions timer_only;
    timer_only.with_socket = false;
    const auto id = world_.host.attach(population_, timer_only);
    if (!id) return std::unexpected(id.error());
    population_id_ = *id;
    world_.host.run_until(start_);
    usage_before_ = own_cpu_time();
    for (;;) {
        const TimePoint boundary = next_boundary();
        world_.host.run_until(boundary);
        // A host in virtual time returns early where nothing can happen any more; a real one where it was
        // stopped.
        const TimePoint now =
            std::max(world_.host.now(), world_.stalls == nullptr ? boundary : world_.host.now());
        look_for_ends(now);
        if (now >= start_ + kSecond * (second_ + 1)) end_second(now);
        const bool is_over = now >= load_end() || (world_.playback != nullptr && population_.is_done());
        if (!stopping_since_ && is_over) begin_stopping(now);
        if (!stopping_since_) continue;
        if (population_.is_done()) break;
        if (now >= *stopping_since_ + scenario_.graceful_stop || end_.server_lost) {
            population_.bury_all(now, end_.server_lost.has_value());
            break;
        }
    }
    look_for_anybody();
    const TimePoint ended = world_.host.now();
    if (ended > start_ + kSecond * second_) end_second(ended);
    world_.server.stop(world_.host.now());
    world_.server.on_report(nullptr);
    world_.host.detach(population_id_);
    return record(stopping_since_.value_or(ended));
}

void SessionOfRun::on_playback_changed() {
    population_.wake_all();
    world_.host.wake(population_id_);
}

TimePoint SessionOfRun::next_boundary() const {
    TimePoint next = start_ + kSecond * (second_ + 1);
    if (stopping_since_)
        return std::min(
            {next, world_.host.now() + kStoppingStep, *stopping_since_ + scenario_.graceful_stop});
    // The end of a replay is looked for: its clients leave by themselves.
    if (world_.playback != nullptr) next = std::min(next, world_.host.now() + kStoppingStep);
    return std::min(next, load_end());
}

TimePoint SessionOfRun::load_end() const {
    if (world_.playback == nullptr) return start_ + scenario_.duration;
    return world_.playback->is_unbounded() ? kNever : world_.playback->due(world_.playback_length);
}

Phase SessionOfRun::phase_at(TimePoint moment) const {
    if (moment < start_ + scenario_.warmup) return Phase::warmup;
    return moment < load_end() ? Phase::measuring : Phase::stopping;
}

void SessionOfRun::begin_stopping(TimePoint now) {
    stopping_since_ = now;
    population_.stop(now);
    world_.host.wake(population_id_);
}

void SessionOfRun::look_for_ends(TimePoint now) {
    if (stopping_since_) return;
    end_.interrupted = interrupt_.interrupted();
    if (const auto lost = world_.server.lost()) end_.server_lost = *lost;
    if (!end_.server_lost) look_for_answers(now);
    if (end_.interrupted || end_.server_lost) begin_stopping(now);
}

// Of a server elsewhere only its silence tells: nobody is connected, and those who were, or wanted to be, got
// no answer.
void SessionOfRun::look_for_answers(TimePoint now) {
    const Fates& fates = population_.fates();
    const Headcount heads = population_.headcount();
    was_anybody_in_ = was_anybody_in_ || heads.connected > 0;
    if (heads.connected > 0 || population_.started() == 0) last_answer_ = now;
    if (heads.connected > 0 || fates.unanswered == 0) return;
    const bool all_gone = heads.joining == 0 && fates.unanswered * 10 >= population_.started() * 9;
    const bool silent = now - last_answer_ > std::chrono::seconds(scenario_.target.timeout_seconds);
    if (!all_gone && !silent) return;
    end_.server_lost = fmt::format(
        "the server at {} does not answer: of {} clients, {} were left without a reply or told that it shuts "
        "down",
        squall::to_string(world_.server.address()), population_.started(), fates.unanswered);
}

// A run shorter than the clients' patience ends before their silence could tell.
void SessionOfRun::look_for_anybody() {
    if (end_.interrupted || end_.server_lost || population_.started() == 0) return;
    if (was_anybody_in_ || population_.fates().joined > 0) return;
    end_.server_lost = fmt::format("the server at {} never let anybody in: {} clients tried to connect",
                                   squall::to_string(world_.server.address()), population_.started());
}

void SessionOfRun::end_second(TimePoint now) {
    population_.end_second(now);
    record_generator(now);
    collect_stalls();
    SecondView view{second_,
                    now - start_,
                    phase_at(start_ + kSecond * second_),
                    *metrics_,
                    population_.headcount(),
                    population_.connected_by_group(),
                    population_.transport(),
                    0,
                    errors_.total()};
    for (std::uint32_t group = 0; group < scenario_.groups.size(); ++group)
        disconnects_ += metrics_->counter(Metric::disconnects, group).second();
    view.disconnects = disconnects_;
    listener_.on_second(view);
    metrics_->end_second(MetricScope::group);
    metrics_->end_second(MetricScope::generator);
    world_.server.end_second(now, second_);
    ++second_;
    check_aborts(now);
}

void SessionOfRun::record_generator(TimePoint now) {
    if (world_.stalls == nullptr) return;
    const Duration used = own_cpu_time();
    if (now > usage_at_) {
        const auto share = (used - usage_before_).count() * 1'000'000 / (now - usage_at_).count();
        metrics_->record(Metric::generator_cpu, kWholeRun, usage_at_,
                         static_cast<std::uint64_t>(std::max<std::int64_t>(0, share)));
    }
    usage_at_ = now;
    usage_before_ = used;
}

void SessionOfRun::collect_stalls() {
    if (world_.stalls == nullptr) return;
    const auto found = world_.stalls->take();
    own_stalls_.insert(own_stalls_.end(), found.begin(), found.end());
}

void SessionOfRun::take_report(const ServerReport& report) {
    const TimePoint began = start_ + kSecond * report.second;
    const bool measured = metrics_->is_measured(began) && began < load_end();
    if (report.inside) {
        metrics_->absorb(Metric::server_tick, kWholeRun, report.inside->tick, measured);
        metrics_->absorb(Metric::server_tick_lateness, kWholeRun, report.inside->tick_lateness, measured);
        server_stalls_.insert(server_stalls_.end(), report.inside->stalls.begin(),
                              report.inside->stalls.end());
        if (measured) {
            if (!server_totals_) server_totals_.emplace();
            server_totals_->add(*report.inside);
        }
    }
    if (report.cpu_ppm) metrics_->record(Metric::server_cpu, kWholeRun, began, *report.cpu_ppm);
    if (report.resident_bytes)
        metrics_->record(Metric::server_memory, kWholeRun, began, *report.resident_bytes);
    listener_.on_server(report, *metrics_, phase_at(began));
    metrics_->end_second(MetricScope::server);
}

void SessionOfRun::check_aborts(TimePoint now) {
    if (stopping_since_) return;
    for (const auto& threshold : scenario_.thresholds) {
        if (!threshold.abort_on_fail || now - start_ < scenario_.warmup + threshold.delay_abort_eval)
            continue;
        if (check(threshold, scenario_, *metrics_, world_.unmeasured).status != ThresholdStatus::failed)
            continue;
        end_.aborted_by = fmt::format("{} {}", threshold.name, threshold.text);
        begin_stopping(now);
        return;
    }
}

std::vector<Outcome> SessionOfRun::outcomes() const {
    std::vector<Outcome> out;
    out.reserve(scenario_.thresholds.size());
    for (const auto& threshold : scenario_.thresholds)
        out.push_back({threshold, check(threshold, scenario_, *metrics_, world_.unmeasured), false});
    for (const auto& threshold : validity_checks(scenario_.thresholds))
        out.push_back({threshold, check(threshold, scenario_, *metrics_, world_.unmeasured), true});
    return out;
}

RunRecord SessionOfRun::record(TimePoint ended) {
    collect_stalls();
    RunRecord out;
    out.server = world_.server.description();
    out.planned_sessions = plan_.sessions.size();
    out.planned_peak = plan_.peak;
    out.started_sessions = population_.started();
    out.fates = population_.fates();
    out.ran = world_.playback == nullptr ? std::min(ended - start_, scenario_.duration) : ended - start_;
    out.measured = std::max(Duration{0}, out.ran - scenario_.warmup);
    out.links = population_.links();
    out.transport = population_.transport();
    metrics_->count(Metric::generator_socket_drops, kWholeRun, start_ + scenario_.warmup,
                    out.transport.socket_drops);
    out.server_totals = server_totals_;
    out.host_stalls = overlap(own_stalls_, server_stalls_);
    out.own_stalls = own_stalls_;
    out.unmeasured = world_.unmeasured;
    for (const auto& stall : out.host_stalls) end_.host_stalled += stall.length();
    out.end = end_;
    out.notes = world_.server.notes();
    out.outcomes = outcomes();
    out.verdict = decide(out.outcomes, end_);
    out.errors = errors_;
    out.metrics = std::move(metrics_);
    return out;
}

}  // namespace squall::loadgen
