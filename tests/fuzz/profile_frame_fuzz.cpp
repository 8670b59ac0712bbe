// Any bytes as a stream of profile frames, in pieces: refused with a reason, or frames that can be written
// and read again, and that a state takes without growing past its limits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "squall/recorder/frame.hpp"
#include "squall/recorder/profile_codec.hpp"
#include "squall/recorder/profile_state.hpp"

using namespace squall;
using namespace squall::recorder;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void read_again(const ProfileFrame& frame) {
    std::vector<std::byte> bytes;
    // A frame may be larger as we write it than as it came only by varints; those are minimal.
    check(encode(frame, bytes).has_value());
    const auto raw = parse_envelope(bytes);
    check(raw && *raw);
    const auto back = decode(**raw);
    check(back && *back);
    std::vector<std::byte> again;
    check(encode(**back, again).has_value());
    check(again == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = std::size_t{data[0]} + 1;
    const Bytes bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
    FrameReader reader;
    ProfileState state;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
        for (;;) {
            const auto raw = reader.next();
            if (!raw) {
                check(!raw.error().message.empty());
                return 0;
            }
            if (!*raw) break;
            const auto frame = decode(**raw);
            if (!frame) {
                check(!frame.error().message.empty());
                continue;
            }
            if (!*frame) continue;
            read_again(**frame);
            state.apply(**frame);
            for (const auto& [key, entry] : state.histograms()) (void)to_histogram(entry);
        }
    }
    check(reader.buffered() <= kMaxFrameBytes + piece);
    return 0;
}
