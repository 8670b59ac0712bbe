#include "squall/recorder/packet_view.hpp"

#include <algorithm>

#include "recorder/netcode_layout.hpp"

namespace squall::recorder {
namespace {

constexpr unsigned kPayload = 5;
constexpr unsigned kPayloadWithId = 10;
constexpr std::uint8_t kHasAck = 1;
constexpr std::uint8_t kKnownFlags = 3;
constexpr std::uint32_t kDelayUnit_us = 32;
constexpr unsigned kMessage = 1;
constexpr unsigned kMessages = 2;
constexpr unsigned kFragment = 3;
constexpr std::uint64_t kMaxFragments = 8192;
constexpr std::uint64_t kMaxMessageBytes = std::uint64_t{1} << 20;

bool read_ack(ByteReader& in, PacketView& view) {
    const std::size_t before = in.position();
    view.has_ack = true;
    view.ack_largest = in.read<std::uint16_t>();
    view.ack_delay_us = static_cast<std::uint32_t>(in.read_varint() * kDelayUnit_us);
    const auto mask = in.read<std::uint8_t>();
    if (mask > 32) return false;
    in.skip(mask);
    view.ack_bytes = in.position() - before;
    return in.ok();
}

// What comes behind the head and before the bytes was read already; `begin` is where the header began.
bool add_frame(ByteReader& in, PacketView& view, FrameView frame, std::size_t begin, std::uint64_t size,
               std::size_t packet_offset) {
    if (size == 0 || size > in.remaining()) return false;
    frame.header_bytes = in.position() - begin;
    frame.offset = packet_offset + begin;
    frame.bytes = in.read_bytes(static_cast<std::size_t>(size));
    if (frame.fragment_count == 1) frame.message_bytes = static_cast<std::uint32_t>(size);
    view.frames.push_back(frame);
    return in.ok();
}

bool read_fragment(ByteReader& in, PacketView& view, FrameView frame, std::size_t begin, std::size_t offset) {
    frame.message = in.read<std::uint16_t>();
    const std::uint64_t index = in.read_varint();
    const std::uint64_t count = in.read_varint();
    const std::uint64_t total = in.read_varint();
    if (!in.ok() || count < 2 || count > kMaxFragments || index >= count || total < count ||
        total > kMaxMessageBytes)
        return false;
    const std::uint64_t step = (total + count - 1) / count;
    const std::uint64_t first = index * step;
    const std::uint64_t end = std::min(first + step, total);
    if (end <= first) return false;
    frame.fragment = static_cast<std::uint32_t>(index);
    frame.fragment_count = static_cast<std::uint32_t>(count);
    frame.message_bytes = static_cast<std::uint32_t>(total);
    return add_frame(in, view, frame, begin, end - first, offset);
}

bool read_frame(ByteReader& in, PacketView& view, std::size_t offset) {
    const std::size_t begin = in.position();
    const auto head = in.read<std::uint8_t>();
    FrameView frame;
    frame.channel.value = static_cast<std::uint8_t>(head % 32);
    switch (head / 32) {
        case kMessage: {
            frame.message = in.read<std::uint16_t>();
            const std::uint64_t size = in.read_varint();
            return in.ok() && add_frame(in, view, frame, begin, size, offset);
        }
        case kMessages: {
            frame.message = in.read<std::uint16_t>();
            const auto count = in.read<std::uint8_t>();
            if (!in.ok() || count < 2) return false;
            for (unsigned i = 0; i < count; ++i, ++frame.message) {
                const std::size_t from = i == 0 ? begin : in.position();
                const std::uint64_t size = in.read_varint();
                if (!in.ok() || !add_frame(in, view, frame, from, size, offset)) return false;
            }
            return true;
        }
        case kFragment: return read_fragment(in, view, frame, begin, offset);
        default: break;
    }
    if (head != 0) return false;
    const Bytes rest = in.read_bytes(in.remaining());
    view.padding_bytes = rest.size() + 1;
    return std::ranges::all_of(rest, [](std::byte byte) { return byte == std::byte{0}; });
}

bool read_payload(Bytes payload, PacketView& view, std::size_t offset) {
    ByteReader in(payload);
    view.flags = in.read<std::uint8_t>();
    if (!in.ok() || (view.flags & ~kKnownFlags) != 0) return false;
    if ((view.flags & kHasAck) != 0 && !read_ack(in, view)) return false;
    while (in.remaining() > 0)
        if (!read_frame(in, view, offset)) return false;
    return true;
}

}  // namespace

std::string_view packet_type_name(std::uint8_t type) {
    static constexpr std::string_view kNames[] = {"connection request",
                                                  "denied",
                                                  "challenge",
                                                  "response",
                                                  "keep-alive",
                                                  "payload",
                                                  "disconnect",
                                                  "denied with reason",
                                                  "disconnect with reason",
                                                  "connection id",
                                                  "payload with id",
                                                  "path challenge",
                                                  "path response",
                                                  "probe"};
    return type < std::size(kNames) ? kNames[type] : "unknown";
}

bool parse_packet(Bytes packet, PacketView& view) {
    auto frames = std::move(view.frames);
    frames.clear();
    view = PacketView{};
    view.frames = std::move(frames);
    if (packet.empty()) return false;
    const auto prefix = std::to_integer<unsigned>(packet[0]);
    view.type = static_cast<std::uint8_t>(prefix & 0x0f);
    view.header_bytes = netcode::header_bytes(packet);
    if (prefix == 0) return true;
    ByteReader in(packet.subspan(1));
    view.sequence = in.read_low_bytes(prefix >> 4);
    if (netcode::carries_id(view.type)) view.connection_id = in.read<std::uint64_t>();
    if (!in.ok() || (prefix >> 4) > 8) return false;
    if (view.type != kPayload && view.type != kPayloadWithId) return true;
    view.has_payload = read_payload(packet.subspan(view.header_bytes), view, view.header_bytes);
    if (view.has_payload) return true;
    view.frames.clear();
    view.has_ack = false;
    view.ack_bytes = view.padding_bytes = 0;
    return false;
}

}  // namespace squall::recorder
