#include "runtime/http/connection_queue.hpp"

#include <algorithm>
#include <utility>

namespace squall::runtime {

Address network_of(const Address& address) {
    if (address.family() != Address::Family::ipv6) return address.with_port(0);
    auto bytes = address.bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return Address::ipv6(bytes, 0);
}

bool ConnectionQueue::offer(WaitingConnection&& connection) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || waiting_.size() >= max_waiting_) return false;
        if (max_per_address_ != 0) {
            auto& count = per_address_[network_of(connection.from)];
            if (count >= max_per_address_) return false;
            ++count;
        }
        waiting_.push_back(std::move(connection));
        if (waiting_.size() > idle_workers_) crowded_.raise();
    }
    arrived_.notify_one();
    return true;
}

std::optional<WaitingConnection> ConnectionQueue::take() {
    std::unique_lock lock(mutex_);
    ++idle_workers_;
    arrived_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    --idle_workers_;
    if (closed_) return std::nullopt;
    auto connection = std::move(waiting_.front());
    waiting_.pop_front();
    if (waiting_.empty()) crowded_.lower();
    return connection;
}

void ConnectionQueue::release(const Address& from) {
    if (max_per_address_ == 0) return;
    const std::lock_guard lock(mutex_);
    const auto found = per_address_.find(network_of(from));
    if (found != per_address_.end() && --found->second == 0) per_address_.erase(found);
}

void ConnectionQueue::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        waiting_.clear();
    }
    arrived_.notify_all();
}

}  // namespace squall::runtime
