// The arena server as a program: in a run's own server process (its key and its orders come through standard
// input), or by itself for load from elsewhere.
#pragma once

#include <optional>
#include <string>

#include "runner/arena_recorder.hpp"
#include "runner/arena_setup.hpp"
#include "runner/live_view.hpp"
#include "squall/core/address.hpp"
#include "squall/core/result.hpp"

namespace squall::loadgen {

struct ServeOptions {
    Address bind = Address::loopback(0);
    // What tokens name the server by, where that is not the address that it is bound to.
    std::optional<Address> public_address;
    ArenaSettings settings;
    // Where the key comes from; all empty: the first line of standard input, and further lines are orders
    // ("sample", "stop", "record off", "record on"; the end of the stream ends the server).
    std::string key_file;
    std::string key_env;
    // Print a sample as one line of JSON every second. Never where orders ask for samples.
    bool print_samples = false;
    RecordingOrder record;
    LiveOptions live;
};

// Prints "READY <address>" once it listens. Returns when it is told to stop (an order, SIGINT, SIGTERM).
[[nodiscard]] Result<> serve_arena(const ServeOptions& options);

}  // namespace squall::loadgen
