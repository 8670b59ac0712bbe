// Who follows a run second by second: the live view, the timeline.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/metric_store.hpp"
#include "runner/population.hpp"
#include "runner/server_under_test.hpp"

namespace squall::loadgen {

enum class Phase : std::uint8_t { warmup, measuring, stopping };

struct SecondView {
    std::uint32_t second = 0;  // that has just ended, from 0
    Duration elapsed{};
    Phase phase = Phase::measuring;
    const MetricStore& metrics;  // its second() values are this second's
    Headcount heads;
    std::vector<std::uint32_t> connected_by_group;
    VirtualClient::TransportTotals transport;  // since the start
    std::uint64_t disconnects = 0;             // since the start, warm-up included
    std::uint64_t errors = 0;
};

class RunListener {
  public:
    virtual ~RunListener() = default;
    virtual void on_second(const SecondView& view) = 0;
    // The server's figures of a second; a little after that second. The store's second() values of the server
    // are its.
    virtual void on_server(const ServerReport& report, const MetricStore& metrics, Phase phase) = 0;
};

}  // namespace squall::loadgen
