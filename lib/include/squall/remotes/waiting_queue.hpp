// Messages for somebody who is not there or not ready yet: kept in order, bounded by bytes and age. What does
// not fit, or grows too old, is dropped oldest first, and counted. Knows no connection.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/ring_buffer.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/channel.hpp"

namespace squall::remotes {

struct WaitingLimits {
    std::size_t max_bytes = 64 * 1024;
    Duration max_age = std::chrono::seconds(10);
};

class WaitingQueue {
  public:
    struct Entry {
        TimePoint since{};
        ChannelMode mode{};
        std::vector<std::byte> bytes;
        MessageId message{};  // of what came: its number
    };
    // False if the message alone exceeds the limit: it is dropped.
    bool add(TimePoint now, ChannelMode mode, Bytes bytes, const WaitingLimits& limits,
             MessageId message = {}) {
        drop_old(now, limits);
        if (bytes.size() > limits.max_bytes) {
            ++dropped_;
            return false;
        }
        while (bytes_ + bytes.size() > limits.max_bytes) drop_front();
        bytes_ += bytes.size();
        entries_.push_back({now, mode, {bytes.begin(), bytes.end()}, message});
        return true;
    }
    // Gives each to `take`, oldest first, and is empty then.
    template <class Take>
    void release(TimePoint now, const WaitingLimits& limits, Take take) {
        drop_old(now, limits);
        RingBuffer<Entry> entries = std::exchange(entries_, {});
        bytes_ = 0;
        for (; !entries.empty(); entries.pop_front()) take(entries.front());
    }
    void drop_old(TimePoint now, const WaitingLimits& limits) {
        while (!entries_.empty() && now - entries_.front().since > limits.max_age) drop_front();
    }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    void drop_front() {
        bytes_ -= entries_.front().bytes.size();
        entries_.pop_front();
        ++dropped_;
    }
    RingBuffer<Entry> entries_;
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace squall::remotes
