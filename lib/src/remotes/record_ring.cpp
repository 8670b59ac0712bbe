#include "squall/remotes/record_ring.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace squall::remotes {
namespace {

// How a record lies in the ring: this, then its bytes, then up to the next multiple of 8. One that would
// cross the end of the memory begins at the front, and the rest of the memory is skipped.
struct Slot {
    std::uint32_t size = 0;  // of the bytes that follow; kSkip: the rest of the memory is not used
    std::uint32_t unused = 0;
    MessageRecord record;
};
constexpr std::uint32_t kSkip = 0xffffffff;
static_assert(std::is_trivially_copyable_v<Slot> && sizeof(Slot) % 8 == 0);

constexpr std::size_t rounded(std::size_t bytes) {
    return (bytes + 7) / 8 * 8;
}

}  // namespace

RecordRing::RecordRing(std::size_t capacity_bytes, std::size_t max_message_bytes)
    : memory_(std::bit_ceil(std::max<std::size_t>(capacity_bytes, 4096))),
      max_message_bytes_(std::min(max_message_bytes, memory_.size() / 2 - sizeof(Slot))) {}

bool RecordRing::write(const MessageRecord& record, Bytes bytes) {
    const Bytes kept = bytes.first(std::min(bytes.size(), max_message_bytes_));
    const std::size_t needed = sizeof(Slot) + rounded(kept.size());
    std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::size_t place = static_cast<std::size_t>(head & (memory_.size() - 1));
    const std::size_t to_end = memory_.size() - place;
    const std::size_t skipped = to_end < needed ? to_end : 0;
    const std::uint64_t used = head - tail_.load(std::memory_order_acquire);
    if (used + skipped + needed > memory_.size()) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    if (skipped > 0) std::memcpy(&memory_[place], &kSkip, sizeof(kSkip));
    head += skipped;
    std::byte* const to = &memory_[static_cast<std::size_t>(head & (memory_.size() - 1))];
    const Slot slot{static_cast<std::uint32_t>(kept.size()), 0, record};
    std::memcpy(to, &slot, sizeof(slot));
    if (!kept.empty()) std::memcpy(to + sizeof(slot), kept.data(), kept.size());
    written_.fetch_add(1, std::memory_order_relaxed);
    head_.store(head + needed, std::memory_order_release);
    return true;
}

std::size_t RecordRing::read(const std::function<void(const MessageRecord&, Bytes)>& take,
                             std::size_t max_records) {
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    std::size_t count = 0;
    while (tail != head && count < max_records) {
        const std::size_t place = static_cast<std::size_t>(tail & (memory_.size() - 1));
        std::uint32_t size = 0;
        std::memcpy(&size, &memory_[place], sizeof(size));
        if (size == kSkip) {
            tail += memory_.size() - place;
            continue;
        }
        Slot slot;
        std::memcpy(&slot, &memory_[place], sizeof(slot));
        take(slot.record, Bytes(memory_).subspan(place + sizeof(slot), size));
        tail += sizeof(slot) + rounded(size);
        tail_.store(tail, std::memory_order_release);
        ++count;
    }
    tail_.store(tail, std::memory_order_release);
    return count;
}

Middleware RecordRing::middleware() {
    return [this](Message& message, const Next& next) {
        (void)write({message.now, message.direction, message.remote.kind, message.peer, message.remote.index,
                     static_cast<std::uint32_t>(message.bytes().size())},
                    message.bytes());
        return next();
    };
}

}  // namespace squall::remotes
