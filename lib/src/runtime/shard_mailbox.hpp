// How shards talk: a bounded queue of datagrams and claims for one shard, written by the others' threads, and
// a descriptor that can be read while something waits. A short lock, no allocation.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/descriptor.hpp"
#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/transport/node.hpp"

namespace squall::runtime {

struct ShardMail {
    Address peer;
    std::uint8_t owner = 0;            // a claim: the shard that `peer` belongs to
    std::uint16_t datagram_bytes = 0;  // 0: a claim
    std::array<std::byte, kMaxDatagramBytes> datagram;
};

class ShardMailbox {
  public:
    // Error: io.
    [[nodiscard]] static Result<std::unique_ptr<ShardMailbox>> make(std::size_t capacity);

    // From any thread. False: full, or the datagram is empty or too large; it is lost and counted.
    bool post_datagram(const Address& from, Bytes datagram);
    bool post_claim(const Address& peer, std::uint8_t owner);
    // By the owner: the oldest, copied out; false if there is none (and the descriptor is quiet then).
    bool take(ShardMail& out);

    [[nodiscard]] int native_handle() const { return event_.get(); }
    [[nodiscard]] std::uint64_t drops() const { return drops_.load(std::memory_order_relaxed); }

  private:
    explicit ShardMailbox(std::size_t capacity) : mails_(capacity) {}
    ShardMail* reserve();
    void publish();

    std::mutex mutex_;
    std::vector<ShardMail> mails_;  // a ring
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    Descriptor event_;
    std::atomic<std::uint64_t> drops_{0};
};

}  // namespace squall::runtime
