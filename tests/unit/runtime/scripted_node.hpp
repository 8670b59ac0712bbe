// A node that does what a test says and remembers what was done to it.
#pragma once

#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "squall/runtime/host.hpp"

namespace squall::test {

class ScriptedNode : public Node {
  public:
    std::function<void(const Address&, Bytes)> on_receive;
    std::function<void(TimePoint)> on_timeout;
    std::function<void()> on_transmit;
    TimePoint deadline = kNever;
    NodeId id{};
    std::vector<std::pair<Address, std::string>> received;
    // R: a datagram came; H: handle_timeout; T: a datagram was taken out; 0: there was none.
    std::vector<char> log;
    // What expect() was told: from whom, which step, and how many datagrams had come by then.
    struct Hint {
        Address from;
        unsigned step = 0;
        std::size_t received_before = 0;
    };
    std::vector<Hint> hints;

    void queue(const Address& to, Bytes bytes) { outgoing_.emplace_back(to, std::string(as_text(bytes))); }

    void receive(TimePoint, const Address& from, MutableBytes datagram) override {
        log.push_back('R');
        received.emplace_back(from, std::string(as_text(datagram)));
        if (const auto callback = on_receive) callback(from, datagram);
    }
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes buffer) override {
        if (const auto callback = on_transmit) callback();
        if (outgoing_.empty()) {
            log.push_back('0');
            return std::nullopt;
        }
        log.push_back('T');
        const auto [to, bytes] = std::move(outgoing_.front());
        outgoing_.pop_front();
        std::memcpy(buffer.data(), bytes.data(), bytes.size());
        return Transmit{to, bytes.size()};
    }
    TimePoint poll_timeout() const override { return deadline; }
    void handle_timeout(TimePoint now) override {
        log.push_back('H');
        if (const auto callback = on_timeout) callback(now);
    }
    void expect(const Address& from, unsigned step) override {
        hints.push_back({from, step, received.size()});
    }

  private:
    std::deque<std::pair<Address, std::string>> outgoing_;
};

}  // namespace squall::test
