// What becomes of a table's values that an outbound chain stopped, and of objects that a chain takes away
// from a peer: looking again, in passes of bounded work. Knows no bytes.
#pragma once

#include "squall/remotes/table_remote.hpp"

namespace squall::remotes::detail {

template <wire::Described T>
auto TableRemote<T>::ask_chain(TimePoint now, ConnectionId peer, const T& value, Bytes payload, bool is_look)
    -> Answer {
    if (outbound_.empty() && owner_.chain(Direction::outbound).empty()) return {};
    const std::vector<std::byte> own_frame = owner_.frame;
    T copy = value;
    Message message(now, Direction::outbound, peer, info_, *codec_, wire::codec_type<T>(), &copy, payload);
    if (is_look) message.mark_look();
    const Outcome outcome = run_chains(outbound_, owner_.chain(Direction::outbound), message,
                                       [](Message&) { return Outcome::passed; });
    owner_.frame = own_frame;
    if (outcome != Outcome::passed && !is_look) ++statistics_.out.stopped[static_cast<std::size_t>(outcome)];
    return {outcome, message.wants_look(), outcome != Outcome::passed && message.is_withdrawn()};
}

template <wire::Described T>
void TableRemote<T>::look_later(TimePoint now, PeerState& peer, ObjectId object) {
    peer.looked_at.insert(object);
    if (look_at_ != kNever) return;
    look_at_ = now + options_.recheck;
    owner_.keep_time(*this);
}

template <wire::Described T>
void TableRemote<T>::stop(TimePoint now, PeerState& peer, ObjectId object, const Answer& answer) {
    if (!stays_owed(answer.outcome)) return settle_debt(peer, object);
    if (answer.is_withdrawn) withdraw(now, peer, object);
    peer.owed.erase(object);
    peer.copies.at(object).stopped = answer.outcome;
    look_later(now, peer, object);
}

template <wire::Described T>
void TableRemote<T>::withdraw(TimePoint now, PeerState& peer, ObjectId object) {
    Copy& copy = peer.copies.at(object);
    if (copy.handle == 0) return;
    peer.ends[copy.handle] = true;
    owner_.want_flush(*this);
    copy = Copy{};
    copy.schedule.owe(now);
}

template <wire::Described T>
void TableRemote<T>::look(TimePoint now) {
    if (!look_place_) look_place_ = LookPlace{now, 0, {}};
    for (std::size_t left = kLooksInARow; look_place_->slot < peers_.size();) {
        PeerState* const peer = peers_[look_place_->slot].get();
        const auto next = peer == nullptr ? std::set<ObjectId>::iterator{}
                                          : peer->looked_at.lower_bound(look_place_->object);
        if (peer == nullptr || next == peer->looked_at.end()) {
            ++look_place_->slot;
            look_place_->object = {};
            continue;
        }
        if (left-- == 0) {
            look_at_ = now + kBreath;
            return;
        }
        const ObjectId object = *next;
        look_place_->object = ObjectId{object.value + 1};
        look_at(now, *peer, object);
        if (object.value + 1 == 0) {  // the largest id of all
            ++look_place_->slot;
            look_place_->object = {};
        }
    }
    const TimePoint began = look_place_->began;
    look_place_.reset();
    const bool is_any = std::ranges::any_of(
        peers_, [](const auto& peer) { return peer != nullptr && !peer->looked_at.empty(); });
    look_at_ = is_any ? std::max(began + options_.recheck, now + kBreath) : kNever;
}

template <wire::Described T>
void TableRemote<T>::look_at(TimePoint now, PeerState& peer, ObjectId object) {
    const auto cell = cells_.find(object);
    const auto place = peer.copies.find(object);
    if (cell == cells_.end() || place == peer.copies.end()) {
        peer.looked_at.erase(object);
        return;
    }
    if (peer.held_objects.contains(object) || peer.owed.contains(object)) return;  // it is decided then
    const ConnectionId id = peer.id;
    if (is_shortage(place->second.stopped)) return be_collected(peer, object, place->second);
    const Answer answer = ask_chain(now, id, cell->second.value, {}, true);
    // A chain may have changed what is here.
    PeerState* const still = find_peer(id);
    const auto copy = still == nullptr ? peer.copies.end() : still->copies.find(object);
    if (still == nullptr || copy == still->copies.end() || still->owed.contains(object)) return;
    const bool was_stopped = copy->second.stopped != Outcome::passed;
    if (answer.outcome == Outcome::passed) {
        if (!answer.wants_look) still->looked_at.erase(object);
        if (!was_stopped) return;
        copy->second.schedule.begin_anew(now);
        be_collected(*still, object, copy->second);
    } else if (was_stopped || answer.is_withdrawn) {
        stop(now, *still, object, answer);
    }
}

template <wire::Described T>
void TableRemote<T>::collect_stopped() {
    for (const auto& peer : peers_) {
        if (peer == nullptr) continue;
        for (const ObjectId object : peer->looked_at)
            if (const auto copy = peer->copies.find(object);
                copy != peer->copies.end() && copy->second.stopped != Outcome::passed)
                be_collected(*peer, object, copy->second);
    }
}

}  // namespace squall::remotes::detail
