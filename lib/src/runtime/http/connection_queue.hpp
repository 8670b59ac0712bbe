// Accepted connections that wait for a worker: bounded in all and per address. Knows no HTTP.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "runtime/descriptor.hpp"
#include "squall/core/address.hpp"

namespace squall::runtime {

// Whom an address belongs to, as far as one can tell: an IPv4 address, or the /64 of an IPv6 one.
[[nodiscard]] Address network_of(const Address& address);

struct WaitingConnection {
    Descriptor socket;
    Address from;
};

class ConnectionQueue {
  public:
    ConnectionQueue(std::size_t max_waiting, std::size_t max_per_address)
        : max_waiting_(max_waiting), max_per_address_(max_per_address) {}

    // False: there is no room for it; it is closed.
    bool offer(WaitingConnection connection);
    // Waits for one; nothing: the queue is closed.
    [[nodiscard]] std::optional<WaitingConnection> take();
    // The connection from there is over: another may come.
    void release(const Address& from);
    // Drops all that wait; every take() returns.
    void close();

  private:
    const std::size_t max_waiting_;
    const std::size_t max_per_address_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<WaitingConnection> waiting_;
    std::map<Address, std::size_t> per_address_;  // waiting and taken; by network
    bool closed_ = false;
};

}  // namespace squall::runtime
