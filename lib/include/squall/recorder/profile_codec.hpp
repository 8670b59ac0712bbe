// Profile frames to bytes and back, as lib/RECORDING.md has them. What is read is checked in full: numbers in
// range, lists in order and within limits. What a newer version may have put behind the fields known here is
// passed over. Text is UTF-8 by convention; who shows it copes with what is not.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/recorder/frame.hpp"
#include "squall/recorder/profile_frame.hpp"

namespace squall::recorder {

// Limits on one frame's parts. Text that is longer is cut by who fills a frame.
inline constexpr std::size_t kMaxTextBytes = 4096;
inline constexpr std::size_t kMaxNames = 256;
inline constexpr std::size_t kMaxRemoteId = 65'535;
inline constexpr std::size_t kMaxSamplePayload = 1200;

// Appends the frame, envelope included. Errors: too_large (more than kMaxFrameBytes, or a list or text above
// its limit), invalid_argument (a list out of order); then nothing is appended.
Result<> encode(const ProfileFrame& frame, std::vector<std::byte>& out);

// The bytes that encode() makes of difference_between(*before, now), or of `now` as a keyframe if `before` is
// nullptr, with this sequence; neither is made or copied for it. Errors as above.
Result<> encode_stats(const Stats* before, const Stats& now, std::uint64_t sequence,
                      std::vector<std::byte>& out);

// The frame; nothing if its type is not known. Errors: malformed, and what is wrong with it.
[[nodiscard]] Result<std::optional<ProfileFrame>> decode(const RawFrame& raw);

}  // namespace squall::recorder
