// The bytes inside a protected payload: header, acknowledgement and frames, as lib/STANDARD.md section 5
// writes them down. Knows sizes and positions only: no time, no state, no meaning of what is acknowledged or
// carried.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/sequence.hpp"
#include "squall/core/time.hpp"

namespace squall::connection {

// payload := flags u8 [ack] frame*
inline constexpr std::uint8_t kFlagAck = 0x01;        // an acknowledgement follows the flags
inline constexpr std::uint8_t kFlagAckWanted = 0x02;  // the sender waits for this packet's acknowledgement
inline constexpr std::uint8_t kKnownFlags = kFlagAck | kFlagAckWanted;

// ack := largest u16, delay varint (units of 32 us), mask_bytes u8 (0 to 32), mask
inline constexpr std::size_t kMaxAckMaskBytes = 32;
inline constexpr std::size_t kMaxAckBytes = 2 + 3 + 1 + kMaxAckMaskBytes;
inline constexpr Duration kAckDelayUnit = std::chrono::microseconds(32);
inline constexpr std::uint64_t kMaxAckDelayUnits = (1U << 21) - 1;  // three varint bytes: 67 s

// Bit i of byte k of the mask stands for the packet (largest - 1 - 8k - i).
struct AckFrame {
    WireSequence<std::uint16_t> largest;
    std::uint64_t delay_units = 0;
    std::uint8_t mask_bytes = 0;
    std::array<std::uint8_t, kMaxAckMaskBytes> mask{};

    void serialize_to(ByteWriter& writer) const;
    // False if the bytes are no acknowledgement.
    [[nodiscard]] bool parse(ByteReader& reader);
};

// frame := head u8 (type in the high 3 bits, channel in the low 5), body by type
enum class FrameType : std::uint8_t {
    padding = 0,   // the rest of the packet is zeros
    message = 1,   // id u16, length varint, bytes
    messages = 2,  // first id u16, count u8 (2 to 255), count * (length varint, bytes); consecutive ids
    fragment =
        3,  // id u16, index varint, count varint, total varint, bytes (their number follows from the three)
};

inline constexpr std::size_t kFrameHeadBytes = 1 + 2;  // head and id
inline constexpr std::size_t kMaxFragmentHeadBytes = kFrameHeadBytes + 2 + 2 + 3;
inline constexpr std::size_t kMaxFragments = 8192;

[[nodiscard]] constexpr std::uint8_t frame_head(FrameType type, ChannelId channel) {
    return static_cast<std::uint8_t>((static_cast<unsigned>(type) << 5) | channel.value);
}

// A message of `total` bytes in `count` fragments: all have ceil(total / count) bytes but the last, which has
// the rest.
struct FragmentSpan {
    std::size_t offset = 0;
    std::size_t size = 0;
};
[[nodiscard]] constexpr FragmentSpan fragment_span(std::size_t total, std::size_t count, std::size_t index) {
    const std::size_t size = (total + count - 1) / count;
    const std::size_t offset = index * size;
    if (offset >= total) return {total, 0};
    return {offset, offset + size > total ? total - offset : size};
}

// What a peer's packet size limit means for messages.
struct PacketLimits {
    std::size_t max_payload_bytes = 0;  // a whole payload, with the widest protection around it
    std::size_t max_whole_bytes =
        0;  // the largest message that travels unfragmented beside any acknowledgement
    std::size_t max_fragment_bytes = 0;  // the most message bytes in one fragment
};
// max_datagram_bytes as in TransportConfig.
[[nodiscard]] PacketLimits limits_for(std::size_t max_datagram_bytes);

// One message or fragment as it stands in a packet; the bytes point into the packet.
struct MessageFrame {
    ChannelId channel;
    WireSequence<std::uint16_t> id;
    bool is_fragment = false;
    std::uint32_t index = 0;  // fragments
    std::uint32_t count = 1;
    std::uint32_t total = 0;
    Bytes bytes;
};

// Walks over the frames of a payload. next() is false at the end and at the first malformed byte; tell them
// apart by ok().
class FrameReader {
  public:
    explicit FrameReader(Bytes frames) : reader_(frames) {}
    [[nodiscard]] bool next(MessageFrame& frame);
    [[nodiscard]] bool ok() const { return ok_; }
    // Bytes of heads, ids, counts and lengths read so far.
    [[nodiscard]] std::size_t framing_bytes() const { return framing_bytes_; }
    [[nodiscard]] std::size_t padding_bytes() const { return padding_bytes_; }

  private:
    bool fail() {
        ok_ = false;
        return false;
    }
    bool read_one_of_run(MessageFrame& frame);
    bool read_fragment(MessageFrame& frame);

    ByteReader reader_;
    ChannelId run_channel_{};
    std::uint16_t run_next_id_ = 0;
    std::uint32_t run_left_ = 0;
    std::size_t framing_bytes_ = 0;
    std::size_t padding_bytes_ = 0;
    bool ok_ = true;
};

}  // namespace squall::connection
