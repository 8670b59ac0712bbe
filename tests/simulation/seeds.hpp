// The command line of a simulation that is run for many seeds: `--seeds COUNT`, or `--seed SEED` to repeat
// one. Prints each failure with the line that repeats it.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

namespace squall::simulation {

inline std::uint64_t number(const char* program, const char* text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
    if (error != std::errc{} || *end != '\0') {
        fmt::print(stderr, "{}: '{}' is not a number\n", program, text);
        std::exit(2);
    }
    return value;
}

// `run_seed` gives what went wrong, or nothing. `promise` is what held for the seeds that passed.
inline int run_seeds(int argc, char** argv, const char* promise,
                     const std::function<std::string(std::uint64_t)>& run_seed) {
    std::uint64_t first = 1;
    std::uint64_t count = 25;
    for (int i = 1; i < argc; i += 2) {
        const bool has_value = i + 1 < argc;
        if (has_value && std::strcmp(argv[i], "--seeds") == 0) {
            count = number(argv[0], argv[i + 1]);
        } else if (has_value && std::strcmp(argv[i], "--seed") == 0) {
            first = number(argv[0], argv[i + 1]);
            count = 1;
        } else {
            fmt::print(stderr, "usage: {} [--seeds COUNT | --seed SEED]\n", argv[0]);
            return 2;
        }
    }
    std::uint64_t failed = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        const std::string error = run_seed(seed);
        if (error.empty()) continue;
        ++failed;
        fmt::print("seed {} failed: {}\n  repeat with: {} --seed {}\n", seed, error, argv[0], seed);
    }
    fmt::print("{} of {} seeds: {}\n", count - failed, count, promise);
    return failed == 0 ? 0 : 1;
}

}  // namespace squall::simulation
