// Clients between their request and their response: netcode's encryption mappings. Bounded, found by address,
// forgotten after their time. Knows neither slots nor packets.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"
#include "transport/secure/index_table.hpp"
#include "transport/secure/packet_cipher.hpp"
#include "transport/secure/token_history.hpp"

namespace squall::secure {

struct PendingClient {
    Address address;
    Suite suite = Suite::netcode;
    ClientId client_id{};
    Duration timeout{0};  // of the connection to be; 0: never
    TokenTag tag{};
    Key client_to_server_key{};
    Key server_to_client_key{};
    std::unique_ptr<PacketCipher> cipher;  // under the token's keys
    std::uint64_t first_challenge = 0;     // the first challenge sequence number that was sent to it
    TimePoint expires{};
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint32_t place = 0;
    std::uint32_t generation = 0;
};

class PendingClients {
  public:
    PendingClients(std::size_t capacity, std::uint64_t salt) : capacity_(capacity), index_(salt) {}

    [[nodiscard]] PendingClient* find(const Address& address);
    // A new one, or nullptr if there is no room. The address must not be known yet.
    PendingClient* add(const Address& address);
    void remove(PendingClient& client);
    // The client at this place, if it is still this tenant.
    [[nodiscard]] PendingClient* at(std::uint64_t place, std::uint32_t generation);
    [[nodiscard]] std::size_t size() const { return index_.size(); }

  private:
    std::size_t capacity_;
    std::vector<std::unique_ptr<PendingClient>> clients_;  // pointers: a client stays where it is
    std::vector<std::uint32_t> free_;
    std::uint32_t generation_ = 0;
    IndexTable index_;
};

}  // namespace squall::secure
