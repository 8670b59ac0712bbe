// Every message, copied into a ring of fixed size that another thread empties: recording never waits and
// never allocates. What does not fit, because the reader is slow, is dropped and counted. One writer, one
// reader, of which each may be any one thread. Knows no file.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "squall/core/byte_ring.hpp"
#include "squall/remotes/message.hpp"

namespace squall::remotes {

struct MessageRecord {
    TimePoint at{};
    Direction direction{};
    RemoteKind kind{};
    ConnectionId peer{};
    std::uint32_t remote = 0;         // RemoteInfo::index
    std::uint32_t message_bytes = 0;  // of the object; the ring may hold fewer
};

class RecordRing {
  public:
    // `capacity_bytes` is rounded up to a power of two, at least 4096; of each message at most
    // `max_message_bytes` are kept.
    explicit RecordRing(std::size_t capacity_bytes = std::size_t{1024} * 1024,
                        std::size_t max_message_bytes = 1500);
    RecordRing(const RecordRing&) = delete;
    RecordRing& operator=(const RecordRing&) = delete;

    // False if there is no room: it is dropped.
    bool write(const MessageRecord& record, Bytes bytes);
    // Hands out the oldest ones, and gives their room back; returns how many there were. The bytes are valid
    // during the call. The reader's thread.
    std::size_t read(const std::function<void(const MessageRecord&, Bytes)>& take,
                     std::size_t max_records = ~std::size_t{0});
    [[nodiscard]] std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

    // For any chain; the ring must outlive the registry.
    [[nodiscard]] Middleware middleware();

  private:
    ByteRing ring_;
    std::size_t max_message_bytes_;
    std::atomic<std::uint64_t> written_{0};
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace squall::remotes
