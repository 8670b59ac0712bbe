// Linear probing with backward-shift deletion: no tombstones.
#include "address_table.hpp"

#include <utility>

namespace squall::simulator {

std::size_t AddressTable::home_of(const Address& address) const {
    return static_cast<std::size_t>(hash_of(address)) & (places_.size() - 1);
}

std::size_t AddressTable::place_of(const Address& address) const {
    std::size_t place = home_of(address);
    while (places_[place].owner != kNobody && places_[place].address != address)
        place = (place + 1) & (places_.size() - 1);
    return place;
}

std::uint32_t AddressTable::find(const Address& address) const {
    return places_[place_of(address)].owner;
}

void AddressTable::assign(const Address& address, std::uint32_t owner) {
    if (2 * (size_ + 1) > places_.size()) grow();
    Place& place = places_[place_of(address)];
    if (place.owner == kNobody) ++size_;
    place = {address, owner};
}

void AddressTable::erase(const Address& address) {
    std::size_t hole = place_of(address);
    if (places_[hole].owner == kNobody) return;
    --size_;
    const std::size_t mask = places_.size() - 1;
    for (std::size_t next = (hole + 1) & mask; places_[next].owner != kNobody; next = (next + 1) & mask) {
        // An entry may move into the hole if the hole lies between its home and its place.
        const std::size_t home = home_of(places_[next].address);
        if (((next - home) & mask) < ((next - hole) & mask)) continue;
        places_[hole] = places_[next];
        hole = next;
    }
    places_[hole] = {};
}

void AddressTable::grow() {
    std::vector<Place> old = std::exchange(places_, std::vector<Place>(places_.size() * 2));
    for (const Place& place : old)
        if (place.owner != kNobody) places_[place_of(place.address)] = place;
}

}  // namespace squall::simulator
