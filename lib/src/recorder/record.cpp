#include "squall/recorder/record.hpp"

#include <fmt/format.h>

#include <array>
#include <cassert>

namespace squall::recorder {
namespace {

// Every fixed field of the largest fixed body, varints at their longest.
constexpr std::size_t kFixedBytes = 96;

void write_connection(ByteWriter& out, ConnectionId id) {
    out.write(id.slot);
    out.write(id.generation);
}

ConnectionId read_connection(ByteReader& in) {
    ConnectionId id;
    id.slot = in.read<std::uint32_t>();
    id.generation = in.read<std::uint32_t>();
    return id;
}

void write_address(ByteWriter& out, const Address& address) {
    out.write(static_cast<std::uint8_t>(address.family()));
    if (!address.is_valid()) return;
    out.write_bytes(as_bytes({reinterpret_cast<const char*>(address.bytes().data()),
                              std::size_t{address.family() == Address::Family::ipv4 ? 4U : 16U}}));
    out.write(address.port());
}

// False if the family is none that exists.
bool read_address(ByteReader& in, Address& address) {
    const auto family = in.read<std::uint8_t>();
    std::array<std::uint8_t, 16> bytes{};
    if (family == 0) return in.ok();
    if (family > 2) return false;
    const std::size_t size = family == 1 ? 4 : 16;
    for (std::size_t i = 0; i < size; ++i) bytes[i] = in.read<std::uint8_t>();
    const auto port = in.read<std::uint16_t>();
    address = family == 1 ? Address::ipv4(bytes[0], bytes[1], bytes[2], bytes[3], port)
                          : Address::ipv6(bytes, port);
    return in.ok();
}

// Writing, a function a type.
struct BodyWriter {
    ByteWriter& out;

    void operator()(const FactsText& facts) const { out.write_bytes(as_bytes(facts.json)); }
    void operator()(const NodeCall& call) const {
        out.write(static_cast<std::uint8_t>(call.kind));
        if (call.kind == NodeCall::Kind::drain_ended) out.write_varint(call.polls);
        if (call.kind != NodeCall::Kind::input) return;
        out.write_varint(call.name.size());
        out.write_bytes(as_bytes(call.name));
        out.write_bytes(call.data);
    }
    void operator()(const ConnectionRecord& change) const {
        out.write(static_cast<std::uint8_t>(change.kind));
        out.write(change.reason);
        write_connection(out, change.connection);
        out.write(change.client.value);
        write_address(out, change.peer);
    }
    void operator()(const TickMark& tick) const {
        out.write_varint(tick.number);
        out.write_varint(tick.duration_us);
    }
    void operator()(const Mark& mark) const { out.write_bytes(as_bytes(mark.text)); }
    void operator()(const StateHash& state) const {
        out.write_varint(state.tick);
        out.write(state.hash);
    }
    void operator()(const ClockSnapshot& clock) const { out.write(clock.realtime_ns); }
    void operator()(const Dropped& dropped) const {
        out.write_varint(dropped.datagrams);
        out.write_varint(dropped.messages);
        out.write_varint(dropped.controls);
    }
    void operator()(const FrameRecord& frame) const { out.write_bytes(frame.frame); }
    void operator()(const EntropyDraw& draw) const { out.write_bytes(draw.bytes); }
    void operator()(const PacketFate& fate) const {
        out.write(static_cast<std::uint8_t>(fate.is_lost ? 2 : 1));
        write_connection(out, fate.connection);
        out.write_varint(fate.packet);
        out.write_varint(fate.bytes);
        out.write_varint(fate.rtt_us);
    }
    void operator()(const MessageFateRecord& fate) const {
        out.write(static_cast<std::uint8_t>(fate.is_lost ? 2 : 1));
        out.write(fate.fate);
        out.write(fate.channel.value);
        write_connection(out, fate.connection);
        out.write_varint(fate.message);
    }
    void operator()(const RemoteOutcome& outcome) const {
        write_connection(out, outcome.connection);
        out.write_varint(outcome.remote);
        out.write_varint(outcome.outcome);
    }
    void operator()(const RecordingEnd& end) const {
        out.write(static_cast<std::uint8_t>(end.kind));
        for (const std::uint64_t value :
             {end.datagrams, end.messages, end.controls, end.dropped, end.bytes_received, end.bytes_sent})
            out.write_varint(value);
    }
    void operator()(const Secret& secret) const {
        out.write_varint(secret.name.size());
        out.write_bytes(as_bytes(secret.name));
        out.write_bytes(secret.bytes);
    }
};

// Bytes of a body that are not of fixed size.
struct FreeBytes {
    std::size_t operator()(const FactsText& facts) const { return facts.json.size(); }
    std::size_t operator()(const NodeCall& call) const { return call.name.size() + call.data.size(); }
    std::size_t operator()(const Mark& mark) const { return mark.text.size(); }
    std::size_t operator()(const FrameRecord& frame) const { return frame.frame.size(); }
    std::size_t operator()(const EntropyDraw& draw) const { return draw.bytes.size(); }
    std::size_t operator()(const Secret& secret) const { return secret.name.size() + secret.bytes.size(); }
    template <class Other>
    std::size_t operator()(const Other&) const {
        return 0;
    }
};

Bytes rest_of(ByteReader& in) {
    return in.read_bytes(in.remaining());
}

std::string_view read_text(ByteReader& in) {
    const std::uint64_t size = in.read_varint();
    if (size > in.remaining()) {
        in.skip(in.remaining() + 1);
        return {};
    }
    return as_text(in.read_bytes(static_cast<std::size_t>(size)));
}

// True, and the kind, if the number is one of 1 to `last`.
template <class Kind>
bool read_kind(ByteReader& in, Kind& kind, std::uint8_t last) {
    const auto number = in.read<std::uint8_t>();
    kind = static_cast<Kind>(number);
    return number >= 1 && number <= last;
}

bool read(ByteReader& in, FactsText& facts) {
    facts.json = as_text(rest_of(in));
    return true;
}
bool read(ByteReader& in, NodeCall& call) {
    if (!read_kind(in, call.kind, 4)) return false;
    if (call.kind == NodeCall::Kind::drain_ended) call.polls = static_cast<std::uint32_t>(in.read_varint());
    if (call.kind == NodeCall::Kind::input) {
        call.name = read_text(in);
        call.data = rest_of(in);
    }
    return true;
}
bool read(ByteReader& in, ConnectionRecord& change) {
    if (!read_kind(in, change.kind, 4)) return false;
    change.reason = in.read<std::uint8_t>();
    change.connection = read_connection(in);
    change.client.value = in.read<std::uint64_t>();
    return read_address(in, change.peer);
}
bool read(ByteReader& in, TickMark& tick) {
    tick.number = in.read_varint();
    tick.duration_us = static_cast<std::uint32_t>(in.read_varint());
    return true;
}
bool read(ByteReader& in, Mark& mark) {
    mark.text = as_text(rest_of(in));
    return true;
}
bool read(ByteReader& in, StateHash& state) {
    state.tick = in.read_varint();
    state.hash = in.read<std::uint64_t>();
    return true;
}
bool read(ByteReader& in, ClockSnapshot& clock) {
    clock.realtime_ns = in.read<std::int64_t>();
    return true;
}
bool read(ByteReader& in, Dropped& dropped) {
    dropped.datagrams = in.read_varint();
    dropped.messages = in.read_varint();
    dropped.controls = in.read_varint();
    return true;
}
bool read(ByteReader& in, FrameRecord& frame) {
    frame.frame = rest_of(in);
    return true;
}
bool read(ByteReader& in, EntropyDraw& draw) {
    draw.bytes = rest_of(in);
    return true;
}
bool read(ByteReader& in, PacketFate& fate) {
    std::uint8_t kind = 0;
    if (!read_kind(in, kind, 2)) return false;
    fate.is_lost = kind == 2;
    fate.connection = read_connection(in);
    fate.packet = in.read_varint();
    fate.bytes = static_cast<std::uint32_t>(in.read_varint());
    fate.rtt_us = static_cast<std::uint32_t>(in.read_varint());
    return true;
}
bool read(ByteReader& in, MessageFateRecord& fate) {
    std::uint8_t kind = 0;
    if (!read_kind(in, kind, 2)) return false;
    fate.is_lost = kind == 2;
    fate.fate = in.read<std::uint8_t>();
    fate.channel.value = in.read<std::uint8_t>();
    fate.connection = read_connection(in);
    fate.message = in.read_varint();
    return true;
}
bool read(ByteReader& in, RemoteOutcome& outcome) {
    outcome.connection = read_connection(in);
    outcome.remote = in.read_varint();
    outcome.outcome = static_cast<std::uint32_t>(in.read_varint());
    return true;
}
bool read(ByteReader& in, RecordingEnd& end) {
    if (!read_kind(in, end.kind, 2)) return false;
    for (std::uint64_t* value :
         {&end.datagrams, &end.messages, &end.controls, &end.dropped, &end.bytes_received, &end.bytes_sent})
        *value = in.read_varint();
    return true;
}
bool read(ByteReader& in, Secret& secret) {
    secret.name = read_text(in);
    secret.bytes = rest_of(in);
    return true;
}

template <class T>
Result<Control> decode_as(const ControlRecord& record) {
    ByteReader in(record.body);
    T value{};
    if (!read(in, value) || !in.ok())
        return fail(ErrorCode::malformed,
                    fmt::format("the body of a {} record ({} bytes) ends early or has a kind that does not "
                                "exist, at its byte {}",
                                to_string(record.type), record.body.size(), in.position()));
    if (in.remaining() != 0)
        return fail(ErrorCode::malformed,
                    fmt::format("a {} record has {} bytes too many", to_string(record.type), in.remaining()));
    return Control(value);
}

}  // namespace

std::string_view to_string(RecordType type) {
    switch (type) {
        case RecordType::datagram: return "datagram";
        case RecordType::message_sent: return "message sent";
        case RecordType::message_received: return "message received";
        case RecordType::facts: return "facts";
        case RecordType::node_call: return "node call";
        case RecordType::connection: return "connection";
        case RecordType::tick: return "tick";
        case RecordType::mark: return "mark";
        case RecordType::state_hash: return "state hash";
        case RecordType::clock: return "clock";
        case RecordType::dropped: return "dropped";
        case RecordType::profile_frame: return "profile frame";
        case RecordType::entropy: return "entropy";
        case RecordType::packet_fate: return "packet fate";
        case RecordType::message_fate: return "message fate";
        case RecordType::remote_outcome: return "remote outcome";
        case RecordType::end: return "end";
        case RecordType::secret: return "secret";
    }
    return "unknown";
}

RecordType type_of(const Control& control) {
    static constexpr std::array kTypes{
        RecordType::facts,          RecordType::node_call,  RecordType::connection,  RecordType::tick,
        RecordType::mark,           RecordType::state_hash, RecordType::clock,       RecordType::dropped,
        RecordType::profile_frame,  RecordType::entropy,    RecordType::packet_fate, RecordType::message_fate,
        RecordType::remote_outcome, RecordType::secret,     RecordType::end};
    static_assert(kTypes.size() == std::variant_size_v<Control>);
    return kTypes[control.index()];
}

std::size_t encoded_size_max(const Control& control) {
    return kFixedBytes + std::visit(FreeBytes{}, control);
}

Bytes encode(const Control& control, MutableBytes out) {
    ByteWriter writer(out);
    std::visit(BodyWriter{writer}, control);
    assert(writer.ok() && "out has encoded_size_max() bytes");
    return writer.written();
}

Result<Control> decode(const ControlRecord& record) {
    if (record.version != kRecordVersion)
        return fail(ErrorCode::unsupported,
                    fmt::format("a {} record of version {}; this build knows version {}",
                                to_string(record.type), record.version, kRecordVersion));
    switch (record.type) {
        case RecordType::facts: return decode_as<FactsText>(record);
        case RecordType::node_call: return decode_as<NodeCall>(record);
        case RecordType::connection: return decode_as<ConnectionRecord>(record);
        case RecordType::tick: return decode_as<TickMark>(record);
        case RecordType::mark: return decode_as<Mark>(record);
        case RecordType::state_hash: return decode_as<StateHash>(record);
        case RecordType::clock: return decode_as<ClockSnapshot>(record);
        case RecordType::dropped: return decode_as<Dropped>(record);
        case RecordType::profile_frame: return decode_as<FrameRecord>(record);
        case RecordType::entropy: return decode_as<EntropyDraw>(record);
        case RecordType::packet_fate: return decode_as<PacketFate>(record);
        case RecordType::message_fate: return decode_as<MessageFateRecord>(record);
        case RecordType::remote_outcome: return decode_as<RemoteOutcome>(record);
        case RecordType::end: return decode_as<RecordingEnd>(record);
        case RecordType::secret: return decode_as<Secret>(record);
        case RecordType::datagram:
        case RecordType::message_sent:
        case RecordType::message_received: break;
    }
    return fail(ErrorCode::unsupported, fmt::format("record type 0x{:02x} is no control record of version {}",
                                                    static_cast<unsigned>(record.type), kRecordVersion));
}

}  // namespace squall::recorder
