// Slots that are kept for clients who are expected, by client id, each until its deadline. Knows no slot:
// only how many.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"

namespace squall::secure {

class Reservations {
  public:
    // A number for this reservation, so that an old deadline is not taken for a new one's.
    std::uint32_t add(ClientId client) { return generations_[client] = ++generation_; }
    [[nodiscard]] bool contains(ClientId client) const { return generations_.contains(client); }
    void remove(ClientId client) { generations_.erase(client); }
    void expire(ClientId client, std::uint32_t generation) {
        const auto found = generations_.find(client);
        if (found != generations_.end() && found->second == generation) generations_.erase(found);
    }
    [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(generations_.size()); }

  private:
    std::unordered_map<ClientId, std::uint32_t> generations_;  // looked up, never iterated
    std::uint32_t generation_ = 0;
};

}  // namespace squall::secure
