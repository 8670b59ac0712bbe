// Writes the sample recording, for read_recording.py and for tshark, and compares it with the golden one.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "support/sample_recording.hpp"

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "usage: write_recording FILE GOLDEN\n");
        return 2;
    }
    const auto bytes = squall::recorder::testing::sample_file();
    std::ofstream out(argv[1], std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) {
        fmt::print(stderr, "cannot write {}\n", argv[1]);
        return 2;
    }
    std::ifstream in(argv[2], std::ios::binary);
    const std::string golden((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (golden == squall::as_text(bytes)) return 0;
    fmt::print(
        stderr,
        "{} differs from {}. If the format was changed on purpose, raise its version in lib/RECORDING.md "
        "and copy the file there.\n",
        argv[1], argv[2]);
    return 1;
}
