// A folder in which events wait, one file each, oldest first, bounded by number and bytes. Files appear whole
// or not at all. Knows nothing of servers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "squall/core/result.hpp"

namespace squall::runtime {

class EventFolder {
  public:
    struct Limits {
        std::size_t max_events = 0;
        std::uint64_t max_bytes = 0;
    };
    // Makes the folder if it is not there, and finds what an earlier run left in it. Error: io.
    [[nodiscard]] static Result<EventFolder> open(const std::string& path, Limits limits);

    // False if it was not kept. What makes room, the oldest, is counted in dropped().
    bool add(const std::string& event_id, const std::string& event);
    struct Event {
        std::string id;
        std::string text;
    };
    // The oldest; files that cannot be read are removed, and counted as dropped.
    [[nodiscard]] std::optional<Event> front();
    void pop_front();
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    struct Entry {
        std::string name;  // <number>-<event id>.json
        std::uint64_t bytes = 0;
    };
    std::string path_;
    Limits limits_;
    std::deque<Entry> entries_;
    std::uint64_t bytes_ = 0;
    std::uint64_t next_ = 1;
    std::uint64_t dropped_ = 0;
};

}  // namespace squall::runtime
