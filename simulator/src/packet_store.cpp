// Slabs of packets: see packet_store.hpp.
#include "packet_store.hpp"

namespace squall::simulator {

void PacketStore::grow() {
    const auto first = static_cast<std::uint32_t>(slabs_.size()) * kPerSlab;
    slabs_.push_back(std::make_unique_for_overwrite<StoredPacket[]>(kPerSlab));
    // So that releasing them all needs no more room.
    free_.reserve(slabs_.size() * kPerSlab);
    for (std::uint32_t i = kPerSlab; i-- > 0;) free_.push_back(first + i);
}

}  // namespace squall::simulator
