// Walks over two frames of statistics side by side. Knows neither sums nor bytes.
#pragma once

#include <utility>
#include <vector>

#include "squall/recorder/profile_frame.hpp"

namespace squall::recorder {

inline std::pair<std::uint32_t, Direction> key_of(const RemoteStats& entry) {
    return {entry.remote, entry.direction};
}
inline std::pair<std::uint32_t, ConnectionId> key_of(const ConnectionStats& entry) {
    return {entry.source, entry.connection};
}

// Of two ascending lists: `each(before, now)` for those of `now`, with nullptr for what is new.
template <class Entry, class Each>
void match(const std::vector<Entry>& before, const std::vector<Entry>& now, Each each) {
    auto old = before.begin();
    for (const Entry& entry : now) {
        while (old != before.end() && key_of(*old) < key_of(entry)) ++old;
        each(old != before.end() && key_of(*old) == key_of(entry) ? &*old : nullptr, entry);
    }
}

}  // namespace squall::recorder
