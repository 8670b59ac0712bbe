// Runs a scenario, on real sockets or in virtual time: brings server, population and metrics together and
// follows the plan second by second to its end. Writes nothing.
#pragma once

#include <string>
#include <vector>

#include "runner/run_listener.hpp"
#include "runner/run_record.hpp"
#include "scenario/scenario.hpp"
#include "squall/core/result.hpp"

namespace squall::loadgen {

struct RunOptions {
    bool virtual_time = false;
    std::string program;  // the path of squall-loadgen, for the embedded server's process
};

// Errors: what kept the run from starting (limits of this machine, a key, a server that does not come up).
[[nodiscard]] Result<RunRecord> run_scenario(const Scenario& scenario, const RunOptions& options,
                                             RunListener& listener);

}  // namespace squall::loadgen
