// Where the virtual network keeps datagrams in flight. Small ones lie beside their addresses, in three cache
// lines that are fetched together; larger ones take their bytes from a pool. After warm-up it allocates
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/byte_pool.hpp"
#include "squall/core/bytes.hpp"
#include "squall/runtime/host.hpp"

namespace squall::simulator {

class alignas(64) StoredPacket {
  public:
    static constexpr std::size_t kInlineBytes = 112;

    Address from;
    Address to;
    NodeId node;  // before the core the sender, after it the receiver
    std::uint32_t trace_source = 0;

    [[nodiscard]] MutableBytes bytes() {
        return size_ <= kInlineBytes ? MutableBytes(inline_.data(), size_) : large_.bytes();
    }
    [[nodiscard]] std::uint32_t size() const { return size_; }

  private:
    friend class PacketStore;
    std::uint32_t size_ = 0;
    std::array<std::byte, kInlineBytes> inline_;
    PooledBytes large_;
};
static_assert(sizeof(StoredPacket) == 192);

class PacketStore {
  public:
    PacketStore() = default;
    PacketStore(const PacketStore&) = delete;
    PacketStore& operator=(const PacketStore&) = delete;

    // A packet with a copy of the bytes; the rest of it is as its last user left it. Packets do not move.
    [[nodiscard]] std::uint32_t add(Bytes bytes) {
        if (free_.empty()) grow();
        const std::uint32_t index = free_.back();
        free_.pop_back();
        StoredPacket& packet = (*this)[index];
        packet.size_ = static_cast<std::uint32_t>(bytes.size());
        if (bytes.size() > StoredPacket::kInlineBytes)
            packet.large_ = pool_.copy_of(bytes);
        else if (!bytes.empty())
            std::memcpy(packet.inline_.data(), bytes.data(), bytes.size());
        return index;
    }
    void release(std::uint32_t index) {
        StoredPacket& packet = (*this)[index];
        if (packet.size_ > StoredPacket::kInlineBytes) packet.large_.reset();
        free_.push_back(index);
    }
    [[nodiscard]] StoredPacket& operator[](std::uint32_t index) {
        return slabs_[index / kPerSlab][index % kPerSlab];
    }
    [[nodiscard]] std::size_t count() const { return slabs_.size() * kPerSlab - free_.size(); }
    // Asks the processor for a packet that will be used soon.
    void prefetch(std::uint32_t index) const {
        const auto* line = reinterpret_cast<const std::byte*>(&slabs_[index / kPerSlab][index % kPerSlab]);
        __builtin_prefetch(line);
        __builtin_prefetch(line + 64);
        __builtin_prefetch(line + 128);
    }

  private:
    static constexpr std::uint32_t kPerSlab = 64;
    void grow();

    BytePool pool_;  // outlives the packets
    std::vector<std::unique_ptr<StoredPacket[]>> slabs_;
    std::vector<std::uint32_t> free_;
};

}  // namespace squall::simulator
