#include "squall/remotes/served_calls.hpp"

#include <algorithm>

namespace squall::remotes::detail {

// --- by connection

ServedCalls::Call* ServedCalls::find(const OpenCall& open) {
    const auto peer = peers_.find(open.peer);
    if (peer == peers_.end()) return nullptr;
    const auto place = peer->second.calls.find(open.id);
    return place == peer->second.calls.end() ? nullptr : &place->second;
}

bool ServedCalls::is_forgotten(const OpenCall& open) const {
    const auto peer = peers_.find(open.peer);
    return peer != peers_.end() && open.id <= peer->second.forgotten && !peer->second.calls.contains(open.id);
}

std::size_t ServedCalls::open_of(ConnectionId peer) const {
    const auto place = peers_.find(peer);
    return place == peers_.end() ? 0 : place->second.open;
}

std::size_t ServedCalls::kept_bytes(ConnectionId peer) const {
    const auto place = peers_.find(peer);
    return place == peers_.end() ? 0 : place->second.bytes;
}

ServedCalls::Call& ServedCalls::open(TimePoint now, const OpenCall& open) {
    Peer& peer = peers_[open.peer];
    if (const auto known = peer.calls.find(open.id); known != peer.calls.end()) return known->second;
    Call& call = nodes_.insert(peer.calls, {open.id, Call{}})->second;
    call.since = now;
    ++peer.open;
    return call;
}

void ServedCalls::keep(TimePoint now, const OpenCall& open) {
    Peer& peer = peers_.at(open.peer);
    Call& call = peer.calls.at(open.id);
    call.since = now;
    --peer.open;
    peer.answered.push_back(open.id);
    if (call.answer.payload.size() > options_.max_kept_bytes) {
        buffers_.give_back(std::exchange(call.answer.payload, {}));
        call.answer.is_kept = false;
    }
    peer.bytes += call.answer.payload.size();
    drop_beyond(now, peer);
}

void ServedCalls::drop_old(TimePoint now, ConnectionId peer) {
    if (const auto place = peers_.find(peer); place != peers_.end()) drop_beyond(now, place->second);
}

void ServedCalls::drop_beyond(TimePoint now, Peer& peer) {
    while (!peer.answered.empty()) {
        const auto place = peer.calls.find(peer.answered.front());
        if (peer.answered.size() <= options_.max_kept_answers && peer.bytes <= options_.max_kept_bytes &&
            now - place->second.since <= options_.keep_answers)
            return;
        peer.forgotten = std::max(peer.forgotten, place->first);
        peer.bytes -= place->second.answer.payload.size();
        buffers_.give_back(std::move(place->second.answer.payload));
        place->second = {};
        nodes_.erase(peer.calls, place);
        peer.answered.pop_front();
    }
}

// --- by player and key

KeyedCalls::Record* KeyedCalls::find(TimePoint now, ClientId player, std::uint64_t key) {
    const auto place = players_.find(player);
    if (place == players_.end()) return nullptr;
    drop_beyond(now, place->second);
    const auto record = place->second.records.find(key);
    return record == place->second.records.end() ? nullptr : &record->second;
}

KeyedCalls::Record* KeyedCalls::begin(TimePoint now, ClientId player, std::uint64_t key,
                                      const OpenCall& first) {
    auto place = players_.find(player);
    if (place == players_.end()) {
        if (players_.size() >= options_.max_kept_players && !make_room(now)) return nullptr;
        place = players_.try_emplace(player).first;
    }
    Player& its = place->second;
    drop_beyond(now, its);
    // Those that are open: the peer's own, and what it left open on connections that ended.
    if (its.records.size() >= options_.max_open_calls + its.listed.size()) return nullptr;
    its.last = now;
    Record& record = its.records[key];
    record.first = first;
    record.since = now;
    open_[first] = {player, key};
    return &record;
}

KeyedCalls::Record* KeyedCalls::of(const OpenCall& first) {
    const auto open = open_.find(first);
    return open == open_.end() ? nullptr : &players_.at(open->second.first).records.at(open->second.second);
}

void KeyedCalls::wait(ClientId player, std::uint64_t key, const OpenCall& other) {
    players_.at(player).records.at(key).others.push_back(other);
    waiting_[other] = {player, key};
}

std::vector<OpenCall> KeyedCalls::answer(TimePoint now, const OpenCall& first, const CallAnswer& answer) {
    const auto open = open_.extract(first);
    if (open.empty()) return {};
    const auto [id, key] = open.mapped();
    Player& player = players_.at(id);
    Record& record = player.records.at(key);
    record.is_answered = true;
    record.answer = answer;
    if (answer.payload.size() > options_.max_kept_bytes) {
        record.answer.payload = {};
        record.answer.is_kept = false;
    }
    player.bytes += record.answer.payload.size();
    std::vector<OpenCall> others = std::exchange(record.others, {});
    for (const OpenCall& other : others) waiting_.erase(other);
    list(now, player, key, record);
    drop_beyond(now, player);
    return others;
}

void KeyedCalls::on_gone(TimePoint now, ConnectionId peer) {
    const auto is_of_peer = [&](auto place, const Places& places) {
        return place != places.end() && place->first.peer == peer;
    };
    for (auto place = waiting_.lower_bound({peer, 0}); is_of_peer(place, waiting_);) {
        Player& player = players_.at(place->second.first);
        Record& record = player.records.at(place->second.second);
        std::erase(record.others, place->first);
        if (record.is_left && record.others.empty()) list(now, player, place->second.second, record);
        place = waiting_.erase(place);
    }
    std::set<ClientId> concerned;
    for (auto place = open_.lower_bound({peer, 0}); is_of_peer(place, open_); ++place) {
        const auto [id, key] = place->second;
        Player& player = players_.at(id);
        Record& record = player.records.at(key);
        record.is_left = true;
        if (record.others.empty()) list(now, player, key, record);
        concerned.insert(id);
    }
    for (const ClientId id : concerned) drop_beyond(now, players_.at(id));
}

void KeyedCalls::list(TimePoint now, Player& player, std::uint64_t key, Record& record) {
    player.last = now;
    if (std::exchange(record.is_listed, true)) return;  // its time runs since its connection ended
    record.since = now;
    player.listed.push_back(key);
}

void KeyedCalls::drop_beyond(TimePoint now, Player& player) {
    while (!player.listed.empty()) {
        const auto place = player.records.find(player.listed.front());
        Record& record = place->second;
        if (!record.others.empty()) {  // it is waited for again
            record.is_listed = false;
            player.listed.pop_front();
            continue;
        }
        if (player.listed.size() <= options_.max_kept_answers && player.bytes <= options_.max_kept_bytes &&
            now - record.since <= options_.keep_answers)
            return;
        player.bytes -= record.answer.payload.size();
        if (!record.is_answered) open_.erase(record.first);
        player.records.erase(place);
        player.listed.pop_front();
    }
}

bool KeyedCalls::is_free(const Player& player) {
    return std::ranges::all_of(player.records, [](const auto& entry) {
        return entry.second.is_listed && entry.second.others.empty();
    });
}

// Forgets players whose time is over; else the one that was there longest ago, of those who wait for nothing.
bool KeyedCalls::make_room(TimePoint now) {
    for (auto& [id, player] : players_) drop_beyond(now, player);
    std::erase_if(players_, [](const auto& entry) { return entry.second.records.empty(); });
    if (players_.size() < options_.max_kept_players) return true;
    auto oldest = players_.end();
    for (auto place = players_.begin(); place != players_.end(); ++place) {
        if (oldest != players_.end() && place->second.last >= oldest->second.last) continue;
        if (is_free(place->second)) oldest = place;
    }
    if (oldest == players_.end()) return false;
    for (const auto& [key, record] : oldest->second.records)
        if (!record.is_answered) open_.erase(record.first);
    players_.erase(oldest);
    return true;
}

}  // namespace squall::remotes::detail
