// What all remotes have: a name, a place on the wire, chains of middleware, counters. Events, functions and
// properties derive from it inside the library; users hold the handles RemoteEvent, RemoteFunction and
// RemoteProperty.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/remotes/message.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::remotes {

class Remotes;

// What a remote did, one direction each. Bytes are those of its messages: remote number, operation and
// object.
struct Traffic {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::array<std::uint64_t, kOutcomeCount> stopped{};  // by Outcome
    [[nodiscard]] std::uint64_t of(Outcome outcome) const {
        return stopped[static_cast<std::size_t>(outcome)];
    }
};
struct RemoteStatistics {
    Traffic in;
    Traffic out;  // one message a recipient
    // What its messages took in packets, by cause: payload, framing, retransmission, early_repeat. With the
    // other causes of the connections' ledgers this adds up to the bytes of all datagrams.
    ByteLedger on_wire;
    std::uint64_t encodings = 0;  // objects encoded: one for a fan-out to any number of peers
};

inline void append_varint(std::vector<std::byte>& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
    out.push_back(static_cast<std::byte>(value));
}

// Who sent what is being handled, and when.
struct Origin {
    TimePoint now{};
    ConnectionId peer{};
};

class Remote {
  public:
    Remote(Remotes& owner, RemoteInfo info, const wire::Codec& codec)
        : owner_(owner), info_(std::move(info)), codec_(&codec) {}
    virtual ~Remote() = default;
    Remote(const Remote&) = delete;
    Remote& operator=(const Remote&) = delete;

    [[nodiscard]] const RemoteInfo& info() const { return info_; }
    [[nodiscard]] const RemoteStatistics& statistics() const { return statistics_; }
    [[nodiscard]] const wire::Codec& codec() const { return *codec_; }
    // Adds a middleware at the end of this remote's chain.
    void use(Direction direction, Middleware middleware) {
        (direction == Direction::inbound ? inbound_ : outbound_).push_back(std::move(middleware));
    }

  protected:
    friend class Remotes;
    // A message's bytes behind the remote's number. `passed` if its handler ran.
    virtual Outcome on_message(TimePoint now, ConnectionId peer, Bytes body) = 0;
    virtual void on_ready(TimePoint /*now*/, ConnectionId /*peer*/) {}
    virtual void on_gone(TimePoint /*now*/, ConnectionId /*peer*/) {}
    virtual void on_settled(TimePoint /*now*/, ConnectionId /*peer*/, MessageId /*message*/,
                            MessageFate /*fate*/) {}
    [[nodiscard]] virtual TimePoint poll_timeout() const { return kNever; }
    virtual void handle_timeout(TimePoint /*now*/) {}
    // All that both sides must agree on, as text: compared when they meet.
    [[nodiscard]] virtual std::string contract_text() const = 0;

    Remotes& owner_;
    RemoteInfo info_;
    const wire::Codec* codec_;
    Next::Chain inbound_;
    Next::Chain outbound_;
    RemoteStatistics statistics_;
};

}  // namespace squall::remotes
