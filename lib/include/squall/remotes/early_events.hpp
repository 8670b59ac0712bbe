// Events that came before anybody listened: kept by peer, bounded by number, bytes and age, so that what one
// peer sends pushes out nothing of another's. What does not fit, or grows too old, is dropped oldest first,
// and counted. Knows no connection.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "squall/core/ring_buffer.hpp"
#include "squall/remotes/remote.hpp"
#include "squall/remotes/waiting_queue.hpp"

namespace squall::remotes::detail {

template <class T>
class EarlyEvents {
  public:
    struct Event {
        Origin origin;
        T value{};
        std::uint64_t number = 0;  // in the order of coming
        std::size_t bytes = 0;
    };
    EarlyEvents(std::size_t max_events, const WaitingLimits& limits)
        : max_events_(max_events), limits_(limits) {}

    // `message_bytes`: as it came; the object counts besides.
    void add(const Origin& origin, const T& value, std::size_t message_bytes) {
        const std::size_t bytes = message_bytes + sizeof(T);
        if (max_events_ == 0 || bytes > limits_.max_bytes) return drop(origin.peer);
        OfPeer& of = peers_[origin.peer];
        while (of.events.size() == max_events_ || of.bytes + bytes > limits_.max_bytes)
            drop_front(origin.peer, of);
        of.bytes += bytes;
        of.events.push_back({origin, value, ++last_number_, bytes});
        first_end_ = std::min(first_end_, origin.now + limits_.max_age);
    }
    // All that wait, in the order of their coming; none waits then.
    [[nodiscard]] std::vector<Event> take() {
        std::vector<Event> out;
        for (auto& [peer, of] : std::exchange(peers_, {}))
            for (; !of.events.empty(); of.events.pop_front()) out.push_back(std::move(of.events.front()));
        std::ranges::sort(out, {}, &Event::number);
        first_end_ = kNever;
        return out;
    }
    // When the first of them grows too old, or earlier.
    [[nodiscard]] TimePoint first_end() const { return first_end_; }
    void drop_old(TimePoint now) {
        if (now < first_end_) return;
        first_end_ = kNever;
        for (auto place = peers_.begin(); place != peers_.end();) {
            OfPeer& of = place->second;
            while (!of.events.empty() && now - of.events.front().origin.now >= limits_.max_age)
                drop_front(place->first, of);
            if (!of.events.empty())
                first_end_ = std::min(first_end_, of.events.front().origin.now + limits_.max_age);
            place = of.events.empty() ? peers_.erase(place) : std::next(place);
        }
    }
    void forget(ConnectionId peer) {
        auto node = peers_.extract(peer);
        if (node.empty()) return;
        while (!node.mapped().events.empty()) drop_front(peer, node.mapped());
    }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
    // Whose events were dropped since this was emptied, one entry each.
    std::vector<ConnectionId> dropped_now;

  private:
    struct OfPeer {
        RingBuffer<Event> events;  // oldest first
        std::size_t bytes = 0;
    };
    void drop_front(ConnectionId peer, OfPeer& of) {
        of.bytes -= of.events.front().bytes;
        of.events.pop_front();
        drop(peer);
    }
    void drop(ConnectionId peer) {
        ++dropped_;
        dropped_now.push_back(peer);
    }

    std::size_t max_events_;
    WaitingLimits limits_;
    std::map<ConnectionId, OfPeer> peers_;
    TimePoint first_end_ = kNever;
    std::uint64_t last_number_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace squall::remotes::detail
