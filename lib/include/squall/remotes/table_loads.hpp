// Streamed tables: which objects a client has loaded, and what was not sent to those who have not. The layout
// is section 7 of STANDARD.md.
#pragma once

#include "squall/remotes/table_remote.hpp"

namespace squall::remotes::detail {

template <wire::Described T>
void TableRemote<T>::account(TimePoint now) {
    for (auto place = unaccounted_.begin(); place != unaccounted_.end();) {
        Cell& cell = cells_.at(*place);
        if (now < cell.accounts.next()) {
            be_due(cell.accounts.next());
            ++place;
            continue;
        }
        const std::size_t bits =
            wire::measure_delta(cell.accounted, cell.value, wire::DeltaOptions{options_.epsilon});
        const std::size_t waiting = ready_ - cell.loaded_by;
        withheld_.updates += waiting;
        withheld_.bytes += waiting * (kHeadBytes + (bits + 7) / 8);
        cell.accounted = cell.value;
        cell.accounts.sent(now, options_.interval);
        place = unaccounted_.erase(place);
    }
}

template <wire::Described T>
void TableRemote<T>::send_loads(TimePoint now, const std::vector<ObjectId>& objects, LoadOp op) {
    for (std::size_t at = 0; at < objects.size(); at += kMaxLoadIds) {
        const std::size_t count = std::min(kMaxLoadIds, objects.size() - at);
        std::vector<std::byte> frame;
        append_varint(frame, std::uint64_t{info_.index} + 1);
        frame.push_back(static_cast<std::byte>(op));
        append_varint(frame, count);
        for (std::size_t i = 0; i < count; ++i) append_varint(frame, objects[at + i].value);
        for (const auto& peer : peers_) {
            if (peer == nullptr || owner_.send_as(now, *this, ChannelMode::reliable_ordered, peer->id,
                                                  frame) == Remotes::Sent::unsent)
                continue;
            ++statistics_.out.messages;
            statistics_.out.bytes += frame.size();
        }
    }
}

template <wire::Described T>
Outcome TableRemote<T>::on_loads(TimePoint now, PeerState& peer, ByteReader& reader) {
    const auto op = static_cast<LoadOp>(reader.read<std::uint8_t>());
    const std::uint64_t count = reader.read_varint();
    if (!reader.ok() || (op != LoadOp::loaded && op != LoadOp::unloaded) || count == 0 || count > kMaxLoadIds)
        return Outcome::malformed;
    std::vector<ObjectId> objects;
    for (std::uint64_t i = 0; i < count; ++i) objects.push_back(ObjectId{reader.read_varint()});
    if (!reader.at_end()) return Outcome::malformed;
    if (!peer.loads.take(now, options_.load_rate, count)) return Outcome::rate_limited;
    for (const ObjectId object : objects) {
        const auto cell = cells_.find(object);
        if (op == LoadOp::unloaded) {
            if (peer.loaded.erase(object) == 0) continue;
            if (cell != cells_.end()) --cell->second.loaded_by;
            end_copy(peer, object);
            continue;
        }
        if (peer.loaded.contains(object)) continue;
        if (peer.loaded.size() >= options_.max_loaded || peer.ends.size() >= options_.max_loaded)
            return Outcome::invalid;
        if (may_load_ && !may_load_(now, peer.id, object)) return Outcome::unauthorised;
        peer.loaded.insert(object);
        if (cell == cells_.end()) continue;
        ++cell->second.loaded_by;
        begin_copy(now, peer, object);
    }
    return Outcome::passed;
}

template <wire::Described T>
Result<> TableRemote<T>::declare(TimePoint now, std::span<const ObjectId> objects, LoadOp op) {
    if (owner_.is_server() || !options_.streamed)
        return fail(ErrorCode::invalid_argument,
                    info_.name + ": a client loads, and objects of a streamed table");
    std::vector<ObjectId> changed;
    for (const ObjectId object : objects) {
        if (op == LoadOp::loaded && loaded_.size() >= options_.max_loaded && !loaded_.contains(object)) {
            send_loads(now, changed, op);
            return fail(ErrorCode::queue_full, info_.name + ": " + std::to_string(options_.max_loaded) +
                                                   " objects are loaded, no more may be");
        }
        const bool is_new = op == LoadOp::loaded ? loaded_.insert(object).second : loaded_.erase(object) > 0;
        if (!is_new) continue;
        changed.push_back(object);
        if (op == LoadOp::unloaded) drop(Origin{now, {}}, object);
    }
    send_loads(now, changed, op);
    return {};
}

}  // namespace squall::remotes::detail
