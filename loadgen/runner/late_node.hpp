// A node whose inside comes later: its socket is opened first, so that what goes inside can know the socket's
// address.
#pragma once

#include <optional>

#include "squall/core/prefetch.hpp"
#include "squall/transport/node.hpp"

namespace squall::loadgen {

class LateNode final : public Node {
  public:
    // Wake the host afterwards. The inner node must outlive this one.
    void set_inner(Node& inner) { inner_ = &inner; }

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        if (inner_ != nullptr) inner_->receive(now, from, datagram);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return inner_ == nullptr ? std::nullopt : inner_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return inner_ == nullptr ? kNever : inner_->poll_timeout();
    }
    void handle_timeout(TimePoint now) override {
        if (inner_ != nullptr) inner_->handle_timeout(now);
    }
    void expect(const Address& from, unsigned step) override {
        if (inner_ == nullptr) return;
        if (step == 0)
            prefetch(inner_, 2 * kCacheLineBytes);
        else
            inner_->expect(from, step - 1);
    }

  private:
    Node* inner_ = nullptr;
};

}  // namespace squall::loadgen
