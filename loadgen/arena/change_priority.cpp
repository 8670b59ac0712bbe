#include "arena/change_priority.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "arena/direction.hpp"

namespace squall::arena {
namespace {

// From 256 at the player's feet down to 1 at the farthest of all that are in view.
std::uint32_t nearness(const EntityState& self, const EntityState& other, std::uint64_t farthest,
                       std::uint32_t side) {
    const std::int64_t dx = ring_distance(self.x, other.x, side);
    const std::int64_t dy = ring_distance(self.y, other.y, side);
    const auto square = static_cast<std::uint64_t>(dx * dx + dy * dy);
    return farthest == 0 ? 256
                         : static_cast<std::uint32_t>(256 - std::min(square, farthest) * 255 / farthest);
}

const EntityState* find(std::span<const EntityState> view, std::uint16_t id) {
    const auto at =
        std::lower_bound(view.begin(), view.end(), id,
                         [](const EntityState& state, std::uint16_t wanted) { return state.id < wanted; });
    return at != view.end() && at->id == id ? &*at : nullptr;
}

}  // namespace

std::uint32_t Waiting::priority_of(std::uint16_t id) const {
    const auto at =
        std::lower_bound(entries_.begin(), entries_.end(), id,
                         [](const Entry& entry, std::uint16_t wanted) { return entry.id < wanted; });
    return at != entries_.end() && at->id == id ? at->priority : 0;
}

std::size_t ChangeChooser::list_changes(std::span<const EntityState> baseline,
                                        std::span<const EntityState> wanted, const SnapshotFormat& format) {
    changes_.clear();
    std::size_t bits = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        for (; at < baseline.size() && baseline[at].id < wanted[i].id; ++at) bits += kRemovedBits;
        const auto index = static_cast<std::uint16_t>(i);
        if (at == baseline.size() || baseline[at].id != wanted[i].id) {
            changes_.push_back(
                {0, static_cast<std::uint32_t>(entered_bits(wanted[i], format)), index, false});
            continue;
        }
        ++bits;  // retained, and unchanged if the change is not chosen
        if (baseline[at] != wanted[i]) {
            const std::size_t changed = changed_bits(baseline[at], wanted[i], format);
            changes_.push_back({0, static_cast<std::uint32_t>(changed - 1), index, false});
        }
        ++at;
    }
    return bits + (baseline.size() - at) * kRemovedBits;
}

void ChangeChooser::prioritise(std::span<const EntityState> wanted, std::uint16_t self,
                               const SnapshotFormat& format, const Waiting& waiting) {
    const EntityState* centre = find(wanted, self);
    if (centre == nullptr) return;
    constexpr std::uint64_t kFar = std::uint64_t{50} * kWireUnitsPerMetre;
    constexpr std::uint64_t kFarthest = kFar * kFar;
    for (Change& change : changes_) {
        const EntityState& state = wanted[change.wanted_at];
        change.priority = state.id == self ? std::numeric_limits<std::uint32_t>::max()
                                           : nearness(*centre, state, kFarthest, format.world_side) +
                                                 waiting.priority_of(state.id);
    }
    std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
        return std::tie(b.priority, a.wanted_at) < std::tie(a.priority, b.wanted_at);
    });
}

bool ChangeChooser::choose(std::size_t budget_bytes, const SnapshotHeader& header,
                           std::span<const EntityState> baseline, std::span<const EntityState> wanted,
                           std::uint16_t self, const SnapshotFormat& format, Waiting& waiting, View& chosen) {
    const std::size_t budget = budget_bytes * 8;
    std::size_t used = header_bits(header) + list_changes(baseline, wanted, format);
    if (used > budget) return false;
    prioritise(wanted, self, format, waiting);
    owed_.clear();
    for (Change& change : changes_) {
        change.is_chosen = used + change.bits <= budget;
        if (change.is_chosen)
            used += change.bits;
        else
            owed_.push_back({wanted[change.wanted_at].id, change.priority});
    }
    std::sort(owed_.begin(), owed_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    waiting.replace(owed_);

    // What was there stays as it was, unless its change was chosen.
    std::sort(changes_.begin(), changes_.end(),
              [](const Change& a, const Change& b) { return a.wanted_at < b.wanted_at; });
    chosen.clear();
    std::size_t next = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const bool is_change = next < changes_.size() && changes_[next].wanted_at == i;
        if (!is_change || changes_[next].is_chosen) {
            chosen.push_back(wanted[i]);
        } else if (const EntityState* before = find(baseline, wanted[i].id)) {
            chosen.push_back(*before);
        }
        if (is_change) ++next;
    }
    return true;
}

}  // namespace squall::arena
