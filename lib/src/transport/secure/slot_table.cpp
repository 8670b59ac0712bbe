#include "transport/secure/slot_table.hpp"

#include <algorithm>
#include <cassert>

namespace squall::secure {

SlotTable::SlotTable(std::uint32_t capacity, std::size_t player_id_bytes, std::uint64_t salt)
    : capacity_(capacity),
      player_id_bytes_(std::min(player_id_bytes, kUserDataBytes)),
      by_address_(salt),
      by_connection_id_(salt),
      by_client_(salt),
      by_player_(salt) {}

Slot* SlotTable::find_by_address(const Address& address) const {
    const auto index =
        by_address_.find(hash_of(address), [&](std::uint32_t i) { return slots_[i]->peer == address; });
    return index ? slots_[*index].get() : nullptr;
}

std::optional<std::uint32_t> SlotTable::guess_by_address(const Address& address) const {
    return by_address_.find(hash_of(address), [](std::uint32_t) { return true; });
}

Slot* SlotTable::find_by_connection_id(std::uint64_t id) const {
    const auto index =
        by_connection_id_.find(id, [&](std::uint32_t i) { return slots_[i]->connection_id == id; });
    return index ? slots_[*index].get() : nullptr;
}

Slot* SlotTable::find_by_client(ClientId client) const {
    const auto index =
        by_client_.find(client.value, [&](std::uint32_t i) { return slots_[i]->client_id == client; });
    return index ? slots_[*index].get() : nullptr;
}

Slot* SlotTable::find_by_player(ClientId client, const UserData& user_data) const {
    if (player_id_bytes_ == 0) return find_by_client(client);
    const auto index = by_player_.find(player_hash(client, user_data), [&](std::uint32_t i) {
        return is_same_player(*slots_[i], client, user_data);
    });
    return index ? slots_[*index].get() : nullptr;
}

std::uint64_t SlotTable::player_hash(ClientId client, const UserData& user_data) const {
    if (player_id_bytes_ == 0) return client.value;
    StableHash hash;
    hash.add(Bytes(user_data).first(player_id_bytes_));
    return hash.value();
}

bool SlotTable::is_same_player(const Slot& slot, ClientId client, const UserData& user_data) const {
    if (player_id_bytes_ == 0) return slot.client_id == client;
    return std::ranges::equal(Bytes(slot.user_data).first(player_id_bytes_),
                              Bytes(user_data).first(player_id_bytes_));
}

std::uint32_t SlotTable::take_index() {
    if (free_.empty()) {
        assert(slots_.size() < capacity_);
        slots_.emplace_back();
        return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const auto index = free_.back();
    free_.pop_back();
    return index;
}

Slot& SlotTable::open(Slot* held, ClientId client, const UserData& user_data, const Address& peer,
                      std::uint64_t connection_id) {
    std::uint32_t index = 0;
    if (held != nullptr) {
        assert(held->state == Slot::State::held);
        index = held->index;
        unlink_player(*held);
        --held_;
    } else {
        index = take_index();
    }
    slots_[index] = std::make_unique<Slot>();
    auto& slot = *slots_[index];
    slot.index = index;
    slot.generation = ++generation_;
    slot.client_id = client;
    slot.user_data = user_data;
    slot.peer = peer;
    slot.connection_id = connection_id;
    by_address_.insert(hash_of(peer), index);
    if (connection_id != 0) by_connection_id_.insert(connection_id, index);
    by_client_.insert(client.value, index);
    if (player_id_bytes_ != 0) by_player_.insert(player_hash(client, user_data), index);
    ++connected_;
    return slot;
}

void SlotTable::change_peer(Slot& slot, const Address& peer) {
    by_address_.erase(hash_of(slot.peer), slot.index);
    slot.peer = peer;
    by_address_.insert(hash_of(peer), slot.index);
}

void SlotTable::unlink_route(const Slot& slot) {
    by_address_.erase(hash_of(slot.peer), slot.index);
    if (slot.connection_id != 0) by_connection_id_.erase(slot.connection_id, slot.index);
    --connected_;
}

void SlotTable::unlink_player(const Slot& slot) {
    by_client_.erase(slot.client_id.value, slot.index);
    if (player_id_bytes_ != 0) by_player_.erase(player_hash(slot.client_id, slot.user_data), slot.index);
}

void SlotTable::hold(Slot& slot, TimePoint until) {
    assert(slot.state == Slot::State::connected);
    unlink_route(slot);
    slot.state = Slot::State::held;
    slot.held_until = until;
    slot.cipher.reset();
    slot.path.reset();
    ++held_;
}

void SlotTable::end(Slot& slot) {
    assert(slot.state != Slot::State::ended);
    if (slot.state == Slot::State::held) {
        --held_;
    } else {
        unlink_route(slot);
    }
    unlink_player(slot);
    slot.state = Slot::State::ended;
    slot.cipher.reset();
    slot.path.reset();
    ended_.push_back(slot.index);
}

void SlotTable::collect_ended() {
    for (const auto index : ended_) {
        slots_[index].reset();
        free_.push_back(index);
    }
    ended_.clear();
}

}  // namespace squall::secure
