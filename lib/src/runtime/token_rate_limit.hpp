// How often one address may ask: a bucket each, for a bounded number of addresses. Knows no HTTP and no
// clock.
#pragma once

#include <cstdint>
#include <list>
#include <map>

#include "squall/core/address.hpp"
#include "squall/core/time.hpp"

namespace squall::runtime {

class TokenRateLimit {
  public:
    // `per_minute` 0: no limit.
    TokenRateLimit(std::uint32_t at_once, std::uint32_t per_minute, std::size_t max_addresses);
    // True: one more is allowed, and counted. A clock that goes back gives nothing.
    bool allow(UnixSeconds now, const Address& network);
    [[nodiscard]] std::size_t remembered() const { return buckets_.size(); }

  private:
    // What is left is counted in sixtieths of a request, so that a second refills `per_minute` of them.
    struct Bucket {
        std::uint64_t sixtieths = 0;
        UnixSeconds filled_at{};
        std::list<Address>::iterator use{};
    };
    Bucket& bucket_of(UnixSeconds now, const Address& network);

    const std::uint64_t full_;
    const std::uint64_t per_second_;
    const std::size_t max_addresses_;
    std::map<Address, Bucket> buckets_;
    std::list<Address> uses_;  // the longest silent first
};

}  // namespace squall::runtime
