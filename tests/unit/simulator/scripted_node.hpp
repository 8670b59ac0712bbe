// A node whose every reaction is a function of the test, and which notes whether its host keeps the drain
// rule.
#pragma once

#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/transport/node.hpp"

namespace squall::test {

class ScriptedNode final : public Node {
  public:
    struct Received {
        TimePoint at;
        Address from;
        std::string text;
    };

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        enter();
        received.push_back({now, from, std::string(as_text(datagram))});
        // A real node decrypts in place: nobody may rely on the bytes afterwards.
        if (!datagram.empty()) std::memset(datagram.data(), 0xee, datagram.size());
        if (on_receive) on_receive(now, received.back());
        leave();
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        if (is_inside_) broke_rules = true;
        if (buffer.size() < kMaxDatagramBytes) broke_rules = true;
        if (on_poll_transmit) on_poll_transmit(now);
        if (outbox.empty()) {
            is_drained_ = true;
            return std::nullopt;
        }
        const auto [to, text] = outbox.front();
        outbox.pop_front();
        std::memcpy(buffer.data(), text.data(), text.size());
        return Transmit{to, text.size()};
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        if (is_inside_) broke_rules = true;
        return deadline;
    }
    void handle_timeout(TimePoint now) override {
        enter();
        timeouts.push_back(now);
        if (now >= deadline && !keeps_deadline) deadline = kNever;
        if (on_timeout) on_timeout(now);
        leave();
    }

    void send(const Address& to, std::string text) { outbox.emplace_back(to, std::move(text)); }

    std::vector<Received> received;
    std::vector<TimePoint> timeouts;
    std::deque<std::pair<Address, std::string>> outbox;
    TimePoint deadline = kNever;
    bool keeps_deadline = false;
    std::function<void(TimePoint, const Received&)> on_receive;
    std::function<void(TimePoint)> on_timeout;
    std::function<void(TimePoint)> on_poll_transmit;
    // Entered again while inside, or given a second change before the first was drained.
    mutable bool broke_rules = false;

  private:
    void enter() {
        if (is_inside_ || !is_drained_) broke_rules = true;
        is_inside_ = true;
        is_drained_ = false;
    }
    void leave() { is_inside_ = false; }
    bool is_inside_ = false;
    bool is_drained_ = true;
};

}  // namespace squall::test
