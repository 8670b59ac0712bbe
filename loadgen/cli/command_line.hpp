// The program squall-loadgen as a function: options in, exit code out. main() adds nothing.
#pragma once

namespace squall::loadgen {

int run_command_line(int argc, const char* const* argv);

}  // namespace squall::loadgen
