// One snapshot as bits: a view as the difference from a baseline view, with a checksum of the result. Knows
// views and bits; neither who sees what, nor when, nor which baseline a peer has.
//
// Layout, least significant bit first; "in range" is as few bits as hold the largest value:
//   number 16 | tick 16 | has echo 1 | echo 16, if so
//   baseline distance 6 (0: none, the view is complete) | checksum 32
//   entered 8: how many entities the baseline has not; each of them, by rising id:
//     id in range | x, y in range | heading 8 | health 7 | weapon 2
//     firing, crouched, armoured: 1 each | score 16
//   for each entity of the baseline, by rising id:
//     changed 1 | removed 1, if changed | if changed and not removed:
//       moved 1 | if so, size 2:
//         0, 1, 2: x and y as steps of 5, 8 or 11 bits above the least one; 3: x, y in range
//       turned 1 | heading 8, if so
//       more 1 | if so, firing, crouched, armoured: 1 each
//         and for each of health, weapon, score: changed 1 | the value, if so
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "arena/entity.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/core/sequence.hpp"

namespace squall::arena {

// What both ends know from the welcome.
struct SnapshotFormat {
    std::uint32_t world_side = 0;    // wire units; kMinWorldSide to kMaxWorldSide
    std::uint32_t player_limit = 0;  // ids are below it; 1 to 65,536
};
inline constexpr std::uint32_t kMinWorldSide = 4096;
inline constexpr std::uint32_t kMaxWorldSide = 1U << 22;

inline constexpr std::size_t kMaxViewEntities = 255;
// A baseline is at most so many snapshots older than the delta that names it.
inline constexpr std::uint32_t kMaxBaselineDistance = 32;
// No snapshot is larger; it fits one datagram whole.
inline constexpr std::size_t kMaxSnapshotBytes = 1100;

struct SnapshotHeader {
    WireSequence<std::uint16_t> number;               // counts the snapshots to one player
    WireSequence<std::uint16_t> tick;                 // what the snapshot shows
    std::optional<WireSequence<std::uint16_t>> echo;  // the newest input that it reflects
    std::uint32_t baseline_distance = 0;              // its baseline is number - distance; 0: none
    std::uint32_t checksum = 0;                       // view_checksum() of the view that it makes
};

// A sum over the entities, each hashed whole: equal views give equal sums.
[[nodiscard]] std::uint32_t view_checksum(std::span<const EntityState> view);

// Exact sizes in bits, for choosing what fits. A retained entity that did not change takes one bit.
[[nodiscard]] std::size_t header_bits(const SnapshotHeader& header);  // with the number of entered entities
[[nodiscard]] std::size_t entered_bits(const EntityState& state, const SnapshotFormat& format);
[[nodiscard]] std::size_t changed_bits(const EntityState& base, const EntityState& state,
                                       const SnapshotFormat& format);
inline constexpr std::size_t kRemovedBits = 2;

struct EncodedSnapshot {
    Bytes bytes;
    std::uint32_t updates = 0;  // entities that entered, changed or were removed
};

// Both views by rising id; the baseline is empty where the header names none. Nothing if `out` does not hold
// it. Everything in the views must be in its range: what is not gives nothing too.
[[nodiscard]] std::optional<EncodedSnapshot> encode_snapshot(MutableBytes out, const SnapshotHeader& header,
                                                             std::span<const EntityState> baseline,
                                                             std::span<const EntityState> view,
                                                             const SnapshotFormat& format);

// Reading goes in two steps: the header names the baseline that the rest needs.
class SnapshotReader {
  public:
    // Errors: malformed.
    [[nodiscard]] static Result<SnapshotReader> open(Bytes bytes, const SnapshotFormat& format);
    [[nodiscard]] const SnapshotHeader& header() const { return header_; }
    // Replaces `view` by the view that the snapshot makes of this baseline. `entered` is working memory.
    // Errors: malformed (with what is wrong, a wrong checksum among it); then `view` is unspecified.
    [[nodiscard]] Result<> read(std::span<const EntityState> baseline, View& view, View& entered) const;

  private:
    SnapshotReader(Bytes bytes, const SnapshotFormat& format) : bytes_(bytes), format_(format) {}
    Bytes bytes_;
    SnapshotFormat format_;
    SnapshotHeader header_;
};

}  // namespace squall::arena
