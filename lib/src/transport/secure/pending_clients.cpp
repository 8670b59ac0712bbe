#include "transport/secure/pending_clients.hpp"

namespace squall::secure {

PendingClient* PendingClients::find(const Address& address) {
    const auto place =
        index_.find(hash_of(address), [&](std::uint32_t i) { return clients_[i]->address == address; });
    return place ? clients_[*place].get() : nullptr;
}

PendingClient* PendingClients::add(const Address& address) {
    if (index_.size() >= capacity_) return nullptr;
    std::uint32_t place = 0;
    if (free_.empty()) {
        place = static_cast<std::uint32_t>(clients_.size());
        clients_.emplace_back();
    } else {
        place = free_.back();
        free_.pop_back();
    }
    clients_[place] = std::make_unique<PendingClient>();
    auto& client = *clients_[place];
    client.address = address;
    client.place = place;
    client.generation = ++generation_;
    index_.insert(hash_of(address), place);
    return &client;
}

void PendingClients::remove(PendingClient& client) {
    const auto place = client.place;
    index_.erase(hash_of(client.address), place);
    free_.push_back(place);
    clients_[place].reset();
}

PendingClient* PendingClients::at(std::uint64_t place, std::uint32_t generation) {
    if (place >= clients_.size() || !clients_[place] || clients_[place]->generation != generation)
        return nullptr;
    return clients_[place].get();
}

}  // namespace squall::secure
