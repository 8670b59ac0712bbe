#include "runner/client_net.hpp"

#include "runner/live_conditions.hpp"

namespace squall::loadgen {
namespace {

// The kernel pins what a client does not read in time: a second of snapshots is plenty, the default of 208
// KiB times thousands of clients is not.
constexpr std::size_t kClientBufferBytes = 48 * 1024;

class RealLink final : public ClientLink {
  public:
    RealLink(Host& host, std::unique_ptr<simulator::ConditionedNode> conditioned, LiveConditions* conditions)
        : host_(host), conditioned_(std::move(conditioned)), conditions_(conditions) {}
    ~RealLink() override {
        if (attached_) host_.detach(id_);
        if (conditions_ != nullptr) conditions_->remove(*conditioned_);
    }
    Result<> attach(Node& node, const AttachOptions& options) {
        Node& outer = conditioned_ ? static_cast<Node&>(*conditioned_) : node;
        const auto id = host_.attach(outer, options);
        if (!id) return std::unexpected(id.error());
        id_ = *id;
        attached_ = true;
        return {};
    }
    [[nodiscard]] NodeId id() const override { return id_; }
    void add_to(LinkTotals& totals) const override {
        if (!conditioned_) return;
        totals.up.merge(conditioned_->up().model().statistics());
        totals.down.merge(conditioned_->down().model().statistics());
    }

  private:
    Host& host_;
    std::unique_ptr<simulator::ConditionedNode> conditioned_;
    LiveConditions* conditions_;  // none: they stay as they are
    NodeId id_{};
    bool attached_ = false;
};

class VirtualLink final : public ClientLink {
  public:
    VirtualLink(simulator::SimHost& host, NodeId id) : host_(host), id_(id) {}
    ~VirtualLink() override { host_.detach(id_); }
    [[nodiscard]] NodeId id() const override { return id_; }
    void add_to(LinkTotals& totals) const override {
        if (const auto* up = host_.link_statistics(id_, simulator::Direction::up)) totals.up.merge(*up);
        if (const auto* down = host_.link_statistics(id_, simulator::Direction::down))
            totals.down.merge(*down);
    }

  private:
    simulator::SimHost& host_;
    NodeId id_;
};

}  // namespace

Result<std::unique_ptr<ClientLink>> RealClientNet::attach(Node& node, const Network* network, const Rng& rng,
                                                          std::uint32_t) {
    std::unique_ptr<simulator::ConditionedNode> conditioned;
    if (network != nullptr || conditions_ != nullptr) {
        const Network& present = conditions_ != nullptr ? conditions_->present(network) : *network;
        auto made = simulator::ConditionedNode::make(node, present.up, present.down, rng.fork("network"));
        if (!made) return std::unexpected(made.error());
        conditioned = std::move(*made);
        if (conditions_ != nullptr) conditions_->add(network, *conditioned);
    }
    AttachOptions options;
    options.bind = local_;
    options.receive_buffer_bytes = kClientBufferBytes;
    auto link = std::make_unique<RealLink>(host_, std::move(conditioned), conditions_);
    if (const auto attached = link->attach(node, options); !attached)
        return std::unexpected(attached.error());
    return link;
}

Result<std::unique_ptr<ClientLink>> VirtualClientNet::attach(Node& node, const Network* network,
                                                             const Rng& rng, std::uint32_t trace_source) {
    simulator::Access access;
    if (network != nullptr) {
        access.up = network->up;
        access.down = network->down;
    }
    access.stream = rng.fork("network").seed();
    access.trace_source = trace_source;
    const auto id = host_.attach(node, AttachOptions{}, access);
    if (!id) return std::unexpected(id.error());
    return std::make_unique<VirtualLink>(host_, *id);
}

}  // namespace squall::loadgen
