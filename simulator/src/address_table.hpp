// Who has which address in the virtual network. Open addressing, so a lookup touches one or two cache lines;
// nobody can iterate it, so no order can come from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "squall/core/address.hpp"

namespace squall::simulator {

class AddressTable {
  public:
    static constexpr std::uint32_t kNobody = ~std::uint32_t{0};

    // kNobody if the address is not in the table.
    [[nodiscard]] std::uint32_t find(const Address& address) const;
    // Adds the address, or gives it to somebody else.
    void assign(const Address& address, std::uint32_t owner);
    void erase(const Address& address);
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    struct Place {
        Address address;
        std::uint32_t owner = kNobody;  // kNobody: the place is empty
    };
    [[nodiscard]] std::size_t home_of(const Address& address) const;
    // The place of the address, or the empty one where it belongs.
    [[nodiscard]] std::size_t place_of(const Address& address) const;
    void grow();

    std::vector<Place> places_ = std::vector<Place>(16);
    std::size_t size_ = 0;
};

}  // namespace squall::simulator
