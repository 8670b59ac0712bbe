// Makes the snapshot of one player: what it sees, as the difference from what it is known to have, within a
// budget of bytes. Knows the world and views; no endpoint, no time. Holds only working memory: one serves all
// players in turn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "arena/change_priority.hpp"
#include "arena/interest.hpp"
#include "arena/sent_snapshots.hpp"
#include "arena/snapshot_codec.hpp"
#include "arena/world.hpp"

namespace squall::arena {

struct ComposedSnapshot {
    Bytes bytes;                        // valid until the next call, as is the view
    std::span<const EntityState> view;  // what the receiver will have; for SentSnapshots::sent()
    std::uint32_t updates = 0;          // entities that entered, changed or were removed
    bool is_full = false;               // no baseline
    bool is_limited = false;            // some changes did not fit
};

class SnapshotComposer {
  public:
    SnapshotComposer(const SnapshotFormat& format, std::uint32_t max_in_view)
        : format_(format), interest_(format.player_limit, max_in_view) {}

    // Nothing if the budget does not hold even the smallest snapshot.
    [[nodiscard]] std::optional<ComposedSnapshot> compose(const World& world, std::uint32_t player,
                                                          std::uint64_t tick,
                                                          std::optional<std::uint64_t> echo,
                                                          const SentSnapshots& history, Waiting& waiting,
                                                          std::size_t budget_bytes);

  private:
    SnapshotFormat format_;
    Interest interest_;
    ChangeChooser chooser_;
    View wanted_;
    View chosen_;
    std::array<std::byte, kMaxSnapshotBytes> buffer_{};
};

}  // namespace squall::arena
