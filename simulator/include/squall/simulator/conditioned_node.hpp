// Puts a simulated network between a node and its host: on real sockets, in process, no root, nothing left
// behind. A node itself, so it knows neither the host nor the clock.
#pragma once

#include <memory>
#include <optional>

#include "squall/core/rng.hpp"
#include "squall/simulator/link.hpp"
#include "squall/trace/sink.hpp"
#include "squall/transport/node.hpp"

namespace squall::simulator {

// What the node sends passes the link `up`, what it receives passes the link `down`. Towards the inner node
// it keeps the drain rule; the inner node sees each datagram and each deadline in the order of their times.
class ConditionedNode final : public Node {
  public:
    // The inner node outlives this one. The links draw from rng.fork("up") and rng.fork("down"), as the
    // access links of a SimHost do. Errors: invalid_argument, with the link and the field.
    [[nodiscard]] static Result<std::unique_ptr<ConditionedNode>> make(Node& inner, const LinkConfig& up,
                                                                       const LinkConfig& down,
                                                                       const Rng& rng);

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override;
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override;
    [[nodiscard]] TimePoint poll_timeout() const override;
    void handle_timeout(TimePoint now) override;
    void expect(const Address& from, unsigned step) override;

    [[nodiscard]] Link& up() { return *up_; }
    [[nodiscard]] Link& down() { return *down_; }
    void set_trace(trace::Sink* sink, std::uint32_t source);

  private:
    ConditionedNode(Node& inner, std::unique_ptr<Link> up, std::unique_ptr<Link> down)
        : inner_(inner), up_(std::move(up)), down_(std::move(down)) {}

    // Hands the inner node all that is due, one change at a time.
    void catch_up(TimePoint now);
    // Moves what the inner node wants to send into the link `up`.
    void drain_inner(TimePoint now);

    Node& inner_;
    std::unique_ptr<Link> up_;
    std::unique_ptr<Link> down_;
};

}  // namespace squall::simulator
