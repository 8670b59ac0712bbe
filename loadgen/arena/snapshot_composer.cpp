#include "arena/snapshot_composer.hpp"

#include <algorithm>

namespace squall::arena {

std::optional<ComposedSnapshot> SnapshotComposer::compose(const World& world, std::uint32_t player,
                                                          std::uint64_t tick,
                                                          std::optional<std::uint64_t> echo,
                                                          const SentSnapshots& history, Waiting& waiting,
                                                          std::size_t budget_bytes) {
    const EntityState& self = world.state(player);
    wanted_.clear();
    for (const std::uint16_t id : interest_.query(world.grid(), self.x, self.y, kViewRadius))
        wanted_.push_back(world.state(id));

    const Baseline baseline = history.baseline();
    SnapshotHeader header;
    header.number = WireSequence<std::uint16_t>::of(history.next_number());
    header.tick = WireSequence<std::uint16_t>::of(tick);
    if (echo) header.echo = WireSequence<std::uint16_t>::of(*echo);
    header.baseline_distance = baseline.distance;
    header.checksum = view_checksum(wanted_);

    const MutableBytes out = MutableBytes(buffer_).first(std::min(budget_bytes, buffer_.size()));
    if (const auto whole = encode_snapshot(out, header, baseline.view, wanted_, format_)) {
        waiting.clear();
        return ComposedSnapshot{whole->bytes, wanted_, whole->updates, baseline.distance == 0, false};
    }
    if (!chooser_.choose(out.size(), header, baseline.view, wanted_, self.id, format_, waiting, chosen_))
        return std::nullopt;
    header.checksum = view_checksum(chosen_);
    const auto part = encode_snapshot(out, header, baseline.view, chosen_, format_);
    if (!part) return std::nullopt;
    return ComposedSnapshot{part->bytes, chosen_, part->updates, baseline.distance == 0, true};
}

}  // namespace squall::arena
