// Something for each connection, by its slot: as many as there are slots, whatever the number of connections
// was. Who comes next into a slot starts anew.
#pragma once

#include <cstdint>
#include <vector>

#include "squall/core/ids.hpp"

namespace squall::remotes {

template <class T>
class PerConnection {
  public:
    // Valid until the next one is asked for.
    T& operator[](ConnectionId connection) {
        if (connection.slot >= places_.size()) places_.resize(connection.slot + 1);
        Place& place = places_[connection.slot];
        if (place.generation != connection.generation) place = Place{connection.generation, T{}};
        return place.value;
    }
    // Nullptr if nothing was kept for it yet.
    [[nodiscard]] const T* find(ConnectionId connection) const {
        if (connection.slot >= places_.size()) return nullptr;
        const Place& place = places_[connection.slot];
        return place.generation == connection.generation ? &place.value : nullptr;
    }

  private:
    struct Place {
        std::uint32_t generation = 0;
        T value{};
    };
    std::vector<Place> places_;
};

}  // namespace squall::remotes
