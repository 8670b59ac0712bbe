// Which changes go into a snapshot that cannot hold them all: the nearest first, and what had to wait gains
// priority with each snapshot, so that nothing starves. Knows exact sizes, not bits; remembers what waits,
// for one player.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "arena/entity.hpp"
#include "arena/snapshot_codec.hpp"

namespace squall::arena {

// What one player is still owed. Empty as long as everything fits.
class Waiting {
  public:
    struct Entry {
        std::uint16_t id = 0;
        std::uint32_t priority = 0;
    };
    [[nodiscard]] std::uint32_t priority_of(std::uint16_t id) const;
    // By rising id.
    void replace(std::span<const Entry> entries) { entries_.assign(entries.begin(), entries.end()); }
    void clear() { entries_.clear(); }
    [[nodiscard]] bool empty() const { return entries_.empty(); }

  private:
    std::vector<Entry> entries_;
};

// Working memory for choosing; one serves all players in turn.
class ChangeChooser {
  public:
    // Fills `chosen` with the view, made of the baseline by changes towards `wanted`, whose encoding takes at
    // most so many bytes. Entities that left are always removed. False if not even that fits; then nothing
    // changed. `self` goes before all others. What did not fit is owed through `waiting`.
    bool choose(std::size_t budget_bytes, const SnapshotHeader& header, std::span<const EntityState> baseline,
                std::span<const EntityState> wanted, std::uint16_t self, const SnapshotFormat& format,
                Waiting& waiting, View& chosen);

  private:
    struct Change {
        std::uint32_t priority = 0;
        std::uint32_t bits = 0;       // beyond what leaving it out takes
        std::uint16_t wanted_at = 0;  // index into `wanted`
        bool is_chosen = false;
    };
    // The bits of a snapshot that has none of the changes, and the list of them.
    std::size_t list_changes(std::span<const EntityState> baseline, std::span<const EntityState> wanted,
                             const SnapshotFormat& format);
    void prioritise(std::span<const EntityState> wanted, std::uint16_t self, const SnapshotFormat& format,
                    const Waiting& waiting);

    std::vector<Change> changes_;
    std::vector<Waiting::Entry> owed_;
};

}  // namespace squall::arena
