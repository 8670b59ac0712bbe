// What the server under test did since the last sample, and its one-line JSON form, in which the server's
// process hands it over. Histograms travel whole, so nothing is lost on the way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arena/arena_server.hpp"
#include "runner/stall_detector.hpp"
#include "squall/core/result.hpp"
#include "squall/runtime/host.hpp"
#include "squall/trace/histogram.hpp"

namespace squall::loadgen {

// Sums over the time since the sample before; `players` is the state at its end.
struct ServerSample {
    trace::Histogram tick;           // ns
    trace::Histogram tick_lateness;  // ns
    std::uint64_t players = 0;
    std::uint64_t ticks = 0;
    std::uint64_t ticks_skipped = 0;
    std::uint64_t joins = 0;
    std::uint64_t messages_received = 0;
    std::uint64_t messages_sent = 0;
    std::uint64_t snapshots = 0;
    std::uint64_t snapshots_limited = 0;  // did not hold all changes
    std::uint64_t snapshot_bytes = 0;
    std::uint64_t entities_in_view = 0;
    std::uint64_t bytes_received = 0;  // UDP payload
    std::uint64_t bytes_sent = 0;
    std::uint64_t datagrams_received = 0;
    std::uint64_t datagrams_sent = 0;
    std::uint64_t refused = 0;       // datagrams that the transport refused
    std::uint64_t kernel_drops = 0;  // datagrams that did not fit the socket's receive buffer
    std::uint64_t send_drops = 0;
    std::vector<Stall> stalls;

    // Adds another's sums; its players replace these.
    void add(const ServerSample& later);
};

[[nodiscard]] std::string to_json_line(const ServerSample& sample);
[[nodiscard]] Result<ServerSample> parse_server_sample(std::string_view line);

// Cuts the ever growing statistics of a server into samples.
class ServerSampler {
  public:
    [[nodiscard]] ServerSample take(const arena::ArenaServer& server, const SocketStatistics& socket,
                                    std::vector<Stall> stalls);

  private:
    arena::ArenaServerStatistics before_;
    EndpointStatistics endpoint_before_;
    SocketStatistics socket_before_;
};

}  // namespace squall::loadgen
