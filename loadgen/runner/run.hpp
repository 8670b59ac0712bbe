// Runs a scenario, on real sockets or in virtual time: brings server, population and metrics together and
// follows the plan second by second to its end. Writes nothing.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "plan/plan.hpp"
#include "play/playback_clock.hpp"
#include "runner/arena_recorder.hpp"
#include "runner/client_maker.hpp"
#include "runner/live_view.hpp"
#include "runner/run_listener.hpp"
#include "runner/run_record.hpp"
#include "scenario/scenario.hpp"
#include "squall/core/result.hpp"

namespace squall::loadgen {

// Instead of what the scenario's groups say: who joins when, and what plays them.
struct RunPlayers {
    const Plan& plan;
    const ClientMaker& maker;
    PlaybackClock* playback = nullptr;
    Duration playback_length{};
    // What such clients do not tell.
    std::vector<Metric> unmeasured{};
    std::string why_unmeasured{};
    // Of a replay on real sockets: obeys a line of standard input and answers with one; true: the clock was
    // changed.
    std::function<std::pair<std::string, bool>(TimePoint now, const std::string& line)> on_order{};
};

struct RunOptions {
    bool virtual_time = false;
    std::string program;      // the path of squall-loadgen, for the embedded server's process
    RecordingOrder record{};  // of the embedded server
    // On real sockets: this process and the embedded server's can be watched, the latter at a port of its own
    // and with metrics at the next port.
    LiveOptions live{};
};

// Errors: what kept the run from starting (limits of this machine, a key, a server that does not come up).
[[nodiscard]] Result<RunRecord> run_scenario(const Scenario& scenario, const RunOptions& options,
                                             RunListener& listener);
// The same with other players; the scenario has a group for each that the plan names.
[[nodiscard]] Result<RunRecord> run_players(const Scenario& scenario, const RunPlayers& players,
                                            const RunOptions& options, RunListener& listener);

}  // namespace squall::loadgen
