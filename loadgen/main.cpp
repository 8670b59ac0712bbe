// The program squall-loadgen.
#include <string_view>

#include "cli/command_line.hpp"
#include "cli/huge_pages.hpp"

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "run") squall::loadgen::use_huge_pages(argv);
    return squall::loadgen::run_command_line(argc, argv);
}
