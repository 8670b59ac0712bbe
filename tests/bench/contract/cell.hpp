// One cell of the contract benchmark: so many messages a second, so many altogether, in one of four ways,
// from a server to a client over UDP on loopback with aes256-gcm, each end a thread with an asio host of its
// own.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "squall/core/time.hpp"

namespace squall::bench {

enum class Way : std::uint8_t { table, json, full, delta };
inline constexpr std::array kWays{Way::table, Way::json, Way::full, Way::delta};
[[nodiscard]] std::string_view to_string(Way way);

struct CellOptions {
    Way way{};
    int per_second = 0;
    int messages = 0;
};

// What many samples come to.
struct Summary {
    double min = 0, mean = 0, max = 0;
    double p50 = 0, p95 = 0, p99 = 0;
};
[[nodiscard]] Summary summarise(std::vector<double> samples);

// Plain numbers only: it goes through a pipe.
struct CellResult {
    bool failed = false;
    std::array<char, 200> failure{};
    Summary tps;         // messages a second that the client heard
    Summary kilobits;    // a second that the client's socket received, with IP and UDP headers
    Summary tick_us;     // of the server, 60 a second: encoding, sending, taking in what came
    Summary memory_mib;  // resident, of the process with both ends and the objects
    double total_s = 0;
    double object_bytes = 0;   // a message's object as encoded
    double message_bytes = 0;  // with the contract's header and the remote's number
    double ip_bytes = 0;       // all that the client received, a message
    std::uint64_t heard = 0;
};
[[nodiscard]] CellResult run_cell(const CellOptions& options);

}  // namespace squall::bench
