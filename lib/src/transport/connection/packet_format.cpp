#include "transport/connection/packet_format.hpp"

#include <algorithm>

namespace squall::connection {

void AckFrame::serialize_to(ByteWriter& writer) const {
    writer.write(largest.value);
    writer.write_varint(std::min(delay_units, kMaxAckDelayUnits));
    writer.write(mask_bytes);
    for (std::size_t i = 0; i < mask_bytes; ++i) writer.write(mask[i]);
}

bool AckFrame::parse(ByteReader& reader) {
    largest.value = reader.read<std::uint16_t>();
    delay_units = reader.read_varint();
    mask_bytes = reader.read<std::uint8_t>();
    if (!reader.ok() || delay_units > kMaxAckDelayUnits || mask_bytes > kMaxAckMaskBytes) return false;
    const Bytes bytes = reader.read_bytes(mask_bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) mask[i] = std::to_integer<std::uint8_t>(bytes[i]);
    return reader.ok();
}

PacketLimits limits_for(std::size_t max_datagram_bytes) {
    // netcode: prefix 1, sequence up to 8, tag 16; ours: connection id 8 on packets that probe a path.
    constexpr std::size_t kWidestProtection = 1 + 8 + 8 + 16;
    constexpr std::size_t kNetcodeMaxPayload = 1200;
    PacketLimits limits;
    limits.max_payload_bytes = std::min(max_datagram_bytes - kWidestProtection, kNetcodeMaxPayload);
    const std::size_t for_frames = limits.max_payload_bytes - 1 - kMaxAckBytes;
    limits.max_whole_bytes = for_frames - kFrameHeadBytes - 2;
    limits.max_fragment_bytes = for_frames - kMaxFragmentHeadBytes;
    return limits;
}

bool FrameReader::next(MessageFrame& frame) {
    if (!ok_) return false;
    if (run_left_ > 0) return read_one_of_run(frame);
    if (reader_.remaining() == 0) return false;
    const auto head = reader_.read<std::uint8_t>();
    frame.channel.value = head & 0x1f;
    switch (static_cast<FrameType>(head >> 5)) {
        case FrameType::padding: {
            const std::size_t rest = reader_.remaining();
            const Bytes zeros = reader_.read_bytes(rest);
            if (head != 0 ||
                !std::all_of(zeros.begin(), zeros.end(), [](std::byte b) { return b == std::byte{0}; }))
                return fail();
            padding_bytes_ += 1 + rest;
            return false;
        }
        case FrameType::message:
            run_channel_ = frame.channel;
            run_next_id_ = reader_.read<std::uint16_t>();
            run_left_ = 1;
            framing_bytes_ += kFrameHeadBytes;
            return read_one_of_run(frame);
        case FrameType::messages:
            run_channel_ = frame.channel;
            run_next_id_ = reader_.read<std::uint16_t>();
            run_left_ = reader_.read<std::uint8_t>();
            framing_bytes_ += kFrameHeadBytes + 1;
            if (run_left_ < 2) return fail();
            return read_one_of_run(frame);
        case FrameType::fragment: return read_fragment(frame);
    }
    return fail();
}

bool FrameReader::read_one_of_run(MessageFrame& frame) {
    const std::size_t before = reader_.position();
    const std::uint64_t length = reader_.read_varint();
    framing_bytes_ += reader_.position() - before;
    if (!reader_.ok() || length == 0 || length > reader_.remaining()) return fail();
    frame.channel = run_channel_;
    frame.id.value = run_next_id_++;
    frame.is_fragment = false;
    frame.index = 0;
    frame.count = 1;
    frame.total = static_cast<std::uint32_t>(length);
    frame.bytes = reader_.read_bytes(length);
    --run_left_;
    return true;
}

bool FrameReader::read_fragment(MessageFrame& frame) {
    const std::size_t before = reader_.position();
    frame.id.value = reader_.read<std::uint16_t>();
    const std::uint64_t index = reader_.read_varint();
    const std::uint64_t count = reader_.read_varint();
    const std::uint64_t total = reader_.read_varint();
    framing_bytes_ += 1 + reader_.position() - before;
    if (!reader_.ok() || count < 2 || count > kMaxFragments || index >= count || total < count ||
        total > (1U << 20))
        return fail();
    const FragmentSpan span = fragment_span(total, count, index);
    if (span.size == 0 || span.size > reader_.remaining()) return fail();
    frame.is_fragment = true;
    frame.index = static_cast<std::uint32_t>(index);
    frame.count = static_cast<std::uint32_t>(count);
    frame.total = static_cast<std::uint32_t>(total);
    frame.bytes = reader_.read_bytes(span.size);
    return true;
}

}  // namespace squall::connection
