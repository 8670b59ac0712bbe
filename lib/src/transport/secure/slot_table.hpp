// The client slots of a server: who is in which, found by address, by client id, by player and by connection
// id, never by a walk; and slots that are held for a player who may come back. Knows no packet and no policy.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/connect_token.hpp"
#include "squall/transport/statistics.hpp"
#include "transport/secure/control_ledger.hpp"
#include "transport/secure/index_table.hpp"
#include "transport/secure/packet_cipher.hpp"
#include "transport/secure/path_check.hpp"
#include "transport/secure/replay_window.hpp"
#include "transport/secure/token_history.hpp"

namespace squall::secure {

struct Slot {
    enum class State : std::uint8_t {
        connected,
        held,   // timed out; only its player may take it, until held_until
        ended,  // free, but readable until the next datagram or timeout
    };
    State state = State::connected;
    Suite suite = Suite::netcode;
    bool is_confirmed = false;     // the client has shown that it knows it is connected
    bool is_id_confirmed = false;  // ... and that it knows its connection id
    bool is_rejoined = false;
    bool has_extensions = false;  // the peer understands packet types 7 and above
    std::uint8_t id_sends = 0;
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
    ClientId client_id{};
    Address peer;
    std::uint64_t connection_id = 0;  // 0: none
    std::uint64_t next_sequence = 0;
    TimePoint last_sent{};
    TimePoint last_heard{};
    Duration timeout{0};  // 0: never
    TimePoint held_until{};
    TokenTag tag{};
    std::unique_ptr<PacketCipher> cipher;
    std::unique_ptr<PathCheck> path;  // an address that is being validated
    ReplayWindow replay;
    ControlLedger sent;
    ControlLedger received;
    UserData user_data{};
};

class SlotTable {
  public:
    // `player_id_bytes`: how many leading bytes of the user data name the player; 0: the client id does.
    SlotTable(std::uint32_t capacity, std::size_t player_id_bytes, std::uint64_t salt);

    // nullptr for a slot that is free and was collected.
    [[nodiscard]] Slot* at(std::uint64_t index) const {
        return index < slots_.size() ? slots_[index].get() : nullptr;
    }
    // Connected slots.
    [[nodiscard]] Slot* find_by_address(const Address& address) const;
    // The slot that this address most likely has; looks at no slot.
    [[nodiscard]] std::optional<std::uint32_t> guess_by_address(const Address& address) const;
    [[nodiscard]] Slot* find_by_connection_id(std::uint64_t id) const;
    // Connected and held slots.
    [[nodiscard]] Slot* find_by_client(ClientId client) const;
    [[nodiscard]] Slot* find_by_player(ClientId client, const UserData& user_data) const;

    // A connected slot: `held` itself if it is given, else a free one, of which there must be one.
    Slot& open(Slot* held, ClientId client, const UserData& user_data, const Address& peer,
               std::uint64_t connection_id);
    void change_peer(Slot& slot, const Address& peer);
    // From connected: to held, to ended. Held slots end as well.
    void hold(Slot& slot, TimePoint until);
    void end(Slot& slot);
    // Forgets the slots that have ended.
    void collect_ended();

    [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
    [[nodiscard]] std::uint32_t connected_count() const { return connected_; }
    [[nodiscard]] std::uint32_t held_count() const { return held_; }

  private:
    [[nodiscard]] std::uint64_t player_hash(ClientId client, const UserData& user_data) const;
    [[nodiscard]] bool is_same_player(const Slot& slot, ClientId client, const UserData& user_data) const;
    void unlink_route(const Slot& slot);
    void unlink_player(const Slot& slot);
    std::uint32_t take_index();

    std::uint32_t capacity_;
    std::size_t player_id_bytes_;
    std::vector<std::unique_ptr<Slot>> slots_;  // grows to the highest slot ever used
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> ended_;
    std::uint32_t generation_ = 0;
    std::uint32_t connected_ = 0;
    std::uint32_t held_ = 0;
    IndexTable by_address_;
    IndexTable by_connection_id_;
    IndexTable by_client_;
    IndexTable by_player_;  // unused where the client id names the player
};

}  // namespace squall::secure
