// Stands between a shard's socket and its node: passes on to other shards what is theirs. Knows where a
// connection id stands in a datagram, and nothing else of what is in it.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <unordered_map>

#include "runtime/shard_mailbox.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/node.hpp"

namespace squall::runtime {

class ShardNode final : public Node {
  public:
    // The mailboxes are those of all shards, by index.
    ShardNode(std::uint8_t index, std::span<const std::unique_ptr<ShardMailbox>> mailboxes,
              std::unique_ptr<Node> inner);

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override;
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return inner_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return inner_->poll_timeout(); }
    void handle_timeout(TimePoint now) override { inner_->handle_timeout(now); }

    // While set, datagrams are those that another shard received for this one: they are not passed on again.
    void set_taking_over(bool value) { is_taking_over_ = value; }
    // From now on what comes from this address belongs to that shard. Bounded; the oldest claims end after a
    // minute unused.
    void note_claim(TimePoint now, const Address& peer, std::uint8_t owner);

    [[nodiscard]] Node& inner() { return *inner_; }
    [[nodiscard]] std::uint64_t handed_over() const { return handed_over_; }
    [[nodiscard]] std::uint64_t taken_over() const { return taken_over_; }
    [[nodiscard]] std::size_t claim_count() const { return claims_.size(); }

  private:
    struct Claim {
        std::uint8_t owner = 0;
        TimePoint used{};
    };
    [[nodiscard]] std::uint8_t owner_of(TimePoint now, const Address& from, Bytes datagram);

    const std::uint8_t index_;
    const std::span<const std::unique_ptr<ShardMailbox>> mailboxes_;
    const std::unique_ptr<Node> inner_;
    std::unordered_map<Address, Claim> claims_;  // looked up, and swept as a whole: its order decides nothing
    bool is_taking_over_ = false;
    std::uint64_t handed_over_ = 0;
    std::uint64_t taken_over_ = 0;
};

}  // namespace squall::runtime
