// GET /metrics in Prometheus' text format, for a profiler's frames: an output of it like the live endpoint.
// On threads of its own; the page is made when somebody asks for it. Without a token, so bind it to where
// only the scraper comes by.
#pragma once

#include <memory>

#include "squall/core/address.hpp"
#include "squall/core/result.hpp"
#include "squall/runtime/profiler.hpp"

namespace squall {

struct MetricsEndpointOptions {
    // Port 0 takes a free one.
    Address bind = Address::loopback(0);
    // Remotes with a label of their own; the rest is remote="_OTHER".
    std::size_t max_remotes = 500;
};

class MetricsEndpoint final : public ProfileOutput {
  public:
    // Errors: as HttpServer::start().
    [[nodiscard]] static Result<std::unique_ptr<MetricsEndpoint>> start(
        const MetricsEndpointOptions& options);
    ~MetricsEndpoint() override;
    MetricsEndpoint(const MetricsEndpoint&) = delete;
    MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

    // With the real port.
    [[nodiscard]] Address local_address() const;
    void on_frame(const recorder::ProfileFrame& frame) override;

  private:
    struct State;
    explicit MetricsEndpoint(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall
