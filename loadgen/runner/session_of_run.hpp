// The middle of a run, the same in both worlds: host, server and client net are given, the plan is followed
// second by second.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "plan/plan.hpp"
#include "runner/interrupt.hpp"
#include "runner/population.hpp"
#include "runner/run_listener.hpp"
#include "runner/run_record.hpp"
#include "runner/server_under_test.hpp"
#include "runner/stall_detector.hpp"

namespace squall::loadgen {

// What differs between the worlds.
struct World {
    Host& host;
    ClientNet& net;
    const ClientMaker& maker;
    ServerUnderTest& server;
    WallClockAnchor wall_clock;
    bool shared_clock = true;
    EntropySource* entropy = nullptr;  // none: derived from the seed
    trace::Sink* trace = nullptr;
    StallDetector* stalls = nullptr;  // none: virtual time does not stall
    Unmeasured unmeasured;
    PlaybackClock* playback = nullptr;  // of a replay; none: the plan's times are as they are
    Duration playback_length{};         // of what is played, by that clock
};

class SessionOfRun {
  public:
    SessionOfRun(const Scenario& scenario, const Plan& plan, World world, const InterruptGuard& interrupt,
                 RunListener& listener);

    // Runs to the end, stops the server, and tells what came of it (all but the trace hash and what names the
    // world).
    [[nodiscard]] Result<RunRecord> run();
    // The playback clock was changed, from within a callback of the host.
    void on_playback_changed();

  private:
    void take_report(const ServerReport& report);
    void end_second(TimePoint now);
    void record_generator(TimePoint now);
    void look_for_ends(TimePoint now);
    void look_for_answers(TimePoint now);
    void look_for_anybody();
    void check_aborts(TimePoint now);
    void begin_stopping(TimePoint now);
    void collect_stalls();
    [[nodiscard]] TimePoint next_boundary() const;
    [[nodiscard]] Phase phase_at(TimePoint moment) const;
    // When nobody sends any more; kNever if that is not known.
    [[nodiscard]] TimePoint load_end() const;
    [[nodiscard]] RunRecord record(TimePoint ended);
    [[nodiscard]] std::vector<Outcome> outcomes() const;

    const Scenario& scenario_;
    const Plan& plan_;
    World world_;
    const InterruptGuard& interrupt_;
    RunListener& listener_;
    TimePoint start_;
    std::unique_ptr<MetricStore> metrics_;
    ErrorLog errors_;
    ClientSurroundings around_;
    Population population_;
    NodeId population_id_{};
    std::uint32_t second_ = 0;  // that runs now
    std::optional<TimePoint> stopping_since_;
    EarlyEnd end_;
    TimePoint last_answer_;  // when somebody was connected, or nobody had tried yet
    bool was_anybody_in_ = false;
    std::optional<ServerSample> server_totals_;
    std::vector<Stall> server_stalls_;
    std::vector<Stall> own_stalls_;
    TimePoint usage_at_;
    Duration usage_before_{};
    std::uint64_t disconnects_ = 0;
};

}  // namespace squall::loadgen
