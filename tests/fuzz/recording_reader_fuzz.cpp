// The reader of recordings: any bytes in any pieces, no crash, bounded memory, and the same records however
// the bytes were cut. The first byte says in which pieces; then come bytes of a file, or, if it is odd, a
// good recording with those bytes laid over it.
#include <cstdlib>

#include "squall/core/hash.hpp"
#include "support/sample_recording.hpp"

namespace {

using namespace squall;
using namespace squall::recorder;

struct Seen {
    std::uint64_t records = 0;
    std::uint64_t hash = 0;
    bool has_problem = false;
};

Seen read_in_pieces(Bytes file, std::size_t piece) {
    Seen seen;
    StableHash hash;
    RecordingReader reader;
    const auto drain = [&] {
        while (const auto record = reader.next()) {
            ++seen.records;
            hash.add(reader.record_offset());
            if (const auto* datagram = std::get_if<WireRecord>(&*record)) {
                if (datagram->packet.size() > datagram->wire_bytes) std::abort();
                hash.add(datagram->packet);
            } else if (const auto* message = std::get_if<MessageRecord>(&*record)) {
                if (message->payload.size() > message->message_bytes) std::abort();
                hash.add(message->payload);
            } else {
                const auto& control = std::get<ControlRecord>(*record);
                hash.add(control.body);
                if (const auto decoded = decode(control)) {
                    // What was read writes back to no more than what was there.
                    std::vector<std::byte> again(encoded_size_max(*decoded));
                    if (encode(*decoded, again).size() > control.body.size()) std::abort();
                }
            }
        }
        if (reader.buffered() > RecordingReader::kMaxBlockBytes + piece) std::abort();
    };
    for (std::size_t at = 0; at < file.size(); at += piece) {
        reader.feed(file.subspan(at, std::min(piece, file.size() - at)));
        drain();
    }
    reader.finish();
    drain();
    if (!reader.problem() && !reader.is_at_end()) std::abort();
    seen.has_problem = reader.problem().has_value();
    seen.hash = hash.value();
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const Bytes input{reinterpret_cast<const std::byte*>(data), size};
    const std::size_t piece = 1 + data[0] / 2;
    std::vector<std::byte> file(input.begin() + 3, input.end());
    if ((data[0] & 1) != 0) {
        static const auto good = squall::recorder::testing::sample_file();
        const std::size_t at = (data[1] + std::size_t{256} * data[2]) % good.size();
        auto changed = good;
        for (std::size_t i = 0; i < file.size() && at + i < changed.size(); ++i) changed[at + i] ^= file[i];
        file = std::move(changed);
    }
    const Seen whole = read_in_pieces(file, file.size() + 1);
    const Seen pieces = read_in_pieces(file, piece);
    if (whole.records != pieces.records || whole.hash != pieces.hash ||
        whole.has_problem != pieces.has_problem)
        std::abort();
    return 0;
}
