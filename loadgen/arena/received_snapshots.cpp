#include "arena/received_snapshots.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace squall::arena {

Result<SnapshotKind> ReceivedSnapshots::receive(Bytes bytes) {
    const auto snapshot = SnapshotReader::open(bytes, format_);
    if (!snapshot) return std::unexpected(snapshot.error());
    const SnapshotHeader& header = snapshot->header();
    const std::uint64_t number = header.number.unwrap(newest_);
    if (number == 0) return fail(ErrorCode::malformed, "snapshot: number 0, they count from 1");
    if (has(number) || number < oldest_ || number + kMaxBaselineDistance <= newest_)
        return SnapshotKind::stale;

    std::span<const EntityState> baseline;
    if (header.baseline_distance != 0) {
        const std::uint64_t named = number > header.baseline_distance ? number - header.baseline_distance : 0;
        if (!has(named))
            return fail(ErrorCode::malformed,
                        fmt::format("snapshot: {} names the baseline {}, which is not here", number, named));
        baseline = place(named).view;
    }
    View view = pool_.take();
    if (const auto read = snapshot->read(baseline, view, entered_); !read) {
        pool_.give_back(std::move(view));
        return std::unexpected(read.error());
    }
    const bool is_newest = number > newest_;
    if (is_newest) advance(number, header);
    place(number) = Kept{number, std::move(view)};
    ++held_;
    return is_newest ? SnapshotKind::newest : SnapshotKind::older;
}

std::span<const EntityState> ReceivedSnapshots::view() const {
    if (newest_ == 0) return {};
    return kept_[newest_ % kWindow].view;
}

void ReceivedSnapshots::release(std::uint64_t number) {
    if (!has(number)) return;
    pool_.give_back(std::exchange(place(number).view, {}));
    place(number).number = 0;
    --held_;
}

void ReceivedSnapshots::advance(std::uint64_t number, const SnapshotHeader& header) {
    tick_ = header.tick.unwrap(tick_);
    header_ = header;
    std::uint64_t keep_from = number >= kWindow ? number - kWindow + 1 : 1;
    const std::uint64_t named = number - header.baseline_distance;
    if (header.baseline_distance != 0) {
        bool all_here = true;
        for (std::uint64_t between = named + 1; between < number && all_here; ++between)
            all_here = has(between);
        if (all_here) keep_from = std::max(keep_from, named);
    }
    // A jump ahead may pass the whole window: each place is cleared once.
    const std::uint64_t stop = std::min(keep_from, oldest_ + kWindow);
    for (; oldest_ < stop; ++oldest_) release(oldest_);
    oldest_ = std::max(oldest_, keep_from);
    newest_ = number;
}

}  // namespace squall::arena
