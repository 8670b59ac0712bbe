// Two libraries that carry the same stream through the same conditions: one reliable message of 64 bytes, 60
// times a second, both ways, over a number of connections. Each message carries the time at which it was
// sent.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/latency/relay.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/transport/suite.hpp"

namespace squall::bench {

inline constexpr std::size_t kFlowMessageBytes = 64;
inline constexpr Duration kFlowInterval{1'000'000'000 / 60};

// What arrived, and what it took.
class FlowLog {
  public:
    void set_recording(bool value) { recording_ = value; }
    // Fills in a message that is sent now.
    void write_message(TimePoint now, MutableBytes out);
    void take_message(TimePoint now, Bytes message);
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    // One-way, from send to receive, application to application.
    [[nodiscard]] std::vector<Duration>& latencies() { return latencies_; }

  private:
    bool recording_ = false;
    std::uint64_t sent_ = 0;
    std::vector<Duration> latencies_;
};

struct FlowOptions {
    std::uint32_t flows = 16;
    simulator::LinkConfig link;
    std::uint64_t seed = 1;
};

// One library, all of its connections. Everything runs on the host's pump.
class Flows {
  public:
    virtual ~Flows() = default;
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual bool is_ready() const = 0;
    FlowLog log;
    std::vector<std::unique_ptr<Relay>> relays;
    [[nodiscard]] std::uint64_t ip_bytes() const;
    [[nodiscard]] std::uint64_t datagrams() const;

  protected:
    // A relay before the server, on a socket of its own; its address. Flow i has the same link seeds in every
    // library.
    Address add_relay(AsioHost& host, const Address& server, const FlowOptions& options);
};

[[nodiscard]] std::unique_ptr<Flows> make_squall_flows(AsioHost& host, const FlowOptions& options,
                                                       Suite suite);
[[nodiscard]] std::unique_ptr<Flows> make_enet_flows(AsioHost& host, const FlowOptions& options);

}  // namespace squall::bench
