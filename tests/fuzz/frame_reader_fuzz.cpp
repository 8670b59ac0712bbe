// The frame reader and the acknowledgement parser: any bytes, no crash, and nothing outside the packet.
#include <cstdlib>

#include "squall/transport/channel.hpp"
#include "transport/connection/packet_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace squall;
    using namespace squall::connection;
    const Bytes bytes{reinterpret_cast<const std::byte*>(data), size};
    ByteReader reader(bytes);
    AckFrame ack;
    if (ack.parse(reader)) {
        // What was read writes back to the same bytes: there is one form only.
        std::array<std::byte, kMaxAckBytes> again;
        ByteWriter writer(again);
        ack.serialize_to(writer);
        if (!writer.ok() || !std::equal(writer.written().begin(), writer.written().end(), bytes.begin()))
            std::abort();
    }
    FrameReader frames(bytes);
    std::size_t total = 0;
    for (MessageFrame frame; frames.next(frame);) {
        if (frame.bytes.data() < bytes.data() ||
            frame.bytes.data() + frame.bytes.size() > bytes.data() + bytes.size())
            std::abort();
        if (frame.bytes.empty() || frame.channel.value >= kMaxChannels || frame.index >= frame.count)
            std::abort();
        total += frame.bytes.size();
    }
    if (frames.ok() && total + frames.framing_bytes() + frames.padding_bytes() != size) std::abort();
    return 0;
}
