// Accepted connections that wait for a worker: bounded in all and per address. Knows no HTTP.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "runtime/descriptor.hpp"
#include "runtime/http/timer.hpp"
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
    // `crowded` is up while connections wait and no worker is free to take them; it must outlive the queue.
    ConnectionQueue(std::size_t max_waiting, std::size_t max_per_address, Signal& crowded)
        : max_waiting_(max_waiting), max_per_address_(max_per_address), crowded_(crowded) {}

    // Takes it over; false: there is no room for it, and it stays the caller's.
    bool offer(WaitingConnection&& connection);
    // Waits for one; nothing: the queue is closed.
    [[nodiscard]] std::optional<WaitingConnection> take();
    // The connection from there is over: another may come.
    void release(const Address& from);
    // Drops all that wait; every take() returns.
    void close();

  private:
    const std::size_t max_waiting_;
    const std::size_t max_per_address_;
    Signal& crowded_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<WaitingConnection> waiting_;
    std::map<Address, std::size_t> per_address_;  // waiting and taken; by network
    std::size_t idle_workers_ = 0;
    bool closed_ = false;
};

}  // namespace squall::runtime
