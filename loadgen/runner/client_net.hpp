// How virtual clients get onto a host, each behind its group's network. Real: a socket each on one asio host,
// the network simulated in process. Virtual: an access link each in the virtual network. Knows no client by
// name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "scenario/scenario.hpp"
#include "squall/core/result.hpp"
#include "squall/core/rng.hpp"
#include "squall/runtime/host.hpp"
#include "squall/simulator/conditioned_node.hpp"
#include "squall/simulator/link_statistics.hpp"
#include "squall/simulator/sim_host.hpp"

namespace squall::loadgen {

class LiveConditions;

// What the simulated networks did, up and down.
struct LinkTotals {
    simulator::LinkStatistics up;
    simulator::LinkStatistics down;
};

// A client's place on its host; ends with it.
class ClientLink {
  public:
    virtual ~ClientLink() = default;
    [[nodiscard]] virtual NodeId id() const = 0;
    // Adds what this client's network did so far.
    virtual void add_to(LinkTotals& totals) const = 0;
};

class ClientNet {
  public:
    virtual ~ClientNet() = default;
    // `rng` is the client's own; the node must outlive the link. Errors: from the host, with the address.
    virtual Result<std::unique_ptr<ClientLink>> attach(Node& node, const Network* network, const Rng& rng,
                                                       std::uint32_t trace_source) = 0;
    [[nodiscard]] virtual Host& host() = 0;
};

class RealClientNet final : public ClientNet {
  public:
    // Clients bind to `local` with a free port each.
    // With `conditions` every client is behind a network that can be changed.
    RealClientNet(Host& host, Address local, LiveConditions* conditions = nullptr)
        : host_(host), local_(local), conditions_(conditions) {}
    Result<std::unique_ptr<ClientLink>> attach(Node& node, const Network* network, const Rng& rng,
                                               std::uint32_t trace_source) override;
    [[nodiscard]] Host& host() override { return host_; }

  private:
    Host& host_;
    Address local_;
    LiveConditions* conditions_;
};

class VirtualClientNet final : public ClientNet {
  public:
    explicit VirtualClientNet(simulator::SimHost& host) : host_(host) {}
    Result<std::unique_ptr<ClientLink>> attach(Node& node, const Network* network, const Rng& rng,
                                               std::uint32_t trace_source) override;
    [[nodiscard]] Host& host() override { return host_; }

  private:
    simulator::SimHost& host_;
};

}  // namespace squall::loadgen
