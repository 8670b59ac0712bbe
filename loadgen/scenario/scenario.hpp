// A whole scenario as a value: who plays how, behind which network, against what, and what must hold. Parsed
// and checked in one go (parse_scenario); everything in it is valid. Knows no socket and no time.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/diagnostic.hpp"
#include "scenario/threshold.hpp"
#include "squall/core/address.hpp"
#include "squall/core/time.hpp"
#include "squall/simulator/link_config.hpp"
#include "squall/transport/suite.hpp"

namespace squall::loadgen {

// Durations are std::chrono types, so their text form is not found by argument-dependent lookup.
using squall::to_string;

// The version of the vocabulary that this build reads; a file says which one it is written in.
inline constexpr std::int64_t kScenarioVersion = 1;

// The server under test: the embedded arena, started by the run, or one that is somewhere already.
struct Target {
    std::optional<Address> address;  // none: the embedded arena
    std::vector<std::string>
        launch;                    // a command that the run starts, samples and stops; only with an address
    std::uint32_t tick_rate = 20;  // Hz
    std::uint32_t snapshot_rate = 20;
    std::uint32_t players_in_view = 30;  // others that a player sees on average
    std::string key_file;           // 32 bytes in hexadecimal: the private key that tokens are sealed with
    std::string key_env;            // an environment variable with the same
    std::uint64_t protocol_id = 0;  // 0: arena's own
    Suite suite = Suite::aes256_gcm;
    std::int32_t timeout_seconds = 10;  // silence after which a connection counts as lost
};

enum class Executor : std::uint8_t { constant_vus, ramping_vus, constant_arrival_rate };
enum class Arrival : std::uint8_t { uniform, poisson };
enum class SessionDistribution : std::uint8_t { constant, exponential, uniform };

struct Stage {
    Duration duration{};
    std::uint32_t target = 0;
};
struct Session {
    SessionDistribution distribution = SessionDistribution::constant;
    Duration mean{};
};
struct BehaviourShare {
    std::string name;
    std::uint32_t weight = 1;
    Duration think_min = std::chrono::milliseconds(200);
    Duration think_max = std::chrono::milliseconds(800);
};

struct Group {
    std::string name;
    Executor executor = Executor::constant_vus;
    Duration start_time{0};
    std::uint32_t vus = 0;        // constant-vus
    std::uint32_t start_vus = 0;  // ramping-vus
    std::vector<Stage> stages;    // ramping-vus
    std::uint32_t rate = 0;       // constant-arrival-rate: joins per time_unit
    Duration time_unit = std::chrono::seconds(1);
    Arrival arrival = Arrival::uniform;
    std::optional<Session> session;  // none: until the end
    std::optional<std::uint32_t> max_vus;
    std::uint32_t send_rate = 20;  // inputs per second and client
    std::vector<BehaviourShare> behaviours;
    std::optional<std::size_t>
        network;  // index into Scenario::networks; none: nothing is added to the real one
    std::vector<Tag> tags;
};

struct Network {
    std::string name;
    simulator::LinkConfig up;    // client to server
    simulator::LinkConfig down;  // server to client
};

struct Outputs {
    std::string summary;     // JSON; empty: not written
    std::string timeline;    // CSV
    std::string histograms;  // HdrHistogram V2 log
};

struct Scenario {
    std::string file;
    std::string name;
    std::uint64_t seed = 1;
    Duration duration{};
    Duration warmup{0};
    Duration graceful_stop = std::chrono::seconds(5);
    Target target;
    std::vector<Group> groups;
    std::vector<Network> networks;
    std::vector<Threshold> thresholds;
    Outputs outputs;
};

struct ParseOptions {
    std::vector<std::string_view> behaviours;  // the names that exist; the first is the default of a group
    std::vector<std::string> overrides;        // path=value each, in order
};

// Reads the text of a scenario; `file` names it in messages. Never throws; the error is every mistake that
// was found.
[[nodiscard]] std::expected<Scenario, Diagnostics> parse_scenario(std::string_view text, std::string file,
                                                                  const ParseOptions& options);

[[nodiscard]] std::string_view to_string(Executor executor);

}  // namespace squall::loadgen
