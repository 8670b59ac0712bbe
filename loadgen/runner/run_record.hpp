// All that is known of a run when it is over: what the reports are made of. A value.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/metric_store.hpp"
#include "report/verdict.hpp"
#include "runner/client_net.hpp"
#include "runner/error_log.hpp"
#include "runner/population.hpp"
#include "runner/server_sample.hpp"
#include "scenario/scenario.hpp"

namespace squall::loadgen {

// The machine of a real run; a virtual run has none, so that its report is the same everywhere.
struct Machine {
    std::string host;
    std::string kernel;
    std::string processor;
    unsigned cores = 0;
    std::uint64_t started_unix = 0;
};

struct RunRecord {
    std::string mode;  // "real" or "virtual"
    std::optional<Machine> machine;
    std::string server;  // what was under test
    std::uint64_t planned_sessions = 0;
    std::uint32_t planned_peak = 0;
    std::uint64_t started_sessions = 0;
    Fates fates;
    Duration ran{};       // how long load was on
    Duration measured{};  // of that, after the warm-up
    std::unique_ptr<MetricStore> metrics;
    ErrorLog errors;
    std::optional<ServerSample> server_totals;  // over the measured part
    LinkTotals links;
    VirtualClient::TransportTotals transport;
    std::vector<Stall> host_stalls;  // neither the server nor the generator was run
    std::vector<Stall> own_stalls;   // the generator was not run
    Unmeasured unmeasured;
    std::vector<Outcome> outcomes;
    EarlyEnd end;
    Verdict verdict;
    std::string trace_hash;  // 16 hexadecimal digits
    std::vector<std::string> notes;
};

}  // namespace squall::loadgen
