// What squall-loadgen returns to its caller.
#pragma once

namespace squall::loadgen {

enum class ExitCode : int {
    pass = 0,
    bad_input = 2,     // nothing was run: a scenario, an option, an output or this machine's limits
    server_lost = 97,  // the server under test went away, or never answered
    invalid = 98,      // the generator itself was the bottleneck: the figures say nothing about the server
    thresholds_failed = 99,
    interrupted = 130,  // Ctrl-C; the report covers what was run
};

}  // namespace squall::loadgen
