// The program squall-loadgen.
#include "cli/command_line.hpp"

int main(int argc, char** argv) {
    return squall::loadgen::run_command_line(argc, argv);
}
