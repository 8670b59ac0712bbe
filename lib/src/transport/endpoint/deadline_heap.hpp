// The next deadline of many connections, kept lazily: a deadline that moves later costs nothing, one that
// moves earlier costs one push. Entries that no longer hold are skipped when they surface. Knows slots and
// times only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "squall/core/time.hpp"

namespace squall::endpoint {

class DeadlineHeap {
  public:
    // The slot wants to be woken at `deadline` (or earlier, if it was asked so before).
    void schedule(std::uint32_t slot, TimePoint deadline) {
        if (deadline == kNever) return;
        if (slot >= armed_.size()) armed_.resize(slot + 1, kNever);
        if (deadline >= armed_[slot]) return;
        armed_[slot] = deadline;
        heap_.push_back({deadline, slot});
        std::push_heap(heap_.begin(), heap_.end(), Later{});
    }
    // The earliest deadline; may be of a slot that has put it off since.
    [[nodiscard]] TimePoint next() const { return heap_.empty() ? kNever : heap_.front().at; }
    // Takes a slot whose deadline has come; nothing if there is none. The slot is not scheduled any more.
    std::optional<std::uint32_t> pop_due(TimePoint now) {
        while (!heap_.empty() && heap_.front().at <= now) {
            const Entry entry = heap_.front();
            std::pop_heap(heap_.begin(), heap_.end(), Later{});
            heap_.pop_back();
            if (armed_[entry.slot] != entry.at) continue;
            armed_[entry.slot] = kNever;
            return entry.slot;
        }
        return std::nullopt;
    }

  private:
    struct Entry {
        TimePoint at;
        std::uint32_t slot;
    };
    // Ties go by slot, so that the order is the same in every run.
    struct Later {
        bool operator()(const Entry& a, const Entry& b) const {
            return a.at != b.at ? a.at > b.at : a.slot > b.slot;
        }
    };
    std::vector<Entry> heap_;
    std::vector<TimePoint> armed_;
};

}  // namespace squall::endpoint
