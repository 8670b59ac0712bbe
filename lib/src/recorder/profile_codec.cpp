#include "squall/recorder/profile_codec.hpp"

#include <limits>

#include "recorder/field_stream.hpp"
#include "recorder/stats_match.hpp"

namespace squall::recorder {
namespace {

constexpr std::uint64_t kAny32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxRemotes = kMaxRemoteId + 1;
constexpr std::size_t kMaxConnections = 65'536;
constexpr std::size_t kMaxSettings = 64;
constexpr std::size_t kMaxEntities = 65'536;
constexpr std::uint16_t kFlagKeyframe = 1;

// One description for both ways: `S` is FieldWriter or FieldReader, `F` const for the former.
constexpr auto name_of = [](auto& s, auto& name) { s.text(name, kMaxTextBytes, "a name"); };

template <class S, class Ids>
void fields(S& s, Ids& id)
    requires std::same_as<std::remove_const_t<Ids>, ConnectionId>
{
    s.bounded(id.slot, kAny32, "a slot");
    s.bounded(id.generation, kAny32, "a generation");
}
template <class S, class Settings>
void settings_of(S& s, Settings& settings) {
    s.list(settings, kMaxSettings, "settings", [](auto& t, auto& pair) {
        t.text(pair.first, kMaxTextBytes, "a setting's name");
        t.text(pair.second, kMaxTextBytes, "a setting's value");
    });
}

template <class F, class Frame>
concept Is = std::same_as<std::remove_const_t<F>, Frame>;

template <class S>
void fields(S& s, Is<Hello> auto& f) {
    s.bounded(f.version, kAny32, "the version");
    s.number(f.streams);
    s.text(f.name, kMaxTextBytes, "the name");
    s.text(f.build, kMaxTextBytes, "the build");
    s.number(f.process);
    s.time(f.at);
    s.signed_number(f.wall_time);
    s.text(f.token, kMaxTextBytes, "the token");
    for (auto* names : {&f.remote_kinds, &f.channel_modes, &f.outcomes, &f.byte_causes, &f.packet_types,
                        &f.refusal_causes, &f.disconnect_reasons, &f.suites})
        s.list(*names, kMaxNames, "names", name_of);
}

template <class S>
void fields(S& s, Is<Subscribe> auto& f) {
    s.bounded(f.rate_hz, 60, "the rate");
    if (s.ok() && f.rate_hz == 0) s.refuse(ErrorCode::malformed, "the rate is 0; 1 to 60");
    s.number(f.streams);
    s.list(f.sampled_remotes, kMaxRemotes, "remotes",
           [](auto& t, auto& id) { t.bounded(id, kMaxRemoteId, "a remote"); });
    s.bounded(f.samples_per_second, kAny32, "the samples a second");
    fields(s, f.viewpoint);
}

template <class S>
void fields(S& s, Is<Dictionary> auto& f) {
    std::int64_t before = -1;
    s.list(f.remotes, kMaxRemotes, "remotes", [&](auto& t, auto& remote) {
        t.bounded(remote.id, kMaxRemoteId, "a remote");
        if (t.ok() && std::exchange(before, std::int64_t{remote.id}) >= std::int64_t{remote.id})
            t.refuse(ErrorCode::malformed, "the remotes' ids do not ascend");
        t.text(remote.name, kMaxTextBytes, "a remote's name");
        t.bounded(remote.kind, kMaxNames, "a kind");
        t.bounded(remote.mode, kMaxNames, "a mode");
        t.text(remote.codec, kMaxTextBytes, "a codec's name");
        t.number(remote.budget_bytes_per_second);
    });
}

template <class S>
void fields(S& s, Is<ConnectionChange> auto& f) {
    s.time(f.at);
    s.flag(f.is_open);
    s.bounded(f.source, kAny32, "the source");
    fields(s, f.connection);
    s.number(f.client_id);
    s.text(f.address, kMaxTextBytes, "the address");
    s.bounded(f.suite, kMaxNames, "the suite");
    s.bounded(f.reason, kMaxNames, "the reason");
}

// A remote and direction as one number, written as the distance to the one before: at least 1.
template <class S>
void remote_key(S& s, auto& entry, std::uint64_t& next) {
    std::uint64_t distance = 0;
    if constexpr (!S::kIsReading) {
        const std::uint64_t key =
            std::uint64_t{entry.remote} * 2 + static_cast<std::uint64_t>(entry.direction);
        if (key < next) return s.refuse(ErrorCode::malformed, "the remotes do not ascend");
        distance = key - next;
        next = key + 1;
    }
    s.bounded(distance, kMaxRemoteId * 2 + 1, "a remote");
    if constexpr (S::kIsReading) {
        const std::uint64_t key = next + distance;
        if (key > kMaxRemoteId * 2 + 1)
            return s.refuse(ErrorCode::malformed,
                            fmt::format("remote {}; at most {}", key / 2, kMaxRemoteId));
        entry.remote = static_cast<std::uint32_t>(key / 2);
        entry.direction = static_cast<Direction>(key % 2);
        next = key + 1;
    }
}

using ConnectionKey = std::pair<std::uint32_t, ConnectionId>;
// `last`: the key of the one before, if there is one.
template <class S>
void connection_entry(S& s, auto& entry, std::optional<ConnectionKey>& last) {
    s.bounded(entry.source, kAny32, "a source");
    fields(s, entry.connection);
    if (s.ok() && last && key_of(entry) <= *last)
        s.refuse(ErrorCode::malformed, "the connections do not ascend");
    last = key_of(entry);
    s.counters(entry.counters);
}

template <class S>
void fields(S& s, Is<Stats> auto& f) {
    s.time(f.at);
    s.number(f.sequence);
    std::uint64_t next = 0;
    s.list(f.remotes, kMaxRemotes * 2, "remotes", [&](auto& t, auto& entry) {
        remote_key(t, entry, next);
        t.counters(entry.counters);
    });
    std::optional<ConnectionKey> last;
    s.list(f.connections, kMaxConnections, "connections",
           [&](auto& t, auto& entry) { connection_entry(t, entry, last); });
    s.counters(f.endpoint);
    s.counters(f.refusals);
    s.counters(f.process);
}

template <class S>
void fields(S& s, Is<Histograms> auto& f) {
    s.time(f.at);
    s.list(f.entries, kMaxRemotes * 8, "histograms", [](auto& t, auto& entry) {
        t.bounded(entry.kind, static_cast<std::uint64_t>(kLastHistogramKind), "a histogram's kind");
        t.bounded(entry.remote, kMaxRemoteId, "a remote");
        t.bounded(entry.significant_digits, 5, "the digits");
        if (t.ok() && entry.significant_digits == 0)
            t.refuse(ErrorCode::malformed, "the digits are 0; 1 to 5");
        t.number(entry.highest_trackable);
        t.number(entry.min);
        t.number(entry.max);
        std::uint64_t next = 0;
        t.list(entry.counts, kMaxFrameBytes / 2, "buckets", [&](auto& u, auto& bucket) {
            std::uint64_t distance = 0;
            if constexpr (!std::remove_reference_t<decltype(u)>::kIsReading) {
                if (bucket.first < next) return u.refuse(ErrorCode::malformed, "the buckets do not ascend");
                distance = bucket.first - next;
            }
            u.bounded(distance, kAny32, "a bucket");
            if constexpr (std::remove_reference_t<decltype(u)>::kIsReading) {
                if (next + distance > kAny32)
                    return u.refuse(ErrorCode::malformed, "a bucket above 2^32 - 1");
                bucket.first = static_cast<std::uint32_t>(next + distance);
            }
            next = std::uint64_t{bucket.first} + 1;
            u.number(bucket.second);
        });
    });
}

template <class S>
void fields(S& s, Is<Samples> auto& f) {
    s.number(f.dropped);
    s.list(f.samples, kMaxFrameBytes / 8, "samples", [](auto& t, auto& sample) {
        t.time(sample.at);
        t.bounded(sample.source, kAny32, "a source");
        fields(t, sample.connection);
        t.bounded(sample.remote, kMaxRemoteId, "a remote");
        t.bounded(sample.direction, 1, "a direction");
        t.bounded(sample.outcome, kMaxNames, "an outcome");
        t.number(sample.message);
        t.bounded(sample.bytes, kAny32, "a size");
        t.bytes(sample.payload, kMaxSamplePayload, "a payload");
    });
}

template <class S>
void fields(S& s, Is<Conditions> auto& f) {
    s.time(f.at);
    s.list(f.links, kMaxFrameBytes / 4, "links", [](auto& t, auto& link) {
        t.text(link.group, kMaxTextBytes, "a group");
        t.bounded(link.direction, 1, "a direction");
        settings_of(t, link.settings);
    });
}

template <class S>
void fields(S& s, Is<Note> auto& f) {
    s.time(f.at);
    s.bounded(f.kind, static_cast<std::uint64_t>(kLastNoteKind), "a note's kind");
    s.text(f.text, kMaxTextBytes, "a note");
}

template <class S>
void fields(S& s, Is<World> auto& f) {
    s.time(f.at);
    s.number(f.tick);
    s.real(f.side, "the side");
    s.real(f.view_radius, "the view radius");
    s.list(f.entities, kMaxEntities, "entities", [](auto& t, auto& entity) {
        t.bounded(entity.id, kAny32, "an entity");
        fields(t, entity.connection);
        t.real(entity.x, "x");
        t.real(entity.y, "y");
    });
    s.list(f.sees, kMaxFrameBytes / 2, "pairs", [](auto& t, auto& pair) {
        t.bounded(pair.first, kAny32, "an entity");
        t.bounded(pair.second, kAny32, "an entity");
    });
}

template <class S>
void fields(S& s, Is<Command> auto& f) {
    s.number(f.id);
    s.text(f.verb, kMaxTextBytes, "the verb");
    settings_of(s, f.arguments);
}

template <class S>
void fields(S& s, Is<CommandResult> auto& f) {
    s.number(f.id);
    s.flag(f.is_ok);
    s.text(f.text, kMaxTextBytes, "the text");
}

template <class S>
void fields(S& s, Is<Ping> auto& f) {
    s.number(f.id);
    s.signed_number(f.sent_at);
}

template <class S>
void fields(S& s, Is<Pong> auto& f) {
    s.number(f.id);
    s.signed_number(f.sent_at);
    s.time(f.at);
}

void set_low_bytes(std::byte* place, std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) place[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

// Envelope and payload; nothing is appended if that is refused.
template <class Fill>
Result<> write_frame(FrameType type, std::uint16_t flags, std::vector<std::byte>& out, Fill fill) {
    const std::size_t start = out.size();
    out.resize(start + kFrameEnvelopeBytes);
    FieldWriter writer(out);
    fill(writer);
    const std::size_t size = out.size() - start;
    if (size > kMaxFrameBytes)
        writer.refuse(ErrorCode::too_large,
                      fmt::format("a frame of {} bytes; at most {}", size, kMaxFrameBytes));
    if (!writer.ok()) {
        out.resize(start);
        auto fault = writer.fault();
        if (fault.code == ErrorCode::malformed) fault.code = ErrorCode::invalid_argument;
        return fail(fault.code, fmt::format("a frame of type {}: {}", to_string(type), fault.message));
    }
    set_low_bytes(out.data() + start, size - 4, 4);
    set_low_bytes(out.data() + start + 4, static_cast<std::uint16_t>(type), 2);
    set_low_bytes(out.data() + start + 6, flags, 2);
    return {};
}

// What difference_between() would give, from the lists on, without making it.
void difference(FieldWriter& s, const Stats& before, const Stats& now) {
    s.counted(kMaxRemotes * 2, "remotes", [&](FieldWriter& t) {
        std::size_t count = 0;
        std::uint64_t next = 0;
        match(before.remotes, now.remotes, [&](const RemoteStats* old, const RemoteStats& entry) {
            auto numbers = trace::numbers_of(entry.counters);
            if (old != nullptr)
                numbers = trace::numbers_of(trace::difference_of(entry.counters, old->counters));
            const std::uint64_t mask = FieldWriter::mask_of(numbers);
            if (mask == 0 && old != nullptr) return;
            ++count;
            remote_key(t, entry, next);
            t.masked(numbers, mask);
        });
        return count;
    });
    s.counted(kMaxConnections, "connections", [&](FieldWriter& t) {
        std::size_t count = 0;
        std::optional<ConnectionKey> last;
        match(before.connections, now.connections,
              [&](const ConnectionStats* old, const ConnectionStats& entry) {
                  if (old != nullptr && old->counters == entry.counters) return;
                  ++count;
                  connection_entry(t, entry, last);
              });
        return count;
    });
    s.counters(trace::difference_of(now.endpoint, before.endpoint));
    s.counters(trace::difference_of(now.refusals, before.refusals));
    s.counters(trace::difference_of(now.process, before.process));
}

template <class Frame>
Result<std::optional<ProfileFrame>> read_as(const RawFrame& raw) {
    Frame frame;
    FieldReader reader(raw.payload);
    fields(reader, frame);
    if (!reader.ok())
        return fail(ErrorCode::malformed,
                    fmt::format("a frame of type {}: {}", to_string(static_cast<FrameType>(raw.type)),
                                reader.fault().message));
    if constexpr (std::is_same_v<Frame, Stats>) frame.is_keyframe = (raw.flags & kFlagKeyframe) != 0;
    return ProfileFrame(std::move(frame));
}

}  // namespace

Result<> encode(const ProfileFrame& frame, std::vector<std::byte>& out) {
    std::uint16_t flags = 0;
    if (const auto* const stats = std::get_if<Stats>(&frame))
        flags = stats->is_keyframe ? kFlagKeyframe : std::uint16_t{0};
    return write_frame(type_of(frame), flags, out, [&](FieldWriter& writer) {
        std::visit([&](const auto& f) { fields(writer, f); }, frame);
    });
}

Result<> encode_stats(const Stats* before, const Stats& now, std::uint64_t sequence,
                      std::vector<std::byte>& out) {
    const Stats nothing;
    return write_frame(FrameType::stats, before == nullptr ? kFlagKeyframe : std::uint16_t{0}, out,
                       [&](FieldWriter& writer) {
                           writer.time(now.at);
                           writer.number(sequence);
                           difference(writer, before == nullptr ? nothing : *before, now);
                       });
}

Result<std::optional<ProfileFrame>> decode(const RawFrame& raw) {
    switch (static_cast<FrameType>(raw.type)) {
        case FrameType::hello: return read_as<Hello>(raw);
        case FrameType::subscribe: return read_as<Subscribe>(raw);
        case FrameType::dictionary: return read_as<Dictionary>(raw);
        case FrameType::connection_change: return read_as<ConnectionChange>(raw);
        case FrameType::stats: return read_as<Stats>(raw);
        case FrameType::histograms: return read_as<Histograms>(raw);
        case FrameType::samples: return read_as<Samples>(raw);
        case FrameType::conditions: return read_as<Conditions>(raw);
        case FrameType::note: return read_as<Note>(raw);
        case FrameType::world: return read_as<World>(raw);
        case FrameType::command: return read_as<Command>(raw);
        case FrameType::result: return read_as<CommandResult>(raw);
        case FrameType::ping: return read_as<Ping>(raw);
        case FrameType::pong: return read_as<Pong>(raw);
    }
    return std::nullopt;
}

}  // namespace squall::recorder
