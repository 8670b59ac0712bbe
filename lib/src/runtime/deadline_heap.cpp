#include "runtime/deadline_heap.hpp"

#include <algorithm>

namespace squall::runtime {
namespace {

constexpr std::size_t kWays = 4;

}  // namespace

void DeadlineHeap::set(Owner owner, TimePoint deadline) {
    if (owner >= positions_.size()) {
        if (deadline == kNever) return;
        positions_.resize(std::size_t{owner} + 1, kNowhere);
        entries_.reserve(positions_.capacity());
    }
    const std::uint32_t position = positions_[owner];
    if (position == kNowhere) {
        if (deadline == kNever) return;
        entries_.push_back({});
        sift_up(entries_.size() - 1, {deadline, next_order_++, owner});
        return;
    }
    if (deadline == kNever) {
        positions_[owner] = kNowhere;
        const Entry last = entries_.back();
        entries_.pop_back();
        if (position == entries_.size()) return;
        const bool up = last.before(entries_[position]);
        up ? sift_up(position, last) : sift_down(position, last);
        return;
    }
    if (entries_[position].deadline == deadline) return;
    const bool up = deadline < entries_[position].deadline;
    const Entry entry{deadline, next_order_++, owner};
    up ? sift_up(position, entry) : sift_down(position, entry);
}

void DeadlineHeap::place(std::size_t index, const Entry& entry) {
    entries_[index] = entry;
    positions_[entry.owner] = static_cast<std::uint32_t>(index);
}

// Both move a hole from `index` to where `entry` belongs, and fill it.
void DeadlineHeap::sift_up(std::size_t index, const Entry& entry) {
    while (index > 0) {
        const std::size_t parent = (index - 1) / kWays;
        if (!entry.before(entries_[parent])) break;
        place(index, entries_[parent]);
        index = parent;
    }
    place(index, entry);
}

void DeadlineHeap::sift_down(std::size_t index, const Entry& entry) {
    for (;;) {
        const std::size_t first = index * kWays + 1;
        if (first >= entries_.size()) break;
        std::size_t best = first;
        const std::size_t end = std::min(first + kWays, entries_.size());
        for (std::size_t child = first + 1; child < end; ++child)
            if (entries_[child].before(entries_[best])) best = child;
        if (!entries_[best].before(entry)) break;
        place(index, entries_[best]);
        index = best;
    }
    place(index, entry);
}

}  // namespace squall::runtime
