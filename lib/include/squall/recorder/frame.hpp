// The envelope of profile frames: `u32 length | u16 type | u16 flags | payload`, little-endian, where length
// counts what follows it. A stream of them comes in pieces of any size; whole frames come out. Knows no
// frame's contents (profile_frame.hpp) and no socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"

namespace squall::recorder {

// Of one frame, envelope included.
inline constexpr std::size_t kMaxFrameBytes = 1024 * 1024;
inline constexpr std::size_t kFrameEnvelopeBytes = 8;

struct RawFrame {
    std::uint16_t type = 0;   // a FrameType; numbers that are not one are to be skipped
    std::uint16_t flags = 0;  // by type
    Bytes payload{};
};

// The first frame of `bytes`, which begins with an envelope; nothing if it is not all there yet. Errors:
// malformed (shorter than its own envelope), too_large.
[[nodiscard]] Result<std::optional<RawFrame>> parse_envelope(Bytes bytes);

// Takes a stream in pieces and gives its frames. Its memory is bounded by the largest frame allowed and one
// piece.
class FrameReader {
  public:
    // Nothing above `max_frame_bytes` is accepted.
    explicit FrameReader(std::size_t max_frame_bytes = kMaxFrameBytes) : max_frame_bytes_(max_frame_bytes) {}
    // Drain next() before the following feed().
    void feed(Bytes piece);
    // The next whole frame; nothing until more is fed. Its payload is valid until the next call. An error
    // (malformed, too_large) is final: there is no telling where the next frame begins.
    [[nodiscard]] Result<std::optional<RawFrame>> next();
    // Bytes of the stream that belong to frames given by next().
    [[nodiscard]] std::uint64_t consumed() const { return consumed_; }
    [[nodiscard]] std::size_t buffered() const { return buffer_.size() - begin_; }

  private:
    std::size_t max_frame_bytes_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::uint64_t consumed_ = 0;
    std::optional<Error> failure_;
};

}  // namespace squall::recorder
