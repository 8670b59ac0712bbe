// Server addresses as connect tokens carry them: 1 to 32 of them, each with its type. Knows no token.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/transport/connect_token.hpp"

namespace squall::secure {

struct AddressList {
    std::array<Address, kMaxServerAddresses> items{};
    std::size_t count = 0;
    [[nodiscard]] std::span<const Address> view() const { return {items.data(), count}; }
};

// The number (4 bytes) and the addresses; netcode writes IPv6 as eight little-endian 16-bit groups.
void write_addresses(ByteWriter& writer, std::span<const Address> addresses);
// Nothing if the number is not in [1, 32], a type is neither 1 nor 2, or the bytes end too early.
[[nodiscard]] std::optional<AddressList> read_addresses(ByteReader& reader);

}  // namespace squall::secure
