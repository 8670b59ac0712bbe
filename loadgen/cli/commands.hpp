// The commands of squall-loadgen, with their options as values. Each prints and returns the exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "replay/redrive_scenario.hpp"
#include "runner/serve_arena.hpp"

namespace squall::loadgen {

struct RunCommand {
    std::string file;
    bool virtual_time = false;
    std::optional<std::string> seed;
    std::optional<std::string> duration;
    std::vector<std::string> overrides;  // path=value
    std::string out_folder;
    bool quiet = false;
    RecordingOrder record;
    bool wants_recording = false;  // with a name of its own if there is no path
    LiveOptions live;
};
int run_command(const RunCommand& command);

int replay_command(const ReplayCommand& command);

struct InspectCommand {
    std::string file;
    std::string by;  // remote, connection, second; empty: an overview
    std::string from;
    std::string to;
    std::optional<std::uint32_t> slot;
    std::optional<std::uint64_t> client;
    std::string direction;  // in, out
    std::string csv;
    std::string json;  // "-": standard output
    std::string sqlite;
    std::string perfetto;
};
int inspect_command(const InspectCommand& command);

int validate_command(const std::vector<std::string>& files);

// What a scenario can name. `what`: empty for all, or "behaviours", "executors", "metrics", "scenarios".
int list_command(const std::string& what);

int completion_command();

int serve_command(const ServeOptions& options);

struct WatchCommand {
    std::uint64_t process = 0;       // 0: the only one there is, or the arena server
    std::uint32_t seconds = 0;       // 0: until Ctrl-C
    std::vector<std::string> order;  // a verb and name=value each; sent, and its result printed
};
int watch_command(const WatchCommand& command);

}  // namespace squall::loadgen
