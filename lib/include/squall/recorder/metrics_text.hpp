// Profile frames as Prometheus' text format: the same numbers as the profiler shows, with names by its
// conventions. No label names a connection or a player, and remotes beyond a limit are one, so that the
// number of series is bounded. Knows no HTTP (runtime/metrics_endpoint.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "squall/recorder/profile_frame.hpp"
#include "squall/recorder/profile_state.hpp"

namespace squall::recorder {

struct MetricsTextConfig {
    // By their ids; the rest is remote="_OTHER".
    std::size_t max_remotes = 500;
};

class MetricsText {
  public:
    explicit MetricsText(MetricsTextConfig config = {}) : config_(config) {}
    // As ProfileState takes them; Stats must be keyframes or follow one.
    void apply(const ProfileFrame& frame);
    // The whole page.
    [[nodiscard]] std::string render() const;

  private:
    class Page;
    void remotes(Page& page) const;
    void overhead(Page& page) const;
    void connections(Page& page) const;
    void refusals(Page& page) const;
    void times(Page& page) const;
    void conditions(Page& page) const;
    void process(Page& page) const;
    [[nodiscard]] std::string label_of(std::uint32_t remote) const;
    [[nodiscard]] std::string kind_of(std::uint32_t remote) const;

    MetricsTextConfig config_;
    ProfileState state_;
    std::map<std::uint32_t, std::uint64_t> closed_;  // by reason
};

}  // namespace squall::recorder
