#include "squall/remotes/record_ring.hpp"

#include <algorithm>
#include <cstring>

namespace squall::remotes {

static_assert(std::is_trivially_copyable_v<MessageRecord>);

RecordRing::RecordRing(std::size_t capacity_bytes, std::size_t max_message_bytes)
    : ring_(capacity_bytes),
      max_message_bytes_(std::min(max_message_bytes, ring_.capacity() / 2 - sizeof(MessageRecord) - 16)) {}

bool RecordRing::write(const MessageRecord& record, Bytes bytes) {
    const Bytes kept = bytes.first(std::min(bytes.size(), max_message_bytes_));
    std::byte* const to = ring_.reserve(sizeof(record) + kept.size());
    if (to == nullptr) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    std::memcpy(to, &record, sizeof(record));
    if (!kept.empty()) std::memcpy(to + sizeof(record), kept.data(), kept.size());
    written_.fetch_add(1, std::memory_order_relaxed);
    ring_.publish();
    return true;
}

std::size_t RecordRing::read(const std::function<void(const MessageRecord&, Bytes)>& take,
                             std::size_t max_records) {
    return ring_.read(
        [&](Bytes piece) {
            MessageRecord record;
            std::memcpy(&record, piece.data(), sizeof(record));
            take(record, piece.subspan(sizeof(record)));
        },
        max_records);
}

Middleware RecordRing::middleware() {
    return [this](Message& message, const Next& next) {
        if (message.is_look()) return next();
        (void)write({message.now, message.direction, message.remote.kind, message.peer, message.remote.index,
                     static_cast<std::uint32_t>(message.bytes().size())},
                    message.bytes());
        return next();
    };
}

}  // namespace squall::remotes
