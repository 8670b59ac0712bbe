// Whom a message goes to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "squall/core/ids.hpp"

namespace squall::remotes {

// A set of peers that changes: a team, a room. Peers that have left stay in it harmlessly until removed.
class PeerGroup {
  public:
    // False if it was in already.
    bool add(ConnectionId peer) {
        const auto place = std::lower_bound(peers_.begin(), peers_.end(), peer);
        if (place != peers_.end() && *place == peer) return false;
        peers_.insert(place, peer);
        return true;
    }
    bool remove(ConnectionId peer) {
        const auto place = std::lower_bound(peers_.begin(), peers_.end(), peer);
        if (place == peers_.end() || *place != peer) return false;
        peers_.erase(place);
        return true;
    }
    [[nodiscard]] bool contains(ConnectionId peer) const {
        return std::binary_search(peers_.begin(), peers_.end(), peer);
    }
    [[nodiscard]] std::span<const ConnectionId> peers() const { return peers_; }

  private:
    std::vector<ConnectionId> peers_;  // in order, so that whom a message reaches first is repeatable
};

// Valid as long as the list or group that it was made from.
class Recipients {
  public:
    enum class Kind : std::uint8_t { everyone, everyone_except, listed, player };

    // Every peer that is ready; of a client that is its server.
    static Recipients everyone() { return Recipients(Kind::everyone); }
    static Recipients everyone_except(ConnectionId peer) {
        Recipients out(Kind::everyone_except);
        out.peer_ = peer;
        return out;
    }
    // Whoever has this client id, now or as soon as it connects: until then the message waits, within limits.
    static Recipients player(ClientId player) {
        Recipients out(Kind::player);
        out.player_ = player;
        return out;
    }
    // NOLINTNEXTLINE(google-explicit-constructor): one peer is the common case
    Recipients(ConnectionId peer) : kind_(Kind::listed), peer_(peer), is_one_(true) {}
    // NOLINTNEXTLINE(google-explicit-constructor)
    Recipients(std::span<const ConnectionId> peers) : kind_(Kind::listed), peers_(peers) {}
    // NOLINTNEXTLINE(google-explicit-constructor)
    Recipients(const PeerGroup& group) : Recipients(group.peers()) {}

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] ConnectionId excepted() const { return peer_; }
    [[nodiscard]] ClientId client() const { return player_; }
    [[nodiscard]] std::span<const ConnectionId> listed() const {
        return is_one_ ? std::span<const ConnectionId>(&peer_, 1) : peers_;
    }

  private:
    explicit Recipients(Kind kind) : kind_(kind) {}
    Kind kind_;
    ConnectionId peer_{};
    ClientId player_{};
    std::span<const ConnectionId> peers_{};
    bool is_one_ = false;
};

// What became of one fire().
struct Fired {
    std::uint32_t sent = 0;
    std::uint32_t waiting = 0;  // for a peer that is not ready, or a player who is not there
    std::uint32_t stopped = 0;  // by the chain
    std::uint32_t unsent = 0;   // not connected, too large, or a full queue
    // Of the last that was sent: its number there, as Origin::message names it.
    MessageId message{};
};

}  // namespace squall::remotes
