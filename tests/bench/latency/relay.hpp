// A simulated network as a UDP proxy: one socket between one client and a server. What the client sends
// passes one link, what the server sends another; each is the simulator's own. Knows nothing of what is in
// the datagrams.
#pragma once

#include <memory>

#include "squall/simulator/link.hpp"
#include "squall/transport/node.hpp"

namespace squall::bench {

class Relay final : public Node {
  public:
    Relay(const Address& server, const simulator::LinkConfig& config, const Rng& rng);

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override;
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override;
    [[nodiscard]] TimePoint poll_timeout() const override;
    void handle_timeout(TimePoint) override {}

    // What came in from both ends, before any loss.
    [[nodiscard]] std::uint64_t datagrams() const { return datagrams_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    Address server_;
    Address client_;
    std::unique_ptr<simulator::Link> up_;
    std::unique_ptr<simulator::Link> down_;
    std::uint64_t datagrams_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace squall::bench
