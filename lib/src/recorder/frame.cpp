#include "squall/recorder/frame.hpp"

#include <fmt/format.h>

namespace squall::recorder {
namespace {

Result<std::optional<RawFrame>> parse_limited(Bytes bytes, std::size_t max_frame_bytes) {
    ByteReader reader(bytes);
    const auto length = reader.read<std::uint32_t>();
    if (!reader.ok()) return std::nullopt;
    if (length < kFrameEnvelopeBytes - 4)
        return fail(ErrorCode::malformed,
                    fmt::format("a frame says that {} bytes follow; at least 4 do: type and flags", length));
    if (length > max_frame_bytes - 4)
        return fail(ErrorCode::too_large, fmt::format("a frame of {} bytes; at most {} are allowed",
                                                      std::uint64_t{length} + 4, max_frame_bytes));
    if (reader.remaining() < length) return std::nullopt;
    RawFrame frame;
    frame.type = reader.read<std::uint16_t>();
    frame.flags = reader.read<std::uint16_t>();
    frame.payload = reader.read_bytes(length - 4);
    return frame;
}

}  // namespace

Result<std::optional<RawFrame>> parse_envelope(Bytes bytes) {
    return parse_limited(bytes, kMaxFrameBytes);
}

void FrameReader::feed(Bytes piece) {
    if (failure_) return;
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
    buffer_.insert(buffer_.end(), piece.begin(), piece.end());
}

Result<std::optional<RawFrame>> FrameReader::next() {
    if (failure_) return std::unexpected(*failure_);
    auto frame = parse_limited(Bytes(buffer_).subspan(begin_), max_frame_bytes_);
    if (!frame) {
        failure_ = frame.error();
        buffer_ = {};
        begin_ = 0;
    } else if (*frame) {
        const std::size_t size = (**frame).payload.size() + kFrameEnvelopeBytes;
        begin_ += size;
        consumed_ += size;
    }
    return frame;
}

}  // namespace squall::recorder
