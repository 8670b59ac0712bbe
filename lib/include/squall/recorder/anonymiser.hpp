// Replaces addresses and client ids by others: the same one by the same one for as long as this lives, and
// numbered in the order in which they were first seen. Ports stay. Knows netcode's connection request, which
// carries both, and no other packet.
#pragma once

#include <cstdint>
#include <map>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"

namespace squall::recorder {

class Anonymiser {
  public:
    // 10.x.y.z or fd00::..., with the port that it had; what is no address stays none.
    [[nodiscard]] Address address(const Address& original);
    [[nodiscard]] ClientId client(ClientId original);
    // A connection request whose private token is in plaintext: client id and addresses are replaced, the
    // user data is zeroed. Anything else is left alone.
    void request(MutableBytes plain);

  private:
    std::map<Address, std::uint32_t> addresses_;  // without port
    std::map<std::uint64_t, std::uint64_t> clients_;
};

}  // namespace squall::recorder
