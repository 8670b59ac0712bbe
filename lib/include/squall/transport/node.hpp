// What a Host drives: anything that lives behind one UDP socket. A transport Endpoint is a node, and so is a
// whole game server or a virtual client built around one, or a simulated link wrapped around either.
//
// The drain rule: after each single receive() or handle_timeout() the host calls poll_transmit() until it
// returns nothing, and then asks poll_timeout() once. Extra calls of the polls are harmless.
#pragma once

#include <cstddef>
#include <optional>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/time.hpp"

namespace squall {

// The largest datagram that a host hands in or takes out (UDP payload bytes).
inline constexpr std::size_t kMaxDatagramBytes = 1500;

// One datagram that poll_transmit() wrote to the front of the caller's buffer.
struct Transmit {
    Address to;
    std::size_t size = 0;
};

class Node {
  public:
    virtual ~Node() = default;
    // Takes one datagram. The bytes are the node's to change (it decrypts in place), and stay as they are
    // until the host's next call: what the node has not yet handed on may lie in them.
    virtual void receive(TimePoint now, const Address& from, MutableBytes datagram) = 0;
    // Writes the next datagram to send to the front of `buffer` (at least kMaxDatagramBytes); nothing if
    // there is none now.
    virtual std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) = 0;
    // When handle_timeout() wants to be called next; kNever if only a datagram can wake it. May lie in the
    // past: then at once.
    [[nodiscard]] virtual TimePoint poll_timeout() const = 0;
    // Called at or after the time that poll_timeout() gave. A call that comes early changes nothing.
    virtual void handle_timeout(TimePoint now) = 0;
    // A hint, and no more: this node will be driven soon (by a datagram `from` there, if that is known), so
    // it may fetch what it will touch into the cache (prefetch.hpp). With thousands of nodes or peers,
    // waiting for memory is most of what they cost. Called for step 0, 1, ... with some other work between: a
    // node fetches what it points to in step 0, and has these do the same from step 1 on.
    virtual void expect(const Address& /*from*/, unsigned /*step*/) {}
};

}  // namespace squall
