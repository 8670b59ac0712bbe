// What `--live` and `--metrics` add to a process: a profiler on its host, and the endpoints that show it.
// Knows neither arena nor clients.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/metrics_endpoint.hpp"
#include "squall/runtime/profiler.hpp"
#include "squall/runtime/profiler_endpoint.hpp"

namespace squall::loadgen {

struct LiveOptions {
    // The live endpoint's port on the loopback, 0: a free one; none: no live endpoint.
    std::optional<std::uint16_t> port;
    // Of the metrics; none: no metrics.
    std::optional<Address> metrics;
    // Figures of the last minute can be saved; false where a flight recorder has them, and packets too.
    bool has_history = true;
    [[nodiscard]] bool is_on() const { return port || metrics; }
};

class LiveView {
  public:
    // Errors: those of the endpoints. The host outlives it.
    [[nodiscard]] static Result<std::unique_ptr<LiveView>> start(AsioHost& host, const LiveOptions& options,
                                                                 std::string name, Duration tick_budget = {});
    ~LiveView();
    LiveView(const LiveView&) = delete;
    LiveView& operator=(const LiveView&) = delete;

    [[nodiscard]] Profiler& profiler() { return *profiler_; }
    // One line for people: where to look.
    [[nodiscard]] std::string description() const;

  private:
    explicit LiveView(AsioHost& host) : host_(host) {}
    AsioHost& host_;
    std::unique_ptr<ProfilerEndpoint> endpoint_;
    std::unique_ptr<MetricsEndpoint> metrics_;
    std::unique_ptr<Profiler> profiler_;
    NodeId id_{};
    bool is_attached_ = false;
};

// Where this user's watchable processes are announced.
[[nodiscard]] std::string live_directory();

}  // namespace squall::loadgen
