#include "arena/arena_protocol.hpp"

#include "arena/snapshot_codec.hpp"
#include "squall/wire/serialise.hpp"

namespace squall::arena {
namespace {

using wire::BitReader;
using wire::BitStream;
using wire::BitWriter;
using wire::Ref;

template <BitStream Stream>
void serialise(Stream& stream, Ref<Stream, PlayerInput> input) {
    stream.bits(input.heading, 8);
    stream.ranged(input.speed, 0, kMaxSpeed);
    stream.boolean(input.fire);
    stream.boolean(input.crouch);
}

// A TimePoint in nanoseconds: all 64 bits.
template <BitStream Stream>
void serialise_time(Stream& stream, Ref<Stream, std::int64_t> time) {
    std::uint64_t bits = static_cast<std::uint64_t>(time);
    stream.bits(bits, 64);
    if constexpr (Stream::kIsReading) time = static_cast<std::int64_t>(bits);
}

template <BitStream Stream>
void serialise_kind(Stream& stream, EventKind kind) {
    EventKind read = kind;
    stream.enumeration(read, EventKind::chat);
    if (read != kind) stream.refuse(wire::StreamFault::out_of_range);
}

template <BitStream Stream>
void serialise(Stream& stream, Ref<Stream, Welcome> welcome) {
    serialise_kind(stream, EventKind::welcome);
    stream.bits(welcome.version, 8);
    if (welcome.version != kArenaVersion) return stream.refuse(wire::StreamFault::out_of_range);
    stream.ranged(welcome.player_limit, 1, kMaxPlayers);
    if (!stream.ok()) return;
    stream.ranged(welcome.player, 0, welcome.player_limit - 1);
    stream.ranged(welcome.world_side, kMinWorldSide, kMaxWorldSide);
    stream.ranged(welcome.view_radius, 1, kMaxWorldSide);
    stream.ranged(welcome.tick_rate, 1, kMaxTickRate);
    stream.varint(welcome.tick);
    serialise_time<Stream>(stream, welcome.first_tick_at);
    stream.boolean(welcome.rejoined);
}

template <BitStream Stream>
void serialise(Stream& stream, Ref<Stream, ChatMessage> chat) {
    serialise_kind(stream, EventKind::chat);
    stream.ranged(chat.from, 0, kMaxPlayers - 1);
    serialise_time<Stream>(stream, chat.planned_at);
    stream.text(chat.text, kMaxChatBytes);
}

template <BitStream Stream>
void serialise(Stream& stream, Ref<Stream, ItemRequest> request) {
    stream.bits(request.request, 32);
    stream.ranged(request.item, 0, kItemCount - 1);
}

template <BitStream Stream>
void serialise(Stream& stream, Ref<Stream, ItemReply> reply) {
    stream.bits(reply.request, 32);
    stream.enumeration(reply.result, ItemResult::not_alive);
    stream.bits(reply.credits, 16);
}

template <class T>
Bytes write(MutableBytes out, const T& value) {
    BitWriter writer(out);
    serialise(writer, value);
    return writer.finish();
}

template <class T>
bool read(Bytes in, T& value) {
    BitReader reader(in);
    serialise(reader, value);
    return reader.finish();
}

}  // namespace

TransportConfig arena_transport(std::uint64_t protocol_id) {
    TransportConfig config;
    config.protocol_id = protocol_id;
    ChannelConfig inputs;
    inputs.name = "inputs";
    inputs.mode = ChannelMode::unreliable;
    inputs.weight = 100;
    inputs.redundancy = kInputRedundancy;
    inputs.max_message_bytes = 16;
    ChannelConfig snapshots;
    snapshots.name = "snapshots";
    snapshots.mode = ChannelMode::unreliable;
    snapshots.weight = 50;
    snapshots.max_message_bytes = kMaxSnapshotBytes;
    ChannelConfig events;
    events.name = "events";
    events.mode = ChannelMode::reliable_ordered;
    events.max_message_bytes = kMaxSmallMessageBytes;
    ChannelConfig requests;
    requests.name = "requests";
    requests.mode = ChannelMode::reliable_unordered;
    requests.weight = 20;
    requests.max_message_bytes = kMaxSmallMessageBytes;
    config.channels = {inputs, snapshots, events, requests};
    return config;
}

std::string_view to_string(ItemResult result) {
    switch (result) {
        case ItemResult::bought: return "bought";
        case ItemResult::too_expensive: return "too expensive";
        case ItemResult::already_owned: return "already owned";
        case ItemResult::not_alive: return "not alive";
    }
    return "unknown";
}

Bytes write_message(MutableBytes out, const PlayerInput& input) {
    return write(out, input);
}
Bytes write_message(MutableBytes out, const Welcome& welcome) {
    return write(out, welcome);
}
Bytes write_message(MutableBytes out, const ChatMessage& chat) {
    return write(out, chat);
}
Bytes write_message(MutableBytes out, const ItemRequest& request) {
    return write(out, request);
}
Bytes write_message(MutableBytes out, const ItemReply& reply) {
    return write(out, reply);
}

bool read_message(Bytes in, PlayerInput& input) {
    return read(in, input);
}
bool read_message(Bytes in, Welcome& welcome) {
    return read(in, welcome);
}
bool read_message(Bytes in, ChatMessage& chat) {
    return read(in, chat);
}
bool read_message(Bytes in, ItemRequest& request) {
    return read(in, request);
}
bool read_message(Bytes in, ItemReply& reply) {
    return read(in, reply);
}

bool read_kind(Bytes in, EventKind& kind) {
    BitReader reader(in);
    reader.enumeration(kind, EventKind::chat);
    return reader.ok();
}

}  // namespace squall::arena
