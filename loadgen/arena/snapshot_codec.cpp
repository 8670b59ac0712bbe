#include "arena/snapshot_codec.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "arena/arena_protocol.hpp"
#include "arena/direction.hpp"
#include "squall/wire/serialise.hpp"

namespace squall::arena {
namespace {

using wire::BitCounter;
using wire::BitReader;
using wire::BitStream;
using wire::BitWriter;
using wire::Ref;

template <BitStream Stream>
void serialise(Stream& stream, Ref<Stream, SnapshotHeader> header) {
    stream.bits(header.number.value, 16);
    stream.bits(header.tick.value, 16);
    bool has_echo = header.echo.has_value();
    stream.boolean(has_echo);
    if (has_echo) {
        WireSequence<std::uint16_t> echo = header.echo.value_or(WireSequence<std::uint16_t>{});
        stream.bits(echo.value, 16);
        if constexpr (Stream::kIsReading) header.echo = echo;
    }
    stream.ranged(header.baseline_distance, 0, kMaxBaselineDistance);
    stream.bits(header.checksum, 32);
}

template <BitStream Stream>
void serialise_flags(Stream& stream, Ref<Stream, EntityState> state) {
    bool firing = state.firing;
    bool crouched = state.crouched;
    bool armoured = state.armoured;
    stream.boolean(firing);
    stream.boolean(crouched);
    stream.boolean(armoured);
    if constexpr (Stream::kIsReading) {
        state.firing = firing;
        state.crouched = crouched;
        state.armoured = armoured;
    }
}

template <BitStream Stream>
void serialise_position(Stream& stream, Ref<Stream, EntityState> state, const SnapshotFormat& format) {
    stream.ranged(state.x, 0, format.world_side - 1);
    stream.ranged(state.y, 0, format.world_side - 1);
}

// All of an entity that its baseline has not.
template <BitStream Stream>
void serialise_entered(Stream& stream, Ref<Stream, EntityState> state, const SnapshotFormat& format) {
    stream.ranged(state.id, 0, static_cast<std::uint16_t>(format.player_limit - 1));
    serialise_position(stream, state, format);
    stream.bits(state.heading, 8);
    stream.ranged(state.health, 0, kMaxHealth);
    stream.ranged(state.weapon, 0, kWeaponCount - 1);
    serialise_flags<Stream>(stream, state);
    stream.bits(state.score, 16);
}

// How far both coordinates moved decides how many bits each step takes; beyond the last size they travel
// whole.
constexpr std::array<std::int32_t, 3> kStepLimits = {16, 128, 1024};  // a step lies in [-limit, limit)

constexpr unsigned step_size(std::int32_t dx, std::int32_t dy) {
    unsigned size = 0;
    while (size < kStepLimits.size() && (dx < -kStepLimits[size] || dx >= kStepLimits[size] ||
                                         dy < -kStepLimits[size] || dy >= kStepLimits[size]))
        ++size;
    return size;
}

template <BitStream Stream>
void serialise_move(Stream& stream, const EntityState& base, Ref<Stream, EntityState> state,
                    const SnapshotFormat& format) {
    std::int32_t dx = 0;
    std::int32_t dy = 0;
    unsigned size = 0;
    if constexpr (!Stream::kIsReading) {
        dx = ring_distance(base.x, state.x, format.world_side);
        dy = ring_distance(base.y, state.y, format.world_side);
        size = step_size(dx, dy);
    }
    stream.bits(size, 2);
    if (size == kStepLimits.size()) return serialise_position(stream, state, format);
    const std::int32_t limit = kStepLimits[size];
    stream.ranged(dx, -limit, limit - 1);
    stream.ranged(dy, -limit, limit - 1);
    if constexpr (Stream::kIsReading) {
        state.x = ring_wrap(std::int64_t{base.x} + dx, format.world_side);
        state.y = ring_wrap(std::int64_t{base.y} + dy, format.world_side);
    }
}

// A flag whether a field changed, and the field if so.
template <BitStream Stream, class T, class Write>
void serialise_if_changed(Stream& stream, const T& base, const T& value, Write write) {
    bool changed = !Stream::kIsReading && base != value;
    stream.boolean(changed);
    if (changed) write();
}

// Fields by how often they change; when reading, `state` starts as a copy of the baseline's.
template <BitStream Stream>
void serialise_changed(Stream& stream, const EntityState& base, Ref<Stream, EntityState> state,
                       const SnapshotFormat& format) {
    bool moved = base.x != state.x || base.y != state.y;
    stream.boolean(moved);
    if (moved) serialise_move<Stream>(stream, base, state, format);
    serialise_if_changed(stream, base.heading, state.heading, [&] { stream.bits(state.heading, 8); });
    bool rest = base.health != state.health || base.weapon != state.weapon || base.score != state.score ||
                base.firing != state.firing || base.crouched != state.crouched ||
                base.armoured != state.armoured;
    stream.boolean(rest);
    if (!rest) return;
    serialise_flags<Stream>(stream, state);
    serialise_if_changed(stream, base.health, state.health,
                         [&] { stream.ranged(state.health, 0, kMaxHealth); });
    serialise_if_changed(stream, base.weapon, state.weapon,
                         [&] { stream.ranged(state.weapon, 0, kWeaponCount - 1); });
    serialise_if_changed(stream, base.score, state.score, [&] { stream.bits(state.score, 16); });
}

constexpr std::size_t kEnteredCountBits = 8;

std::uint32_t write_entered(BitWriter& writer, std::span<const EntityState> baseline,
                            std::span<const EntityState> view, const SnapshotFormat& format) {
    std::size_t count = 0;
    std::size_t at = 0;
    for (const EntityState& state : view) {
        while (at < baseline.size() && baseline[at].id < state.id) ++at;
        if (at == baseline.size() || baseline[at].id != state.id) ++count;
    }
    writer.ranged(count, 0, kMaxViewEntities);
    if (count == 0) return 0;
    at = 0;
    for (const EntityState& state : view) {
        while (at < baseline.size() && baseline[at].id < state.id) ++at;
        if (at == baseline.size() || baseline[at].id != state.id) serialise_entered(writer, state, format);
    }
    return static_cast<std::uint32_t>(count);
}

std::uint32_t write_retained(BitWriter& writer, std::span<const EntityState> baseline,
                             std::span<const EntityState> view, const SnapshotFormat& format) {
    std::size_t at = 0;
    std::uint32_t updates = 0;
    for (const EntityState& base : baseline) {
        while (at < view.size() && view[at].id < base.id) ++at;
        const bool removed = at == view.size() || view[at].id != base.id;
        if (removed) {
            writer.put(0b11, 2);
            ++updates;
        } else if (view[at] == base) {
            writer.put(0, 1);
        } else {
            writer.put(0b01, 2);
            serialise_changed(writer, base, view[at], format);
            ++updates;
        }
    }
    return updates;
}

Result<> malformed(std::string_view what) {
    return fail(ErrorCode::malformed, std::string("snapshot: ").append(what));
}

}  // namespace

std::uint32_t view_checksum(std::span<const EntityState> view) {
    std::uint64_t sum = 0;
    for (const EntityState& state : view) {
        const std::uint64_t place = (std::uint64_t{state.x} << 32) | state.y;
        const std::uint64_t rest = (std::uint64_t{state.id} << 48) | (std::uint64_t{state.score} << 32) |
                                   (std::uint64_t{state.heading} << 24) |
                                   (std::uint64_t{state.health} << 16) | (std::uint64_t{state.weapon} << 8) |
                                   (state.firing ? 1U : 0U) | (state.crouched ? 2U : 0U) |
                                   (state.armoured ? 4U : 0U);
        sum += mix64(place * 0x9e3779b97f4a7c15ULL ^ mix64(rest));
    }
    return static_cast<std::uint32_t>(sum ^ (sum >> 32));
}

std::size_t header_bits(const SnapshotHeader& header) {
    BitCounter counter;
    serialise(counter, header);
    return counter.bit_count() + kEnteredCountBits;
}

std::size_t entered_bits(const EntityState& state, const SnapshotFormat& format) {
    BitCounter counter;
    serialise_entered(counter, state, format);
    return counter.bit_count();
}

std::size_t changed_bits(const EntityState& base, const EntityState& state, const SnapshotFormat& format) {
    BitCounter counter;
    serialise_changed(counter, base, state, format);
    return counter.bit_count() + 2;
}

std::optional<EncodedSnapshot> encode_snapshot(MutableBytes out, const SnapshotHeader& header,
                                               std::span<const EntityState> baseline,
                                               std::span<const EntityState> view,
                                               const SnapshotFormat& format) {
    BitWriter writer(out);
    serialise(writer, header);
    const std::uint32_t entered = write_entered(writer, baseline, view, format);
    const std::uint32_t updates = entered + write_retained(writer, baseline, view, format);
    const Bytes written = writer.finish();
    if (written.empty()) return std::nullopt;
    return EncodedSnapshot{written, updates};
}

Result<SnapshotReader> SnapshotReader::open(Bytes bytes, const SnapshotFormat& format) {
    SnapshotReader snapshot(bytes, format);
    BitReader reader(bytes);
    serialise(reader, snapshot.header_);
    if (!reader.ok()) return std::unexpected(malformed(to_string(reader.fault())).error());
    return snapshot;
}

Result<> SnapshotReader::read(std::span<const EntityState> baseline, View& view, View& entered) const {
    BitReader reader(bytes_);
    SnapshotHeader skipped;
    serialise(reader, skipped);
    std::size_t count = 0;
    reader.ranged(count, 0, kMaxViewEntities);
    entered.clear();
    view.clear();
    for (std::size_t i = 0; i < count && reader.ok(); ++i) {
        EntityState& state = entered.emplace_back();
        serialise_entered(reader, state, format_);
        if (i > 0 && state.id <= entered[i - 1].id) return malformed("entered entities are not by rising id");
    }
    std::size_t next = 0;
    for (const EntityState& base : baseline) {
        while (next < entered.size() && entered[next].id < base.id) view.push_back(entered[next++]);
        if (next < entered.size() && entered[next].id == base.id)
            return malformed("an entity entered that the baseline already has");
        bool changed = false;
        bool removed = false;
        reader.boolean(changed);
        if (changed) reader.boolean(removed);
        if (removed) continue;
        EntityState& state = view.emplace_back(base);
        if (changed) serialise_changed(reader, base, state, format_);
    }
    while (next < entered.size()) view.push_back(entered[next++]);
    if (!reader.finish()) return malformed(to_string(reader.fault()));
    if (view.size() > kMaxViewEntities) return malformed("more entities than a view holds");
    if (view_checksum(view) != header_.checksum) return malformed("the checksum of the view does not fit");
    return {};
}

}  // namespace squall::arena
