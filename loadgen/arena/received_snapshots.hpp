// What a client makes of snapshots: the newest view, and the older ones that a later snapshot may name as its
// baseline. Takes bytes in any order, with losses and duplicates. Knows no transport, no clock and no world.
//
// Which baselines are kept: a server names only what it knows to have arrived, and never goes back. So once
// all snapshots between the named baseline and the newest have arrived, what is older than that baseline can
// never be named again. While some are missing, all from the last 2 x kMaxBaselineDistance are kept: a
// straggler of up to kMaxBaselineDistance may itself become a baseline, and may name one that much older.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "arena/snapshot_codec.hpp"
#include "arena/view_pool.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/prefetch.hpp"
#include "squall/core/result.hpp"

namespace squall::arena {

enum class SnapshotKind : std::uint8_t {
    newest,  // the view is another now
    older,   // it came late; kept as a baseline, the view stays
    stale,   // too old to matter, or seen before
};

class ReceivedSnapshots {
  public:
    explicit ReceivedSnapshots(const SnapshotFormat& format, std::uint64_t first_tick)
        : format_(format), tick_(first_tick) {}

    // Errors: malformed: the bytes are no snapshot, name a baseline that is not here, or do not make the view
    // they say. The view stays as it was.
    [[nodiscard]] Result<SnapshotKind> receive(Bytes bytes);

    // Fetches the newest view into the cache.
    void prefetch() const { squall::prefetch(view().data(), view().size_bytes()); }

    // By rising id; empty before the first snapshot.
    [[nodiscard]] std::span<const EntityState> view() const;
    // The tick that view() shows.
    [[nodiscard]] std::uint64_t tick() const { return tick_; }
    // The header of the newest snapshot; meaningful when has_view().
    [[nodiscard]] const SnapshotHeader& header() const { return header_; }
    [[nodiscard]] bool has_view() const { return newest_ != 0; }
    // Views that are held, the newest among them.
    [[nodiscard]] std::size_t held_count() const { return held_; }

  private:
    static constexpr std::uint64_t kWindow = std::uint64_t{2} * kMaxBaselineDistance;
    struct Kept {
        std::uint64_t number = 0;  // 0: nothing
        View view;
    };
    [[nodiscard]] Kept& place(std::uint64_t number) { return kept_[number % kWindow]; }
    [[nodiscard]] bool has(std::uint64_t number) { return number != 0 && place(number).number == number; }
    void release(std::uint64_t number);
    void advance(std::uint64_t number, const SnapshotHeader& header);

    SnapshotFormat format_;
    std::uint64_t tick_ = 0;
    std::uint64_t newest_ = 0;  // its number; they count from 1
    std::uint64_t oldest_ = 1;  // nothing older is kept
    SnapshotHeader header_;
    std::array<Kept, kWindow> kept_;
    std::size_t held_ = 0;
    ViewPool pool_;
    View entered_;  // working memory
};

}  // namespace squall::arena
